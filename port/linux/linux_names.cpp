#include "port/linux/linux_names.h"

#include "port/linux/resolver.h"

namespace tipring::port {

LinuxNames::LinuxNames(LinuxLoop& loop, const LinuxNamesOptions& options)
    : resolver_(std::make_unique<Resolver>(loop, options)) {}

LinuxNames::~LinuxNames() = default;

size_t LinuxNames::memory_bytes(const LinuxNamesOptions& options) {
  return sizeof(Resolver) + options.queries * Resolver::bytes_per_query();
}

bool LinuxNames::ok() const { return resolver_->ok(); }

size_t LinuxNames::in_use() const { return resolver_->in_use(); }

bool LinuxNames::resolve(std::string_view host, QueryFamily family, Millis deadline,
                         NamesHandler& handler, uint64_t tag) {
  return resolver_->resolve(host, family, deadline, handler, tag);
}

void LinuxNames::cancel(NamesHandler& handler, uint64_t tag) { resolver_->cancel(handler, tag); }

}  // namespace tipring::port
