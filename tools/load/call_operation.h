// A call through the server, both of its phones: INVITE, 100, 180, 200, ACK, BYE, 200. The callee
// is a registered user; it rings and answers, the caller hangs up.
#pragma once

#include "tools/load/operations.h"

namespace tipring::load {

class CallOperation final : public RequestOperation {
 public:
  CallOperation(Surroundings& around, uint32_t slot)
      : RequestOperation(around, slot), hold_timer_(*this), callee_timer_(*this) {}

 private:
  enum class Callee : uint8_t { Waiting, Ringing, Answered, Acknowledged };

  void begin(uint64_t number) override;
  void take_response(const sip::MessageView& message, uint8_t step) override;
  void take_request(Endpoint& at, const sip::MessageView& message) override;
  void stop_timers() override;

  void invite(uint8_t step, std::string_view credentials);
  void on_invite_response(const sip::MessageView& message, uint8_t step);
  void on_challenge(const sip::MessageView& message, uint8_t next);
  void acknowledge_failure(const sip::MessageView& response);
  void on_answer(const sip::MessageView& answer);
  void keep_dialog(const sip::MessageView& answer);
  void write_in_dialog(std::string_view method, uint8_t step, std::string& out);
  void hang_up(Millis now);

  void on_invite(Endpoint& at, const sip::MessageView& message);
  void answer();
  void on_bye(Endpoint& at, const sip::MessageView& message);
  void on_callee_timer(Millis now);

  MemberTimer<CallOperation, &CallOperation::hang_up> hold_timer_;
  MemberTimer<CallOperation, &CallOperation::on_callee_timer> callee_timer_;

  Endpoint* caller_ = nullptr;
  std::string caller_aor_;
  std::string caller_user_;
  std::string callee_aor_;
  std::string callee_user_;
  std::string call_id_;
  uint32_t cseq_ = 0;
  uint8_t invite_step_ = 0;
  bool rung_ = false;

  std::string ack_;  // to the last final response, which may come again
  // The dialog, as the 200 made it.
  bool answered_ = false;
  std::string to_;
  std::string target_;
  std::string routes_;

  Callee callee_ = Callee::Waiting;
  bool bye_seen_ = false;
  Endpoint* called_ = nullptr;
  std::string ringing_;  // the callee's responses to the INVITE
  std::string answer_;
  Millis answer_interval_{0};
  Millis answer_deadline_{0};
};

}  // namespace tipring::load
