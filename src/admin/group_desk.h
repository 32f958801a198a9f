// Hunt groups as the admin API sees them, over the store. On the loop's thread.
#pragma once

#include <cstdint>
#include <optional>

#include "admin/channel.h"
#include "port/loop.h"
#include "store/store.h"

namespace tipring::admin {

class LoopEndpoint;

// Refused for NotStored, which has a reason of its own.
Outcome outcome_of(store::GroupVerdict verdict, bool of_member);

class GroupDesk final : private store::GroupWaiter {
 public:
  // Both outlive it.
  // `revision_key`: see revision.h.
  GroupDesk(store::Store& store, const port::Loop& loop, const HashKey& revision_key)
      : store_(store), loop_(loop), revision_key_(revision_key) {}
  GroupDesk(const GroupDesk&) = delete;
  GroupDesk& operator=(const GroupDesk&) = delete;

  // Who is told of changes. Call before the first command.
  void set_endpoint(LoopEndpoint& endpoint) { endpoint_ = &endpoint; }

  // Of the kinds PutGroup to RemoveMember: the outcome, or nullopt when it comes by
  // LoopEndpoint::complete(), perhaps from within.
  std::optional<Outcome> change(const Command& command);

  // Of what the command, of one of these kinds, is to change; 0 when there is none.
  uint64_t revision(const Command& command) const;

  // Of the kinds ListGroups, ShowGroup and ListMembers: rows from command.cursor on. The cursor to
  // go on with, 0 at the end; nullopt when there is no such group.
  std::optional<uint64_t> show(const Command& command, Page& page) const;

 private:
  void on_group_changed(uint64_t tag, const store::GroupReply& reply) override;
  uint64_t list_groups(uint64_t cursor, Page& page) const;
  uint64_t list_members(const store::Group& group, uint64_t cursor, Page& page) const;
  GroupRow row_of(const store::Group& group) const;
  MemberRow row_of(const store::GroupMember& member) const;
  TallyRow row_of(const store::CallTally& tally) const;

  store::Store& store_;
  const port::Loop& loop_;
  const HashKey revision_key_;
  LoopEndpoint* endpoint_ = nullptr;
};

}  // namespace tipring::admin
