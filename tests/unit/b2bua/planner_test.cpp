#include "server/b2bua/planner.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/group_table.h"

using namespace tipring;
using namespace tipring::b2bua;
using store::GroupStrategy;

namespace {

constexpr Limits kLimits = kTinyLimits;

// Groups as the store keeps them, and users who are nothing but a name.
class World final : public Directory {
 public:
  World()
      : memory_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kBytes)), &std::free),
        arena_(
            (std::fill_n(memory_.get(), kBytes, std::byte{0}), std::span(memory_.get(), kBytes))),
        groups_(arena_, kLimits, {1, 2}) {}

  std::set<std::string> away;
  std::set<std::string> out_of_reach;  // their phones are

  store::Group& group(const std::string& name, GroupStrategy strategy) {
    store::GroupRecord record;
    record.name = name;
    record.strategy = strategy;
    store::Group* group = groups_.make(record);
    REQUIRE(group != nullptr);
    groups_.show(*group, ++rows_);
    return *group;
  }
  store::GroupMember& member(store::Group& group, const std::string& name, uint16_t delay_s = 0,
                             uint16_t ring_s = 0) {
    store::MemberRecord record;
    record.name = name;
    record.delay_s = delay_s;
    record.ring_s = ring_s;
    store::GroupMember* member = groups_.add_member(group, record, ++rows_);
    REQUIRE(member != nullptr);
    return *member;
  }
  void disable(store::GroupMember& member) {
    store::MemberRecord record;
    record.enabled = false;
    record.fields = store::kMemberEnabled;
    record.order = member.order();
    groups_.set_member(member, record);
  }

  // "anna@0+5/15 ben@1": anna in step 0 after 5 s for 15 s.
  std::string plan(store::Group& group, const std::string& caller = "") {
    RingPlan plan;
    const Handle<store::User> calls = caller.empty() ? Handle<store::User>() : handle(caller);
    plan_group(*this, group, 1, calls, plan);
    std::string text;
    for (size_t i = 0; i < plan.size(); ++i) {
      if (i > 0) text += " ";
      text += groups_.get(plan[i].member)->name();
      text += "@" + std::to_string(plan[i].step);
      if (plan[i].delay_s > 0) text += "+" + std::to_string(plan[i].delay_s);
      text += "/" + std::to_string(plan[i].ring_s);
    }
    return text;
  }

  bool is_local(const sip::Uri&) const override { return false; }
  store::Extension find(const sip::Uri&) const override { return {}; }
  store::Extension find(std::string_view domain, std::string_view name) const override {
    if (store::Group* group = groups_.find(domain, name)) return {nullptr, group};
    if (name == "nobody") return {};
    // Nothing of a user is looked at here but where he is.
    return {reinterpret_cast<store::User*>(&users_[handle(std::string(name)).index]), nullptr};
  }
  void find_phones(const store::User& user, PhoneList& phones) const override {
    const std::string& name = names_[handle_of(user).index];
    if (out_of_reach.contains(name)) {
      phones.note_out_of_reach();
    } else if (!away.contains(name)) {
      phones.add({});
    }
  }
  store::User* get(Handle<store::User>) const override { return nullptr; }
  store::Group* get(Handle<store::Group> group) const override { return groups_.get(group); }
  store::GroupMember* get(Handle<store::GroupMember> member) const override {
    return groups_.get(member);
  }
  Handle<store::User> handle_of(const store::User& user) const override {
    const auto index = reinterpret_cast<const Slot*>(&user) - users_.data();
    return {static_cast<uint32_t>(index), 1};
  }
  Handle<store::Group> handle_of(const store::Group& group) const override {
    return groups_.handle_of(group);
  }
  Handle<store::GroupMember> handle_of(const store::GroupMember& member) const override {
    return groups_.handle_of(member);
  }

 private:
  struct Slot {
    alignas(64) char bytes[64];
  };
  static constexpr size_t kBytes = 1 << 20;

  Handle<store::User> handle(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    const auto index = static_cast<uint32_t>(found - names_.begin());
    if (found == names_.end()) names_.push_back(name);
    return {index, 1};
  }

  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
  Arena arena_;
  mutable store::GroupTable groups_;
  mutable std::vector<std::string> names_;
  mutable std::array<Slot, 64> users_{};
  int64_t rows_ = 0;
};

}  // namespace

TEST_CASE("planner: all at once is one step, each with its delay and what is left of the time" *
          doctest::description("R15.2")) {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::All);
  world.member(sales, "anna");
  world.member(sales, "ben", 5);
  world.member(sales, "cleo", 0, 10);
  world.member(sales, "late", 60);  // the group rings for 60 s
  CHECK(world.plan(sales) == "anna@0/60 ben@0+5/55 cleo@0/10");
}

