// The calls of a phone: RFC 3261 12, 13, 14 and 15.
#include <algorithm>
#include <cstdio>

#include "phone.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::sim {

namespace {

// 13.3.1.4: how long a 2xx is repeated, and the longest pause.
constexpr Millis kRepeatFor{32'000};
constexpr Millis kT2{4'000};
constexpr Millis kPatience{120'000};  // the other side may be gone: nobody talks forever
constexpr const char* kWhoIsIt = "WWW-Authenticate: Digest realm=\"peer\", nonce=\"n\"\r\n";
constexpr Millis kThinks{2'000};
constexpr Millis kRingsFor{300'000};  // longer than any proxy lets it: 16.6 step 11

// The Route lines of a dialog: Record-Route in order for the callee, reversed for the caller (12.1).
std::string routes_of(const sip::MessageView& message, bool reversed) {
  std::vector<std::string> lines;
  for (const std::string_view value : message.values(sip::HeaderId::RecordRoute)) {
    lines.push_back("Route: " + std::string(value) + "\r\n");
  }
  if (reversed) std::reverse(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  return all;
}

std::string write_plan(const CallPlan& plan) {
  return "Subject: " + std::to_string(static_cast<int>(plan.manner)) + " " +
         std::to_string(plan.ring_time.count()) + " " + std::to_string(plan.talk_time.count()) +
         " " + (plan.callee_ends ? "1" : "0") + "\r\n";
}

std::string contact_of(const sip::MessageView& message) {
  const auto contact = message.typed<sip::HeaderId::Contact>();
  return contact ? std::string(contact->uri) : std::string();
}

}  // namespace

const Call* Phone::find_call(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &calls_[found->second];
}

Call* Phone::find(const sip::MessageView& message) {
  const auto found = by_id_.find(*message.header(sip::HeaderId::CallId));
  return found == by_id_.end() ? nullptr : &calls_[found->second];
}

// A call has one outcome.
void Phone::settle(Call& call, uint16_t outcome) {
  if (call.outcome != 0 && call.outcome != outcome) {
    report("call " + call.id + " ended with " + std::to_string(call.outcome) + " and then with " +
           std::to_string(outcome));
  }
  if (call.outcome == 0) call.outcome = outcome;
}

void Phone::end(Call& call) {
  if (!call.over) --open_calls_;
  if (!call.over) call.ended_at = host.loop().now();
  call.over = true;
  call.ok.reset();
}

Phone::Request Phone::in_call(const Call& call, std::string_view method) const {
  Request request;
  request.method = method;
  request.uri = call.target.empty() ? call.remote_uri : call.target;
  request.routes = call.routes;
  request.from = "<" + call.local_uri + ">;tag=" + call.local_tag;
  request.to = "<" + call.remote_uri + ">";
  if (!call.remote_tag.empty()) request.to += ";tag=" + call.remote_tag;
  request.call_id = call.id;
  request.cseq = call.cseq;
  return request;
}

std::string Phone::description() const {
  const std::string ip = host.addresses().front().family == port::Family::V4 ? "IP4 " : "IP6 ";
  char text[port::kAddressTextMax];
  const std::string where = ip + std::string(port::write_ip(host.addresses().front(), text));
  return "v=0\r\no=phone 1 1 IN " + where + "\r\ns=-\r\nc=IN " + where +
         "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n";
}

// --- the caller ------------------------------------------------------------------------------------

size_t Phone::call(const std::string& user, const CallPlan& plan) {
  Call call;
  call.caller = true;
  call.id = user_ + "-" + std::to_string(host.entropy().u64());
  call.local_tag = std::to_string(host.entropy().u64());
  call.local_uri = "sip:" + user_ + "@" + std::string(kDomain);
  call.remote_uri = "sip:" + user + "@" + std::string(kDomain);
  call.began_at = host.loop().now();
  call.plan = plan;
  const size_t index = calls_.size();
  by_id_[call.id] = index;
  calls_.push_back(std::move(call));
  ++open_calls_;
  at(host.loop().now(), [this, index] { send_invite(index); });
  // The final response may never reach it.
  at(host.loop().now() + std::min(plan.cancel_after, kRingsFor),
     [this, index] { cancel_now(index); });
  return index;
}

void Phone::send_invite(size_t index) {
  Call& call = calls_[index];
  call.invite_cseq = call.cseq;
  Request request = in_call(call, "INVITE");
  request.lines = "Contact: <" + contact() + ">\r\n" + offer_session() + write_plan(call.plan) +
                  digest_.next_line(call.by_server ? "Authorization" : "Proxy-Authorization",
                                    request.method, request.uri);
  if (!call.plan.replaces.empty()) request.lines += "Replaces: " + call.plan.replaces + "\r\n";
  if (habits.describes) request.body = description();
  call.request = send(request, sip::Method::Invite, context_of(Invite, index));
  if (call.request) return;
  settle(call, 503);
  end(call);
}

void Phone::cancel(size_t index) {
  at(host.loop().now(), [this, index] { cancel_now(index); });
}

void Phone::cancel_now(size_t index) {
  Call& call = calls_[index];
  if (call.outcome != 0) return;
  call.cancelled = true;
  transactions.cancel(call.request);
}

void Phone::hang_up(size_t index) {
  at(host.loop().now(), [this, index] { send_bye(index); });
}

void Phone::on_invite_response(size_t index, const Incoming& response) {
  Call& call = calls_[index];
  const uint16_t status = response.message.status();
  if (status < 200) {
    if (call.outcome != 0) report("a provisional response after a final one");
    call.ringing = call.ringing || status > 100;
    return;
  }
  if (status < 300) return on_invite_success(index, response);
  call.by_server = status == sip::status::kUnauthorized;
  const bool challenged = call.by_server || status == sip::status::kProxyAuthenticationRequired;
  if (challenged && !call.cancelled && ++call.attempts <= 3 && digest_.learn(response.message)) {
    ++call.cseq;
    return send_invite(index);
  }
  settle(call, status);
  end(call);
}

void Phone::on_invite_success(size_t index, const Incoming& response) {
  Call& call = calls_[index];
  const auto to = response.message.typed<sip::HeaderId::To>();
  if (call.outcome == 0) {
    call.remote_tag = to->tag();
    call.target = contact_of(response.message);
    call.routes = routes_of(response.message, true);
  } else if (call.remote_tag != to->tag()) {
    report("a 2xx of another dialog in a call without forks");
  }
  const bool first = call.outcome == 0;
  settle(call, 200);
  send_ack(call, call.invite_cseq);
  if (!first) return;
  learn_session(index, response.message);
  if (call.cancelled) return send_bye(index);
  const bool waits = call.plan.callee_ends && !call.plan.both_end;
  const Millis patience = waits ? kPatience : Millis(0);
  at(response.now + call.plan.talk_time + patience, [this, index] { send_bye(index); });
}

void Phone::send_ack(const Call& call, uint32_t cseq) {
  Request request = in_call(call, "ACK");
  request.cseq = cseq;
  const std::string branch = "z9hG4bKack" + std::to_string(host.entropy().u64());
  MessageRef ack = slabs.copy(write(request, branch));
  if (!ack) return report("no buffer is free for an ACK");
  (void)transactions.send_stateless(std::move(ack), server_flow());
}

void Phone::send_bye(size_t index) {
  Call& call = calls_[index];
  if (call.over || call.bye_sent) return;
  call.bye_sent = true;
  call.ok.reset();
  call.attempts = 0;
  send_bye_now(index);
}

void Phone::send_bye_now(size_t index) {
  Call& call = calls_[index];
  ++call.cseq;
  Request request = in_call(call, "BYE");
  if (call.attempts > 0)
    request.lines = digest_.next_line("Proxy-Authorization", request.method, request.uri);
  call.request = send(request, sip::Method::Bye, context_of(Bye, index));
  if (!call.request) end(call);
}

void Phone::on_bye_response(size_t index, const Incoming& response) {
  Call& call = calls_[index];
  const uint16_t status = response.message.status();
  if (status < 200) return;
  // An exchange that has started anew does not know the dialog.
  const bool challenged = status == sip::status::kProxyAuthenticationRequired;
  if (challenged && ++call.attempts <= 3 && digest_.learn(response.message)) {
    return send_bye_now(index);
  }
  call.bye_status = status;
  // The other side wants to know who hangs up: in a while it is told.
  if (status == sip::status::kUnauthorized && ++call.attempts <= 3) {
    return at(response.now + kThinks, [this, index] { send_bye_now(index); });
  }
  // Nobody but the other side's disappearance may keep a dialog from ending.
  const bool unreachable = status == 408 || status == 480 || status >= 500;
  if (status >= 300 && status != 481 && !unreachable) {
    report("BYE of " + call.id + " was answered with " + std::to_string(status));
  }
  end(call);
}

// --- the callee ------------------------------------------------------------------------------------

void Phone::read_plan(const sip::MessageView& invite, CallPlan& plan) {
  const std::string text(invite.find_header("Subject").value_or(""));
  int manner = 0;
  int callee_ends = 0;
  long ring_ms = 0;
  long talk_ms = 0;
  if (std::sscanf(text.c_str(), "%d %ld %ld %d", &manner, &ring_ms, &talk_ms, &callee_ends) != 4) {
    return report("the Subject of an INVITE did not come through");
  }
  plan = {};
  plan.manner = static_cast<Manner>(manner);
  plan.ring_time = Millis(ring_ms);
  plan.talk_time = Millis(talk_ms);
  plan.callee_ends = callee_ends == 1;
}

void Phone::answer_invite(const Incoming& request) {
  const auto to = request.message.typed<sip::HeaderId::To>();
  if (Call* const known = find(request.message); known != nullptr && !to->tag().empty()) {
    return answer_refresh(request, static_cast<size_t>(known - calls_.data()));
  }
  const auto server = transactions.open(request, *this, context_of(Invite, calls_.size()), false);
  if (!server) {
    report("no server transaction is free");
    return transactions.reply_stateless(request, 503, {});
  }
  // One that has connected anew is another target, and is tried when its old connection has failed.
  const Call* const known = find(request.message);
  const bool connected_anew = request.flow.transport != sip::Transport::Udp && known != nullptr &&
                              known->came_by != request.flow.connection;
  if (known != nullptr && !connected_anew) report("a call came twice");
  const auto from = request.message.typed<sip::HeaderId::From>();
  if (!to->tag().empty()) report("an INVITE within a call that nobody knows");
  Call call;
  call.id = *request.message.header(sip::HeaderId::CallId);
  call.local_tag = std::to_string(host.entropy().u64());
  call.remote_tag = from->tag();
  call.local_uri = to->uri;
  call.remote_uri = from->uri;
  call.target = contact_of(request.message);
  call.routes = routes_of(request.message, false);
  call.invite_cseq = request.message.typed<sip::HeaderId::CSeq>()->number;
  call.remote_cseq = call.answered_cseq = call.invite_cseq;
  call.invite = *server;
  call.came_by = request.flow.connection;
  call.began_at = request.now;
  read_plan(request.message, call.plan);
  if (habits.lets_ring) call.plan.manner = Manner::LetRing;
  if (habits.has_a_mind) {
    const uint64_t chance = host.entropy().u64();
    call.plan.manner = static_cast<Manner>(chance % 3);
    call.plan.ring_time = Millis(static_cast<int64_t>(chance / 3 % 64) * 50);
  }
  const CallPlan plan = call.plan;
  call.ringing = plan.manner != Manner::Busy;
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  parts.copy_record_route = call.ringing;
  static_cast<void>(transactions.respond(*server, call.ringing ? 180 : 486, parts).has_value());
  const size_t index = calls_.size();
  by_id_[call.id] = index;
  calls_.push_back(std::move(call));
  ++open_calls_;
  if (plan.manner == Manner::Busy) {
    settle(calls_[index], 486);
    end(calls_[index]);
  } else if (plan.manner == Manner::Answer) {
    at(request.now + plan.ring_time, [this, index] { take_call(index); });
  } else {
    at(request.now + kRingsFor, [this, index] { give_up(index); });
  }
}

// The CANCEL may never reach it.
void Phone::give_up(size_t index) {
  Call& call = calls_[index];
  if (!call.over) refuse(call, sip::status::kTemporarilyUnavailable);
}

void Phone::refuse(Call& call, uint16_t status) {
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  static_cast<void>(transactions.respond(call.invite, status, parts).has_value());
  settle(call, status);
  end(call);
}

void Phone::take_call(size_t index) {
  Call& call = calls_[index];
  const MessageRef kept = transactions.request_of(call.invite);
  if (call.over || !kept) return;  // cancelled
  sip::HeaderIndex headers;
  const auto parsed = sip::parse_message(kept.view(), headers, sip::Framing::Datagram);
  const std::string lines = agree_on_session(call, parsed.view);
  settle(call, 200);
  answer_with_ok(call, lines);
  start_session(index);
}

void Phone::answer_with_ok(Call& call, const std::string& session) {
  const MessageRef kept = transactions.request_of(call.invite);
  sip::HeaderIndex headers;
  const auto parsed = sip::parse_message(kept.view(), headers, sip::Framing::Datagram);
  const std::string lines = "Contact: <" + contact() + ">\r\n" + session;
  sip::ResponseParts parts;
  parts.to_tag = call.local_tag;
  parts.copy_record_route = true;
  parts.headers = lines;
  parts.via = sip::make_via_fix_up(*parsed.view.typed<sip::HeaderId::Via>(),
                                   {*port::parse_ip(server_), 5060});
  const std::string body = habits.describes ? description() : "";
  parts.body = body;
  if (!body.empty()) parts.content_type = "application/sdp";
  MessageRef ok = slabs.acquire(2048);
  if (!ok) return report("no buffer is free for a 200");
  const auto size = sip::write_response(parsed.view, 200, parts, ok.room());
  ok.set_size(*size);
  call.ok = slabs.shrink(std::move(ok));
  call.repeat_after = Millis(500);
  call.repeat_until = host.loop().now() + kRepeatFor;
  static_cast<void>(transactions.respond(call.invite, call.ok).has_value());
  const auto index = static_cast<size_t>(&call - calls_.data());
  at(host.loop().now() + call.repeat_after, [this, index] { repeat_ok(index); });
}

// 13.3.1.4: the 2xx again until the ACK comes, and BYE when it never does.
void Phone::repeat_ok(size_t index) {
  Call& call = calls_[index];
  if (!call.ok || call.over) return;
  const Millis now = host.loop().now();
  if (now >= call.repeat_until) return send_bye(index);
  static_cast<void>(transactions.respond(call.invite, call.ok).has_value());
  call.repeat_after = std::min(call.repeat_after * 2, kT2);
  at(now + call.repeat_after, [this, index] { repeat_ok(index); });
}

void Phone::take_ack(const Incoming& request) {
  Call* const call = find(request.message);
  if (call == nullptr) return report("an ACK to nothing");
  const uint32_t cseq = request.message.typed<sip::HeaderId::CSeq>()->number;
  if (call->over && cseq > call->answered_cseq) return;  // to a 481
  if (call->answered_cseq == 0) return report("an ACK to nothing");
  if (call->outcome == 0) return report("an ACK to a call that was not answered");
  if (call->outcome != 200) return;  // to a refusal, after Timer H had given it up
  if (cseq > call->answered_cseq) return report("an ACK with another CSeq");
  if (cseq < call->answered_cseq) return;  // a refresh has overtaken it
  call->ok.reset();
  if (call->acked || call->caller) return;
  call->acked = true;
  if (call->over) return;
  const auto index = static_cast<size_t>(call - calls_.data());
  const Millis patience = call->plan.callee_ends ? Millis(0) : kPatience;
  at(request.now + call->plan.talk_time + patience, [this, index] { send_bye(index); });
}

void Phone::answer_bye(const Incoming& request) {
  Call* const call = find(request.message);
  if (call == nullptr) report("a BYE to nothing");
  // The other side answered when this one had given up: 15.1.2.
  if (call == nullptr || call->outcome != 200) {
    return transactions.reply_stateless(request, 481, {});
  }
  const auto server = transactions.open(request, *this, context_of(Bye, 0), false);
  if (!server) {
    report("no server transaction is free");
    return transactions.reply_stateless(request, 503, {});
  }
  const uint32_t cseq = request.message.typed<sip::HeaderId::CSeq>()->number;
  // The server's own, and one that it has crossed, have the same.
  if (cseq <= call->remote_cseq && !call->over) report("the CSeq of a BYE goes back");  // 12.2.2
  call->remote_cseq = std::max(cseq, call->remote_cseq);
  const bool asks = habits.bye_answer == sip::status::kUnauthorized && !call->challenged;
  const bool takes = habits.bye_answer == sip::status::kUnauthorized && call->challenged;
  sip::ResponseParts parts;
  if (asks) parts.headers = kWhoIsIt;
  static_cast<void>(
      transactions.respond(*server, takes ? sip::status::kOk : habits.bye_answer, parts)
          .has_value());
  if (asks) call->challenged = true;
  if (asks) return;
  call->bye_received = true;
  call->ok.reset();
  if (!call->bye_sent) end(*call);
}

void Phone::on_cancel(uint64_t context, transaction::ServerHandle, const Incoming&) {
  if (context % 4 == Refresh) return;  // it is answered at once
  Call& call = calls_[static_cast<size_t>(context / 4)];
  call.cancelled = true;
  refuse(call, sip::status::kRequestTerminated);
}

}  // namespace tipring::sim
