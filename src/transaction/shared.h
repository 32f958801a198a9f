// What the parts of the transaction layer share.
#pragma once

#include <algorithm>
#include <span>

#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "port/loop.h"
#include "sip/message.h"
#include "transaction/branch.h"
#include "transaction/matching.h"
#include "transaction/request_figures.h"
#include "transaction/transaction_layer.h"

namespace tipring::transaction {

// 17: whether the transport itself delivers, so that nothing needs to be sent twice.
constexpr bool is_reliable(sip::Transport transport) { return transport != sip::Transport::Udp; }

struct Shared {
  const TransactionDependencies& dependencies;
  BranchCodec branches;
  HashKey match_key;
  std::span<char>
      scratch;  // where every message of our own is written before it is copied to its slab
  TransactionCounters counters;
  RequestFigures figures = {};
  AnswerObserver* answer_observer = nullptr;
  const Incoming* current = nullptr;  // while it is being handled
  RequestKey current_key = {};        // of that, where it is a new request
  MessageRef current_kept = {};       // what its transaction keeps of it

  // A request that is kept, parsed: where it is the one that is being handled that has been done,
  // else it is done into `room`.
  sip::MessageView read(const MessageRef& kept, sip::HeaderIndex& room) const {
    if (is_current(kept)) return current->message;
    return sip::parse_message(kept.view(), room, sip::Framing::Datagram).view;
  }

  bool is_current(const MessageRef& message) const {
    return current != nullptr && (message.data() == current->buffer.data() ||
                                  (current_kept && message.data() == current_kept.data()));
  }

  // The time that timers start from. The wheel's stands still while the loop sleeps.
  Millis now() const {
    const Millis wheel = dependencies.timers.now();
    return dependencies.loop == nullptr ? wheel : std::max(wheel, dependencies.loop->now());
  }

  void start_timer(Timer& timer, Millis delay) const {
    dependencies.timers.start(timer, now() + delay);
  }

  // The bytes written at the front of `scratch`, in the smallest slab that is free. Null when there
  // is none.
  MessageRef take_scratch(size_t size) const {
    return dependencies.slabs.copy({scratch.data(), size});
  }
};

}  // namespace tipring::transaction
