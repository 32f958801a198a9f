// The API's document against the table of routes: neither has what the other has not.
#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <set>
#include <string>

#include "admin/embedded.h"
#include "admin/routes.h"
#include "fake_desk.h"

namespace tipring::admin::test {
namespace {

// "GET /api/v1/users viewer users"
std::string line_of(std::string_view method, std::string_view path, std::string_view role,
                    std::string_view scope) {
  std::string line(method);
  for (const std::string_view word : {path, role, scope}) line += " " + std::string(word);
  return line;
}

std::set<std::string> documented() {
  rapidjson::Document document;
  document.Parse(openapi_document().data(), openapi_document().size());
  REQUIRE_FALSE(document.HasParseError());
  std::set<std::string> lines;
  const rapidjson::Document& read = document;  // its iterators compare one way only
  for (const auto& path : read["paths"].GetObject()) {
    for (const auto& operation : path.value.GetObject()) {
      std::string method = operation.name.GetString();
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      lines.insert(line_of(method, path.name.GetString(), operation.value["x-role"].GetString(),
                           operation.value["x-scope"].GetString()));
    }
  }
  return lines;
}

TEST_CASE("OpenAPI document: each route with what it needs, and none that there is not" *
          doctest::description("R9.2")) {
  std::set<std::string> served;
  for (const Route& route : routes())
    served.insert(line_of(method_text(route.method), route.pattern, role_text(route.role),
                          scope_text(route.scope)));
  const std::set<std::string> told = documented();
  for (const std::string& line : served) CHECK_MESSAGE(told.count(line) == 1, "not told: ", line);
  for (const std::string& line : told) CHECK_MESSAGE(served.count(line) == 1, "not there: ", line);
}

TEST_CASE("OpenAPI document: anyone may read it") {
  FakeDesk desk;
  FakeHttpExchange request;
  request.path_ = "/api/v1/openapi.json";
  request.peer_.ip = *port::parse_ip("192.0.2.7");
  desk.api.on_exchange(request);
  CHECK(request.status_ == 200);
  CHECK(request.answer_ == openapi_document());
}

}  // namespace
}  // namespace tipring::admin::test
