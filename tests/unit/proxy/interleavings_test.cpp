// A forked call through all orders of what may happen to it, up to a number of events: the real
// proxy over the real transactions, in virtual time. Each order is played from its beginning, and
// in the end nobody says anything more, until all timers have run out.
#include <doctest/doctest.h>

#include <functional>

#include "bench.h"

using namespace tipring;
using proxy::Exchange;
using proxy::Fork;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kShorter = 1;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kShorter = 1;
#else
constexpr int kShorter = 0;
#endif
#else
constexpr int kShorter = 0;
#endif

constexpr int kBranches = 3;

// One event: what happens, and to which branch. 'c' and 't' are of the whole call.
struct Step {
  char what;
  int branch;
};
// 1: a provisional, 2: a 2xx, 4: 486, or 487 when it has been cancelled, 5: 503, 6: 603, r: the
// last one once more, x: its host is gone, c: the caller cancels, t: half a minute passes.
constexpr std::string_view kOfBranch = "12456rx";
constexpr std::string_view kOfCall = "ct";

// Whose datagrams are read as they come.
class Party final : public port::DatagramHandler {
 public:
  Party(port::SimHost& host, std::function<void(std::string_view)> on_message)
      : host_(host), on_message_(std::move(on_message)) {
    open();
  }
  void open() {
    int error = 0;
    if (!socket_) socket_ = host_.network().open_datagram({{ip(), 5060}}, *this, error);
  }
  void close() { socket_.reset(); }
  bool is_open() const { return socket_ != nullptr; }
  void send(const std::string& text) {
    const port::OutgoingDatagram datagram{text, {*port::parse_ip("10.0.0.1"), 5060}, {}};
    if (socket_) (void)socket_->send({&datagram, 1});
  }

 private:
  const port::IpAddress& ip() const { return host_.addresses().front(); }
  void on_readable(port::DatagramSocket& socket) override {
    port::DatagramSlot slot;
    slot.buffer = buffer_;
    while (socket.receive({&slot, 1}) == 1) on_message_({buffer_.data(), slot.size});
  }
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  port::SimHost& host_;
  std::function<void(std::string_view)> on_message_;
  std::unique_ptr<port::DatagramSocket> socket_;
  std::vector<char> buffer_ = std::vector<char>(65536);
};

std::string lines_of(std::string_view text, std::string_view name) {
  std::string all;
  for (const std::string& value : proxy::Message{std::string(text)}.lines(name)) {
    all += std::string(name) + ": " + value + "\r\n";
  }
  return all;
}

// What the caller has seen of one call.
struct Upstream {
  int status = 0;  // the last final one
  int provisionals_late = 0;
  int after_2xx = 0;      // a failure
  int after_failure = 0;  // a 2xx, or another failure

  void on_status(int got) {
    if (got < 200) {
      if (got > 100 && status >= 300) ++provisionals_late;
      return;
    }
    if (status >= 200 && status < 300 && got >= 300) ++after_2xx;
    if (status >= 300 && got != status) ++after_failure;
    status = got;
  }
};

class Calls {
 public:
  Calls(Fork fork, const std::vector<uint16_t>& q) {
    for (size_t i = 0; i < q.size(); ++i) {
      const std::string ip = "10.0.0." + std::to_string(3 + i);
      exchange_.bind_with_q("bob", "sip:bob@" + ip, q[i]);
      hosts_.push_back(&world_.make_host("phone", {*port::parse_ip(ip)}));
      phones_.push_back(std::make_unique<Party>(
          *hosts_.back(), [this, i](std::string_view text) { on_phone(i, text); }));
    }
    exchange_.proxy.set_options({.fork = fork});
    alice_ = std::make_unique<Party>(world_.make_host("alice", {*port::parse_ip("10.0.0.2")}),
                                     [this](std::string_view text) { on_alice(text); });
  }

