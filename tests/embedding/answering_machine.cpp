// A program that embeds Tipring: an answering machine. Lets a call ring for half a second, plays a
// tone, and records what is said until the caller hangs up, presses #, or has spoken for long enough.
//
//     TIPRING_PASSWORD=secret answering_machine sip:bert@192.0.2.1:5060 FOLDER SECONDS
//
// It ends after the first call.

#include <tipring/stack.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

namespace {

using std::chrono::milliseconds;

class Machine : public tipring::AccountEvents, public tipring::CallEvents {
 public:
  Machine(tipring::Stack& stack, std::string folder, milliseconds longest)
      : stack_(stack), folder_(std::move(folder)), longest_(longest) {}
  virtual ~Machine() = default;

  void on_registered(tipring::Account& account, uint32_t) override {
    std::cout << "ready " << account.aor() << std::endl;
  }
  void on_registration_failed(tipring::Account&, int status, std::string_view, bool again,
                              milliseconds) override {
    std::cout << "not registered: " << status << std::endl;
    if (!again) stack_.stop();
  }
  void on_unregistered(tipring::Account&) override { stack_.stop(); }

  tipring::CallEvents* on_call(tipring::Account&, tipring::Call& call) override {
    std::cout << "call from " << call.peer() << std::endl;
    current_ = &call;
    stack_.call_later(milliseconds(500), [this] {
      if (current_ != nullptr) current_->accept();
    });
    return this;
  }
  void on_answered(tipring::Call& call) override {
    call.play(tipring::Sound::tone(440, milliseconds(1000)));
  }
  // The greeting is over: what is said from now on is kept.
  void on_played(tipring::Call& call) override {
    const std::string path = folder_ + "/message.wav";
    const int error = call.record(path);
    std::cout << "recording " << path << (error == 0 ? "" : ": ")
              << (error == 0 ? "" : std::strerror(error)) << std::endl;
    stack_.call_later(longest_, [this] {
      if (current_ != nullptr) current_->hang_up();
    });
  }
  void on_key(tipring::Call& call, char key) override {
    std::cout << "key " << key << std::endl;
    if (key == '#') call.hang_up();
  }
  void on_ended(tipring::Call& call, const tipring::CallEnded& end) override {
    std::cout << "ended " << tipring::to_text(end.end) << ", " << call.statistics().received
              << " packets" << std::endl;
    current_ = nullptr;
    stack_.shut_down();
  }

 private:
  tipring::Stack& stack_;
  std::string folder_;
  milliseconds longest_;
  tipring::Call* current_ = nullptr;
};

}  // namespace

int main(int count, char** words) {
  if (count != 4) return 2;
  std::string fault;
  const auto stack = tipring::Stack::create({}, fault);
  if (stack == nullptr) return std::cerr << fault << std::endl, 3;
  Machine machine(*stack, words[2], milliseconds(std::atoi(words[3]) * 1000));
  tipring::AccountOptions options;
  options.aor = words[1];
  if (const char* const password = std::getenv("TIPRING_PASSWORD")) options.password = password;
  tipring::Account* const account = stack->add_account(options, machine, fault);
  if (account == nullptr) return std::cerr << fault << std::endl, 3;
  account->register_again();
  stack->run();
}
