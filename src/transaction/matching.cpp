#include "transaction/matching.h"

#include "core/assert.h"
#include "core/text.h"
#include "sip/headers.h"
#include "transaction/branch.h"

namespace tipring::transaction {

namespace {

using sip::HeaderId;

// 17.2.3: host names compare without case.
void add_sent_by(TableHasher128& hasher, const sip::Via& via) {
  hasher.add_u64(via.host.size());
  hasher.add_lower(via.host);
  hasher.add_u64(via.port);
}

uint32_t method_of(const sip::MessageView& request, const HashKey& key) {
  if (request.method() != sip::Method::Other) return method_key(request.method());
  return static_cast<uint32_t>(table_hash64(key, request.method_text())) | (1U << 31);
}

}  // namespace

Result<RequestKey> request_key(const sip::MessageView& request, const HashKey& key) {
  const auto& via = request.typed<HeaderId::Via>();
  const auto& cseq = request.typed<HeaderId::CSeq>();
  if (!via || !cseq) return Error::Invalid;
  RequestKey out;
  TableHasher128 hasher(key);
  out.method = method_of(request, key);
  out.has_cookie = has_magic_cookie(via->branch);
  hasher.add_u64(out.has_cookie ? 1 : 0);
  if (out.has_cookie) {
    hasher.add_sized(via->branch);
    add_sent_by(hasher, *via);
  } else {
    // A retransmission repeats the bytes, and so does an ACK or a CANCEL with the URI and the Via
    // of its INVITE: texts are compared where the rules of the headers would allow more.
    hasher.add_sized(request.request_uri());
    hasher.add_sized(request.from_tag());
    hasher.add_sized(request.header(HeaderId::CallId).value_or(std::string_view()));
    hasher.add_u64(cseq->number);
    hasher.add_sized(*request.values(HeaderId::Via).begin());
    out.to_tag = to_tag_hash(request, key);
  }
  out.hash = hasher.finish();
  return out;
}

uint32_t to_tag_hash(const sip::MessageView& message, const HashKey& key) {
  const std::string_view tag = message.to_tag();
  return tag.empty() ? 0 : static_cast<uint32_t>(table_hash64(key, tag)) | 1;
}

std::string_view top_branch(const sip::MessageView& message) {
  const auto& via = message.typed<HeaderId::Via>();
  return via ? via->branch : std::string_view();
}

uint64_t own_via_hash(const BranchCodec::Parts& branch, std::string_view sent_by,
                      const HashKey& key) {
  TableHasher64 hasher(key);
  hasher.add_u64(branch.mac);
  hasher.add_u64(branch.loop_hash);
  hasher.add_lower(sent_by);
  return hasher.finish() | 1;
}

uint64_t top_via_hash(const sip::MessageView& message, const HashKey& key) {
  const auto& via = message.typed<HeaderId::Via>();
  if (!via) return 0;
  TableHasher64 hasher(key);
  hasher.add_sized(via->branch);
  hasher.add_lower(via->sent_by);
  return hasher.finish();
}

uint64_t tag_hash(const sip::MessageView& request, const HashKey& key) {
  const auto& cseq = request.typed<HeaderId::CSeq>();
  TableHasher64 hasher(key);  // who makes one himself has an ACK of his taken and ignored, no more
  hasher.add_sized(request.header(HeaderId::CallId).value_or(std::string_view()));
  hasher.add_sized(request.from_tag());
  hasher.add_u64(cseq ? cseq->number : 0);
  hasher.add_sized(top_branch(request));
  return hasher.finish();
}

std::string_view write_tag_text(const sip::MessageView& request, const HashKey& key,
                                std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kTagSize);
  return write_hex_u64(tag_hash(request, key), out);
}

bool has_own_tag(const sip::MessageView& ack, const HashKey& key) {
  std::array<char, kTagSize> out;
  return ack.to_tag() == write_tag_text(ack, key, out);
}

}  // namespace tipring::transaction
