// Events in any order, by seed: whatever comes, timers end every transaction and nothing is left
// behind.
#include "bench.h"
#include "port/sim/sim_random.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

class Storm {
 public:
  explicit Storm(uint64_t seed) : random_(seed), bench_(small_limits(8)) {
    bench_.on_new = [this](const Incoming& request) { take(request); };
    bench_.on_answer = [this](ClientHandle client, uint16_t) {
      if (random_.chance(200)) bench_.layer->cancel(client);
    };
  }

  void run() {
    for (int i = 0; i < 400; ++i) {
      act();
      if (random_.chance(500)) bench_.pass(Millis(static_cast<int64_t>(random_.below(700))));
    }
    settle();
  }

 private:
  void act() {
    bench_.wire.refuse = random_.chance(30);
    bench_.flow.transport = random_.chance(300) ? sip::Transport::Tcp : sip::Transport::Udp;
    switch (random_.below(8)) {
      case 0: return start();
      case 1:
      case 2: return answer();
      case 3: return cancel();
      case 4: return respond();
      case 5: return fail();
      default: return ask();
    }
  }

  void start() {
    const sip::Method method = random_.chance(500) ? sip::Method::Invite : sip::Method::Bye;
    const auto client = bench_.layer->reserve(method, bench_, 77);
    if (!client) return;
    SipText text;
    text.method = std::string(sip::to_text(method));
    std::array<char, TransactionLayer::kBranchMax> out;
    text.branch =
        std::string(bench_.layer->write_branch(*client, text.sent_by, random_.u64(), out));
    MessageRef request = bench_.slabs.copy(text.request());
    if (!request || random_.chance(50)) {
      bench_.layer->abandon(*client);
      return;
    }
    CHECK(bench_.layer->start(*client, std::move(request), bench_.flow).has_value());
    clients_.push_back(*client);
    texts_.push_back(text);
  }

  void answer() {
    if (texts_.empty()) return;
    SipText text = texts_[random_.below(texts_.size())];
    if (random_.chance(200)) text.method = "CANCEL";
    constexpr std::array kStatus = {100, 180, 200, 302, 404, 487};
    bench_.receive(text.response(kStatus[random_.below(kStatus.size())]));
  }

  void cancel() {
    if (!clients_.empty()) bench_.layer->cancel(clients_[random_.below(clients_.size())]);
  }

  void ask() {
    constexpr std::array kMethods = {"INVITE", "INVITE", "ACK", "CANCEL", "BYE", "REGISTER"};
    SipText text;
    text.method = kMethods[random_.below(kMethods.size())];
    text.branch = (random_.chance(200) ? "old" : "z9hG4bKr") + std::to_string(random_.below(12));
    bench_.receive(text);
  }

  void take(const Incoming& request) {
    const auto opened = bench_.layer->open(request, bench_, 42, random_.chance(500));
    if (!opened) return;
    servers_.push_back(*opened);
  }

  void respond() {
    if (servers_.empty()) return;
    const ServerHandle server = servers_[random_.below(servers_.size())];
    if (random_.chance(100)) return bench_.layer->drop(server);
    constexpr std::array<uint16_t, 6> kStatus = {100, 180, 200, 200, 404, 408};
    (void)bench_.layer->respond(server, kStatus[random_.below(kStatus.size())], {});
  }

  void fail() {
    if (bench_.wire.sent.empty()) return;
    const Sent message = bench_.wire.sent[random_.below(bench_.wire.sent.size())];
    if (message.observer != nullptr) message.observer->on_send_failed(message.tag, Error::Closed);
  }

  // The TUs come to an end; what is left must go by its timers alone.
  void settle() {
    bench_.wire.refuse = false;
    bench_.on_answer = nullptr;
    bench_.on_new = nullptr;
    for (const ServerHandle server : servers_) {
      if (bench_.layer->is_open(server)) (void)bench_.layer->respond(server, 500, {});
      if (bench_.layer->is_open(server)) bench_.layer->drop(server);  // no buffer was free
    }
    for (const ClientHandle client : clients_) bench_.layer->cancel(client);
    bench_.pass(Millis{32'000 + 32'000 + 1});
    CHECK(bench_.all_free());
    CHECK(bench_.wheel.next_deadline() == kNever);
    const size_t sent = bench_.wire.sent.size();
    bench_.pass(Millis{40'000});
    CHECK(bench_.wire.sent.size() == sent);
  }

  port::SimRandom random_;
  Bench bench_;
  std::vector<ClientHandle> clients_;
  std::vector<SipText> texts_;
  std::vector<ServerHandle> servers_;
};

}  // namespace

TEST_CASE("any order of events: every transaction ends with its timers and gives back all it held" *
          doctest::description("RFC 3261 17; R3.3 R5.5")) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Storm(seed).run();
  }
}
