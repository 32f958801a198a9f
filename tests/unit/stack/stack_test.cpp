// The public interface, by a stack whose phones call each other on loopback.
#include "tipring/stack.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
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

// Another host, by UDP, that answers as the test says.
class Stranger {
 public:
  explicit Stranger(Pair& pair) : pair_(pair), fd_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
    socklen_t size = sizeof own;
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) == 0);
    address = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  }
  ~Stranger() { close(fd_); }

  // The next message of that kind; those before it are passed over.
  std::string receive(const std::string& begin, int limit_ms = 5000) {
    std::string found;
    pair_.run_until(
        [&] {
          char bytes[4096];
          const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
          if (size <= 0) return false;
          const std::string text(bytes, static_cast<size_t>(size));
          if (text.starts_with(begin)) found = text;
          return !found.empty();
        },
        limit_ms);
    return found;
  }
  void send(const std::string& text) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<uint16_t>(std::stoi(pair_.address.substr(pair_.address.find(':') + 1))));
    sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  static std::string line(const std::string& message, const std::string& name) {
    const size_t begin = message.find("\r\n" + name + ": ") + 2;
    return message.substr(begin, message.find("\r\n", begin) - begin) + "\r\n";
  }
  void answer(const std::string& request, const std::string& status, const std::string& lines) {
    std::string to = line(request, "To");
    if (to.find(";tag=") == std::string::npos) to.insert(to.size() - 2, ";tag=stranger");
    send("SIP/2.0 " + status + "\r\n" + line(request, "Via") + line(request, "From") + to +
         line(request, "Call-ID") + line(request, "CSeq") + lines + "Content-Length: 0\r\n\r\n");
  }
  static std::string challenge(const std::string& realm) {
    return "WWW-Authenticate: Digest realm=\"" + realm + "\", nonce=\"1\", algorithm=SHA-256\r\n";
  }

  std::string address;

 private:
  Pair& pair_;
  int fd_;
};

bool has_password(const std::string& request) {
  return request.find("Authorization: Digest") != std::string::npos;
}

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

TEST_CASE("stack: texts that would begin a header field of their own make no account") {
  Pair pair;
  for (const auto& [name, user] :
       {std::pair("Carl\r\nEvil: 1", ""), std::pair("", "carl\n"), std::pair("\x7f", "")}) {
    AccountOptions options;
    options.aor = "sip:carl@" + pair.address;
    options.display_name = name;
    options.user = user;
    CHECK(pair.stack->add_account(options, pair.anna, pair.fault) == nullptr);
    CHECK(pair.fault.find("control characters") != std::string::npos);
  }
  AccountOptions options;
  options.aor = "sip:carl@" + pair.address;
  options.display_name = std::string(600, 'x');
  CHECK(pair.stack->add_account(options, pair.anna, pair.fault) == nullptr);
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

TEST_CASE("stack: it goes while calls stand, ring and are recorded, and says nothing of them") {
  const std::string path = "/tmp/tipring-stack-" + std::to_string(getpid()) + ".wav";
  Pair pair;
  Stranger home(pair);
  AccountOptions options;
  options.aor = "sip:carl@" + pair.address;
  options.registrar = "sip:" + home.address;
  Phone carl;
  Account* const account = pair.stack->add_account(options, carl, pair.fault);
  REQUIRE(account != nullptr);
  account->register_again();
  CHECK_FALSE(home.receive("REGISTER ").empty());
  Call* const call = pair.call();
  REQUIRE(call != nullptr);
  REQUIRE(pair.run_until([&] { return pair.bert.log.find("answered") != std::string::npos; }));
  CHECK(call->record(path) == 0);
  call->play(Sound::tone(440, milliseconds(100)), true);
  CHECK(call->hold());
  REQUIRE(pair.run_until([&] { return pair.anna.log.find("hold-done") != std::string::npos; }));
  REQUIRE(account->call("bert", carl, pair.fault) != nullptr);
  CHECK_FALSE(home.receive("INVITE ").empty());
  pair.stack->call_later(milliseconds(1), [&] { carl.log += "later "; });
  pair.stack.reset();
  CHECK(pair.anna.ended + pair.bert.ended + carl.ended == 0);
  CHECK(carl.log.find("later") == std::string::npos);
  CHECK(unlink(path.c_str()) == 0);
}

TEST_CASE("stack: a recording that begins anew in its file leaves nothing of the one before") {
  const std::string path = "/tmp/tipring-stack-" + std::to_string(getpid()) + ".wav";
  Pair pair;
  Call* const call = pair.call();
  REQUIRE(call != nullptr);
  REQUIRE(pair.run_until([&] { return pair.anna.log.find("answered") != std::string::npos; }));
  CHECK(call->record(path) == 0);
  const auto heard = [&](size_t samples) {
    return pair.run_until([&] { return pair.anna.heard.size() >= samples; });
  };
  REQUIRE(heard(4000));
  CHECK(call->record(path) == 0);
  pair.anna.heard.clear();
  REQUIRE(heard(800));
  CHECK(call->stop_recording() == 0);
  std::string file(100'000, '\0');
  std::FILE* const from = std::fopen(path.c_str(), "r");
  REQUIRE(from != nullptr);
  file.resize(std::fread(file.data(), 1, file.size(), from));
  std::fclose(from);
  unlink(path.c_str());
  constexpr size_t kHeader = 58;
  REQUIRE(file.size() > kHeader);
  CHECK(file.size() < kHeader + 2 * 4000);
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(file[at])); };
  CHECK(file.size() - kHeader == byte(54) + (byte(55) << 8) + (byte(56) << 16));
}

