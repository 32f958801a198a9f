#include "server/registrar/merged.h"

#include <bit>

#include "sip/headers.h"

namespace tipring::registrar {

namespace {

// Copies come within the moment that their paths differ by.
constexpr uint32_t places(const Limits& limits) { return std::bit_ceil(updates_max(limits)) / 2; }

}  // namespace

void MergedRequests::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add("registrar_merged", places(limits), sizeof(Place));
}

MergedRequests::MergedRequests(const transaction::TransactionLayer& transactions,
                               const HashKey& key, Arena& arena, const Limits& limits)
    : transactions_(transactions), key_(key), places_(arena.take<Place>(places(limits))) {}

// Call-ID, CSeq and From tag.
uint64_t MergedRequests::name_of(const sip::MessageView& request) const {
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  TableHasher64 hasher(key_);
  hasher.add_sized(request.header(sip::HeaderId::CallId).value_or(""));
  hasher.add_sized(request.from_tag());
  hasher.add_u64(cseq ? cseq->number : 0);
  return hasher.finish();
}

uint64_t MergedRequests::content_of(const sip::MessageView& request) const {
  TableHasher64 hasher(key_);
  for (const sip::HeaderId id : {sip::HeaderId::Contact, sip::HeaderId::Authorization}) {
    for (const sip::HeaderView line : request.headers(id)) hasher.add_sized(line.value());
  }
  return hasher.finish();
}

bool MergedRequests::has(const sip::MessageView& request, uint64_t name) const {
  // A request with a To tag is one of a dialog, and is told by that.
  if (!request.to_tag().empty()) return false;
  const Place& place = place_of(name);
  return place.name == name && place.content == content_of(request) &&
         transactions_.stands(transaction::ServerHandle::from_u64(place.server));
}

void MergedRequests::note(const sip::MessageView& request, uint64_t name,
                          transaction::ServerHandle server) {
  place_of(name) = {name, content_of(request), server.to_u64()};
}

}  // namespace tipring::registrar
