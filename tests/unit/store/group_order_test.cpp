#include "store/group_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/group_table.h"

using namespace tipring;
using namespace tipring::store;

namespace {

using Names = std::vector<std::string>;

// One group, "600", in a table of its own.
class Bench {
 public:
  explicit Bench(GroupStrategy strategy) {
    GroupRecord record;
    record.name = "600";
    record.strategy = strategy;
    group_ = table_.make(record);
    REQUIRE(group_ != nullptr);
  }

  GroupMember& add(std::string_view name, uint16_t order, bool enabled = true) {
    MemberRecord record;
    record.name = name;
    record.order = order;
    record.enabled = enabled;
    GroupMember* member = table_.add_member(*group_, record, ++last_id_);
    REQUIRE(member != nullptr);
    return *member;
  }
  Names order(uint64_t random = 1) {
    Names names;
    for (const GroupMember* member : order_members(*group_, random))
      names.emplace_back(member->name());
    return names;
  }
  Group& group() { return *group_; }
  GroupTable& table() { return table_; }

 private:
  static size_t bytes() {
    MemoryPlan plan;
    GroupTable::plan(kTinyLimits, plan);
    return static_cast<size_t>(plan.arena_bytes());
  }
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  static std::byte* make_memory() {
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, bytes()));
    std::fill_n(memory, bytes(), std::byte{0});
    return memory;
  }

  std::unique_ptr<std::byte, Free> memory_{make_memory()};
  Arena arena_{std::span(memory_.get(), bytes())};
  GroupTable table_{arena_, kTinyLimits, HashKey{1, 2}};
  Group* group_ = nullptr;
  int64_t last_id_ = 0;
};

}  // namespace

TEST_CASE("group order: by order, then by age, and only who is enabled" *
          doctest::description("R15.2, R17.3")) {
  Bench bench(GroupStrategy::Sequential);
  bench.add("c", 2);
  bench.add("a", 1);
  bench.add("off", 1, false);
  bench.add("d", 2);
  bench.add("b", 1);
  CHECK(bench.order() == Names{"a", "b", "c", "d"});
  CHECK(bench.order() == Names{"a", "b", "c", "d"});
  CHECK(bench.group().member_count() == 5);
}

TEST_CASE("group order: a member that moves goes among its new equals by age") {
  Bench bench(GroupStrategy::All);
  GroupMember& a = bench.add("a", 1);
  bench.add("b", 2);
  bench.add("c", 2);
  MemberRecord moved;
  moved.order = 2;
  bench.table().set_member(a, moved);
  CHECK(bench.order() == Names{"a", "b", "c"});
  moved.order = 3;
  bench.table().set_member(a, moved);
  CHECK(bench.order() == Names{"b", "c", "a"});
}

TEST_CASE("group order: round robin begins one further each time") {
  Bench bench(GroupStrategy::RoundRobin);
  bench.add("a", 1);
  bench.add("b", 2);
  bench.add("c", 3);
  CHECK(bench.order() == Names{"a", "b", "c"});
  CHECK(bench.order() == Names{"b", "c", "a"});
  CHECK(bench.order() == Names{"c", "a", "b"});
  CHECK(bench.order() == Names{"a", "b", "c"});
}

TEST_CASE("group order: the turn outlives changes and passes on from whoever goes") {
  Bench bench(GroupStrategy::RoundRobin);
  bench.add("a", 1);
  GroupMember& b = bench.add("b", 2);
  bench.add("c", 3);
  CHECK(bench.order().front() == "a");
  MemberRecord off;
  off.order = 2;
  off.enabled = false;
  bench.table().set_member(b, off);
  CHECK(bench.order() == Names{"c", "a"});  // b is passed over
  off.enabled = true;
  bench.table().set_member(b, off);
  CHECK(bench.order().front() == "a");
  bench.table().remove_member(b);
  CHECK(bench.order() == Names{"c", "a"});
  CHECK(bench.order() == Names{"a", "c"});
  GroupRecord renamed;
  renamed.display_name = "Sales";
  renamed.strategy = GroupStrategy::RoundRobin;
  GroupTable::set(bench.group(), renamed);
  CHECK(bench.order() == Names{"c", "a"});
}

