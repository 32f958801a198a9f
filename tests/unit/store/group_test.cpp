#include <array>

#include "group_bench.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("groups: a created group is found when it is durable, and after a crash" *
          doctest::description("R15.1")) {
  GroupBench bench;
  GroupRecord record = group_record("600");
  record.domain = "branch.example";
  record.display_name = "Sales";
  record.strategy = GroupStrategy::LongestIdle;
  record.ring_timeout_s = 45;
  record.member_ring_s = 12;
  record.no_answer_to = "200";
  record.enabled = false;
  bench.begin(record);
  CHECK(bench.store().find_group("branch.example", "600") == nullptr);
  bench.run_until([&] { return !bench.answers.by_tag.empty(); });
  CHECK(bench.last().verdict == GroupVerdict::Created);
  MemberRecord member = member_record("201", 7);
  member.delay_s = 3;
  member.ring_s = 9;
  member.enabled = false;
  CHECK(bench.wait_for(bench.store().put_group_member(
            "branch.example", "600", member, PutMode::Create, bench.answers, ++bench.last_tag)) ==
        GroupVerdict::Created);

  const auto check = [](Store& store) {
    const Group* group = store.find_group("Branch.Example", "600");
    REQUIRE(group != nullptr);
    CHECK(group->domain() == "branch.example");
    CHECK(group->name() == "600");
    CHECK(group->display_name() == "Sales");
    CHECK(group->strategy() == GroupStrategy::LongestIdle);
    CHECK(group->ring_timeout() == Millis(45'000));
    CHECK(group->member_ring() == Millis(12'000));
    CHECK(group->no_answer_status() == 0);
    CHECK(group->no_answer_to() == "200");
    CHECK_FALSE(group->enabled());
    CHECK(store.find_group("", "600") == nullptr);
    CHECK(store.group_count() == 1);
    REQUIRE(group->member_count() == 1);
    const GroupMember* first = group->first_member();
    CHECK(first->name() == "201");
    CHECK(first->order() == 7);
    CHECK(first->delay_s() == 3);
    CHECK(first->ring_s() == 9);
    CHECK_FALSE(first->enabled());
  };
  check(bench.store());
  check(bench.crash().store());
  CHECK(bench.server->report.groups == 1);
}

TEST_CASE("groups: a change touches what it names, and the statistics and the turn go on" *
          doctest::description("R17.2, R17.3")) {
  GroupBench bench;
  GroupRecord record = group_record("600");
  record.display_name = "Sales";
  record.no_answer_status = 486;
  record.enabled = false;
  REQUIRE(bench.put(record) == GroupVerdict::Created);
  for (const char* name : {"201", "202"})
    REQUIRE(bench.put_member("600", member_record(name)) == GroupVerdict::Created);
  bench.group("600").tally.on_offered();
  bench.group("600").set_turn(bench.group("600").find_member("202"));
  const Handle<GroupMember> handle = bench.store().handle_of(*bench.group("600").first_member());

  GroupRecord slower = group_record("600");
  slower.ring_timeout_s = 90;
  slower.fields = kGroupRingTimeout;
  CHECK(bench.put(slower, PutMode::Change) == GroupVerdict::Changed);
  MemberRecord off = member_record("201");
  off.enabled = false;
  off.fields = kMemberEnabled;
  CHECK(bench.put_member("600", off, PutMode::Change) == GroupVerdict::Changed);

  const auto check = [](const Group& group) {
    CHECK(group.ring_timeout_s() == 90);
    CHECK(group.display_name() == "Sales");
    CHECK(group.no_answer_status() == 486);
    CHECK_FALSE(group.enabled());
    CHECK_FALSE(group.find_member("201")->enabled());
    CHECK(group.find_member("201")->order() == 1);
    CHECK(group.find_member("202")->enabled());
  };
  check(bench.group("600"));
  CHECK(bench.group("600").tally.offered() == 1);
  CHECK(bench.group("600").turn() == bench.group("600").find_member("202"));
  CHECK(bench.store().get(handle) == bench.group("600").find_member("201"));
  bench.crash();
  check(bench.group("600"));
}

TEST_CASE("groups: where nobody answers, a status takes the place of an extension") {
  GroupBench bench;
  GroupRecord record = group_record("600");
  record.no_answer_to = "200";
  REQUIRE(bench.put(record) == GroupVerdict::Created);
  GroupRecord status = group_record("600");
  status.no_answer_status = 480;
  status.fields = kGroupNoAnswer;
  REQUIRE(bench.put(status) == GroupVerdict::Changed);
  CHECK(bench.group("600").no_answer_to().empty());
  CHECK(bench.group("600").no_answer_status() == 480);
}

TEST_CASE("groups: members stand in their order, after a crash too") {
  GroupBench bench;
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  bench.put_member("600", member_record("d", 5));
  bench.put_member("600", member_record("a", 1));
  bench.put_member("600", member_record("b", 1));
  bench.put_member("600", member_record("e"));
  CHECK(bench.members("600") == Names{"a", "b", "d", "e"});
  CHECK(bench.group("600").find_member("e")->order() == 6);
  MemberRecord moved = member_record("d", 1);
  moved.fields = kMemberOrder;
  bench.put_member("600", moved);  // older than its new equals
  CHECK(bench.members("600") == Names{"d", "a", "b", "e"});
  bench.crash();
  CHECK(bench.members("600") == Names{"d", "a", "b", "e"});
}

TEST_CASE("groups: a removed group goes with its members, which can be used again") {
  Server::Settings settings;
  settings.limits.groups = 1;
  settings.limits.group_members = 2;
  GroupBench bench(settings);
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("201")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("202")) == GroupVerdict::Created);
  CHECK(bench.put_member("600", member_record("203")) == GroupVerdict::MembersFull);
  CHECK(bench.put(group_record("601")) == GroupVerdict::GroupsFull);
  const Handle<Group> group = bench.store().handle_of(bench.group("600"));
  const Handle<GroupMember> member = bench.store().handle_of(*bench.group("600").first_member());

  CHECK(bench.remove("600") == GroupVerdict::Removed);
  CHECK(bench.store().get(group) == nullptr);
  CHECK(bench.store().get(member) == nullptr);
  CHECK(bench.store().group_count() == 0);
  REQUIRE(bench.put(group_record("601")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("601", member_record("201")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("601", member_record("202")) == GroupVerdict::Created);
  CHECK(bench.remove_member("601", "201") == GroupVerdict::Removed);
  bench.crash();
  CHECK(bench.store().find_group("", "600") == nullptr);
  CHECK(bench.members("601") == Names{"202"});
}

TEST_CASE("groups: what is not there or there already is refused in words of its own" *
          doctest::description("R17.5")) {
  GroupBench bench;
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("201")) == GroupVerdict::Created);
  CHECK(bench.put(group_record("600"), PutMode::Create) == GroupVerdict::Exists);
  CHECK(bench.put(group_record("601"), PutMode::Change) == GroupVerdict::NoGroup);
  CHECK(bench.remove("601") == GroupVerdict::NoGroup);
  CHECK(bench.put_member("601", member_record("201")) == GroupVerdict::NoGroup);
  CHECK(bench.put_member("600", member_record("201"), PutMode::Create) == GroupVerdict::Exists);
  CHECK(bench.put_member("600", member_record("202"), PutMode::Change) == GroupVerdict::NoMember);
  CHECK(bench.remove_member("600", "202") == GroupVerdict::NoMember);
  CHECK(bench.remove_member("601", "201") == GroupVerdict::NoGroup);
  for (uint32_t i = 1; i < kGroupMembersMax; ++i)
    REQUIRE(bench.put_member("600", member_record("m" + std::to_string(i))) ==
            GroupVerdict::Created);
  CHECK(bench.put_member("600", member_record("one-more")) == GroupVerdict::GroupFull);
}

TEST_CASE("groups: what cannot be a group is refused at once" * doctest::description("R17.5")) {
  GroupBench bench;
  const auto refuses = [&](const GroupRecord& record) {
    const auto result = bench.store().put_group(record, PutMode::Either, bench.answers, 1);
    return !result && result.error() == Error::Invalid;
  };
  GroupRecord record = group_record("");
  CHECK(refuses(record));
  CHECK(refuses(group_record("6\n0")));
  CHECK(refuses(group_record(std::string(65, '6'))));
  record = group_record("600");
  record.domain = "Example.ORG";
  CHECK(refuses(record));
  record = group_record("600");
  record.ring_timeout_s = 0;
  CHECK(refuses(record));
  record.ring_timeout_s = 3601;
  CHECK(refuses(record));
  record = group_record("600");
  record.no_answer_status = 200;
  CHECK(refuses(record));
  record.no_answer_status = 480;
  record.no_answer_to = "200";
  CHECK(refuses(record));
  MemberRecord member = member_record("201", 10'000);
  CHECK_FALSE(bench.store().put_group_member("", "600", member, PutMode::Either, bench.answers, 2));
  CHECK(bench.answers.by_tag.empty());
}

TEST_CASE("groups: an extension belongs to a user or to a group" *
          doctest::description("R17.5: duplicate extension")) {
  GroupBench bench;
  bench.make_user("200");
  UserRecord alias;
  alias.name = "200";
  alias.aliases = "600";
  alias.fields = kAliases;
  REQUIRE(bench.store().put_user(alias, nullptr, PutMode::Change, bench.server->answers, 1));
  // The alias is not durable yet, but nobody else gets it.
  CHECK(bench.put(group_record("600")) == GroupVerdict::Taken);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(bench.put(group_record("600")) == GroupVerdict::Taken);
  CHECK(bench.put(group_record("200")) == GroupVerdict::Taken);
  REQUIRE(bench.put(group_record("700")) == GroupVerdict::Created);

  const auto put = [&](const UserRecord& record) {
    const auto result =
        bench.store().put_user(record, nullptr, PutMode::Either, bench.server->answers, 99);
    return result ? std::optional<Error>() : std::optional(result.error());
  };
  UserRecord user;
  user.name = "700";
  CHECK(put(user) == Error::TakenByGroup);
  user.name = "201";
  user.aliases = "100\n700";
  CHECK(put(user) == Error::TakenByGroup);
  CHECK(bench.store().rename_user("", "200", "700", nullptr, bench.server->answers, 99).error() ==
        Error::TakenByGroup);
  // The names of other domains are others.
  user.domain = "branch.example";
  user.name = "700";
  user.aliases = "";
  CHECK_FALSE(put(user).has_value());
  const Extension group = bench.store().find_extension("", "700");
  CHECK(group.group != nullptr);
  CHECK(group.user == nullptr);
  CHECK(bench.store().find_extension("", "600").user == &bench.server->user("200"));
  CHECK_FALSE(bench.store().find_extension("", "999"));
}

TEST_CASE("groups: a user that comes while a group of its name is on its way is refused") {
  GroupBench bench;
  bench.begin(group_record("600"));
  UserRecord user;
  user.name = "600";
  CHECK(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 1).error() ==
        Error::TakenByGroup);
  bench.begin(group_record("601"));  // waits for the first, so the user is earlier
  user.name = "601";
  REQUIRE(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 2));
  bench.run_until([&] { return bench.answers.by_tag.size() == 2; });
  CHECK(bench.answers.by_tag.at(1).verdict == GroupVerdict::Created);
  CHECK(bench.answers.by_tag.at(2).verdict == GroupVerdict::Taken);
}

TEST_CASE("groups: a change that closes a loop is refused, and the loop is named" *
          doctest::description("R17.5: loop of groups")) {
  GroupBench bench;
  for (const char* name : {"600", "610", "620", "630"})
    REQUIRE(bench.put(group_record(name)) == GroupVerdict::Created);
  CHECK(bench.put_member("600", member_record("600")) == GroupVerdict::Loop);
  CHECK(bench.last().loop == "600 > 600");
  REQUIRE(bench.put_member("600", member_record("610")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("610", member_record("201")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("610", member_record("620")) == GroupVerdict::Created);
  CHECK(bench.put_member("620", member_record("600")) == GroupVerdict::Loop);
  CHECK(bench.last().loop == "620 > 600 > 610 > 620");
  // The same group twice is no loop.
  CHECK(bench.put_member("600", member_record("620")) == GroupVerdict::Created);
  CHECK(bench.put_member("620", member_record("600")) == GroupVerdict::Loop);
  CHECK(bench.last().loop == "620 > 600 > 620");  // the shorter one

  GroupRecord to = group_record("620");
  to.no_answer_to = "610";
  to.fields = kGroupNoAnswer;
  CHECK(bench.put(to) == GroupVerdict::Loop);
  CHECK(bench.last().loop == "620 > 610 > 620");
  to.no_answer_to = "630";
  CHECK(bench.put(to) == GroupVerdict::Changed);
  CHECK(bench.put_member("630", member_record("600")) == GroupVerdict::Loop);
  // One that is to come, and is named already.
  REQUIRE(bench.put_member("600", member_record("640")) == GroupVerdict::Created);
  GroupRecord late = group_record("640");
  late.no_answer_to = "600";
  CHECK(bench.put(late) == GroupVerdict::Loop);
  CHECK(bench.last().loop == "640 > 600 > 640");
  late.no_answer_to = "";
  CHECK(bench.put(late) == GroupVerdict::Created);
}

TEST_CASE("groups: a rename takes members, counts and those who name it along, after a crash too" *
          doctest::description("R17.2")) {
  GroupBench bench;
  for (const char* name : {"600", "610", "620", "630"})
    REQUIRE(bench.put(group_record(name)) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("201")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("610", member_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("620", member_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("620", member_record("700")) == GroupVerdict::Created);
  GroupRecord to = group_record("630");
  to.no_answer_to = "600";
  to.fields = kGroupNoAnswer;
  REQUIRE(bench.put(to) == GroupVerdict::Changed);
  const Handle<Group> handle = bench.store().handle_of(bench.group("600"));
  bench.group("600").tally.on_offered();

  CHECK(bench.rename("600", "700") == GroupVerdict::Renamed);
  CHECK(bench.store().find_group("", "600") == nullptr);
  CHECK(bench.store().get(handle) == &bench.group("700"));
  CHECK(bench.group("700").tally.offered() == 1);
  for (int i = 0; i < 2; ++i) {
    CHECK(bench.members("700") == Names{"201"});
    CHECK(bench.members("610") == Names{"700"});
    CHECK(bench.members("620") == Names{"600", "700"});  // it had one of the new name
    CHECK(bench.group("630").no_answer_to() == "700");
    if (i == 0) bench.crash();
  }
  CHECK(bench.put(group_record("600"), PutMode::Create) == GroupVerdict::Created);
}

TEST_CASE("groups: a name that cannot be had is refused, while a rename is on its way too" *
          doctest::description("R17.5")) {
  GroupBench bench;
  for (const char* name : {"600", "610"})
    REQUIRE(bench.put(group_record(name)) == GroupVerdict::Created);
  bench.make_user("201");
  UserRecord user;
  CHECK(bench.rename("600", "610") == GroupVerdict::Exists);
  CHECK(bench.rename("600", "600") == GroupVerdict::Exists);
  CHECK(bench.rename("600", "201") == GroupVerdict::Taken);
  CHECK(bench.rename("999", "998") == GroupVerdict::NoGroup);
  CHECK(bench.store().rename_group("", "600", "", bench.answers, 99).error() == Error::Invalid);
  CHECK(bench.store().rename_group("", "600", std::string(65, '6'), bench.answers, 99).error() ==
        Error::Invalid);

  // Who names what nobody is called by so far.
  REQUIRE(bench.put_member("610", member_record("620")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("610")) == GroupVerdict::Created);
  CHECK(bench.rename("600", "620") == GroupVerdict::Loop);
  CHECK(bench.last().loop == "620 > 610 > 620");

  REQUIRE(bench.store().rename_group("", "600", "640", bench.answers, ++bench.last_tag));
  user.name = "640";
  CHECK(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 2).error() ==
        Error::TakenByGroup);
  bench.run_until([&] { return bench.answers.by_tag.contains(bench.last_tag); });
  CHECK(bench.last().verdict == GroupVerdict::Renamed);
  user.name = "600";
  CHECK(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 3));
}

namespace {

// Two groups, 600 and 610, a user 201, and changes that all want the name 640.
class Claims : public GroupBench {
 public:
  enum class Claim : uint8_t {
    RenameGroup,
    RenameOther,
    NewGroup,
    NewUser,
    NewAlias,
    RenameUser,
  };
  static constexpr std::array<Claim, 6> kAll = {Claim::RenameGroup, Claim::RenameOther,
                                                Claim::NewGroup,    Claim::NewUser,
                                                Claim::NewAlias,    Claim::RenameUser};

  Claims() {
    for (const char* name : {"600", "610"})
      REQUIRE(put(group_record(name)) == GroupVerdict::Created);
    make_user("201");
  }

  static bool is_of_group(Claim claim) { return claim <= Claim::NewGroup; }

  // Begins it, under this tag. Whether it was not refused at once.
  bool begin(Claim claim, uint64_t tag) {
    UserRecord user;
    user.name = claim == Claim::NewAlias ? "201" : "640";
    if (claim == Claim::NewAlias) {
      user.aliases = "640";
      user.fields = kAliases;
    }
    StoreWaiter& users = server->answers;
    const Credentials password = secret(3);
    switch (claim) {
      case Claim::RenameGroup: return begun(store().rename_group("", "600", "640", answers, tag));
      case Claim::RenameOther: return begun(store().rename_group("", "610", "640", answers, tag));
      case Claim::NewGroup:
        return begun(store().put_group(group_record("640"), PutMode::Create, answers, tag));
      case Claim::NewUser:
        return begun(store().put_user(user, nullptr, PutMode::Create, users, tag));
      case Claim::NewAlias:
        return begun(store().put_user(user, nullptr, PutMode::Change, users, tag));
      case Claim::RenameUser:
        return begun(store().rename_user("", "201", "640", &password, users, tag));
    }
    return false;
  }

  // What has become of it.
  bool has_won(Claim claim, uint64_t tag) {
    if (!is_of_group(claim)) return wait(tag) == StoreStatus::Durable;
    run_until([&] { return answers.by_tag.contains(tag); });
    const GroupVerdict verdict = answers.by_tag.at(tag).verdict;
    return verdict == GroupVerdict::Renamed || verdict == GroupVerdict::Created;
  }

  int holders() {
    const Extension found = store().find_extension("", "640");
    return int{found.user != nullptr} + int{found.group != nullptr};
  }

 private:
  static bool begun(const Result<void>& result) { return result.has_value(); }
};

}  // namespace

TEST_CASE("groups: of two changes under way that want one name the earlier one gets it" *
          doctest::description("R17.5")) {
  using Claim = Claims::Claim;
  for (const Claim first : Claims::kAll) {
    for (const Claim second : Claims::kAll) {
      if (first == second) continue;
      if (!Claims::is_of_group(first) && !Claims::is_of_group(second)) continue;
      CAPTURE(static_cast<int>(first));
      CAPTURE(static_cast<int>(second));
      Claims claims;
      REQUIRE(claims.begin(first, 101));
      const bool begun = claims.begin(second, 102);
      CHECK(claims.has_won(first, 101));
      CHECK_FALSE((begun && claims.has_won(second, 102)));
      CHECK(claims.holders() == 1);
      claims.crash();
      CHECK(claims.holders() == 1);
      CHECK((claims.store().find_group("", "640") != nullptr) == Claims::is_of_group(first));
    }
  }
}

TEST_CASE("groups: a rename that is not stored changes nothing, and its name is free" *
          doctest::description("R9.5")) {
  GroupBench bench;
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  bench.host.files().faults().write_error = ENOSPC;
  CHECK(bench.rename("600", "700") == GroupVerdict::NotStored);
  CHECK(bench.store().find_group("", "600") != nullptr);
  CHECK(bench.store().find_group("", "700") == nullptr);
  bench.host.files().faults().write_error = 0;
  UserRecord user;
  user.name = "700";
  CHECK(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 1));
}

TEST_CASE("groups: two changes that close a loop together, and the second is refused") {
  GroupBench bench;
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put(group_record("610")) == GroupVerdict::Created);
  const auto begin = [&](const char* group, const char* member) {
    REQUIRE(bench.store().put_group_member("", group, member_record(member), PutMode::Either,
                                           bench.answers, ++bench.last_tag));
    return bench.last_tag;
  };
  const uint64_t first = begin("600", "610");
  const uint64_t second = begin("610", "600");
  bench.run_until([&] { return bench.answers.by_tag.contains(second); });
  CHECK(bench.answers.by_tag.at(first).verdict == GroupVerdict::Created);
  CHECK(bench.answers.by_tag.at(second).verdict == GroupVerdict::Loop);
}

TEST_CASE("groups: a long loop is named with its middle left out") {
  GroupBench bench;
  const auto name = [](int i) { return std::string(60, 'g') + std::to_string(i); };
  for (int i = 0; i < 12; ++i) {
    REQUIRE(bench.put(group_record(name(i))) == GroupVerdict::Created);
    if (i > 0)
      REQUIRE(bench.put_member(name(i - 1), member_record(name(i))) == GroupVerdict::Created);
  }
  CHECK(bench.put_member(name(11), member_record(name(0))) == GroupVerdict::Loop);
  const std::string& loop = bench.last().loop;
  CHECK(loop.size() <= 512);
  CHECK(loop.starts_with(name(11) + " > " + name(0) + " > "));
  CHECK(loop.ends_with(" > ... > " + name(11)));
}

TEST_CASE("groups: a full disk changes nothing, and says so" *
          doctest::description("DESIGN: storage")) {
  GroupBench bench;
  REQUIRE(bench.put(group_record("600")) == GroupVerdict::Created);
  REQUIRE(bench.put_member("600", member_record("201")) == GroupVerdict::Created);
  bench.host.files().faults().write_error = ENOSPC;
  GroupRecord renamed = group_record("600");
  renamed.display_name = "Sales";
  CHECK(bench.put(renamed) == GroupVerdict::NotStored);
  CHECK(bench.last().status == StoreStatus::DiskFull);
  CHECK(bench.put(group_record("601")) == GroupVerdict::NotStored);
  CHECK(bench.put_member("600", member_record("202")) == GroupVerdict::NotStored);
  CHECK(bench.remove_member("600", "201") == GroupVerdict::NotStored);
  CHECK(bench.remove("600") == GroupVerdict::NotStored);
  CHECK(bench.group("600").display_name().empty());
  CHECK(bench.members("600") == Names{"201"});
  CHECK(bench.store().find_group("", "601") == nullptr);

  // Nobody has the extension of the group that came to nothing.
  UserRecord user;
  user.name = "601";
  CHECK(bench.store().put_user(user, nullptr, PutMode::Create, bench.server->answers, 1));
  REQUIRE(bench.wait(1) == StoreStatus::DiskFull);

  bench.host.files().faults().write_error = 0;
  CHECK(bench.put(group_record("601")) == GroupVerdict::Created);
  CHECK(bench.put_member("600", member_record("202")) == GroupVerdict::Created);
  bench.crash();
  CHECK(bench.members("600") == Names{"201", "202"});
  CHECK(bench.store().group_count() == 2);
}

TEST_CASE(
    "groups: too many changes at a time are refused, and all others are carried out in order") {
  GroupBench bench;
  std::vector<uint64_t> begun;
  for (int i = 0; i < 8; ++i) begun.push_back(bench.begin(group_record("60" + std::to_string(i))));
  const auto more =
      bench.store().put_group(group_record("609"), PutMode::Either, bench.answers, 99);
  REQUIRE_FALSE(more);
  CHECK(more.error() == Error::PoolExhausted);
  bench.run_until([&] { return bench.answers.order.size() == 8; });
  CHECK(bench.answers.order == begun);
  CHECK(bench.put(group_record("609")) == GroupVerdict::Created);
}

TEST_CASE("groups: those who wait when the store goes are not called") {
  GroupBench bench;
  bench.begin(group_record("600"));
  bench.begin(group_record("601"));
  bench.restart();
  CHECK(bench.answers.by_tag.empty());
  CHECK(bench.store().find_group("", "600") != nullptr);  // it was on its way
  CHECK(bench.store().find_group("", "601") == nullptr);
}

TEST_CASE("groups: more than fit into the memory are not loaded") {
  Server::Settings settings;
  settings.limits.groups = 2;
  settings.limits.group_members = 2;
  GroupBench bench(settings);
  for (const char* name : {"600", "601"})
    REQUIRE(bench.put(group_record(name)) == GroupVerdict::Created);
  for (const char* name : {"201", "202"})
    REQUIRE(bench.put_member("600", member_record(name)) == GroupVerdict::Created);
  bench.settings.limits.group_members = 1;
  bench.restart();
  CHECK(bench.server->report.status == StartStatus::DoesNotFit);
  CHECK(bench.server->report.message.find("Raise capacity.group_members") != std::string::npos);
  bench.settings.limits.groups = 1;
  bench.restart();
  CHECK(bench.server->report.status == StartStatus::DoesNotFit);
  CHECK(bench.server->report.message.find("Raise capacity.groups") != std::string::npos);
}
