#include <doctest/doctest.h>

#include "fake_desk.h"
#include "sip/method.h"

namespace tipring::admin::test {
namespace {

TEST_CASE("status and pools: facts and rows as JSON") {
  FakeDesk desk;
  PoolStats stats;
  stats.name = "dialogs";
  stats.capacity = 9;
  stats.in_use = 2;
  stats.high_water = 5;
  stats.refusals = 1;
  stats.item_bytes = 64;
  desk.pools.add(stats);
  CHECK(desk.get("/api/v1/status").answer_ ==
        "{\"status\":{\"version\":\"0.1.0\",\n\"users\":0}}\n");
  CHECK(desk.get("/api/v1/pools").answer_ ==
        R"({"pools":[{"name":"dialogs","capacity":9,"in_use":2,"high_water":5,"refusals":1,)"
        "\"item_bytes\":64}]}\n");
}

TEST_CASE("listings without rows: empty lists") {
  FakeDesk desk;
  CHECK(desk.get("/api/v1/users").answer_ == "{\"users\":[]}\n");
  CHECK(desk.get("/api/v1/registrations").answer_ == "{\"registrations\":[]}\n");
}

TEST_CASE("registrations: what peers sent is escaped, what is no UTF-8 replaced") {
  FakeDesk desk;
  BindingRow row;
  row.name = "100";
  row.contact = "sip:100@192.0.2.1;x=\"\\";
  row.received = "192.0.2.1:5060";
  row.transport = "udp";
  row.user_agent = "a\x01\xff\xc3\xa4";
  row.expires_s = 30;
  row.methods = 1U << static_cast<unsigned>(sip::Method::Invite) |
                1U << static_cast<unsigned>(sip::Method::Publish) |
                1U << static_cast<unsigned>(sip::Method::Other);
  desk.exchange.bindings.push_back(row);
  CHECK(desk.get("/api/v1/registrations").answer_ ==
        R"({"registrations":[{"name":"100","domain":"","contact":"sip:100@192.0.2.1;x=\"\\",)"
        R"("received":"192.0.2.1:5060","transport":"udp","user_agent":"a\u0001)"
        "\xef\xbf\xbd\xc3\xa4"
        R"(","expires_s":30,"q_thousandths":1000,"methods":["INVITE","PUBLISH"]}]})"
        "\n");
}

TEST_CASE("listing of many users: page by page, each turn bounded, nothing left out") {
  FakeDesk desk;
  for (int i = 0; i < 20000; ++i) desk.exchange.users[std::to_string(i) + "@"] = {};
  size_t rows = 0;
  std::string after;
  int requests = 0;
  do {
    const FakeHttpExchange& request = desk.get(
        "/api/v1/users", after.empty() ? std::map<std::string, std::string>{}
                                       : std::map<std::string, std::string>{{"after", after}});
    REQUIRE(request.status_ == 200);
    CHECK(request.answer_.size() < ListJob::kReplyMax + 4 * Page::kBytes);
    for (size_t at = 0; (at = request.answer_.find("{\"name\"", at)) != std::string::npos; ++at)
      ++rows;
    const size_t next = request.answer_.find("\"next\":\"");
    after = next == std::string::npos
                ? ""
                : request.answer_.substr(next + 8, request.answer_.rfind('"') - next - 8);
    ++requests;
  } while (!after.empty());
  CHECK(rows == 20000);
  CHECK(requests > 1);
}

TEST_CASE("longest texts of a registration: cut to what a page shows, the page holds them") {
  FakeDesk desk;
  const std::string text(70000, 'x');
  BindingRow row{text, text, text, text, text, text, 1, 1, UINT32_MAX};
  desk.exchange.bindings.assign(20, row);
  const FakeHttpExchange& request = desk.get("/api/v1/registrations");
  CHECK(request.status_ == 200);
  CHECK(request.answer_.size() < 20 * Page::kRowMax * 2);
}

TEST_CASE("listing with a cursor that is none: refused") {
  FakeDesk desk;
  CHECK(desk.get("/api/v1/users", {{"after", "x"}}).status_ == 400);
}

TEST_CASE("listing whose client goes: the rest is not asked for") {
  FakeDesk desk;
  for (int i = 0; i < 2000; ++i) desk.exchange.users[std::to_string(i) + "@"] = {};
  desk.ask(port::HttpMethod::Get, "/api/v1/users");
  desk.server.exchanges.clear();
  desk.run();
  CHECK(desk.channel.commands.front() == nullptr);
}

TEST_CASE("blocks: listed, and lifted by what the list shows" * doctest::description("C6")) {
  FakeDesk desk;
  CHECK(
      desk.get("/api/v1/blocks").answer_ ==
      R"({"blocks":[{"source":"192.0.2.7","user":"100","since_s":1,"remaining_s":59,"failures":10}]})"
      "\n");
  const auto lift = [&](std::map<std::string, std::string> query) {
    const FakeHttpExchange& request =
        desk.ask(port::HttpMethod::Delete, "/api/v1/blocks", "", std::move(query));
    desk.run();
    return request.status_;
  };
  CHECK(lift({{"source", "2001:db8:1:2::/64"}, {"user", "100"}}) == 200);
  CHECK(desk.exchange.lifted == "2001:db8:1:2:: 100");
  CHECK(lift({{"source", "192.0.2.7"}}) == 200);
  CHECK(desk.exchange.lifted == "192.0.2.7 ");
  for (const char* source : {"", "192.0.2.0/24", "x"}) CHECK(lift({{"source", source}}) == 400);
  desk.exchange.refusal = Outcome::NoBlock;
  CHECK(lift({{"source", "192.0.2.8"}}) == 404);
}

