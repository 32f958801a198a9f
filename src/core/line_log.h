// Lines that one thread writes and the log's thread puts into a file of their own, as they are. When
// the ring between them is full, or the disk, lines are lost and counted; nobody waits.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/line_ring.h"
#include "core/rotating_file.h"
#include "port/worker.h"

namespace tipring {

// The end of the thread that writes.
class LineFront {
 public:
  // Borrows the ring. `worker` may be null until connect().
  explicit LineFront(LineRing& ring) : ring_(ring) {}

  void connect(port::Worker* worker) { worker_ = worker; }

  // Where an entry may be written, LineRing::kEntryMax bytes; empty when it is lost. Its text may be
  // of several lines and ends with a line end. commit() follows with its size.
  std::span<char> begin();
  void commit(size_t size);

  uint64_t written() const { return written_; }  // entries handed over, ever
  uint64_t lost() const { return lost_; }        // entries that found the ring full, ever

 private:
  LineRing& ring_;
  port::Worker* worker_ = nullptr;
  uint64_t written_ = 0;
  uint64_t lost_ = 0;
};

// The end of the log's thread.
class LineWriter final : public port::WorkerTask {
 public:
  // Borrows both.
  LineWriter(LineRing& ring, RotatingFile& file) : ring_(ring), file_(file) {}

  Millis serve(Millis now) override;

  // From any thread: entries that a failed disk has not taken, not even in part, ever.
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void flush();

  LineRing& ring_;
  RotatingFile& file_;
  std::array<char, 16384> text_;
  size_t size_ = 0;
  std::array<uint32_t, 1024> ends_;  // of the entries in the text
  size_t entries_ = 0;
  std::atomic<uint64_t> lost_{0};
};

}  // namespace tipring
