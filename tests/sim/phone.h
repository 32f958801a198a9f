// A phone in a simulated network, on the library's own transaction layer. Answers every call after
// ringing, and makes calls that it ends by itself. Keeps what an invariant needs to know of each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node.h"

namespace tipring::sim {

enum class CallState : uint8_t { Calling, Ringing, Established, Ending, Ended, Failed };

struct Call {
  bool caller = false;
  CallState state = CallState::Calling;
  uint16_t failure = 0;  // the final response that ended it
  std::string call_id;
  std::string local_tag;
  std::string remote_tag;
  std::string local_uri;
  std::string remote_uri;
  std::string target;  // the remote Contact
  std::string routes;  // Route lines
  uint32_t cseq = 1;
  transaction::ServerHandle invite;  // callee: until the ACK comes
  transaction::ClientHandle request;
  MessageRef ok;  // callee: the 200 that is repeated until the ACK comes
  Millis repeat_after{500};
  Millis repeat_at = kNever;
  Millis next_step_at = kNever;
  uint32_t times_answered = 0;  // caller: 2xx received
};

class Phone final : public Node,
                    public transaction::TransactionUser,
                    public transaction::RequestHandler {
 public:
  Phone(port::SimWorld& world, const std::string& user, std::string_view address,
        std::string_view server, sip::Transport protocol, const Limits& limits);

  std::string contact() const;
  void call(const std::string& user, Millis talk_time);
  void cancel(size_t index);  // a call of its own that has not been answered
  void ring_for(Millis time) { ring_time_ = time; }

  const std::vector<Call>& calls() const { return calls_; }
  bool idle() const;

 private:
  using Incoming = transport::Incoming;

  void on_turn_end(Millis now) override;
  void on_tick(Millis now);
  void on_request(const Incoming& request) override;
  void on_cancel(uint64_t context, transaction::ServerHandle server,
                 const Incoming& cancel) override;
  void on_server_end(uint64_t, transaction::ServerHandle, transaction::EndReason) override {}
  void on_response(uint64_t context, transaction::ClientHandle client,
                   const Incoming& response) override;
  void on_client_end(uint64_t context, transaction::ClientHandle client,
                     transaction::EndReason reason) override;

  void in_turn(std::function<void()> action);
  Call* find(const sip::MessageView& message);
  void answer_invite(const Incoming& request);
  void answer_now(Call& call);
  void answer_bye(const Incoming& request);
  void send_ack(Call& call);
  void send_request(size_t index, sip::Method method);
  std::string request_text(const Call& call, std::string_view method,
                           std::string_view branch) const;
  transport::Flow server_flow();
  void arm();

  std::string user_;
  std::string server_;
  sip::Transport protocol_;
  Millis ring_time_{200};
  Millis talk_time_{1000};
  std::vector<Call> calls_;
  MemberTimer<Phone, &Phone::on_tick> tick_{*this};
};

}  // namespace tipring::sim
