// The stateful proxy of an embedded stack: asks the program where requests go.
#pragma once

#include <string>
#include <vector>

#include "server/policy/validation.h"
#include "server/proxy/proxy.h"
#include "stack/layers.h"
#include "tipring/proxy.h"

namespace tipring::stack {

class ProxyService final : private proxy::Location {
 public:
  explicit ProxyService(Layers& layers);

  void set(const ProxyOptions& options, ProxyEvents& events);
  bool is_on() const { return events_ != nullptr; }

  // A request that no leg owns and no account is called by.
  void handle(const service::Incoming& request);

  ProxyStatistics statistics() const;

 private:
  bool is_local(const sip::Uri& uri) const override;
  void find_targets(const sip::Uri& uri, proxy::TargetList& targets, uint16_t& status) override;
  void refuse(const service::Incoming& request, uint16_t status);

  Layers& layers_;
  service::Environment environment_;  // that of the stack, with session timers of the proxy's own
  policy::Validation validation_;
  proxy::Proxy proxy_;
  ProxyEvents* events_ = nullptr;
  const service::Incoming* current_ = nullptr;  // during handle()
  std::string_view current_uri_;
  std::vector<ProxyTargets::Target> targets_;  // what find_targets() gave out views of
};

}  // namespace tipring::stack
