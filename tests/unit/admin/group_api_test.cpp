#include <vector>

#include "store_desk.h"

namespace tipring::admin::test {
namespace {

using port::HttpMethod;

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const FakeHttpExchange& put(StoreDesk& desk, const std::string& path, std::string body = "",
                            std::map<std::string, std::string> query = {}) {
  return desk.ask(HttpMethod::Put, "/api/v1/groups/" + path, std::move(body), std::move(query));
}

TEST_CASE("group api: a group is created, shown, changed and removed" *
          doctest::description("R17.2")) {
  StoreDesk desk;
  CHECK(put(desk, "home.example/600",
            R"({"display_name":"Sales","strategy":"round_robin","ring_timeout_s":45,)"
            R"("no_answer_to":"700","enabled":false})")
            .status_ == 201);
  CHECK(put(desk, "600", "", {{"mode", "create"}}).status_ == 409);
  CHECK(put(desk, "600", R"({"member_ring_s":"9"})").status_ == 200);
  const std::string shown = desk.get("/api/v1/groups/600").answer_;
  CHECK(shown.starts_with(R"({"group":{"name":"600","domain":"","display_name":"Sales",)"
                          R"("strategy":"round_robin","ring_timeout_s":45,"member_ring_s":9,)"
                          R"("no_answer_status":0,"no_answer_to":"700",)"
                          R"("no_answer_to_exists":false,"enabled":false,"member_count":0,)"));
  CHECK(desk.ask(HttpMethod::Patch, "/api/v1/groups/600", R"({"enabled":true})").status_ == 200);
  CHECK(desk.ask(HttpMethod::Patch, "/api/v1/groups/601", R"({"enabled":true})").status_ == 404);
  CHECK(put(desk, "601", "{}", {{"mode", "change"}}).status_ == 404);
  CHECK(holds(desk.get("/api/v1/groups/600").answer_, R"("enabled":true)"));
  CHECK(desk.ask(HttpMethod::Delete, "/api/v1/groups/600").answer_ == "{\"result\":\"deleted\"}\n");
  CHECK(desk.get("/api/v1/groups/600").status_ == 404);
  CHECK(desk.get("/api/v1/groups").answer_ == "{\"groups\":[]}\n");
}

TEST_CASE("group api: a group gets another name, and who names it follows" *
          doctest::description("R17.2")) {
  StoreDesk desk;
  desk.put("201");
  put(desk, "600", R"({"display_name":"Sales"})");
  put(desk, "600/members/201");
  put(desk, "610", R"({"no_answer_to":"600"})");
  const auto rename = [&](const char* name, const char* body = "") -> const FakeHttpExchange& {
    return desk.ask(HttpMethod::Patch, "/api/v1/groups/600", body, {{"name", name}});
  };
  CHECK(rename("610").status_ == 409);
  CHECK(rename("201").status_ == 409);
  CHECK(rename("7:0").status_ == 400);
  CHECK(rename("700@elsewhere.example").status_ == 400);
  CHECK(rename("700", R"({"enabled":false})").status_ == 400);
  CHECK(rename("700@home.example").answer_ == "{\"result\":\"renamed\"}\n");
  CHECK(rename("800").status_ == 404);
  CHECK(holds(desk.get("/api/v1/groups/700").answer_, R"("display_name":"Sales")"));
  CHECK(holds(desk.get("/api/v1/groups/700/members").answer_, R"("name":"201")"));
  CHECK(holds(desk.get("/api/v1/groups/610").answer_, R"("no_answer_to":"700")"));
}

TEST_CASE("group api: members are listed by order, with who they are" *
          doctest::description("R17.3")) {
  StoreDesk desk;
  desk.put("201");
  put(desk, "600");
  put(desk, "610");
  CHECK(put(desk, "600/members/nobody").status_ == 201);
  CHECK(put(desk, "600/members/610").status_ == 201);
  CHECK(
      put(desk, "home.example/600/members/201", R"({"order":1,"delay_s":3,"ring_s":8})").status_ ==
      201);
  CHECK(put(desk, "600/members/201", R"({"enabled":false})").status_ == 200);
  const std::string members = desk.get("/api/v1/groups/600/members").answer_;
  const size_t nobody = members.find(R"("name":"nobody","kind":"nobody","order":1)");
  const size_t user = members.find(R"("name":"201","kind":"user","phones":0,"order":1,)"
                                   R"("delay_s":3,"ring_s":8,"enabled":false)");
  const size_t group = members.find(R"("name":"610","kind":"group","order":2)");
  CHECK_MESSAGE(nobody < user, members);
  CHECK(user < group);
  CHECK(group != std::string::npos);
  CHECK(holds(desk.get("/api/v1/groups").answer_, R"("member_count":3,"members_enabled":2)"));
  CHECK(desk.ask(HttpMethod::Delete, "/api/v1/groups/600/members/610").answer_ ==
        "{\"result\":\"removed\"}\n");
  CHECK(desk.ask(HttpMethod::Delete, "/api/v1/groups/600/members/610").status_ == 404);
  CHECK(desk.ask(HttpMethod::Patch, "/api/v1/groups/600/members/610").status_ == 404);
  CHECK(put(desk, "600/members/201", "", {{"mode", "create"}}).status_ == 409);
  CHECK(desk.get("/api/v1/groups/601/members").status_ == 404);
}

TEST_CASE("group api: more changes at once than the store takes wait for their turn" *
          doctest::description("R17.2, R5.5")) {
  StoreDesk desk;
  std::vector<FakeHttpExchange*> changes;
  for (uint32_t i = 0; i < 2 * Channel::kGroupEndings; ++i) {
    const std::string path = "/api/v1/groups/" + std::to_string(600 + i);
    changes.push_back(&desk.begin(HttpMethod::Put, path));
  }
  desk.turn();
  FakeHttpExchange& behind = desk.begin(HttpMethod::Get, "/api/v1/status");
  desk.turn();
  CHECK(behind.replies_ == 0);
  desk.run(*changes.back());
  for (const FakeHttpExchange* change : changes)
    CHECK_MESSAGE(change->status_ == 201, change->answer_);
  CHECK(behind.status_ == 200);
}

TEST_CASE("group api: a change waits for none of users" * doctest::description("R17.2")) {
  StoreDesk desk;
  std::vector<FakeHttpExchange*> users;
  for (uint32_t i = 0; i < 2 * Channel::kGroupEndings; ++i) {
    const std::string path = "/api/v1/users/" + std::to_string(200 + i);
    users.push_back(&desk.begin(HttpMethod::Put, path, R"({"password":"x"})"));
  }
  desk.turn();
  FakeHttpExchange& group = desk.begin(HttpMethod::Put, "/api/v1/groups/600");
  FakeHttpExchange& behind = desk.begin(HttpMethod::Get, "/api/v1/status");
  desk.turn();
  CHECK(users.front()->replies_ == 0);
  CHECK(behind.status_ == 200);
  desk.run(group);
  CHECK(group.status_ == 201);
}

TEST_CASE("group api: each refusal says what is wrong" * doctest::description("R17.5")) {
  StoreDesk desk;
  desk.put("201");
  put(desk, "600");
  put(desk, "600/members/610");
  const auto refuses = [&](const FakeHttpExchange& answer, int status, std::string_view why) {
    CHECK_MESSAGE(answer.status_ == status, answer.answer_);
    CHECK_MESSAGE(holds(answer.answer_, why), answer.answer_);
  };
  refuses(put(desk, "201"), 409, "a user of this domain has that as name or alias");
  refuses(desk.put("600"), 409, "a hunt group of this domain has that as extension");
  refuses(put(desk, "610", R"({"no_answer_to":"600"})"), 409,
          "calls to the group would come back to it: 610 > 600 > 610");
  refuses(put(desk, "600/members/600"), 409, "600 > 600");
  refuses(put(desk, "a:b"), 400, "a group's name may not hold");
  refuses(put(desk, "600/members/a:b"), 400, "a member's name may not hold");
  refuses(put(desk, "600", "[]"), 400, "must be an object");
  refuses(put(desk, "600", "{"), 400, "not JSON");
  refuses(put(desk, "600", R"({"ring_timeout_s":1.5})"), 400, "ring_timeout_s must be a text");
  refuses(put(desk, "600", R"({"ring_timeout_s":3601})"), 400, "from 1 to 3600");
  refuses(put(desk, "600", R"({"colour":"red"})"), 400, "there are display_name");
  refuses(put(desk, "600/members/201", R"({"order":10000})"), 400, "order must be from 1 to 9999");
  refuses(put(desk, "600", "", {{"mode", "maybe"}}), 400, "mode must be");
  refuses(desk.ask(HttpMethod::Post, "/api/v1/groups/600"), 405, "takes GET, PUT, PATCH, DELETE");
  refuses(desk.ask(HttpMethod::Post, "/api/v1/groups/600/members/201"), 405,
          "takes PUT, PATCH, DELETE");
  refuses(put(desk, "600/members"), 405, "takes GET");
  refuses(desk.get("/api/v1/groups/"), 400, "at least 1 byte");
  desk.bench.host.files().faults().write_error = ENOSPC;
  refuses(put(desk, "601"), 507, "the disk is full");
}

TEST_CASE("group api: full pools are told apart") {
  store::Server::Settings settings;
  settings.limits.groups = 2;
  settings.limits.group_members = 33;
  StoreDesk desk(settings);
  put(desk, "600");
  put(desk, "601");
  CHECK(holds(put(desk, "602").answer_, "raise capacity.groups"));
  for (int i = 0; i < 32; ++i) put(desk, "600/members/m" + std::to_string(i));
  CHECK(holds(put(desk, "600/members/one-more").answer_, "a group has at most 32 members"));
  CHECK(put(desk, "601/members/a").status_ == 201);
  CHECK(holds(put(desk, "601/members/b").answer_, "raise capacity.group_members"));
  // Listings of more than a page are whole.
  const std::string members = desk.get("/api/v1/groups/600/members").answer_;
  CHECK(holds(members, "\"m0\""));
  CHECK(holds(members, "\"m31\""));
}

TEST_CASE("group api: the statistics of a group and of its members" *
          doctest::description("R17.4")) {
  StoreDesk desk;
  put(desk, "600");
  put(desk, "600/members/201");
  const Millis now = desk.bench.host.loop().now();
  store::Group* group = desk.bench.server->store().find_group("", "600");
  for (store::CallTally* tally : {&group->tally, &group->first_member()->tally}) {
    tally->on_offered();
    tally->on_answered(Millis(2'500), now);
    tally->on_ended(Millis(60'000), now);
    tally->on_offered();
    tally->on_abandoned();
    tally->on_offered();
  }
  desk.bench.run_for(Millis(5'000));
  constexpr std::string_view kTally =
      R"("offered":3,"answered":1,"elsewhere":0,"abandoned":1,"unanswered":0,"ringing":1,)"
      R"("talking":0,"answer_total_ms":2500,"answer_min_ms":2500,"answer_max_ms":2500,)"
      R"("talk_total_ms":60000,"last_answered_s":5})";
  CHECK(holds(desk.get("/api/v1/groups").answer_, kTally));
  CHECK(holds(desk.get("/api/v1/groups/600/members").answer_, kTally));
  CHECK(put(desk, "600", R"({"strategy":"random"})").status_ == 200);
  CHECK(holds(desk.get("/api/v1/groups/600").answer_, kTally));
}

}  // namespace
}  // namespace tipring::admin::test