TEST_CASE("stack: run() works until an event stops it") {
  Pair pair;
  pair.stack->call_later(milliseconds(20), [&] { pair.stack->stop(); });
  pair.stack->run();
  CHECK(pair.stack->calls() == 0);
}

TEST_CASE("stack: a caller who asks for a password gets nothing to guess at" *
          doctest::description("RFC 3261 22.1")) {
  Pair pair;
  Stranger caller(pair);
  AccountOptions options;
  options.aor = "sip:carl@" + pair.address;
  options.password = "secret";
  Phone carl;
  REQUIRE(pair.stack->add_account(options, carl, pair.fault) != nullptr);
  const std::string offer =
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
      "m=audio 4000 RTP/AVP 0\r\n";
  const std::string head = "Via: SIP/2.0/UDP " + caller.address +
                           ";branch=z9hG4bK1\r\nFrom: <sip:x@" + caller.address +
                           ">;tag=1\r\nCall-ID: stranger\r\nContact: <sip:x@" + caller.address +
                           ">\r\nMax-Forwards: 70\r\n";
  caller.send("INVITE sip:carl@" + pair.address + " SIP/2.0\r\n" + head + "To: <sip:carl@" +
              pair.address + ">\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n" +
              "Content-Length: " + std::to_string(offer.size()) + "\r\n\r\n" + offer);
  const std::string answered = caller.receive("SIP/2.0 200");
  REQUIRE(!answered.empty());
  caller.send("ACK sip:carl@" + pair.address + " SIP/2.0\r\n" + head +
              Stranger::line(answered, "To") + "CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(pair.run_until([&] { return carl.log.find("answered") != std::string::npos; }));
  carl.last->hang_up();
  const std::string bye = caller.receive("BYE ");
  REQUIRE(!bye.empty());
  caller.answer(bye, "401 Unauthorized", Stranger::challenge("elsewhere"));
  REQUIRE(pair.run_until([&] { return carl.ended == 1; }));
  CHECK(caller.receive("BYE ", 300).empty());
}

TEST_CASE("stack: in calls the password is for the registrar's realm alone") {
  Pair pair;
  Stranger home(pair);
  AccountOptions options;
  options.aor = "sip:carl@" + pair.address;
  options.registrar = "sip:" + home.address;
  options.password = "secret";
  Phone carl;
  Account* const account = pair.stack->add_account(options, carl, pair.fault);
  REQUIRE(account != nullptr);
  account->register_again();
  const std::string first = home.receive("REGISTER ");
  CHECK_FALSE(has_password(first));
  home.answer(first, "401 Unauthorized", Stranger::challenge("home"));
  const std::string second = home.receive("REGISTER ");
  REQUIRE(has_password(second));
  home.answer(second, "200 OK", Stranger::line(second, "Contact") + "Expires: 60\r\n");
  REQUIRE(pair.run_until([&] { return account->is_registered(); }));

  REQUIRE(account->call("bert", carl, pair.fault) != nullptr);
  home.answer(home.receive("INVITE "), "401 Unauthorized", Stranger::challenge("elsewhere"));
  REQUIRE(pair.run_until([&] { return carl.ended == 1; }));
  CHECK(carl.log.find("refused401") != std::string::npos);

  REQUIRE(account->call("bert", carl, pair.fault) != nullptr);
  home.answer(home.receive("INVITE "), "401 Unauthorized", Stranger::challenge("home"));
  const std::string again = home.receive("INVITE ");
  CHECK(has_password(again));
  home.answer(again, "486 Busy Here", "");
  REQUIRE(pair.run_until([&] { return carl.ended == 2; }));
}
