#include "admin/service.h"

#include <cerrno>
#include <cstring>

namespace tipring::admin {

Service::Service(Arena& arena, port::Loop& loop, store::Store& store, auth::Blocks& blocks,
                 const PoolRegistry& pools, StatusSource& status, const ServiceOptions& options)
    : socket_(options.socket),
      channel_(arena),
      exchange_(store, blocks, loop, status),
      groups_(store, loop),
      endpoint_(channel_, exchange_, pools),
      wakeup_(loop.make_wakeup(*this)) {
  if (wakeup_ != nullptr) {
    api_ = std::make_unique<Api>(channel_, *wakeup_, options.realm, options.default_domain);
  }
  exchange_.set_endpoint(endpoint_);
  groups_.set_endpoint(endpoint_);
  endpoint_.set_groups(&groups_);
  exchange_.set_untimed_calls(options.untimed_calls);
  exchange_.set_calls(options.calls);
  endpoint_.set_trace(options.trace);
}

Service::~Service() { endpoint_.set_server(nullptr); }

std::string Service::start() {
  if (api_ == nullptr) return "the system gives no descriptor for the administration thread";
  port::HttpOptions options;
  options.unix_path = socket_;
  int error = 0;
  server_ = port::start_http_server(options, *api_, error);
  if (server_ == nullptr) {
    const std::string_view advice =
        error == EADDRINUSE ? ": another server uses it; end that one, or set admin.socket"
                            : "; set admin.socket to a file in a folder that may be written";
    return "admin.socket: cannot open " + socket_ + " (" + std::strerror(error) + ")" +
           std::string(advice);
  }
  endpoint_.set_server(server_.get());
  api_->attach(*server_);
  return "";
}

void Service::on_wakeup() {
  // The rest waits for the next turn, after the phones.
  if (endpoint_.serve(kCommandsPerTurn)) wakeup_->notify();
}

}  // namespace tipring::admin
