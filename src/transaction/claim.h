// What a transaction is wanted for. Some are kept back for what stands already, so that a call can
// go on and end while new requests find the pools full.
#pragma once

#include <cstdint>

#include "sip/headers.h"

namespace tipring::transaction {

enum class Claim : uint8_t {
  New,
  Standing  // a request within a dialog, or one that ends another
};

// By the To tag: RFC 3261 12.2.1.1. Whoever makes one up was asked for his password before.
inline Claim claim_of(const sip::MessageView& request) {
  if (request.method() == sip::Method::Cancel) return Claim::Standing;
  return request.to_tag().empty() ? Claim::New : Claim::Standing;
}

}  // namespace tipring::transaction
