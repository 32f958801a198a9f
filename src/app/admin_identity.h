// The certificate of the page's HTTPS: admin.certificate and admin.key, or one of this host's own, kept
// beside the database. Uses the heap; not for the loop once it runs.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "port/tls_identity.h"

namespace tipring::app {

bool needs_admin_identity(const Config& config);

// Null without a fault when admin.listen has no need of one.
std::shared_ptr<port::TlsIdentity> admin_identity(const Config& config, std::string& fault);

// What is wrong with files that the configuration names; empty when nothing is, or it names none.
std::string admin_identity_fault(const Config& config);

}  // namespace tipring::app