  // Plays `steps` and then silence. False when one of them could not happen.
  bool play(const std::vector<Step>& steps) {
    begin();
    for (const Step& step : steps) {
      if (!happens(step)) {
        end(steps);
        return false;
      }
      world_.run_for(Millis(step.what == 't' ? 33'000 : 6));
    }
    end(steps);
    return true;
  }
  int played() const { return number_; }

 private:
  struct BranchState {
    std::string invite;
    std::string last;  // response
    bool cancelled = false;
    bool answered = false;
  };

  void begin() {
    ++number_;
    seen_ = {};
    cancelled_ = false;
    branches_.assign(phones_.size(), {});
    for (const auto& phone : phones_) phone->open();
    alice_->send(request("INVITE"));
    world_.run_for(Millis(6));
  }

  std::string request(const std::string& method) const {
    const std::string id = std::to_string(number_);
    return method + " sip:bob@tipring SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK" + id +
           "\r\nFrom: <sip:alice@tipring>;tag=a\r\nTo: <sip:bob@tipring>\r\nCall-ID: " + id +
           "\r\nCSeq: 1 " + method + "\r\nContent-Length: 0\r\n\r\n";
  }

  void on_alice(std::string_view text) {
    const int status = std::stoi(std::string(text.substr(8, 3)));
    if (text.find("CSeq: 1 INVITE") == std::string_view::npos) return;
    if (text.find("Call-ID: " + std::to_string(number_) + "\r\n") == std::string_view::npos) return;
    seen_.on_status(status);
    if (status >= 300) alice_->send(request("ACK"));
  }

  void on_phone(size_t i, std::string_view text) {
    if (text.starts_with("CANCEL ")) {
      phones_[i]->send(response(text, "200 OK"));
      branches_[i].cancelled = true;
    } else if (text.starts_with("INVITE ")) {
      branches_[i].invite = text;
    }
  }

  static std::string response(std::string_view text, const std::string& status) {
    std::string all = "SIP/2.0 " + status + "\r\n";
    for (const char* name : {"Via", "From", "To", "Call-ID", "CSeq"}) all += lines_of(text, name);
    return all + "Content-Length: 0\r\n\r\n";
  }

  bool happens(const Step& step) {
    if (step.what == 't') return seen_.status == 0;
    if (step.what == 'c') {
      if (cancelled_) return false;
      cancelled_ = true;
      alice_->send(request("CANCEL"));
      return true;
    }
    BranchState& branch = branches_[static_cast<size_t>(step.branch)];
    Party& phone = *phones_[static_cast<size_t>(step.branch)];
    if (branch.invite.empty() || !phone.is_open()) return false;
    if (step.what == 'x') {
      phone.close();
      world_.run_for(Millis(600));  // Timer A, and the ICMP that comes back
      return branch.last.empty();
    }
    if (step.what == 'r') {
      if (!branch.answered) return false;
    } else {
      if (branch.answered) return false;
      branch.answered = step.what != '1';
      branch.last = response(branch.invite, status_of(step.what, branch.cancelled));
    }
    phone.send(branch.last);
    return true;
  }

  static std::string status_of(char what, bool cancelled) {
    switch (what) {
      case '1': return "180 Ringing";
      case '2': return "200 OK";
      case '4': return cancelled ? "487 Request Terminated" : "486 Busy Here";
      case '5': return "503 Service Unavailable";
      default: return "603 Decline";
    }
  }

  // Silence, until the longest timers have run out: C, then what a CANCEL may take, for each group.
  void end(const std::vector<Step>& steps) {
    std::string text;
    for (const Step& step : steps)
      text += std::string{step.what, static_cast<char>('0' + step.branch)};
    const bool in_vain = rings_in_vain();
    world_.run_until([this] { return is_empty(); }, Millis(1'000'000));
    // A branch that has timed out is not cancelled any more, and who has gone cannot be told.
    const bool any_lost = text.find_first_of("tx") != std::string::npos;
    CAPTURE(text);
    REQUIRE(seen_.status != 0);
    REQUIRE(seen_.provisionals_late == 0);
    REQUIRE(seen_.after_2xx == 0);
    REQUIRE(seen_.after_failure == 0);
    REQUIRE((any_lost || !in_vain));
    // What was answered stands until its BYE, and nothing else does.
    const bool answered = seen_.status / 100 == 2;
    REQUIRE((exchange_.calls.call_stats().in_use == 1) == answered);
    exchange_.forget_calls();
    REQUIRE(exchange_.calls.call_stats().in_use == 0);
    REQUIRE(exchange_.leftovers() == "");
    REQUIRE(is_empty());
  }

  // A phone rings, and nobody has told it that the call has been answered or given up.
  bool rings_in_vain() const {
    if (seen_.status == 0 && !cancelled_) return false;
    for (const BranchState& branch : branches_) {
      if (!branch.last.empty() && !branch.answered && !branch.cancelled) return true;
    }
    return false;
  }

  bool is_empty() const {
    return exchange_.transactions.server_stats().in_use == 0 &&
           exchange_.transactions.client_stats().in_use == 0 &&
           exchange_.proxy.stats().in_use == 0 && exchange_.proxy.branch_stats().in_use == 0 &&
           exchange_.leftovers().empty();
  }

  port::SimWorld world_{1};
  Exchange exchange_{world_, kTinyLimits};
  std::vector<port::SimHost*> hosts_;
  std::vector<std::unique_ptr<Party>> phones_;
  std::unique_ptr<Party> alice_;
  std::vector<BranchState> branches_;
  Upstream seen_;
  int number_ = 0;
  bool cancelled_ = false;
};

// All orders of up to `depth` events that go on from `steps`. Branches that nothing has happened to
// are alike when they ring together, and only the first of them is taken.
void play_all(Calls& calls, std::vector<Step>& steps, int branches, bool alike, int depth) {
  if (!calls.play(steps) || depth == 0) return;
  const auto go_on = [&](char what, int branch) {
    steps.push_back({what, branch});
    play_all(calls, steps, branches, alike, depth - 1);
    steps.pop_back();
  };
  for (const char what : kOfCall) go_on(what, 0);
  int touched = 0;
  for (const Step& step : steps) {
    if (kOfBranch.find(step.what) != std::string_view::npos)
      touched = std::max(touched, step.branch + 1);
  }
  const int last = alike ? std::min(touched + 1, branches) : branches;
  for (int branch = 0; branch < last; ++branch) {
    for (const char what : kOfBranch) go_on(what, branch);
  }
}

int play_all(Fork fork, const std::vector<uint16_t>& q, bool alike, int depth) {
  Calls calls(fork, q);
  std::vector<Step> steps;
  play_all(calls, steps, static_cast<int>(q.size()), alike, depth - kShorter);
  return calls.played();
}

constexpr const char* kClause = "RFC 3261 16.6 to 16.10, RFC 6026; F12, R2.2, R3.4";

}  // namespace

TEST_CASE("interleavings: of three phones that ring together" * doctest::description(kClause)) {
  static_assert(kBranches == 3);
  CHECK(play_all(Fork::ByQ, {1000, 1000, 1000}, true, 5) > 500);
}

TEST_CASE("interleavings: of two phones that ring together" * doctest::description(kClause)) {
  CHECK(play_all(Fork::Parallel, {1000, 500}, true, 5) > 500);
}

TEST_CASE("interleavings: of three phones that ring one after the other" *
          doctest::description(kClause)) {
  CHECK(play_all(Fork::Serial, {1000, 900, 800}, false, 5) > 500);
}

TEST_CASE("interleavings: of two phones that ring together before a third" *
          doctest::description(kClause)) {
  CHECK(play_all(Fork::ByQ, {1000, 1000, 500}, false, 4) > 500);
}

TEST_CASE("interleavings: of one phone" * doctest::description(kClause)) {
  CHECK(play_all(Fork::ByQ, {1000}, true, 7) > 100);
}
