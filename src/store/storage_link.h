// The loop's end of the way to the storage thread and back.
#pragma once

#include <cstdint>
#include <memory>

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "port/loop.h"
#include "port/worker.h"
#include "store/requests.h"
#include "store/storage_task.h"
#include "store/store_clock.h"

namespace tipring::store {

inline constexpr uint32_t kUserChangesMax = 32;  // on their way at one time
inline constexpr uint32_t kGroupChangesSent = 1;

class StorageLink final : private port::WakeupHandler {
 public:
  class ReplyHandler {
   public:
    virtual void on_reply(const StoreReply& reply) = 0;

   protected:
    ~ReplyHandler() = default;
  };

  // There is always room for every update and every change of a user or group; what is left is for lazy
  // writes.
  static constexpr uint32_t lazy_max(const Limits& limits) {
    return ring_slots(limits) - updates_max(limits) - kUserChangesMax - kGroupChangesSent;
  }
  static void plan(const Limits& limits, MemoryPlan& plan);

  StorageLink(Arena& arena, const Limits& limits, const StoreClock& clock, Millis window,
              ReplyHandler& handler);

  // False when the system gives no thread or no descriptor.
  bool start(port::Loop& loop, port::Workers& workers, Connection& connection, Writes& writes,
             FileKeeper& keeper, Errands& errands, CallRecords& call_records,
             RecordKeeper& records);
  // Waits until the thread has done what was handed to it, and ends it.
  void stop();
  // After stop(): does the thread's work, and handles what it replies.
  void serve_here();

  // REQUIRES: no more on their way than the limits say.
  void push(StoreRequest request);
  uint32_t lazy_room() const { return lazy_max_ - lazy_out_; }

  // Handed over, and not yet told of.
  uint32_t on_their_way() const { return on_their_way_; }
  uint32_t on_their_way_max() const { return static_cast<uint32_t>(requests_.capacity()); }
  Histogram commit_times() const { return task_.commit_times(); }

 private:
  static constexpr uint32_t ring_slots(const Limits& limits) {
    return std::bit_ceil(updates_max(limits) + kUserChangesMax + kGroupChangesSent + 127);
  }
  static constexpr bool is_lazy(RequestKind kind) {
    return kind == RequestKind::Refresh || kind == RequestKind::Delete ||
           kind == RequestKind::Probe;
  }
  void on_wakeup() override;
  bool take_reply();

  RequestRing requests_;
  ReplyRing replies_;
  StorageTask task_;
  const StoreClock& clock_;
  ReplyHandler& handler_;
  uint32_t lazy_max_;
  uint32_t lazy_out_ = 0;
  uint32_t on_their_way_ = 0;
  Errands* errands_ = nullptr;  // once started
  CallRecords* records_ = nullptr;
  std::unique_ptr<port::Wakeup> wakeup_;
  std::unique_ptr<port::Worker> worker_;
};

}  // namespace tipring::store
