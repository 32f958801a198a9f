// A hunt group: an extension that rings its members by a strategy until one of them answers.
//
// Names of members, and of who is called when nobody answers, are names in the group's own domain:
// of a user, by name or alias, or of another group. They need not exist: whoever rings a group looks
// them up (Store::find_extension) and passes over those that don't. The store refuses changes that
// make groups lead back to themselves, but who follows them counts the steps all the same
// (kGroupDepthMax): a file can be changed by hand.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/fixed_text.h"
#include "core/hash_table.h"
#include "core/list.h"
#include "port/time.h"
#include "store/call_tally.h"

namespace tipring::store {

inline constexpr size_t kExtensionMax = 64;     // bytes of a group's or member's name
inline constexpr size_t kGroupDomainMax = 253;  // RFC 1035 2.3.4
inline constexpr size_t kGroupDisplayMax = 128;
inline constexpr uint32_t kGroupMembersMax = 32;  // of one group
inline constexpr uint32_t kGroupDepthMax = 8;     // groups within groups that a call goes through
inline constexpr uint16_t kGroupTimeMax = 3600;   // any of the times below, in seconds

enum class GroupStrategy : uint8_t {
  All,          // each after its delay
  Sequential,   // one after the other, by order
  RoundRobin,   // likewise, beginning with the one after whoever was first the last time
  LongestIdle,  // likewise, beginning with whoever had no call of the group for longest
  Random,       // likewise, shuffled for each call
};
inline constexpr uint8_t kGroupStrategies = 5;

// What of a group may be changed on its own, as a mask.
inline constexpr uint8_t kGroupDisplayName = 1;
inline constexpr uint8_t kGroupStrategy = 2;
inline constexpr uint8_t kGroupRingTimeout = 4;
inline constexpr uint8_t kGroupMemberRing = 8;
inline constexpr uint8_t kGroupNoAnswer =
    16;  // the status and the extension: one takes the other's place
inline constexpr uint8_t kGroupEnabled = 32;
inline constexpr uint8_t kAllGroupFields = 63;

// What an administrator gives. Views are copied.
struct GroupRecord {
  std::string_view domain;  // empty: the default domain. Lower case
  std::string_view name;    // the extension; no user of the domain is called by it
  std::string_view display_name;
  GroupStrategy strategy = GroupStrategy::All;
  uint16_t ring_timeout_s = 60;   // 1 to kGroupTimeMax: how long the group rings in all
  uint16_t member_ring_s = 15;    // likewise: how long each rings where one rings after the other
  uint16_t no_answer_status = 0;  // 400 to 699, sent to the caller; 0: what the calls came to
  std::string_view no_answer_to;  // a user or group that gets the call instead; empty: nobody
  bool enabled = true;
  uint8_t fields = kAllGroupFields;  // those that count for a group that stands
};

inline constexpr uint8_t kMemberOrder = 1;
inline constexpr uint8_t kMemberDelay = 2;
inline constexpr uint8_t kMemberRing = 4;
inline constexpr uint8_t kMemberEnabled = 8;
inline constexpr uint8_t kAllMemberFields = 15;

struct MemberRecord {
  std::string_view name;
  uint16_t order = 0;    // 1 to 9999; among equals the older one comes first. 0: after all others
  uint16_t delay_s = 0;  // All: it begins to ring so much later than the group
  uint16_t ring_s = 0;   // how long it rings; 0: as the group says
  bool enabled = true;
  uint8_t fields = kAllMemberFields;  // those that count for a member that stands
};
inline constexpr uint16_t kMemberOrderMax = 9999;

class Group;

// A pointer to a member or a group is good until the loop's next turn; keep a handle beyond
// (Store::handle_of), which a change does not make stale, but a removal does.
class GroupMember {
 public:
  explicit GroupMember(Group& group) : group_(group) {}

  Group& group() const { return group_; }
  std::string_view name() const { return name_.view(); }
  uint16_t order() const { return order_; }
  uint16_t delay_s() const { return delay_s_; }
  uint16_t ring_s() const { return ring_s_; }  // its own; 0: as the group says
  bool enabled() const { return enabled_; }
  int64_t id() const { return id_; }  // its row in the file

  Millis delay() const { return Millis(int64_t{delay_s_} * 1000); }
  // How long it rings at most; with All never beyond the group's time, so that it may be zero.
  Millis ring_time() const;

  CallTally tally;  // for who carries the calls

 private:
  friend class Group;
  friend class GroupTable;

  Group& group_;
  int64_t id_ = 0;
  uint16_t order_ = 0;
  uint16_t delay_s_ = 0;
  uint16_t ring_s_ = 0;
  bool enabled_ = true;
  FixedText<kExtensionMax> name_;
  ListNode node_;
};

class Group {
 public:
  std::string_view domain() const { return domain_.view(); }
  std::string_view name() const { return name_.view(); }
  std::string_view display_name() const { return display_name_.view(); }
  GroupStrategy strategy() const { return strategy_; }
  uint16_t ring_timeout_s() const { return ring_timeout_s_; }
  uint16_t member_ring_s() const { return member_ring_s_; }
  uint16_t no_answer_status() const { return no_answer_status_; }
  std::string_view no_answer_to() const { return no_answer_to_.view(); }
  bool enabled() const { return enabled_; }
  int64_t id() const { return id_; }  // its row in the file

  Millis ring_timeout() const { return Millis(int64_t{ring_timeout_s_} * 1000); }
  Millis member_ring() const { return Millis(int64_t{member_ring_s_} * 1000); }

  // By order, disabled ones too.
  uint32_t member_count() const { return member_count_; }
  GroupMember* first_member() const { return members_.front(); }
  GroupMember* next_member(const GroupMember& member) const { return members_.next(member); }
  GroupMember* find_member(std::string_view name) const;

  // Whose turn it is to be rung first (RoundRobin); null: that of the first. It outlives changes of
  // the group, and passes on when the member is removed.
  GroupMember* turn() const { return turn_; }
  void set_turn(GroupMember* member) { turn_ = member; }

  CallTally tally;  // for who carries the calls

 private:
  friend class GroupTable;
  friend class GroupLoops;

  int64_t id_ = 0;
  GroupStrategy strategy_ = GroupStrategy::All;
  bool enabled_ = true;
  bool visible_ = false;  // false until its creation is durable
  uint16_t ring_timeout_s_ = 0;
  uint16_t member_ring_s_ = 0;
  uint16_t no_answer_status_ = 0;
  uint32_t member_count_ = 0;
  uint32_t search_ = 0;  // the last one that has come here, and how
  Group* search_from_ = nullptr;
  Group* search_next_ = nullptr;
  GroupMember* turn_ = nullptr;
  FixedText<kGroupDomainMax> domain_;
  FixedText<kExtensionMax> name_;
  FixedText<kExtensionMax> no_answer_to_;
  FixedText<kGroupDisplayMax> display_name_;
  HashNode name_node_;
  List<GroupMember, &GroupMember::node_> members_;
};

inline Millis GroupMember::ring_time() const {
  const Millis own(int64_t{ring_s_} * 1000);
  if (group_.strategy() != GroupStrategy::All) return ring_s_ > 0 ? own : group_.member_ring();
  const Millis left = std::max(group_.ring_timeout() - delay(), Millis(0));
  return ring_s_ > 0 ? std::min(own, left) : left;
}

}  // namespace tipring::store