TEST_CASE("group order: the turn of the last one passes to the first, also when it goes") {
  Bench bench(GroupStrategy::RoundRobin);
  bench.add("a", 1);
  GroupMember& b = bench.add("b", 2);
  CHECK(bench.order().front() == "a");
  bench.table().remove_member(b);
  CHECK(bench.order() == Names{"a"});
  CHECK(bench.order() == Names{"a"});
}

TEST_CASE("group order: longest idle is who never talked, then who ended first, then who talks") {
  Bench bench(GroupStrategy::LongestIdle);
  GroupMember& a = bench.add("a", 1);
  GroupMember& b = bench.add("b", 2);
  GroupMember& c = bench.add("c", 3);
  bench.add("d", 4);
  bench.add("e", 5);
  const auto answer = [](GroupMember& member, int64_t at) {
    member.tally.on_offered();
    member.tally.on_answered(Millis(1000), Millis(at));
  };
  answer(a, 10'000);
  answer(b, 11'000);
  answer(c, 12'000);
  CHECK(bench.order() == Names{"d", "e", "a", "b", "c"});
  c.tally.on_ended(Millis(8'000), Millis(20'000));
  b.tally.on_ended(Millis(10'000), Millis(21'000));
  CHECK(bench.order() == Names{"d", "e", "c", "b", "a"});
}

TEST_CASE("group order: at random everybody is first now and then, and nobody is lost") {
  Bench bench(GroupStrategy::Random);
  const Names all = {"a", "b", "c", "d"};
  uint16_t order = 0;
  for (const std::string& name : all) bench.add(name, ++order);
  std::set<std::string> first;
  for (uint64_t random = 0; random < 64; ++random) {
    Names names = bench.order(random * 0x9e3779b97f4a7c15U);
    first.insert(names.front());
    std::sort(names.begin(), names.end());
    CHECK(names == all);
  }
  CHECK(first.size() == 4);
}

TEST_CASE("group order: no member, no call" * doctest::description("R15.5")) {
  for (const auto strategy : {GroupStrategy::All, GroupStrategy::RoundRobin,
                              GroupStrategy::LongestIdle, GroupStrategy::Random}) {
    Bench bench(strategy);
    CHECK(bench.order().empty());
    bench.add("off", 1, false);
    CHECK(bench.order().empty());
  }
}

TEST_CASE("group: how long a member rings" * doctest::description("R15.1")) {
  Bench bench(GroupStrategy::All);
  GroupRecord record;
  record.ring_timeout_s = 30;
  record.member_ring_s = 10;
  GroupTable::set(bench.group(), record);
  GroupMember& a = bench.add("a", 1);
  MemberRecord own;
  own.order = 1;
  CHECK(a.ring_time() == Millis(30'000));
  own.delay_s = 20;
  bench.table().set_member(a, own);
  CHECK(a.ring_time() == Millis(10'000));
  own.ring_s = 4;
  bench.table().set_member(a, own);
  CHECK(a.ring_time() == Millis(4'000));
  own.delay_s = 40;  // later than the group's end
  bench.table().set_member(a, own);
  CHECK(a.ring_time() == Millis(0));

  record.strategy = GroupStrategy::Sequential;
  GroupTable::set(bench.group(), record);
  CHECK(a.ring_time() == Millis(4'000));
  own.ring_s = 0;
  bench.table().set_member(a, own);
  CHECK(a.ring_time() == Millis(10'000));
}

TEST_CASE("call tally: each call ends in one way, and the times add up" *
          doctest::description("R17.4")) {
  CallTally tally;
  for (int i = 0; i < 6; ++i) tally.on_offered();
  CHECK(tally.ringing() == 6);
  tally.on_answered(Millis(3'000), Millis(10'000));
  tally.on_answered(Millis(1'000), Millis(12'000));
  tally.on_abandoned();
  tally.on_elsewhere();
  tally.on_unanswered();
  CHECK(tally.ringing() == 1);
  CHECK(tally.talking() == 2);
  CHECK(tally.answer_total() == Millis(4'000));
  CHECK(tally.answer_min() == Millis(1'000));
  CHECK(tally.answer_max() == Millis(3'000));
  CHECK(tally.last_answered() == Millis(12'000));
  tally.on_ended(Millis(60'000), Millis(70'000));
  CHECK(tally.talking() == 1);
  CHECK(tally.talk_total() == Millis(60'000));
  CHECK(tally.last_answered() == Millis(12'000));
}
