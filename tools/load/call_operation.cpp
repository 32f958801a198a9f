#include "tools/load/call_operation.h"

#include <algorithm>
#include <array>

#include "sip/headers.h"
#include "tools/load/messages.h"

namespace tipring::load {

using sip::HeaderId;
using sip::Method;

namespace {

constexpr uint8_t kInvite = 1;
constexpr uint8_t kInviteWithCredentials = 2;
constexpr uint8_t kAck = 3;
constexpr uint8_t kBye = 4;
constexpr uint8_t kInviteAfterStale = 5;
constexpr size_t kRoutesMax = 8;
constexpr size_t kResponseMax = 4096;

// Empty when it does not fit.
std::string response_to(const sip::MessageView& request, uint16_t status,
                        const sip::ResponseParts& parts) {
  std::array<char, kResponseMax> text;
  const Result<size_t> size = sip::write_response(request, status, parts, text);
  return size ? std::string(text.data(), *size) : std::string();
}

}  // namespace

void CallOperation::begin(uint64_t number) {
  const uint64_t users = options().users;
  caller_ = &caller(number);
  caller_user_ = user_name(options().first_user + (number + users / 2) % users);
  callee_user_ = user_name(options().first_user + number % users);
  caller_aor_ = address_of_record(options(), caller_user_);
  callee_aor_ = address_of_record(options(), callee_user_);
  call_id_ = token(0);
  cseq_ = 0;
  rung_ = answered_ = bye_seen_ = false;
  callee_ = Callee::Waiting;
  called_ = nullptr;
  invite(kInvite, {});
}

void CallOperation::stop_timers() {
  RequestOperation::stop_timers();
  hold_timer_.cancel();
  callee_timer_.cancel();
}

void CallOperation::invite(uint8_t step, std::string_view credentials) {
  invite_step_ = step;
  const std::string to = "<" + callee_aor_ + ">";
  const std::string branch = token(step);
  std::string headers = "Contact: " + contact(*caller_, caller_user_) +
                        "\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nSupported: timer\r\n";
  headers.append(credentials);
  RequestParts parts;
  parts.method = "INVITE";
  parts.uri = callee_aor_;
  parts.from = caller_aor_;
  parts.from_tag = std::string_view(call_id_).substr(kTokenChars / 2);
  parts.to = to;
  parts.call_id = call_id_;
  parts.cseq = ++cseq_;
  parts.branch = branch;
  parts.headers = headers;
  parts.body = kSdp;
  write_request(*caller_, parts, text());
  send_request(*caller_, true);
}

// --- the caller ----------------------------------------------------------------------------------

void CallOperation::take_response(const sip::MessageView& message, uint8_t step) {
  if (step != kBye) return on_invite_response(message, step);
  if (message.status() < 200) return on_provisional({});
  if (message.status() >= 300) return refuse(message.status());
  finish();
}

void CallOperation::on_invite_response(const sip::MessageView& message, uint8_t step) {
  const uint16_t status = message.status();
  if (step != invite_step_) {  // a challenge again, whose ACK was lost
    ++statistics().received_again;
    if (status >= 300 && !answered_) send(*caller_, ack_);
    return;
  }
  if (answered_ && (status < 200 || status >= 300)) {  // overtaken by the answer
    ++statistics().strays;
    return;
  }
  if (status < 200) {
    if (status == 180 && !rung_) {
      rung_ = true;
      statistics().setup.add(microseconds(begun(), std::chrono::steady_clock::now()));
    }
    return on_provisional(Millis(options().ring_ms) + 64 * kT1);
  }
  if (status < 300) return on_answer(message);
  stop_request();
  acknowledge_failure(message);
  if (status != 401 && status != 407) return refuse(status);
  if (step == kInvite) return on_challenge(message, kInviteWithCredentials);
  if (is_stale_once(message, step)) return on_challenge(message, kInviteAfterStale);
  refuse(status);
}

void CallOperation::on_challenge(const sip::MessageView& message, uint8_t next) {
  const std::string line =
      credentials(message, caller_user_, options().password, "INVITE", callee_aor_);
  if (line.empty()) return refuse(message.status());
  invite(next, line);
}

// 17.1.1.3. The text of the INVITE is still the one that was refused.
void CallOperation::acknowledge_failure(const sip::MessageView& response) {
  sip::HeaderIndex index;
  std::array<char, kResponseMax> ack;
  const auto invite = sip::parse_message(text(), index, sip::Framing::Datagram);
  const Result<size_t> size = sip::write_ack_for_failure(invite.view, response, ack);
  if (!size) return;
  ack_.assign(ack.data(), *size);
  send(*caller_, ack_);
}

void CallOperation::on_answer(const sip::MessageView& answer) {
  if (answered_) {
    ++statistics().received_again;
    return send(*caller_, ack_);
  }
  stop_request();
  if (called_ == nullptr) return fail(Failure::NoRequest);
  answered_ = true;
  keep_dialog(answer);
  write_in_dialog("ACK", kAck, ack_);
  send(*caller_, ack_);
  ++cseq_;
  if (options().hold_ms == 0) return hang_up(now());
  around_.wheel.start(hold_timer_, now() + Millis(options().hold_ms));
}

// 12.1.2: the route set is the Record-Route of the answer from its end.
void CallOperation::keep_dialog(const sip::MessageView& answer) {
  to_ = answer.first_value(HeaderId::To);
  const auto contact = answer.typed<HeaderId::Contact>();
  target_ = contact ? contact->uri : std::string_view(callee_aor_);
  std::array<std::string_view, kRoutesMax> routes;
  size_t count = 0;
  for (const std::string_view route : answer.values(HeaderId::RecordRoute)) {
    if (count < routes.size()) routes[count++] = route;
  }
  routes_.clear();
  while (count > 0) routes_.append("Route: ").append(routes[--count]).append("\r\n");
}

void CallOperation::write_in_dialog(std::string_view method, uint8_t step, std::string& out) {
  const std::string branch = token(step);
  RequestParts parts;
  parts.method = method;
  parts.uri = target_;
  parts.from = caller_aor_;
  parts.from_tag = std::string_view(call_id_).substr(kTokenChars / 2);
  parts.to = to_;
  parts.call_id = call_id_;
  parts.cseq = cseq_;
  parts.branch = branch;
  parts.headers = routes_;
  write_request(*caller_, parts, out);
}

void CallOperation::hang_up(Millis) {
  write_in_dialog("BYE", kBye, text());
  send_request(*caller_, false);
}

// --- the callee ----------------------------------------------------------------------------------

void CallOperation::take_request(Endpoint& at, const sip::MessageView& message) {
  switch (message.method()) {
    case Method::Invite: return on_invite(at, message);
    case Method::Ack: callee_ = Callee::Acknowledged; return callee_timer_.cancel();
    case Method::Bye: return on_bye(at, message);
    default: return unexpected();
  }
}

void CallOperation::on_invite(Endpoint& at, const sip::MessageView& message) {
  if (callee_ != Callee::Waiting) {
    ++statistics().received_again;
    ++statistics().responses_again;
    return send(at, callee_ == Callee::Ringing ? ringing_ : answer_);
  }
  called_ = &at;
  const std::string headers = "Contact: " + contact(at, callee_user_) + "\r\n";
  sip::ResponseParts parts;
  parts.to_tag = "callee";
  parts.headers = headers;
  parts.copy_record_route = true;
  ringing_ = response_to(message, 180, parts);
  parts.content_type = kSdpType;
  parts.body = kSdp;
  answer_ = response_to(message, 200, parts);
  if (ringing_.empty() || answer_.empty()) return unexpected();
  callee_ = Callee::Ringing;
  send(at, ringing_);
  if (options().ring_ms == 0) return answer();
  around_.wheel.start(callee_timer_, now() + Millis(options().ring_ms));
}

void CallOperation::answer() {
  callee_ = Callee::Answered;
  answer_interval_ = kT1;
  answer_deadline_ = now() + 64 * kT1;
  send(*called_, answer_);
  around_.wheel.start(callee_timer_, now() + answer_interval_);
}

// 13.3.1.4: the 2xx is sent until the ACK comes, over TCP too.
void CallOperation::on_callee_timer(Millis now) {
  if (callee_ == Callee::Ringing) return answer();
  if (now >= answer_deadline_) return fail(Failure::NoAck);
  ++statistics().responses_again;
  send(*called_, answer_);
  answer_interval_ = std::min(2 * answer_interval_, kT2);
  around_.wheel.start(callee_timer_, now + answer_interval_);
}

void CallOperation::on_bye(Endpoint& at, const sip::MessageView& message) {
  if (bye_seen_) {
    ++statistics().received_again;
    ++statistics().responses_again;
  }
  bye_seen_ = true;
  callee_timer_.cancel();
  const std::string text = response_to(message, 200, {});
  if (text.empty()) return unexpected();
  send(at, text);
}

}  // namespace tipring::load
