// The public interface, by a stack whose phones call each other on loopback.
#include "tipring/stack.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace tipring;
using std::chrono::milliseconds;

namespace {

struct Phone final : AccountEvents, CallEvents {
  CallEvents* on_call(Account&, Call& call) override {
    log += "incoming ";
    last = &call;
    if (busy) return nullptr;
    if (answers) call.accept();
    return this;
  }
  void on_ringing(Call&, bool) override { log += "ringing "; }
  void on_answered(Call&) override { log += "answered "; }
  void on_held(Call&, bool held) override { log += held ? "held " : "resumed "; }
  void on_hold_done(Call&, bool held, int status) override {
    log += (held ? "hold-done " : "resume-done ") + std::to_string(status) + " ";
  }
  void on_key(Call&, char key) override { log += std::string("key") + key + " "; }
  void on_played(Call&) override { log += "played "; }
  void on_sound(Call&, const int16_t* samples, size_t count) override {
    heard.insert(heard.end(), samples, samples + count);
  }
  void on_ended(Call&, const CallEnded& end) override {
    log +=
        std::string(to_text(end.end)) + (end.status == 0 ? "" : std::to_string(end.status)) + " ";
    last = nullptr;
    ++ended;
  }

  std::string log;
  std::vector<int16_t> heard;
  Call* last = nullptr;
  bool answers = true;
  bool busy = false;
  int ended = 0;
};

struct Pair {
  explicit Pair(uint32_t calls = 4) {
    StackOptions options;
    options.listen = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};
    options.calls = calls;
    stack = Stack::create(options, fault);
    REQUIRE(stack != nullptr);
    address = stack->listening().front().substr(4);
    first = add("anna", anna);
    second = add("bert", bert);
  }

  Account* add(const std::string& user, Phone& phone) {
    AccountOptions options;
    options.aor = "sip:" + user + "@" + address;
    options.sends_calls_direct = true;
    Account* const account = stack->add_account(options, phone, fault);
    REQUIRE(account != nullptr);
    return account;
  }
  Call* call(std::string_view target = "bert") { return first->call(target, anna, fault); }

  bool run_until(const std::function<bool()>& condition, int limit_ms = 5000) {
    for (int waited = 0; waited < limit_ms && !condition(); waited += 5) {
      pollfd ready{stack->descriptor(), POLLIN, 0};
      if (poll(&ready, 1, 5) == 1) stack->process();
    }
    return condition();
  }
  bool run_until_quiet() {
    return run_until([&] { return stack->calls() == 0; });
  }

  std::string fault;
  std::string address;
  Phone anna;
  Phone bert;
  std::unique_ptr<Stack> stack;
  Account* first = nullptr;
  Account* second = nullptr;
};

}  // namespace

TEST_CASE("stack: what cannot be listened on is told in words" * doctest::description("F47")) {
  std::string fault;
  StackOptions options;
  options.listen = {"nonsense"};
  CHECK(Stack::create(options, fault) == nullptr);
  CHECK(fault == "listen: \"nonsense\" is not udp:ADDRESS:PORT or tcp:ADDRESS:PORT");
  options.listen = {"udp:192.0.2.1:5060"};
  CHECK(Stack::create(options, fault) == nullptr);
  CHECK(fault.starts_with("cannot listen on udp:192.0.2.1:5060: "));
  options.listen = {};
  CHECK(Stack::create(options, fault) == nullptr);
}

TEST_CASE("stack: an address that is none, or is there already, makes no account") {
  Pair pair;
  AccountOptions options;
  for (const char* bad : {"", "anna", "sip:example.com", "sips:anna@example.com"}) {
    options.aor = bad;
    CHECK(pair.stack->add_account(options, pair.anna, pair.fault) == nullptr);
    CHECK_FALSE(pair.fault.empty());
  }
  options.aor = "sip:anna@elsewhere.example";
  CHECK(pair.stack->add_account(options, pair.anna, pair.fault) == nullptr);
  CHECK(pair.fault == "there is an account of user anna already");
}

