// What tests do with hunt groups, beside the store's bench.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store_bench.h"

namespace tipring::store {

inline doctest::String toString(GroupVerdict verdict) {
  constexpr const char* kNames[] = {
      "created",   "changed",     "renamed",      "removed",    "exists", "taken",     "no group",
      "no member", "groups full", "members full", "group full", "loop",   "not stored"};
  return kNames[static_cast<size_t>(verdict)];
}

class GroupAnswers final : public GroupWaiter {
 public:
  struct Answer {
    GroupVerdict verdict;
    StoreStatus status;
    std::string loop;
  };

  void on_group_changed(uint64_t tag, const GroupReply& reply) override {
    order.push_back(tag);
    CHECK(by_tag.emplace(tag, Answer{reply.verdict, reply.status, std::string(reply.loop)}).second);
  }

  std::map<uint64_t, Answer> by_tag;
  std::vector<uint64_t> order;
};

inline GroupRecord group_record(std::string_view name) {
  GroupRecord record;
  record.name = name;
  return record;
}

inline MemberRecord member_record(std::string_view name, uint16_t order = 0) {
  MemberRecord record;
  record.name = name;
  record.order = order;
  return record;
}

// A bench whose changes of groups are waited for.
class GroupBench : public SimBench {
 public:
  using SimBench::SimBench;

  Store& store() { return server->store(); }
  GroupVerdict wait_for(const Result<void>& started) {
    REQUIRE(started);
    const uint64_t tag = last_tag;
    run_until([&] { return answers.by_tag.contains(tag); });
    REQUIRE(answers.by_tag.contains(tag));
    return answers.by_tag.at(tag).verdict;
  }
  GroupVerdict put(const GroupRecord& record, PutMode mode = PutMode::Either) {
    return wait_for(store().put_group(record, mode, answers, ++last_tag));
  }
  GroupVerdict rename(std::string_view name, std::string_view new_name) {
    return wait_for(store().rename_group("", name, new_name, answers, ++last_tag));
  }
  GroupVerdict remove(std::string_view name) {
    return wait_for(store().remove_group("", name, answers, ++last_tag));
  }
  GroupVerdict put_member(std::string_view group, const MemberRecord& record,
                          PutMode mode = PutMode::Either) {
    return wait_for(store().put_group_member("", group, record, mode, answers, ++last_tag));
  }
  GroupVerdict remove_member(std::string_view group, std::string_view name) {
    return wait_for(store().remove_group_member("", group, name, answers, ++last_tag));
  }
  // Without waiting; its tag.
  uint64_t begin(const GroupRecord& record) {
    REQUIRE(store().put_group(record, PutMode::Either, answers, ++last_tag));
    return last_tag;
  }
  const GroupAnswers::Answer& last() { return answers.by_tag.at(last_tag); }

  Group& group(std::string_view name) {
    Group* group = store().find_group("", name);
    REQUIRE(group != nullptr);
    return *group;
  }
  std::vector<std::string> members(std::string_view name) {
    std::vector<std::string> names;
    const Group& owner = group(name);
    for (const GroupMember* m = owner.first_member(); m != nullptr; m = owner.next_member(*m))
      names.emplace_back(m->name());
    return names;
  }

  GroupAnswers answers;
  uint64_t last_tag = 0;
};

using Names = std::vector<std::string>;

}  // namespace tipring::store
