#include "server/b2bua/known_plans.h"

#include "store/group.h"

namespace tipring::b2bua {

namespace {

constexpr std::string_view kName = "known_plans";

uint32_t entries_max(const Limits& limits) { return std::clamp(limits.b2bua_calls, 1u, 32u); }

}  // namespace

void KnownPlans::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add(kName, entries_max(limits), sizeof(Entry));
}

KnownPlans::KnownPlans(Arena& arena, const Limits& limits)
    : entries_(arena.take<Entry>(entries_max(limits))) {}

bool KnownPlans::find(const Directory& directory, uint64_t call, Handle<store::Group> group,
                      Millis now, RingPlan& plan) const {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.call == call && entry.group == group && entry.until > now;
  });
  plan.count = 0;
  if (known == entries_.end()) return false;
  plan.inner = known->plan.inner;
  plan.inner_count = known->plan.inner_count;
  uint8_t last = 0;
  for (size_t i = 0; i < known->plan.size(); ++i) {
    PlannedMember planned = known->plan[i];
    const store::GroupMember* member = directory.get(planned.member);
    if (member == nullptr || !member->enabled()) continue;
    // Without gaps where all of a step have gone.
    const bool same = plan.count != 0 && planned.step == last;
    last = planned.step;
    const uint8_t steps = plan.steps();
    planned.step = same ? static_cast<uint8_t>(steps - 1) : steps;
    plan.add(planned);
  }
  return plan.count != 0;
}

void KnownPlans::note(uint64_t call, Handle<store::Group> group, Millis now, const RingPlan& plan) {
  entries_[next_] = {call, group, now + kKept, plan};
  next_ = (next_ + 1) % entries_.size();
}

}  // namespace tipring::b2bua
