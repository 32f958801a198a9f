#include "store/storage_link.h"

#include "core/assert.h"

namespace tipring::store {
namespace {

// Replies that one turn of the loop handles; each may answer a REGISTER.
constexpr int kRepliesPerTurn = 256;

}  // namespace

void StorageLink::plan(const Limits& limits, MemoryPlan& plan) {
  const uint32_t slots = ring_slots(limits);
  plan.add("storage_requests", slots, sizeof(StoreRequest));
  plan.add("storage_replies", slots, sizeof(StoreReply));
  plan.add("storage_batch", slots, sizeof(StoreRequest));
}

StorageLink::StorageLink(Arena& arena, const Limits& limits, const StoreClock& clock, Millis window,
                         ReplyHandler& handler)
    : requests_(arena.take<StoreRequest>(ring_slots(limits))),
      replies_(arena.take<StoreReply>(ring_slots(limits))),
      task_(requests_, replies_, arena.take<StoreRequest>(ring_slots(limits)), window, clock),
      clock_(clock),
      handler_(handler),
      lazy_max_(lazy_max(limits)) {}

bool StorageLink::start(port::Loop& loop, port::Workers& workers, Connection& connection,
                        Writes& writes, FileKeeper& keeper, Errands& errands,
                        CallRecords& call_records, RecordKeeper& records) {
  wakeup_ = loop.make_wakeup(*this);
  if (wakeup_ == nullptr) return false;
  task_.connect(connection, writes, keeper, errands, records, *wakeup_);
  worker_ = workers.start("storage", task_);
  errands_ = &errands;
  errands.set_worker(worker_.get());
  records_ = &call_records;
  records_->set_worker(worker_.get());
  return worker_ != nullptr;
}

void StorageLink::stop() {
  errands_->set_worker(nullptr);
  records_->set_worker(nullptr);
  task_.hurry();
  worker_.reset();
}

void StorageLink::serve_here() {
  TIPRING_ASSERT(worker_ == nullptr);
  task_.serve(clock_.monotonic());
  while (take_reply()) {}
}

void StorageLink::push(StoreRequest request) {
  request.sent_at = clock_.monotonic();
  request.wall_offset = clock_.wall_offset();
  TIPRING_ASSERT(requests_.push(request));
  ++on_their_way_;
  if (is_lazy(request.kind)) ++lazy_out_;
  if (task_.needs_waking() && worker_ != nullptr) worker_->notify();
}

void StorageLink::on_wakeup() {
  for (int i = 0; i < kRepliesPerTurn; ++i) {
    if (!take_reply()) return;
  }
  wakeup_->notify();
}

bool StorageLink::take_reply() {
  const StoreReply* front = replies_.front();
  if (front == nullptr) return false;
  const StoreReply reply = *front;
  replies_.pop();
  --on_their_way_;
  if (is_lazy(reply.kind)) --lazy_out_;
  handler_.on_reply(reply);
  return true;
}

}  // namespace tipring::store
