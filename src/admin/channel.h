// What the admin thread asks of the loop, and the two rings between them.
#pragma once

#include <cstdint>
#include <string_view>

#include "admin/group_fields.h"
#include "admin/page.h"
#include "admin/user_fields.h"
#include "admin/user_names.h"
#include "admin/user_secret.h"
#include "core/arena.h"
#include "core/fixed_text.h"
#include "core/memory_plan.h"
#include "core/spsc_ring.h"
#include "port/address.h"
#include "store/group_changes.h"
#include "store/group_loops.h"

namespace tipring::admin {

enum class PutMode : uint8_t { Create, Change, Either };

// How a command ended.
enum class Outcome : uint8_t {
  Done,  // listings, and removals
  Created,
  Changed,
  Exists,     // mode Create
  Taken,      // a name of it is one of another user's
  NotFound,   // mode Change, and removals
  UsersFull,  // capacity.users
  NoBlock,    // to lift
  Busy,       // too many changes wait for the disk: try again
  DiskFull,
  ReadOnly,
  Locked,  // by another process
  Corrupt,
  Io,
  FileMoved,  // removed, or another in its place
  Refused,    // by the store, for any other reason
  // The password's hashes are not made for this user's auth_name: the page has its row.
  OtherAuthName,
  NoSuchRegistration,
  NeedsPassword,  // a new user, or a new auth_name, for which the hashes that stand are no good
  KeepsPassword,  // a rename with hashes, of a user with an auth_name of its own
  NoTrace,        // capacity.trace is 0
  NoCall,
  TakenByGroup,  // a name of a user is one of a hunt group
  TakenByUser,   // of a hunt group: a user is called by it
  GroupExists,   // mode Create
  MemberExists,  // likewise
  NoGroup,
  NoMember,
  GroupsFull,    // capacity.groups
  MembersFull,   // capacity.group_members
  GroupFull,     // store::kGroupMembersMax
  GroupLoop,     // the page has a fact "loop"
  NotAnswered,   // a call that rings, to end
  NobodyStarts,  // the server anew, were it to end
  Stale,         // it is not of the revision that the client has seen
};

// Whether a phone has registered for a user.
enum class OnLine : uint8_t { Either, Yes, No };

// Which users a listing tells of.
struct UserFilter {
  std::string_view text;  // in lower case; each row holds it somewhere
  OnLine on_line = OnLine::Either;
  // Only those who have no password, or whose phone or its call was not let in.
  bool in_trouble = false;
};

struct Command {
  enum class Kind : uint8_t {
    Ping,
    Reload,
    Restart,
    Status,
    ListPools,
    CopyFigures,  // to where Service keeps them; nothing else of it is on its way
    ListUsers,
    ListCredentials,
    ListBindings,
    ListBlocks,
    ListRefused,
    ListUnknown,
    ListCalls,
    EndCall,
    LiftBlock,
    ShowUser,
    ListBindingsOfUser,
    PutUser,
    RenameUser,
    RemoveUser,
    RemoveBindings,
    StartTrace,
    StopTrace,
    ReadTrace,
    ListGroups,
    ShowGroup,
    ListMembers,
    PutGroup,
    RenameGroup,
    RemoveGroup,
    PutMember,
    RemoveMember,
  };

  Kind kind = Kind::Status;
  PutMode mode = PutMode::Either;
  uint64_t ticket = 0;
  // Of listings: 0, or what the last answer gave as `next`. Of StartTrace: for how many seconds. Of
  // EndCall: CallRow::id.
  uint64_t cursor = 0;
  FixedText<kNameMax> name;
  FixedText<kDomainMax> domain;
  // Of RenameUser, which the hashes are made for. Of RenameGroup. Of PutMember and RemoveMember: the member. Of
  // ListUsers and ListBindings: what each row holds somewhere.
  FixedText<kNameMax> new_name;
  uint32_t rows_max = UINT32_MAX;   // of listings
  OnLine on_line = OnLine::Either;  // of ListUsers
  bool in_trouble = false;          // of ListUsers
  uint64_t if_revision = 0;         // of changes: what stands is of this revision; 0: of any
  // Of PutUser: the hashes are made for fields.auth_name, whether that is to be set or not.
  UserFields fields;
  GroupFields group;    // of PutGroup
  MemberFields member;  // of PutMember
  bool has_secret = false;
  UserSecret secret;
  FixedText<kContactMax> contact;  // of RemoveBindings; empty: all
  port::IpAddress source;          // of LiftBlock, whose user is `name`; none: all of the source
};

struct Answer {
  uint64_t ticket = 0;
  Outcome outcome = Outcome::Done;
  uint64_t next = 0;  // cursor of the rows to come; 0 after the last
  Page page;
};

// The outcome of a change that waited for the disk: an answer without rows.
struct Ending {
  uint64_t ticket = 0;
  Outcome outcome = Outcome::Done;
  FixedText<store::GroupLoops::kPathMax> loop;  // of GroupLoop
};

struct Channel {
  static constexpr uint32_t kCommands = 32;
  static constexpr uint32_t kAnswers = 8;
  static constexpr uint32_t kEndings = 32;
  // Of hunt groups the store takes no more, so that the others wait for their turn in the ring.
  static constexpr uint32_t kGroupEndings = store::GroupChanges::kMax;

  static void plan(MemoryPlan& plan) {
    plan.add("admin_commands", kCommands, sizeof(Command));
    plan.add("admin_answers", kAnswers, sizeof(Answer));
    plan.add("admin_endings", kEndings, sizeof(Ending));
  }
  explicit Channel(Arena& arena)
      : commands(arena.take<Command>(kCommands)),
        answers(arena.take<Answer>(kAnswers)),
        endings(arena.take<Ending>(kEndings)) {}

  SpscRing<Command> commands;  // admin thread to loop
  SpscRing<Answer> answers;    // loop to admin thread, as are
  SpscRing<Ending> endings;    // those
};

}  // namespace tipring::admin
