// The names of /etc/hosts, read once at start: c-ares would open the file for each query, on the
// loop. Internal to port/linux.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "port/address.h"
#include "port/names.h"

namespace tipring::port {

class HostsTable {
 public:
  // A name with one address each; further ones are not seen.
  static constexpr size_t kEntriesMax = 256;

  // `text` as hosts(5) describes it. Lines that cannot be read are left out, as every reader of
  // this file does.
  explicit HostsTable(std::string text);

  HostsTable(const HostsTable&) = delete;
  HostsTable& operator=(const HostsTable&) = delete;

  // Addresses of `name`, which has no dot at its end; as many as fit, the number written.
  // "localhost" and names in it are loopback even without an entry (RFC 6761 6.3).
  size_t find(std::string_view name, QueryFamily family, std::span<IpAddress> out) const;

 private:
  struct Entry {
    std::string_view name;  // in text_
    IpAddress ip;
  };

  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace tipring::port
