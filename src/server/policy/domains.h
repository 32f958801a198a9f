// Which names are ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tipring::policy {

// Which domain of ours a host names; nothing for a foreign one. The default domain is "".
class Domains {
 public:
  virtual std::optional<std::string_view> domain_of(std::string_view host, uint16_t port) const = 0;

 protected:
  ~Domains() = default;
};

}  // namespace tipring::policy
