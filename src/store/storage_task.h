// The storage thread: collects what arrives within the commit window, writes it in one transaction,
// in order of the rows, and tells all who wait. One sync of the disk serves them all. Between two
// commits it runs one errand of the admin thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "core/histogram.h"
#include "core/memory_plan.h"
#include "core/spsc_ring.h"
#include "port/loop.h"
#include "port/worker.h"
#include "store/errands.h"
#include "store/file_keeper.h"
#include "store/record_keeper.h"
#include "store/requests.h"
#include "store/store_clock.h"
#include "store/writes.h"

namespace tipring::store {

using RequestRing = SpscRing<StoreRequest>;
using ReplyRing = SpscRing<StoreReply>;

class StorageTask final : public port::WorkerTask {
 public:
  // Borrows all; `batch` holds as many as the ring.
  StorageTask(RequestRing& requests, ReplyRing& replies, std::span<StoreRequest> batch,
              Millis window, const StoreClock& clock)
      : requests_(requests), replies_(replies), batch_(batch), window_(window), clock_(clock) {}

  // Before the thread starts. All outlive it.
  void connect(Connection& connection, Writes& writes, FileKeeper& keeper, Errands& errands,
               RecordKeeper& records, port::Wakeup& wakeup);

  // From any thread: from now on nothing waits for company, and each errand is run once more at most.
  void hurry() { hurrying_.store(true, std::memory_order_relaxed); }

  Millis serve(Millis now) override;

  // From any thread: how long each transaction took.
  Histogram commit_times() const { return commit_times_.read(); }

  // On the loop, after each request: whether the thread is to be woken for it. Not while it waits
  // for the end of a window, unless half of a batch has come together.
  bool needs_waking() { return unwoken_.fetch_sub(1, std::memory_order_acq_rel) <= 1; }

 private:
  struct Outcome {
    StoreStatus status;
    int code;
  };

  bool collect();
  bool must_commit(Millis now) const;
  Millis rest_until(Millis end_of_window);
  void commit_batch(Millis now);
  Outcome write_with_records(std::span<const StoreRequest> requests, Millis now);
  StoreStatus ensure_file();
  bool serve_errands();
  void run_errand(Errand& errand);
  Outcome run_step(Errand& errand, bool& more);
  Outcome write_all(std::span<const StoreRequest> requests, const Millis* records_at = nullptr);
  int write(const StoreRequest& request);
  int write_update(const StoreRequest& request);
  int write_change(const StoreRequest& request);
  int write_group(const StoreRequest& request);
  Outcome finish(int code);
  void reply(std::span<const StoreRequest> requests, const Outcome& outcome);
  void checkpoint();

  RequestRing& requests_;
  ReplyRing& replies_;
  std::span<StoreRequest> batch_;
  Millis window_;
  const StoreClock& clock_;
  SharedHistogram commit_times_;
  std::atomic<bool> hurrying_{false};
  // Requests that may come without waking the thread; both sides change what they read, so that
  // whoever comes later sees what the other has done before.
  std::atomic<int32_t> unwoken_{0};
  size_t count_ = 0;
  Millis first_at_{0};
  int log_pages_ = 0;  // of the write-ahead log
  Connection* connection_ = nullptr;
  Writes* writes_ = nullptr;
  FileKeeper* keeper_ = nullptr;
  Errands* errands_ = nullptr;
  RecordKeeper* records_ = nullptr;
  port::Wakeup* wakeup_ = nullptr;
};

}  // namespace tipring::store
