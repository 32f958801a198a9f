#include "admin/system_requests.h"

#include "admin/api.h"
#include "admin/embedded.h"
#include "admin/json_members.h"
#include "admin/revision.h"
#include "tipring/version.h"

namespace tipring::admin {

void show_status(Api& api, const Request& request) { api.list(request, Command::Kind::Status); }

void list_pools(Api& api, const Request& request) { api.list(request, Command::Kind::ListPools); }

void show_version(Api& api, const Request& request) {
  std::string body = R"({"version":{)";
  append_member(body, "version", kVersion);
  append_member(body, "api", "v1");
  const std::string& certificate = api.certificate();
  if (!certificate.empty()) body += ",\"certificate\":" + certificate;
  reply_tagged(request.exchange, body + "}}\n");
}

void show_document(Api&, const Request& request) {
  reply_tagged(request.exchange, openapi_document());
}

void show_health(Api& api, const Request& request) {
  Command command;
  command.kind = Command::Kind::Ping;
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "ok"));
}

}  // namespace tipring::admin