TEST_CASE("calls: what is not agreed upon is left out, and the page goes on" *
          doctest::description("R12.3")) {
  FakeDesk desk;
  CHECK(desk.get("/api/v1/calls").answer_ == "{\"calls\":[]}\n");
  CallRow row;
  row.id = (uint64_t{3} << 32) | 47;
  row.begun_ms = 1700000000123;
  row.caller = "sip:100@x";
  row.callee = "sip:200@x";
  row.call_id = "c\"1";
  desk.exchange.calls.push_back(row);
  row.id = (uint64_t{1} << 32);
  row.state = dialog::DialogState::Confirmed;
  row.answered_ms = 1700000001000;
  row.interval_s = 1800;
  row.refresher = dialog::Side::Callee;
  row.supervised = row.is_timed = true;
  row.refresh_s = 900;
  row.left_s = 1800;
  desk.exchange.calls.push_back(row);
  CHECK(desk.get("/api/v1/calls").answer_ ==
        R"({"calls":[{"id":"2f-3","state":"calling","begun_ms":1700000000123,"caller":"sip:100@x",)"
        R"("callee":"sip:200@x","call_id":"c\"1","supervised":false},)"
        "\n"
        R"({"id":"0-1","state":"confirmed","begun_ms":1700000000123,"answered_ms":1700000001000,)"
        R"("caller":"sip:100@x","callee":"sip:200@x","call_id":"c\"1","interval_s":1800,)"
        R"("refresher":"callee","refresh_s":900,"left_s":1800,"supervised":true}]})"
        "\n");
}

TEST_CASE("calls: one that is led through the server tells who has answered, and of both its legs" *
          doctest::description("R12.3, R18.4")) {
  FakeDesk desk;
  CallRow row;
  row.id = (uint64_t{1} << 32) | 0x80000002;
  row.caller = "sip:100@x";
  row.callee = "sip:600@x";
  row.call_id = "c";
  row.is_anchored = true;
  row.is_relayed = true;
  row.answered_by = "bob";
  row.interval_s = 1800;
  row.callee_interval_s = 90;
  row.callee_refresher = dialog::Side::Caller;
  row.callee_refresh_s = 44;
  row.callee_left_s = 89;
  desk.exchange.calls.push_back(row);
  CHECK(
      desk.get("/api/v1/calls").answer_ ==
      R"({"calls":[{"id":"80000002-1","state":"calling","begun_ms":0,"caller":"sip:100@x",)"
      R"("callee":"sip:600@x","call_id":"c","answered_by":"bob","media":"relayed",)"
      R"("interval_s":1800,"refresher":"caller","callee_interval_s":90,)"
      R"("callee_refresher":"caller","callee_refresh_s":44,"callee_left_s":89,"supervised":false}]})"
      "\n");
}

TEST_CASE("calls with the longest texts: cut to what a page shows, over several pages") {
  FakeDesk desk;
  const std::string text(4000, 'x');
  CallRow row;
  row.caller = row.callee = row.call_id = text;
  desk.exchange.calls.assign(20, row);
  const FakeHttpExchange& request = desk.get("/api/v1/calls");
  CHECK(request.status_ == 200);
  size_t rows = 0;
  for (size_t at = 0; (at = request.answer_.find("\"id\"", at)) != std::string::npos; ++at) ++rows;
  CHECK(rows == 20);
}

TEST_CASE("call: ended by what the list shows, and by nothing else") {
  FakeDesk desk;
  const auto end = [&](const std::string& id) {
    const FakeHttpExchange& request = desk.ask(port::HttpMethod::Delete, "/api/v1/calls/" + id, "");
    desk.run();
    return request.status_;
  };
  CHECK(end("2f-3") == 200);
  CHECK(desk.exchange.ended == ((uint64_t{3} << 32) | 47));
  for (const char* id : {"", "2f", "-", "2f-", "-3", "2f-3-1", "x-1", "100000000-1", "1-100000000"})
    CHECK_MESSAGE(end(id) == 400, id);
  desk.exchange.refusal = Outcome::NoCall;
  CHECK(end("ffffffff-ffffffff") == 404);
  CHECK(desk.exchange.ended == UINT64_MAX);
  desk.exchange.refusal = Outcome::NotAnswered;
  CHECK(end("0-1") == 409);
  CHECK(desk.get("/api/v1/calls/0-1").status_ == 405);
}

TEST_CASE("refused: each with the command that excepts the user" * doctest::description("C1")) {
  FakeDesk desk;
  CHECK(desk.get("/api/v1/refused").answer_ ==
        R"({"refused":[{"name":"100","domain":"branch.example","calls":3,"last_s":7,)"
        R"("source":"192.0.2.7:5060",)"
        R"("except":"tipringctl user set 100@branch.example session_timer=exempt"}]})"
        "\n");
  CHECK(desk.ask(port::HttpMethod::Delete, "/api/v1/refused", "").status_ == 405);
}

}  // namespace
}  // namespace tipring::admin::test