TEST_CASE("planner: one after the other is a step for each, for the time that the group gives") {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::Sequential);
  world.member(sales, "anna", 7);  // a delay is of those that ring together
  world.member(sales, "ben", 0, 30);
  CHECK(world.plan(sales) == "anna@0/15 ben@1/30");
}

TEST_CASE("planner: who is disabled, unknown, without a phone or calling is left out" *
          doctest::description("R15.2")) {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::Sequential);
  world.member(sales, "anna");
  world.disable(world.member(sales, "ben"));
  world.member(sales, "nobody");
  world.member(sales, "cleo");
  world.member(sales, "dora");
  world.away = {"cleo"};
  CHECK(world.plan(sales) == "anna@0/15 dora@1/15");
  CHECK(world.plan(sales, "anna") == "dora@0/15");
  world.away = {"anna", "cleo", "dora"};
  CHECK(world.plan(sales).empty());
}

TEST_CASE("planner: whose phones cannot be reached has his turn, so that it is told of" *
          doctest::description("RFC 3261 26.2.2")) {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::Sequential);
  world.member(sales, "anna");
  world.member(sales, "ben");
  world.out_of_reach = {"anna"};
  CHECK(world.plan(sales) == "anna@0/15 ben@1/15");
  CHECK(can_ring(world, sales));
  world.out_of_reach = {"anna", "ben"};
  CHECK_FALSE(can_ring(world, sales));
}

TEST_CASE("planner: round robin begins with another one each time") {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::RoundRobin);
  world.member(sales, "anna");
  world.member(sales, "ben");
  world.member(sales, "cleo");
  CHECK(world.plan(sales) == "anna@0/15 ben@1/15 cleo@2/15");
  CHECK(world.plan(sales) == "ben@0/15 cleo@1/15 anna@2/15");
  CHECK(world.plan(sales) == "cleo@0/15 anna@1/15 ben@2/15");
}

TEST_CASE("planner: a group inside a group rings at its place by its own strategy") {
  World world;
  store::Group& outer = world.group("600", GroupStrategy::Sequential);
  world.member(outer, "anna");
  world.member(outer, "601", 0, 8);
  world.member(outer, "zoe");
  store::Group& inner = world.group("601", GroupStrategy::All);
  world.member(inner, "ben");
  world.member(inner, "cleo", 2, 5);
  CHECK(world.plan(outer) == "anna@0/15 ben@1/8 cleo@1+2/5 zoe@2/15");
}

TEST_CASE("planner: who is within which group is known, however deep" *
          doctest::description("R17.4")) {
  World world;
  store::Group& sales = world.group("600", GroupStrategy::All);
  store::Group& north = world.group("610", GroupStrategy::Sequential);
  store::Group& coast = world.group("611", GroupStrategy::All);
  world.member(sales, "anna");
  store::GroupMember& to_north = world.member(sales, "610");
  world.member(north, "ben");
  store::GroupMember& to_coast = world.member(north, "611");
  world.member(coast, "cleo");
  world.member(north, "dora");
  RingPlan plan;
  plan_group(world, sales, 1, {}, plan);
  REQUIRE(plan.size() == 4);
  REQUIRE(plan.inner_count == 2);
  CHECK(world.get(plan.inner[0]) == &to_north);
  CHECK(world.get(plan.inner[1]) == &to_coast);
  CHECK(plan[0].within == 0);
  CHECK(plan[1].within == 1);
  CHECK(plan[2].within == 3);
  CHECK(plan[3].within == 1);
  CHECK(plan.within(0b1001) == 1);
  CHECK(plan.within(0b0100) == 3);
}

TEST_CASE("planner: inside one that rings all at once all are of one step, and delays add up") {
  World world;
  store::Group& outer = world.group("600", GroupStrategy::All);
  world.member(outer, "anna");
  world.member(outer, "601", 5);
  world.member(outer, "zoe");
  store::Group& inner = world.group("601", GroupStrategy::Sequential);
  world.member(inner, "ben");
  world.member(inner, "602");
  store::Group& innermost = world.group("602", GroupStrategy::All);
  world.member(innermost, "cleo", 1);
  CHECK(world.plan(outer) == "anna@0/60 ben@0+5/15 cleo@0+6/15 zoe@0/60");
}

TEST_CASE("planner: a user rings once, and groups in a ring come to an end") {
  World world;
  store::Group& outer = world.group("600", GroupStrategy::Sequential);
  world.member(outer, "anna");
  world.member(outer, "601");
  world.member(outer, "ben");
  store::Group& inner = world.group("601", GroupStrategy::Sequential);
  world.member(inner, "600");
  world.member(inner, "anna");
  world.member(inner, "cleo");
  world.member(inner, "601");
  CHECK(world.plan(outer) == "anna@0/15 cleo@1/15 ben@2/15");
}
