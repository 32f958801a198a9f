// What makes two messages belong to one transaction: RFC 3261 17.1.3, 17.2.3 and 9.2, as keyed
// hashes of the compared text. And the To tag of our own answers, by which the ACK to a stateless
// one is known (8.2.7).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "sip/message.h"
#include "sip/via.h"
#include "transaction/branch.h"

namespace tipring::transaction {

// Of a request, for the server side.
//
// With the magic cookie: branch and sent-by. Without it (an RFC 2543 peer): Request-URI, From tag,
// Call-ID, CSeq number and the whole top Via. The method is apart, because an ACK and a CANCEL have
// all else from the request that they belong to; and the To tag, because that of an ACK is the
// response's.
struct RequestKey {
  Hash128 hash;
  uint32_t method = 0;     // one that we do not know is told by a hash of its name
  uint32_t to_tag = 0;     // hash of the To tag; 0 when there is none
  bool has_cookie = true;  // then the To tag does not count
};

// As RequestKey::method. REQUIRES: not Method::Other.
constexpr uint32_t method_key(sip::Method method) { return static_cast<uint32_t>(method); }

// Errors: Invalid when the top Via or the CSeq cannot be read.
Result<RequestKey> request_key(const sip::MessageView& request, const HashKey& key);

// Hash of the To tag of any message, 0 when there is none.
uint32_t to_tag_hash(const sip::MessageView& message, const HashKey& key);

// Of the top Via of a request that we sent, or of its response: its branch and its sent-by (17.1.3,
// 18.1.2). Never 0.
uint64_t own_via_hash(const BranchCodec::Parts& branch, std::string_view sent_by,
                      const HashKey& key);

// Branch and sent-by of the top Via. 0 when there is no readable Via.
uint64_t top_via_hash(const sip::MessageView& message, const HashKey& key);

// The branch of the top Via; empty when there is none.
std::string_view top_branch(const sip::MessageView& message);

// Hash of what a request, its CANCEL and the ACK to its failure have in common: Call-ID, From tag,
// CSeq number and the branch of the top Via.
uint64_t tag_hash(const sip::MessageView& request, const HashKey& key);

inline constexpr size_t kTagSize = 16;

// `out` holds kTagSize.
std::string_view write_tag_text(const sip::MessageView& request, const HashKey& key,
                                std::span<char> out);

// True for an ACK whose To tag is what write_tag_text() gives for it.
bool has_own_tag(const sip::MessageView& ack, const HashKey& key);

}  // namespace tipring::transaction
