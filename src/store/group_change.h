// A change of a hunt group on its way to the file.
#pragma once

#include "core/fixed_text.h"
#include "core/list.h"
#include "store/group.h"
#include "store/group_reply.h"
#include "store/store.h"

namespace tipring::store {

struct GroupChange {
  enum class Kind : uint8_t { PutGroup, RenameGroup, RemoveGroup, PutMember, RemoveMember };

  Kind kind = Kind::PutGroup;
  PutMode mode = PutMode::Either;
  bool creates = false;
  // What was asked for, completed when it is its turn by what stands. Their texts are views into
  // what follows, or into the group, which stays as it is meanwhile. The storage thread reads them.
  GroupRecord record;
  MemberRecord member;
  FixedText<kGroupDomainMax> domain;
  FixedText<kExtensionMax> name;
  FixedText<kExtensionMax> new_name;  // of RenameGroup
  FixedText<kGroupDisplayMax> display_name;
  FixedText<kExtensionMax> no_answer_to;
  FixedText<kExtensionMax> member_name;
  // Rows of the file; of what is new: what the storage thread found.
  int64_t group_id = 0;
  int64_t member_id = 0;
  Group* group = nullptr;           // once it is its turn
  GroupMember* standing = nullptr;  // likewise, when the member is there already
  GroupWaiter* waiter = nullptr;
  uint64_t tag = 0;
  ListNode node;
};

}  // namespace tipring::store
