#include "admin/group_desk.h"

#include <algorithm>

#include "admin/loop_endpoint.h"
#include "admin/revision.h"
#include "admin/store_exchange.h"

namespace tipring::admin {

namespace {

// Slots of the pool of groups that one command looks at.
constexpr uint32_t kSlotsPerPage = 64;

store::PutMode store_mode(PutMode mode) {
  switch (mode) {
    case PutMode::Create: return store::PutMode::Create;
    case PutMode::Change: return store::PutMode::Change;
    case PutMode::Either: break;
  }
  return store::PutMode::Either;
}

bool is_about_member(const Command& command) {
  return command.kind == Command::Kind::PutMember || command.kind == Command::Kind::RemoveMember;
}

// A tag is the command's ticket, and whether it was about a member.
uint64_t tag_of(const Command& command) {
  return command.ticket << 1 | (is_about_member(command) ? 1U : 0U);
}

uint64_t milliseconds(Millis time) { return static_cast<uint64_t>(time.count()); }

}  // namespace

Outcome outcome_of(store::GroupVerdict verdict, bool of_member) {
  switch (verdict) {
    case store::GroupVerdict::Created: return Outcome::Created;
    case store::GroupVerdict::Changed: return Outcome::Changed;
    case store::GroupVerdict::Renamed:
    case store::GroupVerdict::Removed: return Outcome::Done;
    case store::GroupVerdict::Exists:
      return of_member ? Outcome::MemberExists : Outcome::GroupExists;
    case store::GroupVerdict::Taken: return Outcome::TakenByUser;
    case store::GroupVerdict::NoGroup: return Outcome::NoGroup;
    case store::GroupVerdict::NoMember: return Outcome::NoMember;
    case store::GroupVerdict::GroupsFull: return Outcome::GroupsFull;
    case store::GroupVerdict::MembersFull: return Outcome::MembersFull;
    case store::GroupVerdict::GroupFull: return Outcome::GroupFull;
    case store::GroupVerdict::Loop: return Outcome::GroupLoop;
    case store::GroupVerdict::NotStored: return Outcome::Refused;
  }
  return Outcome::Refused;
}

std::optional<Outcome> GroupDesk::change(const Command& command) {
  const std::string_view domain = command.domain.view();
  const std::string_view name = command.name.view();
  const std::string_view member = command.new_name.view();
  const auto mode = store_mode(command.mode);
  const uint64_t tag = tag_of(command);
  Result<void> started = Error::Invalid;
  switch (command.kind) {
    case Command::Kind::PutGroup:
      started = store_.put_group(record_of(domain, name, command.group), mode, *this, tag);
      break;
    case Command::Kind::RenameGroup:
      started = store_.rename_group(domain, name, command.new_name.view(), *this, tag);
      break;
    case Command::Kind::RemoveGroup: started = store_.remove_group(domain, name, *this, tag); break;
    case Command::Kind::PutMember:
      started = store_.put_group_member(domain, name, record_of(member, command.member), mode,
                                        *this, tag);
      break;
    case Command::Kind::RemoveMember:
      started = store_.remove_group_member(domain, name, member, *this, tag);
      break;
    default: break;
  }
  if (started) return std::nullopt;
  return started.error() == Error::PoolExhausted ? Outcome::Busy : Outcome::Refused;
}

uint64_t GroupDesk::revision(const Command& command) const {
  const store::Group* group = store_.find_group(command.domain.view(), command.name.view());
  if (group == nullptr) return 0;
  if (!is_about_member(command)) return revision_of(revision_key_, *group);
  const store::GroupMember* member = group->find_member(command.new_name.view());
  return member == nullptr ? 0 : revision_of(revision_key_, *member);
}

void GroupDesk::on_group_changed(uint64_t tag, const store::GroupReply& reply) {
  const bool stored = reply.verdict != store::GroupVerdict::NotStored;
  const Outcome outcome = stored ? outcome_of(reply.verdict, (tag & 1) != 0)
                                 : outcome_of_status(reply.status, Outcome::Done);
  endpoint_->complete(tag >> 1, outcome, reply.loop);
}

std::optional<uint64_t> GroupDesk::show(const Command& command, Page& page) const {
  if (command.kind == Command::Kind::ListGroups) return list_groups(command.cursor, page);
  const store::Group* group = store_.find_group(command.domain.view(), command.name.view());
  if (group == nullptr) return std::nullopt;
  if (command.kind == Command::Kind::ListMembers) return list_members(*group, command.cursor, page);
  page.add(row_of(*group));
  return 0;
}

uint64_t GroupDesk::list_groups(uint64_t cursor, Page& page) const {
  auto slot = static_cast<uint32_t>(std::min<uint64_t>(cursor, UINT32_MAX));
  for (uint32_t looked_at = 0; looked_at < kSlotsPerPage && page.has_room(); ++looked_at) {
    slot = store_.walk_groups(slot, 1, [&](const store::Group& group) { page.add(row_of(group)); });
    if (slot == 0) break;
  }
  return slot;
}

uint64_t GroupDesk::list_members(const store::Group& group, uint64_t cursor, Page& page) const {
  uint64_t shown = 0;
  for (const store::GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member), ++shown) {
    if (shown < cursor) continue;
    if (!page.has_room()) return shown;
    page.add(row_of(*member));
  }
  return 0;
}

GroupRow GroupDesk::row_of(const store::Group& group) const {
  GroupRow row;
  row.name = group.name();
  row.domain = group.domain();
  row.display_name = group.display_name();
  row.strategy = group.strategy();
  row.ring_timeout_s = group.ring_timeout_s();
  row.member_ring_s = group.member_ring_s();
  row.no_answer_status = group.no_answer_status();
  row.no_answer_to = group.no_answer_to();
  row.no_answer_to_exists = row.no_answer_to.empty() || static_cast<bool>(store_.find_extension(
                                                            group.domain(), row.no_answer_to));
  row.enabled = group.enabled();
  row.members = group.member_count();
  for (const store::GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member))
    row.members_enabled += member->enabled() ? 1U : 0U;
  row.tally = row_of(group.tally);
  row.revision = revision_of(revision_key_, group);
  return row;
}

MemberRow GroupDesk::row_of(const store::GroupMember& member) const {
  const store::Extension called = store_.find_extension(member.group().domain(), member.name());
  MemberRow row;
  row.name = member.name();
  if (called.user != nullptr) row.kind = MemberKind::User;
  if (called.group != nullptr) row.kind = MemberKind::Group;
  row.phones = called.user != nullptr ? called.user->binding_count() : 0;
  row.order = member.order();
  row.delay_s = member.delay_s();
  row.ring_s = member.ring_s();
  row.enabled = member.enabled();
  row.tally = row_of(member.tally);
  row.revision = revision_of(revision_key_, member);
  return row;
}

TallyRow GroupDesk::row_of(const store::CallTally& tally) const {
  TallyRow row;
  row.offered = tally.offered();
  row.answered = tally.answered();
  row.elsewhere = tally.elsewhere();
  row.abandoned = tally.abandoned();
  row.unanswered = tally.unanswered();
  row.ringing = tally.ringing();
  row.talking = tally.talking();
  row.answer_total_ms = milliseconds(tally.answer_total());
  row.answer_min_ms = milliseconds(tally.answer_min());
  row.answer_max_ms = milliseconds(tally.answer_max());
  row.talk_total_ms = milliseconds(tally.talk_total());
  if (row.answered > 0)
    row.last_answered_s = milliseconds(loop_.now() - tally.last_answered()) / 1000;
  return row;
}

}  // namespace tipring::admin
