#include "store_desk.h"

namespace tipring::admin::test {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("store exchange: a user that was answered for outlives a crash, with both hashes" *
          doctest::description("C13, C22")) {
  store::Server::Settings settings;
  settings.options.realm = "office";
  StoreDesk desk(settings);
  CHECK(desk.put("100").status_ == 201);
  CHECK(desk.put("home.example/100").status_ == 200);
  CHECK(desk.put("other.example/100").status_ == 201);
  desk.bench.crash();
  const store::User& user = desk.bench.server->user("100");
  CHECK(desk.bench.server->store().user_count() == 2);
  CHECK(user.domain().empty());
  const UserSecret secret = make_secret("100", "office", "x");
  CHECK(user.credentials().md5 == secret.md5);
  CHECK(user.credentials().sha256 == secret.sha256);
}

TEST_CASE("store exchange: a new password keeps the registrations, a removal does not") {
  StoreDesk desk;
  desk.put("100");
  desk.bench.make_binding("100", "sip:100@192.0.2.7:5062");
  CHECK(desk.put("100").status_ == 200);
  CHECK(desk.bench.server->user("100").credentials().md5 == make_secret("100", "office", "x").md5);
  CHECK(holds(desk.get("/api/v1/users").answer_, R"("name":"100","domain":"","bindings":1)"));
  CHECK(desk.ask(port::HttpMethod::Delete, "/api/v1/users/100").status_ == 200);
  CHECK(desk.ask(port::HttpMethod::Delete, "/api/v1/users/100").status_ == 404);
  CHECK(desk.bench.server->store().binding_count() == 0);
}

TEST_CASE("store exchange: a user's algorithms change without his password and the rest of him" *
          doctest::description("RFC 8760 2.4; C13")) {
  StoreDesk desk;
  const auto algorithms = [&] { return desk.bench.server->user("100").algorithms(); };
  const std::string path = "/api/v1/users/100";
  const std::string own = R"({"algorithms":["SHA-256"]})";
  CHECK(desk.ask(port::HttpMethod::Put, path, own).status_ == 404);
  CHECK(desk.ask(port::HttpMethod::Put, path, R"({"algorithms":["MD5"],"password":"x"})").status_ ==
        201);
  CHECK(algorithms() == store::kAlgorithmMd5);
  desk.bench.make_binding("100", "sip:100@192.0.2.7:5062");
  CHECK(desk.ask(port::HttpMethod::Put, path, own).status_ == 200);
  CHECK(algorithms() == store::kAlgorithmSha256);
  CHECK(desk.bench.server->user("100").credentials().md5 == make_secret("100", "office", "x").md5);
  CHECK(desk.bench.server->user("100").binding_count() == 1);
  desk.put("100");
  CHECK(algorithms() == store::kAlgorithmSha256);
  CHECK(desk.ask(port::HttpMethod::Put, path, R"({"algorithms":[]})").status_ == 200);
  CHECK(algorithms() == 0);
}

TEST_CASE("store exchange: a password is hashed for the auth_name that the user has" *
          doctest::description("RFC 7616 3.4.2")) {
  StoreDesk desk;
  const auto put = [&](const char* body) {
    return desk.ask(port::HttpMethod::Put, "/api/v1/users/100", body);
  };
  CHECK(put(R"({"password":"x","auth_name":"a.smith","display_name":"Anna"})").status_ == 201);
  const auto md5 = [&] { return desk.bench.server->user("100").credentials().md5; };
  CHECK(md5() == make_secret("a.smith", "office", "x").md5);
  CHECK(put(R"({"password":"y"})").status_ == 200);
  CHECK(md5() == make_secret("a.smith", "office", "y").md5);
  const FakeHttpExchange& imported =
      desk.ask(port::HttpMethod::Post, "/api/v1/users/import", "100,z\n101,z\n");
  CHECK(imported.answer_ == "{\"created\":1,\"changed\":1}\n");
  CHECK(md5() == make_secret("a.smith", "office", "z").md5);
  // The hash holds the auth_name, so a new one is no good without a password.
  const FakeHttpExchange& refused = put(R"({"auth_name":"other","display_name":"Bert"})");
  CHECK(refused.status_ == 400);
  CHECK(holds(refused.answer_, "auth_name: a new password must come with it"));
  CHECK(desk.bench.server->user("100").display_name() == "Anna");
  CHECK(put(R"({"auth_name":"a.smith","display_name":"Bert"})").status_ == 200);
  CHECK(put(R"({"auth_name":"","password":"v"})").status_ == 200);
  CHECK(md5() == make_secret("100", "office", "v").md5);
  CHECK(desk.bench.server->user("100").display_name() == "Bert");
}

TEST_CASE("store exchange: an auth_name that another user has is refused, and nothing changes") {
  StoreDesk desk;
  desk.put("100");
  desk.put("101");
  const FakeHttpExchange& refused =
      desk.ask(port::HttpMethod::Put, "/api/v1/users/101", R"({"password":"y","auth_name":"100"})");
  CHECK(refused.status_ == 409);
  CHECK(desk.bench.server->user("101").credentials().md5 == make_secret("101", "office", "x").md5);
}

TEST_CASE("store exchange: one user is shown with all its fields, and its registrations") {
  StoreDesk desk;
  CHECK(desk.get("/api/v1/users/100").status_ == 404);
  CHECK(desk.get("/api/v1/registrations/100").status_ == 404);
  desk.ask(port::HttpMethod::Put, "/api/v1/users/100",
           R"({"password":"x","display_name":"Anna","aliases":"1,2","algorithms":["MD5"],)"
           R"("session_timer":"exempt"})");
  desk.bench.make_binding("100", "sip:100@10.0.0.1");
  CHECK(desk.get("/api/v1/users/home.example/100").answer_ ==
        R"({"user":{"name":"100","domain":"","bindings":1,"has_password":true,"auth_name":"100",)"
        R"("display_name":"Anna","aliases":["1","2"],"algorithms":["MD5"],)"
        "\"session_timer\":\"exempt\",\"revision\":\"049bee18a75c68d5\"}}\n");
  CHECK(holds(desk.get("/api/v1/registrations/100").answer_, R"("contact":"sip:100@10.0.0.1")"));
}

TEST_CASE("store exchange: a registration is removed by its contact, or all of a user") {
  StoreDesk desk;
  desk.put("100");
  for (const char* contact : {"sip:a@10.0.0.1", "sip:b@10.0.0.1", "sip:c@10.0.0.1"})
    desk.bench.make_binding("100", contact);
  const auto remove = [&](std::string contact) {
    return desk.remove_registrations("100", std::move(contact)).status_;
  };
  CHECK(remove("sip:d@10.0.0.1") == 404);
  CHECK(desk.bench.server->store().binding_count() == 3);
  CHECK(remove("sip:b@10.0.0.1") == 200);
  CHECK(remove("sip:b@10.0.0.1") == 404);
  CHECK(desk.bench.server->store().binding_count() == 2);
  CHECK(remove("") == 200);
  CHECK(desk.bench.server->store().binding_count() == 0);
  desk.bench.crash();
  CHECK(desk.bench.server->store().binding_count() == 0);
}

TEST_CASE("store exchange: beyond capacity.users, 503 that names it") {
  store::Server::Settings settings;
  settings.limits.users = 3;
  StoreDesk desk(settings);
  for (const char* name : {"1", "2", "3"}) CHECK(desk.put(name).status_ == 201);
  const FakeHttpExchange& request = desk.put("4");
  CHECK(request.status_ == 503);
  CHECK(holds(request.answer_, "capacity.users"));
  CHECK(desk.put("3").status_ == 200);
}

TEST_CASE("store exchange: registrations with where they came from and how long they last") {
  StoreDesk desk;
  desk.put("100");
  desk.bench.make_binding("100", "sip:100@10.0.0.1", Millis(60'000));
  const FakeHttpExchange& request = desk.get("/api/v1/registrations");
  CHECK(holds(request.answer_, R"("contact":"sip:100@10.0.0.1","received":"192.0.2.7:5062")"));
  CHECK(holds(request.answer_, R"("transport":"UDP","user_agent":"Phone 1.0","expires_s":5)"));
}

TEST_CASE("store exchange: many registrations, of many users and of one, are all listed once") {
  store::Server::Settings settings;
  settings.limits.bindings = 200;
  StoreDesk desk(settings);
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    desk.bench.make_user(name);
    for (int k = 0; k < (i == 7 ? 40 : 2); ++k)
      desk.bench.make_binding(name, "sip:" + name + "." + std::to_string(k) + "@10.0.0.1");
  }
  const FakeHttpExchange& request = desk.get("/api/v1/registrations");
  size_t rows = 0;
  for (size_t at = 0; (at = request.answer_.find("\"contact\"", at)) != std::string::npos; ++at)
    ++rows;
  CHECK(rows == 39 * 2 + 40);
  CHECK(holds(request.answer_, "sip:7.39@10.0.0.1"));
  CHECK(holds(request.answer_, "sip:39.1@10.0.0.1"));
}

TEST_CASE("store exchange: the status has the app's facts and the store's") {
  StoreDesk desk;
  desk.put("100");
  const FakeHttpExchange& request = desk.get("/api/v1/status");
  CHECK(holds(request.answer_, "{\"status\":{\"version\":\"0.1.0\",\n\"users\":1,"));
  CHECK(holds(request.answer_, "\"store\":\"ok\""));
}

TEST_CASE("store exchange: a user is renamed, with a new password where the login is the name" *
          doctest::description("R9.2")) {
  store::Server::Settings settings;
  settings.options.realm = "office";
  StoreDesk desk(settings);
  const auto rename = [&](const std::string& from, std::string to, std::string body = "") {
    return desk.ask(port::HttpMethod::Patch, "/api/v1/users/" + from, std::move(body),
                    {{"name", std::move(to)}});
  };
  desk.put("100");
  desk.put("200");
  CHECK(holds(rename("100", "101").answer_, "auth_name: a new password must come with it"));
  CHECK(holds(rename("100", "200", R"({"password":"y"})").answer_, "another user of this domain"));
  CHECK(rename("100", "a:b", R"({"password":"y"})").status_ == 400);
  CHECK(rename("100", "", R"({"password":"y"})").status_ == 400);
  CHECK(rename("100", "101", R"({"display_name":"y"})").status_ == 400);
  CHECK(holds(rename("100", "101@other.example", R"({"password":"y"})").answer_, "stays in the"));
  CHECK(rename("300", "301", R"({"password":"y"})").status_ == 404);
  const FakeHttpExchange& done = rename("100", "101@home.example", R"({"password":"y"})");
  CHECK(done.status_ == 200);
  CHECK(done.answer_ == "{\"result\":\"renamed\"}\n");
  CHECK(desk.get("/api/v1/users/100").status_ == 404);
  CHECK(desk.bench.server->user("101").credentials().md5 == make_secret("101", "office", "y").md5);
  desk.ask(port::HttpMethod::Put, "/api/v1/users/101", R"({"auth_name":"login","password":"z"})");
  CHECK(holds(rename("101", "102", R"({"password":"y"})").answer_, "password: the user has an"));
  CHECK(rename("101", "102").status_ == 200);
  CHECK(desk.bench.server->user("102").auth_name() == "login");
}

TEST_CASE(
    "store exchange: users beyond the room are refused as such while others are on their way") {
  store::Server::Settings settings;
  settings.limits.users = 20;
  StoreDesk desk(settings);
  std::string lines;
  for (int i = 0; i < 40; ++i) lines += "u" + std::to_string(i) + ",x\n";
  const FakeHttpExchange& reply =
      desk.ask(port::HttpMethod::Post, "/api/v1/users/import", std::move(lines));
  CHECK(reply.status_ == 503);
  CHECK(holds(reply.answer_, "users_full"));
  CHECK(holds(reply.answer_, R"("line":21,"created":20,"changed":0})"));
}

TEST_CASE("store exchange: blocks over several pages, and lifted" * doctest::description("C6")) {
  StoreDesk desk;
  const Millis now = desk.bench.host.loop().now();
  const auto fail = [&](uint8_t host, int user, uint32_t times) {
    const port::IpAddress address{{192, 0, 2, host}, 0, port::Family::V4};
    for (uint32_t i = 0; i < times; ++i)
      desk.blocks.on_failure(address, {"user-" + std::to_string(user), ""}, i + 1, now);
  };
  for (uint8_t host = 1; host <= 8; ++host) {
    for (int user = 0; user < 9; ++user) fail(host, user, 10);
  }
  const std::string& all = desk.get("/api/v1/blocks").answer_;
  size_t rows = 0;
  for (size_t at = 0; (at = all.find("\"source\":", at)) != std::string::npos; ++at) ++rows;
  CHECK(rows == 72);
  CHECK(holds(all, R"({"source":"192.0.2.8","user":"user-3","since_s":0,"remaining_s":60,)"
                   R"("failures":10})"));
  CHECK(desk.blocks.lift({{192, 0, 2, 8}, 0, port::Family::V4}, "", now) == 9);
}

struct OneDomain final : policy::Domains {
  std::optional<std::string_view> domain_of(std::string_view, uint16_t) const override {
    return std::string_view();
  }
};

TEST_CASE("store exchange: refused users over several pages, and in the row of each" *
          doctest::description("C1")) {
  StoreDesk desk;
  const OneDomain domains;
  TimerWheel wheel(desk.bench.host.loop().now());
  std::vector<LogSlot> slots(8);
  LogRing ring(slots);
  Log log(ring, desk.bench.host.clock(), LogLevel::Error);
  const policy::Emergency emergency;
  policy::UntimedCalls calls(domains, desk.bench.server->store(), emergency, log, wheel, "");
  CHECK(desk.get("/api/v1/refused").answer_ == "{\"refused\":[]}\n");  // without any
  desk.exchange().set_untimed_calls(&calls);
  CHECK(desk.get("/api/v1/refused").answer_ == "{\"refused\":[]}\n");
  const auto refuse = [&](const std::string& user) {
    const std::string text = "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:" + user +
                             "@h>\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
    sip::HeaderIndex index;
    const auto parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    transport::Flow flow;
    flow.remote = {{{192, 0, 2, 8}, 0, port::Family::V4}, 5062};
    const Millis now = desk.bench.host.loop().now();
    CHECK_FALSE(
        calls.lets_through({parsed.view, MessageRef(), flow, now}, sip::ParsedUri("sip:x")));
  };
  for (size_t i = 0; i < policy::UntimedCalls::kCallersMax; ++i) {
    const std::string name = std::to_string(100 + i) + std::string(60, 'x');
    REQUIRE(desk.put(name).status_ == 201);
    refuse(name);
  }
  const std::string& all = desk.get("/api/v1/refused").answer_;
  size_t rows = 0;
  for (size_t at = 0; (at = all.find("\"calls\":1,", at)) != std::string::npos; ++at) ++rows;
  CHECK(rows == policy::UntimedCalls::kCallersMax);
  const std::string& shown = desk.get("/api/v1/users/101" + std::string(60, 'x')).answer_;
  CHECK(holds(shown, R"("calls_refused":1,"last_refused_s":0,"refused_source":"192.0.2.8:5062",)"
                     R"("except":"tipringctl user set 101x)"));
  CHECK(holds(desk.get("/api/v1/users").answer_, R"("calls_refused":1,)"));
  const auto in_trouble = [&desk] {
    return desk.ask(port::HttpMethod::Get, "/api/v1/users", "", {{"trouble", "yes"}}).answer_;
  };
  CHECK(holds(in_trouble(), R"("name":"102x)"));
  const std::string excepted = "/api/v1/users/102" + std::string(60, 'x');
  REQUIRE(desk.ask(port::HttpMethod::Put, excepted, R"({"session_timer":"exempt"})").status_ ==
          200);
  CHECK_FALSE(holds(desk.get(excepted).answer_, "refused"));
  CHECK_FALSE(holds(in_trouble(), R"("name":"102x)"));
  CHECK_FALSE(holds(desk.get("/api/v1/refused").answer_, "\"name\":\"102x"));
}

}  // namespace
}  // namespace tipring::admin::test
