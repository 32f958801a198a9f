// What the parts of the transport layer share.
#pragma once

#include <array>

#include "core/hash.h"
#include "core/log_bursts.h"
#include "core/log_count.h"
#include "transport/listen_points.h"
#include "transport/trace.h"
#include "transport/transport.h"

namespace tipring::transport {

// A datagram that could not be sent, until its observer can be told.
struct SendFailure {
  SendObserver* observer = nullptr;
  uint64_t tag = 0;
  Error error = Error::Closed;
};

struct Shared {
  Shared(const TransportDependencies& given, const HashKey& key)
      : dependencies(given), hash_key(key), drops("dropped", given.log, given.timers) {}

  const TransportDependencies& dependencies;
  HashKey hash_key;
  TransportOptions options;
  MessageHandler* handler = nullptr;
  TransportCounters counters;
  ListenPoints points;
  FormerPoints former;
  Trace* trace = nullptr;
  LogCount shortages;
  LogBursts drops;  // by ParseFault

  Millis now() const { return dependencies.loop.now(); }

  // Of a datagram. Kept until the end of the turn, so that no observer is called from within its
  // own send(). Beyond so many the sender's timers tell it, as when a datagram is lost on its way.
  void fail(SendObserver* observer, uint64_t tag, Error error) {
    ++counters.send_failed;
    if (observer == nullptr || failure_count == failures.size()) return;
    failures[failure_count++] = {observer, tag, error};
  }

  bool traces() const { return trace != nullptr && trace->on(); }

  // False when there was nobody to tell. Observers may send, and fail, again.
  bool tell_failures() {
    if (failure_count == 0) return false;
    const size_t count = failure_count;
    const auto told = failures;
    failure_count = 0;
    for (size_t i = 0; i < count; ++i) told[i].observer->on_send_failed(told[i].tag, told[i].error);
    return true;
  }

  // No slab was free: something must wait or was lost.
  void note_shortage(uint64_t events = 1) {
    const uint64_t all = shortages.note(now(), events);
    if (all == 0) return;
    dependencies.log.warning("no_message_buffer", kv("events", all),
                             kv("help", "raise capacity.transactions or capacity.calls"));
  }
  void log_point(std::string_view event, const ListenPoint& point, std::string_view why = "") {
    char text[port::kAddressTextMax];
    const auto transport = kv("transport", sip::to_param(point.transport));
    const auto address = kv("address", port::write_address(point.bind, text));
    if (why.empty()) return dependencies.log.info(event, transport, address);
    dependencies.log.info(event, transport, address, kv("why", why));
  }
  void log_lost_point(const ListenPoint& point) {
    char text[port::kAddressTextMax];
    dependencies.log.error("listening_lost", kv("transport", sip::to_param(point.transport)),
                           kv("address", port::write_address(point.bind, text)),
                           kv("help", "it had to make way for another and cannot be opened again"));
  }
  // Nobody can be answered. Bytes of strangers come all day where a port is open to the world.
  void log_drop(sip::ParseFault why, const Flow& flow, std::string_view text) {
    const auto kind = static_cast<uint16_t>(why);
    if (!drops.admits(kind, LogLevel::Debug, now())) return;
    char address[port::kAddressTextMax];
    dependencies.log.debug("dropped", kv("why", sip::to_text(why)),
                           kv("source", port::write_address(flow.remote, address)),
                           kv("transport", sip::to_param(flow.transport)),
                           kv_cut("begins", text, 32));
  }
  void drop_for_want_of_buffer(uint64_t messages) {
    counters.dropped_no_buffer += messages;
    note_shortage(messages);
  }

  std::array<SendFailure, 128> failures;
  size_t failure_count = 0;
};

// Checks what has been framed and parsed, counts it and hands it up.
void deliver(Shared& shared, const sip::ParsedMessage& parsed, const MessageRef& buffer,
             const Flow& flow, bool by_group = false);

}  // namespace tipring::transport
