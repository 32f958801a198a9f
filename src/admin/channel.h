// What the admin thread asks of the loop, and the two rings between them.
#pragma once

#include <cstdint>
#include <optional>

#include "admin/fixed_text.h"
#include "admin/page.h"
#include "admin/user_names.h"
#include "admin/user_secret.h"
#include "core/arena.h"
#include "core/memory_plan.h"
#include "core/spsc_ring.h"

namespace tipring::admin {

enum class PutMode : uint8_t { Create, Change, Either };

// How a command ended.
enum class Outcome : uint8_t {
  Done,  // listings, and removals
  Created,
  Changed,
  Exists,     // mode Create
  NotFound,   // mode Change, and removals
  UsersFull,  // capacity.users
  Busy,       // too many changes wait for the disk: try again
  DiskFull,
  ReadOnly,
  Locked,  // by another process
  Corrupt,
  Io,
  Refused,  // by the store, for any other reason
};

struct Command {
  enum class Kind : uint8_t { Status, ListPools, ListUsers, ListBindings, PutUser, RemoveUser };

  Kind kind = Kind::Status;
  PutMode mode = PutMode::Either;
  uint64_t ticket = 0;
  uint64_t cursor = 0;  // of listings: 0, or what the last answer gave as `next`
  FixedText<kNameMax> name;
  FixedText<kDomainMax> domain;
  bool has_secret = false;  // else a user keeps the one that it has
  UserSecret secret;
  std::optional<uint8_t> algorithms;  // of the user alone, a bit for each; nothing: as they are
};

struct Answer {
  uint64_t ticket = 0;
  Outcome outcome = Outcome::Done;
  uint64_t next = 0;  // cursor of the rows to come; 0 after the last
  Page page;
};

struct Channel {
  static constexpr uint32_t kCommands = 32;
  static constexpr uint32_t kAnswers = 16;

  static void plan(MemoryPlan& plan) {
    plan.add("admin_commands", kCommands, sizeof(Command));
    plan.add("admin_answers", kAnswers, sizeof(Answer));
  }
  explicit Channel(Arena& arena)
      : commands(arena.take<Command>(kCommands)), answers(arena.take<Answer>(kAnswers)) {}

  SpscRing<Command> commands;  // admin thread to loop
  SpscRing<Answer> answers;    // loop to admin thread
};

}  // namespace tipring::admin
