#include "port/linux/timer_queue.h"

namespace tipring::port {

void TimerLink::unlink() {
  next->before = before;
  before->next = next;
  next = before = this;
}

void TimerLink::insert_before(TimerLink& position) {
  next = &position;
  before = position.before;
  before->next = this;
  position.before = this;
}

void TimerQueue::arm(TimerNode& node, Millis deadline) {
  node.unlink();
  node.deadline = deadline;
  if (deadline == kNever) return;
  TimerLink* position = &armed_;
  while (position->before != &armed_ &&
         static_cast<TimerNode*>(position->before)->deadline > deadline) {
    position = position->before;
  }
  node.insert_before(*position);
}

Millis TimerQueue::earliest() const {
  return armed_.linked() ? static_cast<const TimerNode*>(armed_.next)->deadline : kNever;
}

void TimerQueue::fire(Millis now) {
  while (earliest() <= now) {
    TimerLink* const link = armed_.next;
    link->unlink();
    link->insert_before(due_);
  }
  while (due_.linked()) {
    auto* const node = static_cast<TimerNode*>(due_.next);
    node->unlink();
    node->handler.on_timer(now);
  }
}

}  // namespace tipring::port
