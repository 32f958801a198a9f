// Writes what is heard into a WAV file of 16 bits, on a thread of its own: the loop only hands the
// frames over.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/spsc_ring.h"
#include "port/files.h"
#include "port/worker.h"

namespace tipring::rtp {

class WavRecorder final : private port::WorkerTask {
 public:
  static constexpr size_t kFrameSamples = 160;

  WavRecorder();
  ~WavRecorder();  // as close()

  // Makes the file, which may block, or empties the one that is there. Returns an errno value, 0
  // for success.
  int open(port::Files& files, port::Workers& workers, std::string_view path);

  // From the loop. A frame that finds no room (the disk is stuck) is lost and counted.
  void write(std::span<const int16_t> frame);

  // Waits until all is written, and completes the header. The errno value of the first write that
  // has failed, 0 for none.
  int close();

  uint64_t lost_frames() const { return lost_; }

 private:
  struct Slot {
    std::array<int16_t, kFrameSamples> samples;
    size_t count = 0;
  };
  static constexpr size_t kSlots = 128;  // two and a half seconds

  Millis serve(Millis now) override;
  void flush();

  std::vector<Slot> slots_;
  SpscRing<Slot> ring_;
  std::unique_ptr<port::File> file_;
  std::unique_ptr<port::Worker> worker_;
  uint64_t lost_ = 0;
  // Of the worker's thread until it has been joined.
  std::vector<char> batch_;
  uint64_t data_bytes_ = 0;
  int error_ = 0;
};

}  // namespace tipring::rtp
