// The calls of a phone on the caller's side, and what both sides share: RFC 3261 12, 13, 14 and 15.
#include <algorithm>
#include <cstdio>

#include "phone.h"
#include "phone_dialog.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::sim {

namespace {

constexpr Millis kThinks{2'000};

std::string write_plan(const CallPlan& plan) {
  return "Subject: " + std::to_string(static_cast<int>(plan.manner)) + " " +
         std::to_string(plan.ring_time.count()) + " " + std::to_string(plan.talk_time.count()) +
         " " + (plan.callee_ends ? "1" : "0") + "\r\n";
}

}  // namespace

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

std::string contact_of(const sip::MessageView& message) {
  const auto contact = message.typed<sip::HeaderId::Contact>();
  return contact ? std::string(contact->uri) : std::string();
}

const Call* Phone::find_call(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &calls_[found->second];
}

Call* Phone::find(const sip::MessageView& message) {
  const auto found = by_id_.find(*message.header(sip::HeaderId::CallId));
  return found == by_id_.end() ? nullptr : &calls_[found->second];
}

// Another dialog of the INVITE that has made `call`.
Call* Phone::find_fork(const Call& call, std::string_view tag) {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const Call& other) {
    return other.id == call.id && other.remote_tag == tag;
  });
  return found == calls_.end() ? nullptr : &*found;
}

// 13.2.2.4: acknowledged, and ended. What comes of it is not compared with its callee's view.
void Phone::end_fork(size_t index, const sip::MessageView& response) {
  const auto to = response.typed<sip::HeaderId::To>();
  if (const Call* known = find_fork(calls_[index], to->tag()))
    return send_ack(*known, known->invite_cseq);
  Call fork = calls_[index];
  fork.remote_tag = to->tag();
  fork.target = contact_of(response);
  fork.routes = routes_of(response, true);
  fork.remote_cseq = 0;
  fork.over = fork.bye_sent = fork.bye_received = false;
  fork.abandoned = true;
  ++open_calls_;
  calls_.push_back(std::move(fork));
  send_ack(calls_.back(), calls_.back().invite_cseq);
  send_bye(calls_.size() - 1);
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
  const bool forked = call.outcome != 0 && call.remote_tag != to->tag();
  if (forked && habits.expects_forks) return end_fork(index, response.message);
  if (call.outcome == 0) {
    call.remote_tag = to->tag();
    call.target = contact_of(response.message);
    call.routes = routes_of(response.message, true);
  } else if (forked) {
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

}  // namespace tipring::sim
