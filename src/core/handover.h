// The newest of a kind, given by one thread and taken by another.
#pragma once

#include <atomic>
#include <memory>

namespace tipring {

template <class T>
class Handover {
 public:
  Handover() = default;
  ~Handover() { take(); }
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // In place of one that was not taken yet, which is destroyed here.
  void give(std::unique_ptr<T> next) { swap(std::move(next)); }
  // Null when nothing was given since the last time.
  std::unique_ptr<T> take() { return swap(nullptr); }

 private:
  std::unique_ptr<T> swap(std::unique_ptr<T> next) {
    return std::unique_ptr<T>(box_.exchange(next.release(), std::memory_order_acq_rel));
  }

  std::atomic<T*> box_{nullptr};  // owned
};

}  // namespace tipring
