#include "server/b2bua/planner.h"

#include <algorithm>

#include "store/group_order.h"

namespace tipring::b2bua {

namespace {

constexpr size_t kNoFrame = SIZE_MAX;
constexpr uint8_t kNoStep = UINT8_MAX;
constexpr size_t kGroupsMax = 16;  // taken apart for one call
static_assert(RingPlan::kMembersMax < kNoStep);

uint16_t seconds(Millis time) {
  return static_cast<uint16_t>(std::clamp<int64_t>(time.count() / 1000, 0, UINT16_MAX));
}

// The shorter of two times of which 0 is none.
Millis shorter(Millis a, Millis b) {
  if (a == Millis(0)) return b;
  return b == Millis(0) ? a : std::min(a, b);
}

// Takes the groups apart. A frame for each group on the way to where it stands.
class Planner {
 public:
  Planner(const Directory& directory, RingPlan& plan, uint64_t random, Handle<store::User> caller)
      : directory_(directory), plan_(plan), random_(random), caller_(caller) {}

  void run(store::Group& group) {
    enter(group, {});
    while (depth_ > 0) {
      Frame& frame = frames_[depth_ - 1];
      if (frame.next == frame.order.count) {
        --depth_;
      } else {
        take(*frame.order.members[frame.next++], frame);
      }
    }
  }

 private:
  struct Frame {
    store::OrderedMembers order;
    Millis delay{0};             // of the entries that led here
    Millis ring{0};              // the shortest of theirs
    size_t together = kNoFrame;  // the outermost frame that rings all at once, of those up to here
    InnerSet within = 0;         // the groups that this one is within, and itself
    uint32_t next = 0;
    uint8_t step = kNoStep;  // of all below, where this is that frame
  };
  // What a group has from where it stands.
  struct Place {
    Millis delay{0};
    Millis ring{0};
    size_t together = kNoFrame;
    InnerSet within = 0;
    Handle<store::GroupMember> entry;  // null: it is the one that is called
  };

  void enter(store::Group& group, const Place& place) {
    if (!group.enabled() || depth_ == frames_.size() || seen_count_ == seen_.size()) return;
    for (size_t i = 0; i < seen_count_; ++i) {
      if (seen_[i] == &group) return;
    }
    seen_[seen_count_++] = &group;
    const bool all = group.strategy() == store::GroupStrategy::All;
    Frame& frame = frames_[depth_];
    frame.order = store::order_members(group, random_ + seen_count_);
    frame.delay = place.delay;
    frame.ring = place.ring;
    frame.together = place.together == kNoFrame && all ? depth_ : place.together;
    frame.within = static_cast<InnerSet>(place.within | note_inner(place.entry));
    frame.next = 0;
    frame.step = kNoStep;
    ++depth_;
  }

  InnerSet note_inner(Handle<store::GroupMember> entry) {
    if (!entry || plan_.inner_count == RingPlan::kInnerMax) return 0;
    plan_.inner[plan_.inner_count] = entry;
    return static_cast<InnerSet>(InnerSet{1} << plan_.inner_count++);
  }

  void take(const store::GroupMember& member, const Frame& frame) {
    const store::Extension found = directory_.find(member.group().domain(), member.name());
    const bool waits = member.group().strategy() == store::GroupStrategy::All;
    const Millis delay = frame.delay + (waits ? member.delay() : Millis(0));
    // Who would begin to ring when the time of his group is over does not ring at all.
    if (member.ring_time() == Millis(0)) return;
    const Millis ring = shorter(frame.ring, member.ring_time());
    if (found.group != nullptr)
      enter(*found.group,
            {delay, ring, frame.together, frame.within, directory_.handle_of(member)});
    if (found.user != nullptr) add(*found.user, member, frame, delay, ring);
  }

  void add(const store::User& user, const store::GroupMember& member, const Frame& frame,
           Millis delay, Millis ring) {
    const Handle<store::User> handle = directory_.handle_of(user);
    if (handle == caller_ || plan_.size() == RingPlan::kMembersMax || is_planned(handle)) return;
    PhoneList phones;
    directory_.find_phones(user, phones);
    if (phones.empty() && phones.out_of_reach() == 0) return;
    uint8_t step = frame.together == kNoFrame ? kNoStep : frames_[frame.together].step;
    if (step == kNoStep) step = plan_.steps();
    if (frame.together != kNoFrame) frames_[frame.together].step = step;
    PlannedMember planned;
    planned.member = directory_.handle_of(member);
    planned.step = step;
    planned.delay_s = seconds(delay);
    planned.ring_s = seconds(ring);
    planned.within = frame.within;
    users_[plan_.size()] = handle;
    plan_.add(planned);
  }

  bool is_planned(Handle<store::User> user) const {
    for (size_t i = 0; i < plan_.size(); ++i) {
      if (users_[i] == user) return true;
    }
    return false;
  }

  const Directory& directory_;
  RingPlan& plan_;
  const uint64_t random_;
  const Handle<store::User> caller_;
  size_t depth_ = 0;
  size_t seen_count_ = 0;
  std::array<Frame, store::kGroupDepthMax> frames_;
  std::array<const store::Group*, kGroupsMax> seen_;
  std::array<Handle<store::User>, RingPlan::kMembersMax> users_;  // of the plan's members
};

}  // namespace

void plan_group(const Directory& directory, store::Group& group, uint64_t random,
                Handle<store::User> caller, RingPlan& plan) {
  plan.count = plan.inner_count = 0;
  Planner(directory, plan, random, caller).run(group);
}

bool can_ring(const Directory& directory, const store::Group& group) {
  std::array<const store::Group*, kGroupsMax> groups{&group};
  size_t count = 1;
  const auto rings = [&](std::string_view domain, std::string_view name) {
    const store::Extension found = directory.find(domain, name);
    PhoneList phones;
    if (found.user != nullptr) directory.find_phones(*found.user, phones);
    const auto end = groups.begin() + count;
    const bool is_new = found.group != nullptr && count < groups.size() &&
                        std::find(groups.begin(), end, found.group) == end;
    if (is_new) groups[count++] = found.group;
    return !phones.empty();
  };
  for (size_t i = 0; i < count; ++i) {
    const store::Group& looked_at = *groups[i];
    for (const store::GroupMember* member = looked_at.first_member();
         looked_at.enabled() && member != nullptr; member = looked_at.next_member(*member)) {
      if (member->enabled() && rings(looked_at.domain(), member->name())) return true;
    }
    const std::string_view next = looked_at.no_answer_to();
    if (!next.empty() && rings(looked_at.domain(), next)) return true;
  }
  return false;
}

void plan_user(const Directory& directory, const store::User& user, RingPlan& plan) {
  plan.count = plan.inner_count = 0;
  PhoneList phones;
  directory.find_phones(user, phones);
  if (!phones.empty() || phones.out_of_reach() != 0) plan.add({});
}

}  // namespace tipring::b2bua
