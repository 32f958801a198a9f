#include "admin/loop_endpoint.h"

#include <algorithm>
#include <array>

#include "core/assert.h"
#include "core/hash.h"

namespace tipring::admin {

namespace {

bool is_of_group(Command::Kind kind) {
  return kind == Command::Kind::PutGroup || kind == Command::Kind::RenameGroup ||
         kind == Command::Kind::RemoveGroup || kind == Command::Kind::PutMember ||
         kind == Command::Kind::RemoveMember;
}

// Users and groups share their names, so that one hash does for both.
uint64_t subject_of(const Command& command) {
  TableHasher64 hasher{HashKey()};
  hasher.add_sized(command.domain.view());
  hasher.add(command.name.view());
  return hasher.finish();
}

}  // namespace

bool LoopEndpoint::can_serve() {
  const Command* next = channel_.commands.front();
  if (next == nullptr || channel_.answers.free() == 0) return false;
  return channel_.endings.free() > open_ &&
         (groups_open_ < Channel::kGroupEndings || !is_of_group(next->kind));
}

bool LoopEndpoint::serve(size_t commands_max) {
  for (; commands_max > 0 && can_serve(); --commands_max) {
    Command& command = *channel_.commands.front();
    serve_one(command);
    command.secret.wipe();
    channel_.commands.pop();
  }
  return can_serve();
}

void LoopEndpoint::complete(uint64_t ticket, Outcome outcome, std::string_view loop) {
  close(ticket);
  Ending* slot = channel_.endings.begin_push();
  TIPRING_ASSERT(slot != nullptr);
  *slot = {ticket, outcome, FixedText<store::GroupLoops::kPathMax>(loop)};
  channel_.endings.commit_push();
  if (server_ != nullptr) server_->notify();
}

void LoopEndpoint::serve_one(const Command& command) {
  std::optional<Outcome> outcome = precondition(command);
  if (!outcome) {
    // Opened before the call, since the exchange may complete it from within.
    open(command);
    outcome = change(command);
    if (!outcome) return;
    close(command.ticket);
  }
  Answer& slot = begin_answer(command.ticket);
  slot.page.clear(command.rows_max);
  slot.outcome = *outcome;
  // The hashes are to be made again for the name that is shown here.
  if (*outcome == Outcome::OtherAuthName)
    exchange_.show_user(command.domain.view(), command.name.view(), slot.page);
  if (*outcome == Outcome::Done) show(command, slot);
  commit_answer();
}

void LoopEndpoint::open(const Command& command) {
  Open* place = std::find_if(opened_.begin(), opened_.end(),
                             [](const Open& open) { return open.ticket == 0; });
  TIPRING_ASSERT(place != opened_.end());
  *place = {command.ticket, subject_of(command), is_of_group(command.kind)};
  ++open_;
  groups_open_ += place->of_group ? 1 : 0;
}

void LoopEndpoint::close(uint64_t ticket) {
  Open* place = std::find_if(opened_.begin(), opened_.end(),
                             [&](const Open& open) { return open.ticket == ticket; });
  TIPRING_ASSERT(place != opened_.end());
  groups_open_ -= place->of_group ? 1 : 0;
  *place = {};
  --open_;
}

// RFC 9110 13.1.1. Of a change that is on its way to the disk nobody can have seen what it makes.
std::optional<Outcome> LoopEndpoint::precondition(const Command& command) const {
  if (command.if_revision == 0) return std::nullopt;
  const uint64_t subject = subject_of(command);
  const bool is_changing = std::any_of(opened_.begin(), opened_.end(), [&](const Open& open) {
    return open.ticket != 0 && open.subject == subject;
  });
  if (is_changing) return Outcome::Busy;
  const bool is_user = !is_of_group(command.kind);
  const uint64_t stands =
      is_user ? exchange_.revision_of_user(command.domain.view(), command.name.view())
              : (groups_ != nullptr ? groups_->revision(command) : 0);
  if (stands == command.if_revision) return std::nullopt;
  return Outcome::Stale;
}

// What a command changes: Done for those that only look.
std::optional<Outcome> LoopEndpoint::change(const Command& command) {
  const std::string_view name = command.name.view();
  const std::string_view domain = command.domain.view();
  switch (command.kind) {
    case Command::Kind::PutUser: {
      const UserSecret* secret = command.has_secret ? &command.secret : nullptr;
      return exchange_.put_user({domain, name, command.fields, secret, command.mode},
                                command.ticket);
    }
    case Command::Kind::RenameUser:
      return exchange_.rename_user(domain, name, command.new_name.view(),
                                   command.has_secret ? &command.secret : nullptr, command.ticket);
    case Command::Kind::LiftBlock: return exchange_.lift_block(command.source, name);
    case Command::Kind::EndCall: return exchange_.end_call(command.cursor);
    case Command::Kind::RemoveUser: return exchange_.remove_user(domain, name, command.ticket);
    case Command::Kind::RemoveBindings:
      return exchange_.remove_bindings(domain, name, command.contact.view(), command.ticket);
    case Command::Kind::StartTrace: return start_trace(command);
    case Command::Kind::Reload:
      if (control_ != nullptr) control_->reload();
      break;
    case Command::Kind::Restart:
      return control_ != nullptr && control_->restart() ? Outcome::Done : Outcome::NobodyStarts;
    case Command::Kind::StopTrace:
      if (trace_ != nullptr) trace_->stop();
      break;
    case Command::Kind::PutGroup:
    case Command::Kind::RenameGroup:
    case Command::Kind::RemoveGroup:
    case Command::Kind::PutMember:
    case Command::Kind::RemoveMember:
      return groups_ != nullptr ? groups_->change(command) : Outcome::NoGroup;
    case Command::Kind::ListGroups:
    case Command::Kind::ShowGroup:
    case Command::Kind::ListMembers:
    case Command::Kind::ReadTrace:
    case Command::Kind::Ping:
    case Command::Kind::Status:
    case Command::Kind::ListPools:
    case Command::Kind::CopyFigures:
    case Command::Kind::ListUsers:
    case Command::Kind::ListCredentials:
    case Command::Kind::ListBindings:
    case Command::Kind::ListBlocks:
    case Command::Kind::ListRefused:
    case Command::Kind::ListUnknown:
    case Command::Kind::ListCalls:
    case Command::Kind::ShowUser:
    case Command::Kind::ListBindingsOfUser: break;
  }
  return Outcome::Done;
}

void LoopEndpoint::show(const Command& command, Answer& answer) {
  const std::string_view name = command.name.view();
  const std::string_view domain = command.domain.view();
  std::optional<uint64_t> next = 0;
  switch (command.kind) {
    case Command::Kind::Status: exchange_.status(answer.page); break;
    case Command::Kind::CopyFigures:
      if (figure_source_ != nullptr) figure_source_->fill(*figures_);
      break;
    case Command::Kind::ListPools: next = list_pools(command.cursor, answer.page); break;
    case Command::Kind::ListUsers:
      next = exchange_.list_users(command.cursor,
                                  {command.new_name.view(), command.on_line, command.in_trouble},
                                  answer.page);
      break;
    case Command::Kind::ListCredentials:
      next = exchange_.list_credentials(command.cursor, answer.page);
      break;
    case Command::Kind::ListBindings:
      next = exchange_.list_bindings(command.cursor, command.new_name.view(), answer.page);
      break;
    case Command::Kind::ListBlocks:
      next = exchange_.list_blocks(command.cursor, answer.page);
      break;
    case Command::Kind::ListRefused:
      next = exchange_.list_refused(command.cursor, answer.page);
      break;
    case Command::Kind::ListUnknown:
      next = exchange_.list_unknown(command.cursor, answer.page);
      break;
    case Command::Kind::ListCalls: next = exchange_.list_calls(command.cursor, answer.page); break;
    case Command::Kind::ShowUser:
      if (!exchange_.show_user(domain, name, answer.page)) next = std::nullopt;
      break;
    case Command::Kind::ListBindingsOfUser:
      next = exchange_.list_bindings_of(domain, name, command.cursor, answer.page);
      break;
    case Command::Kind::ReadTrace: next = read_trace(command.cursor, answer.page); break;
    case Command::Kind::ListGroups:
    case Command::Kind::ShowGroup:
    case Command::Kind::ListMembers: return show_groups(command, answer);
    case Command::Kind::PutGroup:
    case Command::Kind::RenameGroup:
    case Command::Kind::RemoveGroup:
    case Command::Kind::PutMember:
    case Command::Kind::RemoveMember:
    case Command::Kind::Ping:
    case Command::Kind::Reload:
    case Command::Kind::Restart:
    case Command::Kind::LiftBlock:
    case Command::Kind::EndCall:
    case Command::Kind::StartTrace:
    case Command::Kind::StopTrace:
    case Command::Kind::PutUser:
    case Command::Kind::RenameUser:
    case Command::Kind::RemoveUser:
    case Command::Kind::RemoveBindings: break;
  }
  answer.next = next.value_or(0);
  if (!next) answer.outcome = Outcome::NotFound;
}

void LoopEndpoint::show_groups(const Command& command, Answer& answer) const {
  std::optional<uint64_t> next;
  if (groups_ != nullptr) next = groups_->show(command, answer.page);
  answer.next = next.value_or(0);
  if (!next) answer.outcome = Outcome::NoGroup;
}

Outcome LoopEndpoint::start_trace(const Command& command) {
  if (trace_ == nullptr) return Outcome::NoTrace;
  const Millis duration{static_cast<int64_t>(command.cursor) * 1000};
  return trace_->start(command.name.view(), duration) ? Outcome::Done : Outcome::NoTrace;
}

// A cursor is the number of a message and an offset in its text. What has been pushed out of the
// ring meanwhile is left out: the reader sees it by the numbers.
uint64_t LoopEndpoint::read_trace(uint64_t cursor, Page& page) const {
  constexpr unsigned kOffsetBits = 20;
  uint64_t number = cursor >> kOffsetBits;
  uint64_t offset = cursor & ((uint64_t{1} << kOffsetBits) - 1);
  while (trace_ != nullptr) {
    const auto entry = trace_->find(number);
    if (!entry) return 0;
    if (!page.has_room()) break;
    if (entry->number != number || offset > entry->text.size()) offset = 0;
    number = entry->number;
    std::array<char, port::kAddressTextMax> local;
    std::array<char, port::kAddressTextMax> remote;
    TraceRow row;
    row.number = number;
    row.time_ms = static_cast<uint64_t>(entry->wall.count());
    row.kind = entry->kind;
    row.of_subject = entry->of_subject;
    row.decision = entry->decision;
    row.call_id = entry->call_id;
    row.joins = entry->joins;
    if (!row.is_decision()) {
      row.transport = sip::to_param(entry->transport);
      row.local = port::write_address(entry->local, local);
      row.remote = port::write_address(entry->remote, remote);
    }
    row.offset = offset;
    row.kept = entry->text.size();
    row.size = entry->size;
    row.text = entry->text.substr(offset, kTracePieceMax);
    offset += row.text.size();
    if (offset == entry->text.size()) {
      ++number;
      offset = 0;
    }
    row.after = number << kOffsetBits | offset;
    page.add(row);
  }
  return number << kOffsetBits | offset;
}

uint64_t LoopEndpoint::list_pools(uint64_t cursor, Page& page) const {
  const auto pools = pools_.pools();
  for (; cursor < pools.size(); ++cursor) {
    if (!page.has_room()) return cursor;
    const PoolStats& pool = *pools[cursor];
    page.add(PoolRow{pool.name, pool.capacity, pool.in_use, pool.high_water, pool.item_bytes,
                     pool.refusals});
  }
  return 0;
}

Answer& LoopEndpoint::begin_answer(uint64_t ticket) {
  Answer* slot = channel_.answers.begin_push();
  TIPRING_ASSERT(slot != nullptr);
  slot->ticket = ticket;
  slot->outcome = Outcome::Done;
  slot->next = 0;
  slot->page.clear();
  return *slot;
}

void LoopEndpoint::commit_answer() {
  channel_.answers.commit_push();
  if (server_ != nullptr) server_->notify();
}

}  // namespace tipring::admin
