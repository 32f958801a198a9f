#include "admin/loop_endpoint.h"

#include "core/assert.h"

namespace tipring::admin {

bool LoopEndpoint::can_serve() {
  return channel_.commands.front() != nullptr && channel_.answers.free() > open_;
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

void LoopEndpoint::complete(uint64_t ticket, Outcome outcome) {
  TIPRING_ASSERT(open_ > 0);
  --open_;
  answer(ticket, outcome);
}

void LoopEndpoint::serve_one(const Command& command) {
  std::optional<Outcome> outcome;
  const std::string_view name = command.name.view();
  const std::string_view domain = command.domain.view();
  // Counted before the call, since the exchange may complete it from within.
  ++open_;
  switch (command.kind) {
    case Command::Kind::PutUser:
      outcome = exchange_.put_user({domain, name, command.has_secret ? &command.secret : nullptr,
                                    command.mode, command.algorithms},
                                   command.ticket);
      break;
    case Command::Kind::RemoveUser:
      outcome = exchange_.remove_user(domain, name, command.ticket);
      break;
    case Command::Kind::Status:
    case Command::Kind::ListPools:
    case Command::Kind::ListUsers:
    case Command::Kind::ListBindings: list(command); return;
  }
  if (outcome) complete(command.ticket, *outcome);
}

void LoopEndpoint::list(const Command& command) {
  --open_;
  Answer* slot = channel_.answers.begin_push();
  TIPRING_ASSERT(slot != nullptr);
  slot->ticket = command.ticket;
  slot->outcome = Outcome::Done;
  slot->next = 0;
  slot->page.clear();
  if (command.kind == Command::Kind::Status) exchange_.status(slot->page);
  if (command.kind == Command::Kind::ListPools) slot->next = list_pools(command.cursor, slot->page);
  if (command.kind == Command::Kind::ListUsers)
    slot->next = exchange_.list_users(command.cursor, slot->page);
  if (command.kind == Command::Kind::ListBindings)
    slot->next = exchange_.list_bindings(command.cursor, slot->page);
  channel_.answers.commit_push();
  notify();
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

void LoopEndpoint::answer(uint64_t ticket, Outcome outcome) {
  Answer* slot = channel_.answers.begin_push();
  TIPRING_ASSERT(slot != nullptr);
  slot->ticket = ticket;
  slot->outcome = outcome;
  slot->next = 0;
  slot->page.clear();
  channel_.answers.commit_push();
  notify();
}

void LoopEndpoint::notify() {
  if (server_ != nullptr) server_->notify();
}

}  // namespace tipring::admin
