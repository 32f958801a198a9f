// Hunt groups and their members, as listings show them.
#pragma once

#include <cstdint>
#include <string_view>

#include "store/group.h"

namespace tipring::admin {

// store::CallTally, in milliseconds.
struct TallyRow {
  uint32_t offered = 0;
  uint32_t answered = 0;
  uint32_t elsewhere = 0;
  uint32_t abandoned = 0;
  uint32_t unanswered = 0;
  uint32_t ringing = 0;
  uint32_t talking = 0;
  uint64_t answer_total_ms = 0;
  uint64_t answer_min_ms = 0;
  uint64_t answer_max_ms = 0;
  uint64_t talk_total_ms = 0;
  uint64_t last_answered_s = 0;  // how long ago, where answered > 0
};

struct GroupRow {
  std::string_view name;
  std::string_view domain;
  std::string_view display_name;
  store::GroupStrategy strategy = store::GroupStrategy::All;
  uint16_t ring_timeout_s = 0;
  uint16_t member_ring_s = 0;
  uint16_t no_answer_status = 0;
  std::string_view no_answer_to;
  bool no_answer_to_exists = true;
  bool enabled = true;
  uint32_t members = 0;
  uint32_t members_enabled = 0;
  TallyRow tally;
  uint64_t revision = 0;  // see revision.h
};

// Who is called by a member's name.
enum class MemberKind : uint8_t { Nobody, User, Group };

struct MemberRow {
  std::string_view name;
  MemberKind kind = MemberKind::Nobody;
  uint32_t phones = 0;  // of a user: registrations
  uint16_t order = 0;
  uint16_t delay_s = 0;
  uint16_t ring_s = 0;
  bool enabled = true;
  TallyRow tally;
  uint64_t revision = 0;  // see revision.h
};

}  // namespace tipring::admin
