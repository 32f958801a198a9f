#include "app/admin_identity.h"

#include <algorithm>

#include "app/listen_entry.h"

namespace tipring::app {

namespace {

constexpr std::string_view kKey = "admin.certificate: ";

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, std::max<size_t>(slash, 1));
}

}  // namespace

bool needs_admin_identity(const Config& config) {
  return std::any_of(config.admin.listen.begin(), config.admin.listen.end(),
                     [](const std::string& text) {
                       const auto entry = parse_admin_listen(text);
                       return entry && entry->encrypted;
                     });
}

std::shared_ptr<port::TlsIdentity> admin_identity(const Config& config, std::string& fault) {
  if (!needs_admin_identity(config)) return nullptr;
  const Config::Admin& admin = config.admin;
  auto identity = admin.certificate.empty()
                      ? port::own_tls_identity(folder_of(config.store.path), fault)
                      : port::load_tls_identity(admin.certificate, admin.key, fault);
  if (identity == nullptr) fault.insert(0, kKey);
  return identity;
}

std::string admin_identity_fault(const Config& config) {
  if (config.admin.certificate.empty()) return {};
  std::string fault;
  port::load_tls_identity(config.admin.certificate, config.admin.key, fault);
  return fault.empty() ? fault : std::string(kKey) + fault;
}

}  // namespace tipring::app
