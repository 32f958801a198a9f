#include "store/group_order.h"

#include <algorithm>
#include <utility>

namespace tipring::store {
namespace {

// Fisher and Yates, with the numbers of one multiplicative generator (Knuth's MMIX).
void shuffle(OrderedMembers& ordered, uint64_t random) {
  for (uint32_t left = ordered.count; left > 1; --left) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    std::swap(ordered.members[left - 1], ordered.members[(random >> 33) % left]);
  }
}

// Begins with whose turn it is, or with the next one that is enabled.
void take_turn(Group& group, OrderedMembers& ordered) {
  const GroupMember* first = group.turn();
  while (first != nullptr && !first->enabled()) first = group.next_member(*first);
  auto* const begin = ordered.members.data();
  auto* const end = begin + ordered.count;
  auto* const place = std::find(begin, end, first);
  if (place != end) std::rotate(begin, place, end);
  group.set_turn(ordered.count > 0 ? group.next_member(**begin) : nullptr);
}

}  // namespace

OrderedMembers order_members(Group& group, uint64_t random) {
  OrderedMembers ordered;
  for (GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member)) {
    if (member->enabled() && ordered.count < kGroupMembersMax)
      ordered.members[ordered.count++] = member;
  }
  auto* const begin = ordered.members.data();
  switch (group.strategy()) {
    case GroupStrategy::All:
    case GroupStrategy::Sequential: break;
    case GroupStrategy::RoundRobin: take_turn(group, ordered); break;
    case GroupStrategy::LongestIdle:
      // Stable without memory: they are few, and in order already but for who has talked since.
      for (uint32_t i = 1; i < ordered.count; ++i) {
        for (uint32_t j = i; j > 0 && begin[j]->tally.idle_longer_than(begin[j - 1]->tally); --j)
          std::swap(begin[j], begin[j - 1]);
      }
      break;
    case GroupStrategy::Random: shuffle(ordered, random); break;
  }
  return ordered;
}

}  // namespace tipring::store
