#include "admin/routes.h"

#include <doctest/doctest.h>

#include <set>

#include "fake_desk.h"

namespace tipring::admin::test {
namespace {

using Parts = std::array<std::string_view, 2>;
using enum port::HttpMethod;

TEST_CASE("pattern: braces take any text up to what follows, the last one to the end") {
  Parts parts{};
  CHECK(match("/a", "/a", parts));
  CHECK_FALSE(match("/a", "/a/", parts));
  CHECK_FALSE(match("/a", "/", parts));
  CHECK(match("/u/{user}", "/u/x/y", parts));
  CHECK(parts[0] == "x/y");
  CHECK(match("/u/{user}", "/u/", parts));
  CHECK(parts[0].empty());
  CHECK_FALSE(match("/u/{user}", "/u", parts));
  CHECK(match("/g/{group}/m", "/g/a/m/m", parts));
  CHECK(parts[0] == "a/m");
  CHECK_FALSE(match("/g/{group}/m", "/g/m", parts));
  CHECK(match("/g/{group}/m/{member}", "/g/d/a/m/b/m/c", parts));
  CHECK(parts == Parts{"d/a", "b/m/c"});
  CHECK_FALSE(match("/g/{group}/m/{member}", "/g/a/m", parts));
}

TEST_CASE("routes: where patterns match the same path, the first stands for it") {
  CHECK(find_route(Get, "/api/v1/users/import").route == nullptr);
  CHECK(find_route(Get, "/api/v1/users/import").allowed == "POST");
  CHECK(find_route(Get, "/api/v1/users//import").parts[0] == "/import");
  CHECK(find_route(Put, "/api/v1/groups/600/members").route == nullptr);
  CHECK(find_route(Put, "/api/v1/groups/600/members/members").parts == Parts{"600", "members"});
  CHECK(find_route(Get, "/v1/users").allowed.empty());
}

TEST_CASE("routes: none stands twice, and who changes something is an administrator") {
  std::set<std::pair<std::string_view, port::HttpMethod>> seen;
  for (const Route& route : routes()) {
    CAPTURE(route.pattern);
    CHECK(seen.emplace(route.pattern, route.method).second);
    CHECK(find_route(route.method, route.pattern).route == &route);
    // What is one's own, each may change.
    const bool is_own = route.pattern.starts_with("/api/v1/session");
    if (route.changes && route.role != Role::Nobody && !is_own)
      CHECK(route.role == Role::Administrator);
    if (route.method == Get) CHECK_FALSE(route.changes);
  }
}

TEST_CASE("caller: held to its role and its scopes") {
  const Caller viewer{"v", Role::Viewer, kEveryScope, false};
  CHECK(viewer.may(Role::Viewer, Scope::Users));
  CHECK_FALSE(viewer.may(Role::Administrator, Scope::Users));
  const Caller token{"t", Role::Administrator, 1 << static_cast<int>(Scope::Calls), false};
  CHECK(token.may(Role::Administrator, Scope::Calls));
  CHECK_FALSE(token.may(Role::Viewer, Scope::Users));
  CHECK(token.may(Role::Nobody, Scope::Users));
  CHECK_FALSE(Caller{}.may(Role::Viewer, Scope::System));
}

TEST_CASE("request that does not come by the Unix socket: nobody's, refused") {
  FakeDesk desk;
  FakeHttpExchange request;
  request.path_ = "/api/v1/users";
  request.peer_.ip = *port::parse_ip("127.0.0.1");
  desk.api.on_exchange(request);
  CHECK(request.status_ == 401);
}

TEST_CASE("method that a path does not take: 405 with Allow" *
          doctest::description("RFC 9110 15.5.6")) {
  FakeDesk desk;
  const FakeHttpExchange& request = desk.ask(Post, "/api/v1/users/100");
  CHECK(request.status_ == 405);
  CHECK(request.answer_headers_.at("Allow") == "GET, PUT, PATCH, DELETE");
  CHECK(request.answer_.find("takes GET, PUT, PATCH, DELETE") != std::string::npos);
}

TEST_CASE("refusal: a problem document that names the code and the field" *
          doctest::description("RFC 9457 3")) {
  FakeDesk desk;
  const FakeHttpExchange& request =
      desk.put("/api/v1/users/100", R"({"password":"x","auth_name":"a:b"})");
  CHECK(request.type_ == "application/problem+json");
  CHECK(request.answer_ ==
        R"({"type":"urn:tipring:problem:invalid","title":"Invalid","status":400,"code":"invalid",)"
        R"("detail":"auth_name may not hold \":\" or control characters","field":"auth_name"})"
        "\n");
  const FakeHttpExchange& unknown = desk.get("/api/v2");
  CHECK(unknown.status_ == 404);
  CHECK(unknown.answer_.find(R"("title":"No such path")") != std::string::npos);
  CHECK(unknown.answer_.find("field") == std::string::npos);
}

}  // namespace
}  // namespace tipring::admin::test
