#include "service/glare.h"

#include "sip/status.h"

namespace tipring::service {

namespace {

constexpr int64_t kStepMs = 10;
// In steps, both ends included.
constexpr int64_t kOwnerFrom = 2100 / kStepMs;
constexpr int64_t kOwnerTo = 4000 / kStepMs;
constexpr int64_t kOtherTo = 2000 / kStepMs;
constexpr uint64_t kRetryAfterMax = 10;

int64_t any_of(port::Entropy& entropy, int64_t from, int64_t to) {
  return from + static_cast<int64_t>(entropy.u64() % static_cast<uint64_t>(to - from + 1));
}

Crossing answer_later(port::Entropy& entropy) {
  return {sip::status::kServerInternalError,
          static_cast<uint8_t>(any_of(entropy, 0, kRetryAfterMax))};
}

}  // namespace

Crossing Glare::judge(sip::Method method, bool has_offer, const Pending& pending,
                      port::Entropy& entropy) {
  if (method == sip::Method::Invite) {
    // 14.2. An INVITE without an offer asks for one, so it crosses all the same.
    if (pending.their_invite || pending.their_offer) return answer_later(entropy);
    if (pending.our_invite || pending.our_offer) return {sip::status::kRequestPending};
  } else if (method == sip::Method::Update) {
    // RFC 3311 5.2. One that only refreshes is nobody's offer.
    if (pending.their_update) return answer_later(entropy);
    if (!has_offer) return {};
    if (pending.our_offer) return {sip::status::kRequestPending};
    if (pending.their_offer) return answer_later(entropy);
  }
  return {};
}

Millis Glare::on_request_pending(bool owns_call_id, port::Entropy& entropy) {
  if (tries_ == kTriesMax) return kNever;
  ++tries_;
  return Millis(kStepMs * (owns_call_id ? any_of(entropy, kOwnerFrom, kOwnerTo)
                                        : any_of(entropy, 0, kOtherTo)));
}

}  // namespace tipring::service
