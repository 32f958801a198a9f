// Keyed hashes of addresses, for tables that strangers fill.
#pragma once

#include "core/hash.h"
#include "port/address.h"

namespace tipring::transport {

inline uint64_t hash_ip(const HashKey& key, const port::IpAddress& ip) {
  return table_hash64(key, {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()});
}

inline uint64_t hash_address(const HashKey& key, const port::SocketAddress& address) {
  TableHasher64 hasher(key);
  hasher.add({reinterpret_cast<const char*>(address.ip.bytes.data()), address.ip.bytes.size()});
  hasher.add_u64(address.port);
  return hasher.finish();
}

}  // namespace tipring::transport
