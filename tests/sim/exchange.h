// The server of a simulated network: the real proxy over a table of names in place of the store,
// open to everyone.
#pragma once

#include <map>

#include "node.h"
#include "server/proxy/proxy.h"

namespace tipring::sim {

class Exchange final : public Node,
                       public transaction::RequestHandler,
                       public service::OwnNames,
                       public service::AccessControl,
                       public proxy::Location {
 public:
  Exchange(port::SimWorld& world, std::string_view address, const Limits& limits)
      : Node(world, "exchange", address, limits),
        overload_({1, 2}, log),
        environment_{transport,    locator,
                     transactions, slabs,
                     wheel,        host.loop(),
                     *this,        *this,
                     "tipring",    {host.entropy().u64(), host.entropy().u64()},
                     log,          overload_},
        proxy(environment_, *this, arena, limits) {
    transactions.set_request_handler(*this);
  }

  // As if the phone had registered.
  void bind(const std::string& user, std::string contact) { bindings_[user] = std::move(contact); }

 private:
  void on_request(const service::Incoming& request) override {
    proxy.handle(request, proxy::read_routes(environment_, request.message));
  }

  bool is_own(std::string_view host_name, uint16_t port) const override {
    const auto ip = port::parse_ip(host_name);
    return ip && transport.is_own(*ip, port);
  }
  service::Access judge(const service::Incoming&, const service::RouteFacts&) override {
    return {};
  }
  bool is_local(const sip::Uri& uri) const override { return is_own(uri.host, uri.port); }
  size_t find_targets(const sip::Uri& uri, std::span<proxy::Target> targets,
                      uint16_t& status) override {
    const auto found = bindings_.find(std::string(uri.user));
    status = 404;
    if (found == bindings_.end()) return 0;
    targets[0] = {found->second, std::nullopt};
    return 1;
  }

  service::Overload overload_;
  service::Environment environment_;
  std::map<std::string, std::string> bindings_;

 public:
  proxy::Proxy proxy;
};

}  // namespace tipring::sim
