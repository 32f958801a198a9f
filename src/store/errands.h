// Work of the admin thread on the database (accounts, listings of call records, backups), carried to
// the storage thread and back. The storage thread runs one errand after each commit at most, so that
// a REGISTER never waits for more than one. The loop's thread takes no part.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "core/spsc_ring.h"
#include "port/worker.h"
#include "store/store_status.h"

namespace tipring::store {

class Connection;

// Made by the admin thread on its heap, and destroyed there. Those that speak SQL live in src/store.
class Errand {
 public:
  enum class Kind : uint8_t {
    Read,   // outside of transactions
    Write,  // in a transaction of its own, which is durable when on_done() says so
  };
  struct Step {
    int code = 0;       // SQLite's result code; SQLITE_ROW and SQLITE_DONE are as good as SQLITE_OK
    bool more = false;  // run() is to be called again, after the commits and errands that wait
  };

  explicit Errand(Kind kind) : kind_(kind) {}
  virtual ~Errand() = default;
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  Kind kind() const { return kind_; }

  // On the storage thread: a bounded amount of work, such as a page of rows or a slice of a backup.
  // SQLite's memory is bounded too (SqliteMemory): no sort without an index, few statements at a
  // time, and none that outlives this call unless let_go() ends it.
  virtual Step run(Connection& database) = 0;
  // On the storage thread, between two calls of run(): the connection is to be closed. Whatever
  // belongs to it (statements, a backup) ends here; run() begins anew with another, or never.
  virtual void let_go() {}
  // On the admin thread, once. Durable: done. Otherwise what was at fault; nothing was changed by
  // the last call of run(), which the disk's state may have forestalled.
  virtual void on_done(StoreStatus status) = 0;

 private:
  Kind kind_;
};

// An errand that is one function, and one more for what it found: `run(Connection&, Value&)` gives
// the result code, `done(StoreStatus, Value&)` takes what run() has filled in.
template <class Value, class Run, class Done>
std::unique_ptr<Errand> make_errand(Errand::Kind kind, Run run, Done done) {
  class Simple final : public Errand {
   public:
    Simple(Kind errand_kind, Run run_it, Done tell)
        : Errand(errand_kind), run_(std::move(run_it)), done_(std::move(tell)) {}
    Step run(Connection& database) override { return {run_(database, value_), false}; }
    void on_done(StoreStatus status) override { done_(status, value_); }

   private:
    Run run_;
    Done done_;
    Value value_{};
  };
  return std::make_unique<Simple>(kind, std::move(run), std::move(done));
}

class Errands {
 public:
  // Handed over and not yet told of.
  static constexpr size_t kMax = 32;

  Errands() : to_do_(to_do_slots_), done_(done_slots_) {}
  // Those that are left are destroyed and told nothing. REQUIRES: neither thread uses it any more.
  ~Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  // --- on the admin thread, which is one; while the store is open --------------------------------

  // False, and the errand is gone: as many as may are on their way (answer 503), or there is no
  // open file.
  [[nodiscard]] bool hand_over(std::unique_ptr<Errand> errand);
  // Calls on_done() of those that have been run. Returns whether there were any.
  bool poll();

  // From any thread: what to call, on the storage thread, when poll() has something to do; nothing
  // that blocks. After it was changed, the one before is not called any more, nor is it in a call.
  void set_notify(const std::function<void()>* notify);

  // --- on the storage thread ---------------------------------------------------------------------

  // The errand whose turn it is, which finish() or postpone() follows; null when none waits.
  Errand* next();
  bool any_waiting() { return next() != nullptr; }
  void finish(StoreStatus status);
  void postpone();
  // Of all that wait: the connection is to be closed.
  void let_go();

  // --- at start and stop -------------------------------------------------------------------------

  // Before the admin thread starts; null after it has ended.
  void set_worker(port::Worker* worker) { worker_ = worker; }

 private:
  struct Finished {
    Errand* errand = nullptr;  // owned
    StoreStatus status = StoreStatus::Durable;
  };

  void collect();
  void drop_first();
  void notify();

  std::array<Errand*, kMax> to_do_slots_{};
  std::array<Finished, kMax> done_slots_{};
  SpscRing<Errand*> to_do_;  // admin thread to storage thread; owned
  SpscRing<Finished> done_;  // and back
  size_t on_their_way_ = 0;  // the admin thread's
  port::Worker* worker_ = nullptr;

  // The storage thread's: those that were taken out of the ring, in order of their turns.
  std::array<Errand*, kMax> waiting_{};
  size_t waiting_count_ = 0;

  std::atomic<const std::function<void()>*> notify_{nullptr};
  std::atomic<bool> notifying_{false};
};

}  // namespace tipring::store
