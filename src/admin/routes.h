// Which requests there are: one table, by which the API routes, access is decided and the OpenAPI
// document is checked. A handler answers, or leaves the exchange to a job.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "admin/caller.h"
#include "port/http_server.h"

namespace tipring::admin {

class Api;

struct Request {
  port::HttpExchange& exchange;
  const Caller& caller;
  // What stands in the path for the pattern's braces, in their order. Views into exchange.path().
  std::array<std::string_view, 2> parts{};
};

struct Route {
  port::HttpMethod method;
  // "/api/v1/groups/{group}/members": braces stand for any text up to what follows, "/" included.
  std::string_view pattern;
  Role role;     // needed at least
  Scope scope;   // needed, but of Role::Nobody
  bool changes;  // what the server does or keeps: audited, and guarded against forged requests
  void (*handle)(Api& api, const Request& request);
};

// What may be another than before when the route has done its work: a mask, 1 << Scope.
uint16_t scopes_changed(const Route& route);

// Where patterns match the same path, the one that comes first stands for it.
std::span<const Route> routes();

// The text for each brace. False when the path is none of the pattern's.
bool match(std::string_view pattern, std::string_view path, std::array<std::string_view, 2>& parts);

struct Routing {
  const Route* route = nullptr;
  std::array<std::string_view, 2> parts{};
  std::string allowed;  // of a path that is known, but not with this method: "GET, PUT"
};
Routing find_route(port::HttpMethod method, std::string_view path);

std::string_view method_text(port::HttpMethod method);

}  // namespace tipring::admin
