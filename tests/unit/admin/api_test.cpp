#include <doctest/doctest.h>

#include "core/text.h"
#include "fake_desk.h"

namespace tipring::admin::test {
namespace {

constexpr const char* kSecret = R"({"password":"se cret,\u00e4"})";

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("put of a new user: created, with the hashes of RFC 7616 and no password anywhere" *
          doctest::description("RFC 7616 3.4.2; C13")) {
  FakeDesk desk;
  const FakeHttpExchange& request = desk.put("/api/v1/users/100", R"({"password":"1234"})");
  CHECK(request.status_ == 201);
  CHECK(request.answer_ == "{\"result\":\"created\"}\n");
  REQUIRE(desk.exchange.users.count("100@") == 1);
  std::array<char, 64> hex;
  // printf 100:office:1234 | md5sum, and sha256sum
  CHECK(write_hex(desk.exchange.users["100@"].md5, hex) == "b9ff3caee41a10aa3f53456a456378d2");
  CHECK(write_hex(desk.exchange.users["100@"].sha256, hex) ==
        "e97e335d33f8de9aa054ddc0275fee32d173dfa081976265063a2bdf1b3aa984");
  CHECK_FALSE(holds(request.answer_, "1234"));
}

TEST_CASE("put of a user that stands: changed") {
  FakeDesk desk;
  desk.put("/api/v1/users/100", kSecret);
  CHECK(desk.put("/api/v1/users/100", kSecret).status_ == 200);
  CHECK(desk.exchange.users.size() == 1);
}

TEST_CASE("put with a domain: lower case, a user of its own; a name may hold a slash") {
  FakeDesk desk;
  CHECK(desk.put("/api/v1/users/Example.ORG/100", kSecret).status_ == 201);
  CHECK(desk.put("/api/v1/users//a/b", kSecret).status_ == 201);
  CHECK(desk.put("/api/v1/users/bob@example.org", kSecret).status_ == 201);
  CHECK(desk.exchange.users.count("100@example.org") == 1);
  CHECK(desk.exchange.users.count("a/b@") == 1);
  CHECK(desk.exchange.users.count("bob@example.org") == 1);
}

TEST_CASE("put with the default domain: the user that has none" * doctest::description("C22")) {
  FakeDesk desk;
  CHECK(desk.put("/api/v1/users/100", kSecret).status_ == 201);
  CHECK(desk.put("/api/v1/users/Home.example/100", kSecret).status_ == 200);
  CHECK(desk.exchange.users.size() == 1);
}

TEST_CASE("put with a mode: create refuses what exists, change what does not") {
  FakeDesk desk;
  CHECK(desk.put("/api/v1/users/100", kSecret, {{"mode", "change"}}).status_ == 404);
  CHECK(desk.put("/api/v1/users/100", kSecret, {{"mode", "create"}}).status_ == 201);
  CHECK(desk.put("/api/v1/users/100", kSecret, {{"mode", "create"}}).status_ == 409);
  CHECK(desk.put("/api/v1/users/100", kSecret, {{"mode", "change"}}).status_ == 200);
  CHECK(desk.put("/api/v1/users/100", kSecret, {{"mode", "both"}}).status_ == 400);
}

TEST_CASE("put with a name that cannot be: refused with what is allowed") {
  FakeDesk desk;
  const FakeHttpExchange& longer = desk.put("/api/v1/users/" + std::string(65, 'a'), kSecret);
  CHECK(longer.status_ == 400);
  CHECK(holds(longer.answer_, "at most 64 bytes"));
  CHECK(desk.put("/api/v1/users/" + std::string(64, 'a'), kSecret).status_ == 201);
  CHECK(desk.put("/api/v1/users/", kSecret).status_ == 400);
  CHECK(desk.put("/api/v1/users/a\nb", kSecret).status_ == 400);
  CHECK(desk.put("/api/v1/users/a:b", kSecret).status_ == 400);
  CHECK(desk.put("/api/v1/users/\xff", kSecret).status_ == 400);
  CHECK(desk.put("/api/v1/users/" + std::string(254, 'd') + "/a", kSecret).status_ == 400);
  CHECK(desk.exchange.users.size() == 1);
}

TEST_CASE("put with a body that cannot be: refused, the password not repeated") {
  FakeDesk desk;
  for (const char* body :
       {"", "secretive", "{}", "[]", R"({"password":7})", R"({"password":""})",
        R"({"password":"secretive\u0007"})", R"({"password":"secretive")",
        R"({"password":"secretive","more":1})", "{\"password\":\"secretive\xff\"}"}) {
    CAPTURE(body);
    const FakeHttpExchange& request = desk.put("/api/v1/users/100", body);
    CHECK(request.status_ == 400);
    CHECK(holds(request.answer_, R"("code":"invalid","detail":")"));
    CHECK_FALSE(holds(request.answer_, "secretive"));
  }
  const auto with_length = [](size_t length) {
    return R"({"password":")" + std::string(length, 'x') + "\"}";
  };
  CHECK(desk.put("/api/v1/users/100", with_length(129)).status_ == 400);
  CHECK(desk.put("/api/v1/users/100", with_length(128)).status_ == 201);
  CHECK(desk.put("/api/v1/users/100", std::string(100000, '[')).status_ == 400);
  CHECK(desk.put("/api/v1/users/100", std::string("{\"password\":\"a\"}\0x", 18)).status_ == 400);
}

TEST_CASE("delete: gone, and not found the second time") {
  FakeDesk desk;
  desk.put("/api/v1/users/100", kSecret);
  for (const int status : {200, 404}) {
    const FakeHttpExchange& request = desk.ask(port::HttpMethod::Delete, "/api/v1/users/100");
    desk.run();
    CHECK(request.status_ == status);
  }
  CHECK(desk.exchange.users.empty());
}

TEST_CASE("every failure of the store: its own status, and what to do") {
  FakeDesk desk;
  const std::pair<Outcome, std::pair<int, const char*>> rows[] = {
      {Outcome::UsersFull, {503, "capacity.users"}}, {Outcome::Busy, {503, "try again"}},
      {Outcome::DiskFull, {507, "make room"}},       {Outcome::ReadOnly, {503, "permissions"}},
      {Outcome::Locked, {503, "another process"}},   {Outcome::Corrupt, {503, "restore"}},
      {Outcome::Io, {503, "check the disk"}},        {Outcome::Refused, {503, "log"}},
  };
  for (const auto& [outcome, expected] : rows) {
    desk.exchange.refusal = outcome;
    const FakeHttpExchange& request = desk.put("/api/v1/users/100", kSecret);
    CHECK(request.status_ == expected.first);
    CHECK(holds(request.answer_, expected.second));
  }
}

TEST_CASE("unknown path 404, other method 405, before the server is attached 503") {
  FakeDesk desk;
  CHECK(desk.get("/v2/users").status_ == 404);
  CHECK(desk.ask(port::HttpMethod::Post, "/api/v1/users/100").status_ == 405);
  CHECK(desk.put("/api/v1/registrations/100", "").status_ == 405);
  CHECK(desk.ask(port::HttpMethod::Post, "/api/v1/users").status_ == 405);
  CHECK(desk.ask(port::HttpMethod::Put, "/api/v1/status").status_ == 405);
  Api early(desk.channel, desk.wakeup, "office", "");
  FakeHttpExchange request;
  early.on_exchange(request);
  CHECK(request.status_ == 503);
}

TEST_CASE("changes that wait for the disk: answered when they are done, each once") {
  FakeDesk desk;
  desk.exchange.later = true;
  FakeHttpExchange& request = desk.ask(port::HttpMethod::Put, "/api/v1/users/100", kSecret);
  desk.endpoint.serve(8);
  desk.api.on_poll();
  CHECK(request.replies_ == 0);
  desk.run();
  CHECK(request.status_ == 201);
  CHECK(request.replies_ == 1);
}

TEST_CASE("more changes than may be open: the loop stops, later all are answered") {
  FakeDesk desk;
  desk.exchange.later = true;
  std::vector<FakeHttpExchange*> requests;
  const auto ask = [&](const std::string& name, uint32_t number) {
    requests.push_back(&desk.ask(port::HttpMethod::Put,
                                 "/api/v1/users/" + name + std::to_string(number), kSecret));
  };
  for (uint32_t i = 0; i < Channel::kEndings; ++i) ask("u", i);
  CHECK_FALSE(desk.endpoint.serve(1000));
  for (uint32_t i = 0; i < Channel::kCommands - 1; ++i) ask("w", i);
  CHECK_FALSE(desk.endpoint.serve(1000));
  CHECK(desk.exchange.due.size() == Channel::kEndings);
  const FakeHttpExchange& one_more = desk.ask(port::HttpMethod::Put, "/api/v1/users/one", kSecret);
  CHECK(one_more.status_ == 0);
  ask("x", 0);
  CHECK(requests.back()->status_ == 503);
  desk.run();
  for (const FakeHttpExchange* request : requests) {
    CHECK(request->replies_ == 1);
    CHECK((request->status_ == 201 || request->status_ == 503));
  }
}

TEST_CASE("client gone before its answer: the change is done, nobody is called") {
  FakeDesk desk;
  desk.ask(port::HttpMethod::Put, "/api/v1/users/100", kSecret);
  desk.server.exchanges.clear();
  desk.run();
  CHECK(desk.exchange.users.size() == 1);
}

TEST_CASE("a command that was served: its hashes are wiped from the ring") {
  FakeDesk desk;
  desk.ask(port::HttpMethod::Put, "/api/v1/users/100", kSecret);
  const Command& slot = *desk.channel.commands.front();
  CHECK(slot.secret.md5 != port::Md5Digest{});
  desk.run();
  CHECK(slot.secret.md5 == port::Md5Digest{});
  CHECK(slot.secret.sha256 == port::Sha256Digest{});
}

TEST_CASE("import: all created or changed, and counted") {
  FakeDesk desk;
  desk.exchange.later = true;
  desk.put("/api/v1/users/7", kSecret);
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += std::to_string(i) + ",pass,word" + std::to_string(i) + "\n";
  const FakeHttpExchange& request = desk.ask(port::HttpMethod::Post, "/api/v1/users/import", lines);
  desk.run();
  CHECK(request.status_ == 200);
  CHECK(request.answer_ == "{\"created\":99,\"changed\":1}\n");
  CHECK(desk.exchange.users["42@"].md5 == make_secret("42", "office", "pass,word42").md5);
}

TEST_CASE("import with a wrong line: nothing stored, the line named") {
  FakeDesk desk;
  const FakeHttpExchange& request =
      desk.ask(port::HttpMethod::Post, "/api/v1/users/import", "1,a\nsecretive\n2,b\n");
  desk.run();
  CHECK(request.status_ == 400);
  CHECK(holds(request.answer_, "line 2"));
  CHECK_FALSE(holds(request.answer_, "secretive"));
  CHECK(desk.exchange.users.empty());
}

TEST_CASE("import beyond capacity.users: names the line and how many were stored") {
  FakeDesk desk;
  desk.exchange.users_max = 3;
  const FakeHttpExchange& request =
      desk.ask(port::HttpMethod::Post, "/api/v1/users/import", "1,a\n2,b\n3,c\n4,d\n");
  desk.run();
  CHECK(request.status_ == 503);
  CHECK(holds(request.answer_, R"("line":4,"created":3,"changed":0})"));
  CHECK(holds(request.answer_, "capacity.users"));
}

}  // namespace
}  // namespace tipring::admin::test
