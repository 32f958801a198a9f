#include "admin/config_requests.h"

#include "admin/api.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

using Handler = void (ConfigDesk::*)(port::HttpExchange& exchange);

void refuse(const Request& request) {
  reply_problem(request.exchange, {503, "no_configuration", "this server has no configuration"});
}

void pass_on(Api& api, const Request& request, Handler handler) {
  if (api.config() == nullptr) return refuse(request);
  (api.config()->*handler)(request.exchange);
}

}  // namespace

void show_configuration(Api& api, const Request& request) {
  pass_on(api, request, &ConfigDesk::show);
}

void show_configuration_schema(Api& api, const Request& request) {
  pass_on(api, request, &ConfigDesk::show_schema);
}

void check_configuration(Api& api, const Request& request) {
  if (api.config() == nullptr) return refuse(request);
  api.config()->check(request.exchange, request.caller.is_local);
}

void change_configuration(Api& api, const Request& request) {
  if (api.config() != nullptr)
    return api.config()->change(request.exchange, request.caller.is_local, api);
  refuse(request);
}

void restart_server(Api& api, const Request& request) {
  Command command;
  command.kind = Command::Kind::Restart;
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "restarting"));
}

}  // namespace tipring::admin
