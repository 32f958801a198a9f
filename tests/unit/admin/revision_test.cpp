// Two administrators at once, and clients that have a listing already.
#include "admin/revision.h"

#include <doctest/doctest.h>

#include "store_desk.h"

namespace tipring::admin::test {
namespace {

using port::HttpMethod;
using Headers = std::map<std::string, std::string>;

const std::string kUser = "/api/v1/users/100";
const std::string kGroup = "/api/v1/groups/600";
const std::string kMember = kGroup + "/members/100";

std::string tag_of(StoreDesk& desk, const std::string& path) {
  return desk.get(path).answer_headers_.at("ETag");
}

// What If-Match needs of a row that a listing shows.
std::string revision_in(const std::string& answer) {
  const size_t at = answer.find(R"("revision":")");
  REQUIRE(at != std::string::npos);
  return answer.substr(at + 12, 16);
}

int change(StoreDesk& desk, HttpMethod method, const std::string& path, const std::string& tag,
           const std::string& body = "", std::map<std::string, std::string> query = {}) {
  return desk.ask(method, path, body, std::move(query), {{"If-Match", tag}}).status_;
}

TEST_CASE("user changed by two who saw the same: the second is told, and nothing is overwritten" *
          doctest::description("RFC 9110 13.1.1")) {
  StoreDesk desk;
  desk.put("100");
  const std::string seen = tag_of(desk, kUser);
  CHECK(change(desk, HttpMethod::Put, kUser, seen, R"({"display_name":"A"})") == 200);
  const FakeHttpExchange& second =
      desk.ask(HttpMethod::Put, kUser, R"({"display_name":"B"})", {}, {{"If-Match", seen}});
  CHECK(second.status_ == 412);
  CHECK(second.answer_.find(R"("code":"stale")") != std::string::npos);
  CHECK(change(desk, HttpMethod::Delete, kUser, seen) == 412);
  CHECK(change(desk, HttpMethod::Patch, kUser, seen, R"({"password":"y"})", {{"name", "101"}}) ==
        412);
  CHECK(desk.get(kUser).answer_.find(R"("display_name":"A")") != std::string::npos);
  CHECK(change(desk, HttpMethod::Put, kUser, tag_of(desk, kUser), R"({"password":"z"})") == 200);
}

TEST_CASE(
    "user with a new password or new fields: another revision; with a phone on line: the same") {
  StoreDesk desk;
  desk.put("100");
  const std::string first = revision_in(desk.get(kUser).answer_);
  desk.ask(HttpMethod::Put, kUser, R"({"password":"another"})");
  const std::string second = revision_in(desk.get(kUser).answer_);
  CHECK(second != first);
  desk.ask(HttpMethod::Put, kUser, R"({"session_timer":"exempt"})");
  CHECK(revision_in(desk.get(kUser).answer_) != second);
  const std::string before = revision_in(desk.get("/api/v1/users").answer_);
  CHECK(change(desk, HttpMethod::Put, kUser, '"' + before + '"', R"({"password":"z"})") == 200);
}

TEST_CASE("user that is gone, and a tag that cannot be ours: 412") {
  StoreDesk desk;
  CHECK(change(desk, HttpMethod::Put, kUser, R"("00000000000000aa")", R"({"password":"z"})") ==
        412);
  desk.put("100");
  for (const char* tag : {"x", "\"x\"", "\"zzzzzzzzzzzzzzzz\"", "\"0000000000000000\"",
                          "\"00000000000000aa", "W/\"00000000000000aa\""})
    CHECK_MESSAGE(change(desk, HttpMethod::Delete, kUser, tag) == 412, tag);
  CHECK(change(desk, HttpMethod::Delete, kUser, "*") == 200);
}

TEST_CASE("groups and members: each has a revision of its own") {
  StoreDesk desk;
  desk.put("100");
  desk.ask(HttpMethod::Put, kGroup);
  const std::string group = tag_of(desk, kGroup);
  CHECK(desk.ask(HttpMethod::Put, kMember).status_ == 201);
  CHECK(change(desk, HttpMethod::Patch, kGroup, group, R"({"ring_timeout_s":30})") == 200);
  CHECK(change(desk, HttpMethod::Patch, kGroup, group, R"({"ring_timeout_s":40})") == 412);
  CHECK(change(desk, HttpMethod::Delete, kGroup, group) == 412);
  const std::string member = '"' + revision_in(desk.get(kGroup + "/members").answer_) + '"';
  CHECK(change(desk, HttpMethod::Patch, kMember, member, R"({"order":7})") == 200);
  CHECK(change(desk, HttpMethod::Delete, kMember, member) == 412);
  CHECK(change(desk, HttpMethod::Delete, kGroup, tag_of(desk, kGroup)) == 200);
}

TEST_CASE("two changes of what the same client saw, on their way at once: one is made") {
  StoreDesk desk;
  desk.put("100");
  const std::string seen = tag_of(desk, kUser);
  FakeHttpExchange& first =
      desk.begin(HttpMethod::Put, kUser, R"({"display_name":"A"})", {}, {{"If-Match", seen}});
  FakeHttpExchange& second =
      desk.begin(HttpMethod::Put, kUser, R"({"display_name":"B"})", {}, {{"If-Match", seen}});
  desk.run(first);
  desk.run(second);
  CHECK(first.status_ == 200);
  CHECK(second.status_ == 503);
}

TEST_CASE("what the client has already: 304 without a body" *
          doctest::description("RFC 9110 13.1.2")) {
  StoreDesk desk;
  desk.put("100");
  for (const std::string& path :
       {kUser, std::string("/api/v1/users"), std::string("/api/v1/version")}) {
    CAPTURE(path);
    const std::string tag = tag_of(desk, path);
    const FakeHttpExchange& same =
        desk.ask(HttpMethod::Get, path, "", {}, {{"If-None-Match", "\"x\", W/" + tag}});
    CHECK(same.status_ == 304);
    CHECK(same.answer_.empty());
    CHECK(same.answer_headers_.at("ETag") == tag);
  }
  const std::string tag = tag_of(desk, kUser);
  desk.ask(HttpMethod::Put, kUser, R"({"display_name":"A"})");
  CHECK(desk.ask(HttpMethod::Get, kUser, "", {}, {{"If-None-Match", tag}}).status_ == 200);
}

TEST_CASE("users: searched in what they are called by, page by page") {
  StoreDesk desk;
  for (int i = 0; i < 12; ++i) desk.put(std::to_string(200 + i));
  desk.ask(HttpMethod::Put, "/api/v1/users/anna", R"({"password":"x","display_name":"\u00c4nne"})");
  const auto count = [&](std::map<std::string, std::string> query) {
    const std::string answer = desk.ask(HttpMethod::Get, "/api/v1/users", "", query).answer_;
    size_t rows = 0;
    for (size_t at = 0; (at = answer.find("{\"name\"", at)) != std::string::npos; ++at) ++rows;
    return rows;
  };
  CHECK(count({{"q", "20"}}) == 10);
  CHECK(count({{"q", "\xc3\x84NNE"}}) == 1);
  CHECK(count({{"q", "nobody"}}) == 0);
  CHECK(count({{"on_line", "yes"}}) == 0);
  CHECK(count({{"on_line", "no"}, {"q", "anna"}}) == 1);
  const std::string page = desk.ask(HttpMethod::Get, "/api/v1/users", "", {{"limit", "5"}}).answer_;
  const size_t next = page.find(R"("next":")");
  REQUIRE(next != std::string::npos);
  const std::string after = page.substr(next + 8, page.rfind('"') - next - 8);
  CHECK(count({{"limit", "5"}}) == 5);
  CHECK(count({{"after", after}}) == 8);
  for (const char* limit : {"0", "x", "-1"})
    CHECK(desk.ask(HttpMethod::Get, "/api/v1/users", "", {{"limit", limit}}).status_ == 400);
  CHECK(desk.ask(HttpMethod::Get, "/api/v1/users", "", {{"on_line", "x"}}).status_ == 400);
  CHECK(desk.ask(HttpMethod::Get, "/api/v1/users", "", {{"q", std::string(65, 'x')}}).status_ ==
        400);
}

TEST_CASE("health: answered to anyone, by the loop") {
  StoreDesk desk;
  CHECK(desk.get("/api/v1/health").answer_ == "{\"result\":\"ok\"}\n");
}

}  // namespace
}  // namespace tipring::admin::test
