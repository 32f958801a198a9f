// A program that embeds Tipring: registers, says so, and takes its registration back when it gets a
// line on standard input.
//
//     TIPRING_PASSWORD=secret registering_phone sip:anna@192.0.2.1:5060

#include <poll.h>
#include <tipring/stack.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace {

class Registration : public tipring::AccountEvents {
 public:
  virtual ~Registration() = default;
  bool over = false;
  bool failed = false;

  void on_registered(tipring::Account& account, uint32_t expires_s) override {
    std::cout << "registered " << account.aor() << " for " << expires_s << " s" << std::endl;
  }
  void on_registration_failed(tipring::Account&, int status, std::string_view reason, bool again,
                              std::chrono::milliseconds) override {
    std::cout << "failed " << status << " " << reason << std::endl;
    failed = over = !again;
  }
  void on_unregistered(tipring::Account&) override {
    std::cout << "unregistered" << std::endl;
    over = true;
  }
};

int run(const std::string& aor) {
  std::string fault;
  const auto stack = tipring::Stack::create({}, fault);
  if (stack == nullptr) throw std::runtime_error(fault);
  Registration registration;
  tipring::AccountOptions options;
  options.aor = aor;
  const char* const password = std::getenv("TIPRING_PASSWORD");
  options.password = password == nullptr ? "" : password;
  options.expires_s = 120;
  tipring::Account* const account = stack->add_account(options, registration, fault);
  if (account == nullptr) throw std::runtime_error(fault);
  account->register_again();

  // The program's own loop: standard input is one of the things it waits for.
  bool reads = true;
  while (!registration.over) {
    pollfd waited[] = {{stack->descriptor(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (poll(waited, reads ? 2 : 1, -1) < 0) continue;
    if (waited[0].revents != 0) stack->process();
    if (reads && waited[1].revents != 0) {
      reads = false;
      account->unregister();
    }
  }
  return registration.failed ? 1 : 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  try {
    return run(words[1]);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << std::endl;
    return 3;
  }
}
