// The calls of a phone on the callee's side: RFC 3261 13.3, 14.2 and 15.1.2.
#include <algorithm>
#include <cstdio>

#include "phone.h"
#include "phone_dialog.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::sim {

namespace {

// 13.3.1.4: how long a 2xx is repeated, and the longest pause.
constexpr Millis kRepeatFor{32'000};
constexpr Millis kT2{4'000};
constexpr const char* kWhoIsIt = "WWW-Authenticate: Digest realm=\"peer\", nonce=\"n\"\r\n";

}  // namespace

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
  Call* call = find(request.message);
  if (call == nullptr) report("a BYE to nothing");
  const std::string_view tag = request.message.from_tag();
  const bool of_fork = call != nullptr && call->caller && tag != call->remote_tag;
  if (of_fork && habits.expects_forks) call = find_fork(*call, tag);
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
