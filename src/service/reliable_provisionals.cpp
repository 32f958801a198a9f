#include "service/reliable_provisionals.h"

#include <algorithm>

#include "core/assert.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"
#include "transaction/timers.h"

namespace tipring::service {

namespace {

// The first number lies between 1 and 2**31 - 1.
constexpr uint64_t kFirstNumbers = (uint64_t{1} << 31) - 1;

}  // namespace

Reliability reliability_of(const sip::MessageView& invite) {
  if (sip::contains_token(invite.values(sip::HeaderId::Require), kReliableTag))
    return Reliability::Required;
  return sip::contains_token(invite.values(sip::HeaderId::Supported), kReliableTag)
             ? Reliability::Offered
             : Reliability::Forbidden;
}

void ReliableSender::begin(bool has_session, port::Entropy& entropy, Millis now) {
  TIPRING_ASSERT(may_send());
  number_ = number_ == 0 ? static_cast<uint32_t>(1 + entropy.u64() % kFirstNumbers) : number_ + 1;
  waiting_ = true;
  has_session_ = has_session;
  interval_ = transaction::kT1;
  give_up_at_ = now + transaction::kTransactionTime;
  deadline_ = now + interval_;
}

std::string_view ReliableSender::lines(std::span<char> out) const {
  sip::Writer writer(out);
  writer.header(sip::HeaderId::Require, kReliableTag);
  return writer.header(sip::HeaderId::Rseq, uint64_t{number_}).view();
}

ReliableSender::Due ReliableSender::on_timer(Millis now) {
  if (now < deadline_) return Due::Nothing;
  if (now >= give_up_at_) {
    deadline_ = kNever;
    return Due::GiveUp;
  }
  interval_ *= 2;  // without the T2 that ends the doubling of a 2xx: a PRACK comes by itself
  deadline_ = std::min(deadline_ + interval_, give_up_at_);
  return Due::Resend;
}

bool ReliableSender::on_prack(const sip::RAck& rack, uint32_t cseq) {
  if (!waiting_ || rack.response != number_ || rack.cseq.number != cseq ||
      rack.cseq.method != sip::Method::Invite) {
    return false;
  }
  waiting_ = false;
  deadline_ = kNever;
  return true;
}

void ReliableSender::close() {
  closed_ = true;
  deadline_ = kNever;
}

ReliableReceiver::Verdict ReliableReceiver::on_provisional(const sip::MessageView& response) {
  // 4: in a 100 the tag means nothing.
  if (response.status() == sip::status::kTrying ||
      !sip::contains_token(response.values(sip::HeaderId::Require), kReliableTag)) {
    return Verdict::Unreliable;
  }
  const auto number = response.typed<sip::HeaderId::Rseq>();
  const auto& cseq = response.typed<sip::HeaderId::CSeq>();
  // It must make a dialog, which a PRACK is sent in.
  if (closed_ || !number || *number == 0 || !cseq || response.to_tag().empty())
    return Verdict::Drop;
  if (number_ != 0 && *number != number_ + 1) return Verdict::Drop;
  number_ = *number;
  cseq_ = cseq->number;
  return Verdict::Acknowledge;
}

std::string_view ReliableReceiver::rack_line(std::span<char> out) const {
  sip::Writer line(out);
  line.text(sip::to_text(sip::HeaderId::Rack)).text(": ").number(number_).text(" ");
  line.number(cseq_).text(" INVITE\r\n");
  return line.view();
}

}  // namespace tipring::service
