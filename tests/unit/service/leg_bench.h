// Call legs on 10.0.0.1 and phones with sockets of their own around them, in a simulated network. The
// tests read and write what is on the wire; what the legs tell their application is noted down.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/legs.h"
#include "support/service_bench.h"

namespace tipring::service {

// What a phone has received, or the application was shown.
struct Text {
  std::string text;

  std::string first_line() const { return text.substr(0, text.find("\r\n")); }
  std::string line(std::string_view name) const;  // the first of this name; empty without any
  std::vector<std::string> lines(std::string_view name) const;
  std::string body() const { return text.substr(text.find("\r\n\r\n") + 4); }
  std::string tag(std::string_view name) const;  // of From or To
  bool has(std::string_view piece) const { return text.find(piece) != std::string::npos; }
};

// A phone on UDP.
class Peer final : public port::DatagramHandler {
 public:
  Peer(port::SimWorld& world, std::string_view address, uint16_t port = 5060);

  void send(const std::string& text);
  // The next message that has not been taken yet; waits for it in virtual time.
  Text take(Millis within = Millis(1000));
  bool got_nothing(Millis within = Millis(200));
  void forget() { taken_ = received_.size(); }
  size_t waiting() const { return received_.size() - taken_; }

 private:
  void on_readable(port::DatagramSocket& socket) override;
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  port::SimWorld& world_;
  std::unique_ptr<port::DatagramSocket> socket_;
  std::vector<Text> received_;
  size_t taken_ = 0;
};

// Notes down what it is told, as "progress 1 180", "end 1 peer-bye"; what it does then is the test's.
class Notes final : public LegUser {
 public:
  std::vector<std::string> all;
  Text last;               // message that came with the last of them
  LegHandle leg;           // of the last of them
  LegHandle fork;          // the last one
  ServerHandle server;     // of the last request
  LegRequestInfo request;  // of the last response
  LegVerdict verdict = LegVerdict::Taken;
  LegVerdict cancel_verdict = LegVerdict::Unknown;
  ClientVerdict client_verdict = ClientVerdict::Reissue;
  std::function<void(std::string_view event)> then;

  std::string taken() {  // all since the last call, with "; " between
    std::string text;
    for (const std::string& note : all) text += (text.empty() ? "" : "; ") + note;
    all.clear();
    return text;
  }

 private:
  void note(LegHandle of, uint64_t name, const std::string& what, const sip::MessageView* message);
  void on_progress(LegHandle leg, uint64_t user, const Incoming& response) override;
  uint64_t on_fork(LegHandle fork, LegHandle of, uint64_t user) override;
  void on_answer(LegHandle leg, uint64_t user, const Incoming& response) override;
  void on_prack(LegHandle leg, uint64_t user, const Incoming& prack) override;
  void on_ack(LegHandle leg, uint64_t user, const Incoming& ack) override;
  LegVerdict on_request(LegHandle leg, uint64_t user, ServerHandle server,
                        const Incoming& request) override;
  LegVerdict on_request_cancelled(LegHandle leg, uint64_t user, ServerHandle server) override;
  void on_response(LegHandle leg, uint64_t user, const LegRequestInfo& request,
                   const Incoming& response) override;
  void on_no_response(LegHandle leg, uint64_t user, const LegRequestInfo& request,
                      uint16_t status) override;
  ClientVerdict on_client_event(LegHandle leg, uint64_t user, LegClientEvent event,
                                const Incoming& response) override;
  LegVerdict on_replaces(LegHandle leg, uint64_t user, const Incoming& invite) override;
  void on_end(LegHandle leg, uint64_t user, const LegEnd& end) override;
};

class LegBench final : public sim::ServiceBench,
                       private transaction::RequestHandler,
                       private port::TimerHandler {
 public:
  explicit LegBench(port::SimWorld& world, const Limits& limits = kTinyLimits);

  // Refused with 404 where `adopts` is false.
  bool adopts = true;
  uint64_t next_name = 1;
  LegHandle adopted;               // the last one
  Error refused = Error::Invalid;  // why adopt() has failed
  std::vector<std::string> strays;

 private:
  void on_request(const Incoming& request) override;
  // What a test does between two events is sent with the next turn of the loop, which is never far.
  void on_timer(Millis now) override { tick_->arm(now + Millis(5)); }

  std::unique_ptr<port::LoopTimer> tick_;

 public:
  Notes notes;
  Legs legs;
};

// A description of one audio stream.
std::string sdp_of(std::string_view host, int port);
std::string with_body(const std::string& lines, const std::string& body);

// Legs, with alice at 10.0.0.2 and bob at 10.0.0.3.
struct LegPair {
  explicit LegPair(const Limits& limits = kTinyLimits) : bench(world, limits) {}

  // --- as our peer who is called: bob ---
  LegHandle call(const std::string& body = "", const std::string& lines = "");
  // The answer of a phone to `request`; `tag` is its To tag.
  static std::string answer(const Text& request, const std::string& status,
                            const std::string& tag = "b", const std::string& lines = "",
                            const std::string& body = "");
  // A call that bob has answered and we have acknowledged. His INVITE is in `invite`.
  LegHandle call_answered(const std::string& lines = "Allow: INVITE, ACK, BYE, UPDATE\r\n");

  // --- as our peer who calls: alice ---
  void invite(const std::string& lines = "", const std::string& body = "",
              const std::string& branch = "z9hG4bKi", int cseq = 1);
  LegHandle invite_answered();

  // A request of alice or bob within the dialog of `leg`.
  std::string within(LegHandle leg, const std::string& method, int cseq,
                     const std::string& lines = "", const std::string& body = "",
                     const std::string& branch = "") const;

  port::SimWorld world{1};
  LegBench bench;
  Peer alice{world, "10.0.0.2"};
  Peer bob{world, "10.0.0.3"};
  Text sent;  // our last INVITE
};

}  // namespace tipring::service
