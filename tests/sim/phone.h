// A phone in a simulated network, on the library's own transaction layer: registers with digest,
// makes calls, and answers, refuses or lets ring those that come. It keeps what an invariant needs
// to know, and reports what its peer must not do.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "digest_client.h"
#include "findings.h"
#include "node.h"

namespace tipring::sim {

inline constexpr std::string_view kDomain = "sim.example";

// What a phone does with a call that comes.
enum class Manner : uint8_t { Answer, Busy, LetRing };

// What a phone makes of RFC 4028, and of what its peer or the server does about a session.
struct SessionHabits {
  bool knows_timer = true;
  uint32_t interval_s = 0;     // asked for in its own calls; 0: none
  bool by_update = false;      // its way to refresh; else by INVITE
  bool lets_ring = false;      // whatever the caller wants
  bool offers_itself = false;  // as callee it refreshes, where the caller leaves it open
  uint16_t refresh_answer = 200;
  uint16_t bye_answer = 200;   // 401: to the first one
  bool describes = false;      // offers and answers have a description (RFC 3264)
  bool has_a_mind = false;     // as callee it does as chance wants, whatever the caller plans
  bool expects_forks = false;  // as caller it ends all dialogs of a call but the first one answered
};

// How a call is to go. The caller tells the callee in the Subject of the INVITE.
struct CallPlan {
  Manner manner = Manner::Answer;
  Millis ring_time{200};
  Millis talk_time{1000};
  bool callee_ends = false;      // else the caller
  bool both_end = false;         // at about the same time
  Millis cancel_after = kNever;  // counted from the INVITE
  std::string replaces;  // of its own alone: the dialog whose place it is to take (RFC 3891)
};

struct Call {
  CallPlan plan;
  bool caller = false;
  bool ringing = false;    // a 18x was sent or received
  bool cancelled = false;  // caller: wants no answer any more
  bool acked = false;      // callee: the ACK to its 2xx came
  bool bye_sent = false;
  bool bye_received = false;
  bool over = false;
  bool abandoned = false;  // by a phone that died
  uint16_t outcome = 0;    // the INVITE's final status as this side knows it: 408 for a timeout
  uint16_t bye_status = 0;
  int attempts = 0;        // caller: INVITEs or BYEs that were challenged
  bool by_server = false;  // the last time with 401: by a user agent server, not by a proxy
  std::string id;
  std::string local_tag;
  std::string remote_tag;
  std::string local_uri;
  std::string remote_uri;
  std::string target;  // the remote Contact
  std::string routes;  // Route lines
  uint32_t cseq = 1;
  uint32_t invite_cseq = 1;
  Millis began_at{0};
  Millis ended_at = kNever;
  transaction::ServerHandle invite;
  Handle<transport::Connection> came_by;  // callee: the INVITE, over a stream
  transaction::ClientHandle request;
  MessageRef ok;  // callee: the 200 that is repeated until the ACK comes
  Millis repeat_after{500};
  Millis repeat_until = kNever;
  // RFC 4028.
  uint32_t interval_s = 0;  // 0: the session has no end
  bool refreshes = false;   // this side does
  uint32_t round = 0;       // of the interval that runs
  uint32_t refresh_cseq = 0;
  uint32_t refreshed = 0;  // 2xx to refreshes of its own
  uint16_t refresh_status = 0;
  uint32_t remote_cseq = 0;
  uint32_t answered_cseq = 0;  // of the INVITE that this side has answered last
  transaction::ClientHandle refresh;
  bool challenged = false;  // its peer's BYE
};

// What this phone has been told of its own binding.
struct RegistrationView {
  bool pending = false;      // a REGISTER without a final response
  bool bound = false;        // by the last 200
  bool may_be_gone = false;  // a removal since then got no 200: it may have been carried out or not
  bool may_be_there = false;  // the same for a registration
  Millis bound_until{0};      // by its own clock, never later than by the server's
  uint64_t done = 0;          // 200s
  uint64_t removed = 0;       // of them, for a removal
  uint64_t refused = 0;       // 503s
  uint16_t last_status = 0;
  std::string last_reason;
  std::string retry_after;
};

class Phone final : public Node,
                    public transaction::TransactionUser,
                    public transaction::RequestHandler {
 public:
  // `server` is the server's address, in this host's family.
  Phone(port::SimHost& host, const std::string& user, const std::string& server,
        sip::Transport protocol, const Limits& limits, Findings& findings);

  const std::string& user() const { return user_; }
  std::string contact() const;

  // One REGISTER; 0 seconds removes. False while another waits for its answer (RFC 3261 10.2).
  bool send_register(uint32_t expires_s);
  const RegistrationView& registration() const { return registration_; }
  bool is_bound() const { return registration_.bound && host.loop().now() < bound_until(); }
  Millis bound_until() const { return registration_.bound_until; }

  // Its place in calls().
  size_t call(const std::string& user, const CallPlan& plan = {});
  void cancel(size_t index);  // a call of its own that has not been answered
  void hang_up(size_t index);

  const std::vector<Call>& calls() const { return calls_; }
  const Call* find_call(const std::string& id) const;
  SessionHabits habits;
  // Dies without a word: no call of its own is left, and nobody gets an answer.
  void fall_silent();
  void wake_up();
  bool is_silent() const { return silent_; }

  bool idle() const { return open_calls_ == 0 && !registration_.pending; }

 private:
  using Incoming = transport::Incoming;
  enum Kind : uint8_t { Register, Invite, Bye, Refresh };
  // What a client transaction is about, as its context.
  static uint64_t context_of(Kind kind, size_t index) { return index * 4 + kind; }

  struct Request {
    std::string method;
    std::string uri;
    std::string routes;
    std::string from;  // with its tag
    std::string to;
    std::string call_id;
    uint32_t cseq = 1;
    std::string lines;
    std::string body;  // a description
  };

  void on_request(const Incoming& request) override;
  void on_cancel(uint64_t context, transaction::ServerHandle server,
                 const Incoming& cancel) override;
  void on_server_end(uint64_t, transaction::ServerHandle, transaction::EndReason) override {}
  void on_response(uint64_t context, transaction::ClientHandle client,
                   const Incoming& response) override;
  void on_client_end(uint64_t context, transaction::ClientHandle client,
                     transaction::EndReason reason) override;

  // What a person does happens in a turn of the phone's loop.
  void at(Millis when, std::function<void()> action);
  void report(const std::string& text);
  transport::Flow server_flow();
  std::string write(const Request& request, std::string_view branch) const;
  // Null when it could not be sent at all.
  transaction::ClientHandle send(const Request& request, sip::Method method, uint64_t context);
  Request in_call(const Call& call, std::string_view method) const;

  void send_register_now();
  void on_register_response(const Incoming& response);
  void on_registered(const Incoming& response);

  void send_invite(size_t index);
  void cancel_now(size_t index);
  void send_ack(const Call& call, uint32_t cseq);
  void send_bye(size_t index);
  void send_bye_now(size_t index);
  void on_invite_response(size_t index, const Incoming& response);
  void on_invite_success(size_t index, const Incoming& response);
  void on_bye_response(size_t index, const Incoming& response);
  void settle(Call& call, uint16_t outcome);
  void end(Call& call);

  Call* find(const sip::MessageView& message);
  Call* find_fork(const Call& call, std::string_view tag);
  void end_fork(size_t index, const sip::MessageView& response);
  void read_plan(const sip::MessageView& invite, CallPlan& plan);
  void answer_invite(const Incoming& request);
  void give_up(size_t index);
  void refuse(Call& call, uint16_t status);
  void take_call(size_t index);
  void answer_with_ok(Call& call, const std::string& lines);
  void repeat_ok(size_t index);
  void take_ack(const Incoming& request);
  void answer_bye(const Incoming& request);

  std::string description() const;
  std::string offer_session() const;
  std::string agree_on_session(Call& call, const sip::MessageView& request);
  void learn_session(size_t index, const sip::MessageView& response);
  void start_session(size_t index);
  void send_refresh(size_t index);
  void on_refresh_response(size_t index, const Incoming& response);
  void answer_refresh(const Incoming& request, size_t index);

  std::string user_;
  std::string server_;
  sip::Transport protocol_;
  Findings& findings_;
  DigestClient digest_;

  RegistrationView registration_;
  std::string register_call_id_;
  uint32_t register_cseq_ = 0;
  uint32_t register_expires_s_ = 0;
  Millis register_sent_at_{0};
  int register_attempts_ = 0;

  std::vector<Call> calls_;
  std::map<std::string, size_t, std::less<>> by_id_;
  size_t open_calls_ = 0;
  bool silent_ = false;
};

}  // namespace tipring::sim
