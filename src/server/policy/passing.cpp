#include "server/policy/passing.h"

#include "service/stateless_proxy.h"

namespace tipring::policy {

namespace {

void add_source(SipHasher64& hasher, const transport::Incoming& request, bool with_port) {
  const port::SocketAddress& remote = request.flow.remote;
  hasher.add({reinterpret_cast<const char*>(remote.ip.bytes.data()), remote.ip.bytes.size()});
  if (with_port) hasher.add_u64(remote.port);
}

}  // namespace

uint64_t Passing::hash_of(const transport::Incoming& request) const {
  SipHasher64 hasher(key_);
  add_source(hasher, request, true);
  hasher.add(request.message.text());
  return hasher.finish();
}

uint64_t Passing::transaction_of(const transport::Incoming& request) const {
  SipHasher64 hasher(key_);
  add_source(hasher, request, false);
  hasher.add_u64(service::stateless_hash(request.message, key_));
  return hasher.finish();
}

}  // namespace tipring::policy