TEST_CASE("stack: a call with sound both ways, hold, keys, and its end" *
          doctest::description("F17, F46, F48")) {
  Pair pair;
  Call* const call = pair.call();
  REQUIRE(call != nullptr);
  CHECK(call->state() == CallState::Calling);
  call->play(Sound::tone(700, milliseconds(300)));
  REQUIRE(pair.run_until([&] { return pair.bert.log == "incoming answered "; }));
  pair.bert.last->play(Sound::tone(1100, milliseconds(1000)), true);
  REQUIRE(pair.run_until([&] { return pair.anna.heard.size() > 8000; }));
  CHECK(tone_share(&pair.anna.heard[4000], 4000, 1100) > 0.98);
  CHECK(tone_share(&pair.bert.heard[800], 1200, 700) > 0.98);
  CHECK(pair.anna.log == "answered played ");
  CHECK(call->send_keys("5#"));
  REQUIRE(pair.run_until([&] { return pair.bert.log == "incoming answered key5 key# "; }));
  REQUIRE(call->hold());
  CHECK_FALSE(call->hold());
  REQUIRE(pair.run_until([&] { return pair.anna.log == "answered played hold-done 0 "; }));
  CHECK(call->is_held());
  CHECK(pair.bert.last->is_held_by_peer());
  REQUIRE(call->resume());
  REQUIRE(pair.run_until([&] { return !call->is_held(); }));
  CHECK(pair.bert.log == "incoming answered key5 key# held resumed ");
  call->hang_up();
  REQUIRE(pair.run_until_quiet());
  CHECK(pair.anna.log.ends_with("resume-done 0 hung-up "));
  CHECK(pair.bert.log.ends_with("hung-up-by-peer "));
}

TEST_CASE("stack: calls that are refused, rejected and cancelled say so") {
  Pair pair;
  REQUIRE(pair.call("nobody") != nullptr);
  REQUIRE(pair.run_until_quiet());
  CHECK(pair.anna.log == "refused404 ");
  pair.anna.log.clear();
  pair.bert.busy = true;
  REQUIRE(pair.call() != nullptr);
  REQUIRE(pair.run_until_quiet());
  CHECK(pair.anna.log == "refused486 ");
  pair.anna.log.clear();
  pair.bert.log.clear();
  pair.bert.busy = pair.bert.answers = false;
  Call* const call = pair.call();
  REQUIRE(pair.run_until([&] { return pair.anna.log == "ringing "; }));
  call->hang_up();
  REQUIRE(pair.run_until_quiet());
  CHECK(pair.anna.log == "ringing cancelled487 ");
  CHECK(pair.bert.log == "incoming cancelled ");
  CHECK(pair.call("no spaces") == nullptr);
  CHECK(pair.fault == "\"no spaces\" is neither a SIP URI nor a user");
}

TEST_CASE("stack: places of calls are used again, and one too many is told") {
  Pair pair(2);
  for (int i = 1; i <= 10; ++i) {
    Call* const call = pair.call();
    REQUIRE(call != nullptr);
    CHECK(pair.run_until([&] { return pair.anna.log == "answered "; }));
    if (i == 10) {
      CHECK(pair.call() == nullptr);
      CHECK(pair.fault == "all calls are in use");
    }
    call->hang_up();
    REQUIRE(pair.run_until_quiet());
    CHECK(pair.anna.ended == i);
    CHECK(pair.bert.ended == i);
    pair.anna.log.clear();
  }
}

TEST_CASE("stack: as many calls as were asked for, each with its ports") {
  Pair pair(64);
  for (int i = 0; i < 32; ++i) REQUIRE(pair.call() != nullptr);
  CHECK(pair.run_until([&] { return pair.bert.heard.size() > 32 * 1600; }));
  CHECK(pair.stack->calls() == 64);
  pair.stack->shut_down();
  REQUIRE(pair.run_until([&] { return pair.stack->is_quiet(); }));
  CHECK(pair.anna.ended == 32);
  CHECK(pair.bert.ended == 32);
}

TEST_CASE("stack: later is in the order of time, and another thread can wake it") {
  Pair pair;
  std::string order;
  pair.stack->call_later(milliseconds(30), [&] { order += "b"; });
  pair.stack->call_later(milliseconds(5), [&] {
    order += "a";
    pair.stack->call_later(milliseconds(60), [&] { order += "c"; });
  });
  REQUIRE(pair.run_until([&] { return order == "abc"; }));
  bool told = false;
  pair.stack->on_notify([&] { told = true; });
  std::thread other([&] { pair.stack->notify(); });
  other.join();
  CHECK(pair.run_until([&] { return told; }));
}

TEST_CASE("stack: run() works until an event stops it") {
  Pair pair;
  pair.stack->call_later(milliseconds(20), [&] { pair.stack->stop(); });
  pair.stack->run();
  CHECK(pair.stack->calls() == 0);
}
