#include "sip/uri_host.h"

#include "core/text.h"
#include "port/address.h"

namespace tipring::sip {

namespace {

bool is_one_host(std::string_view host) {
  // Most hosts need no reading: those addresses begin with a 0 or a 2, or have colons.
  const char first = host.empty() ? '0' : host.front();
  if (first != '0' && first != '2' && host.find(':') == std::string_view::npos) return true;
  const auto ip = port::parse_ip(host);
  return !ip || !(ip->is_unspecified() || ip->is_multicast() || ip->is_broadcast());
}

bool is_loopback(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (const auto ip = port::parse_ip(host)) return ip->is_loopback();
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < kName.size()) return false;
  const size_t front = host.size() - kName.size();
  return iequals(host.substr(front), kName) && (front == 0 || host[front - 1] == '.');
}

}  // namespace

bool names_one_host(const Uri& uri) {
  const auto maddr = uri.param("maddr");
  return is_one_host(uri.host) && (!maddr || is_one_host(maddr->value));
}

bool names_loopback(const Uri& uri) {
  const auto maddr = uri.param("maddr");
  return is_loopback(uri.host) || (maddr && is_loopback(maddr->value));
}

}  // namespace tipring::sip
