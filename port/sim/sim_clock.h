// Virtual time and seeded bytes.
#pragma once

#include "port/entropy.h"
#include "port/sim/sim_random.h"
#include "port/time.h"

namespace tipring::port {

class SimHost;

// While a worker runs, its clock is ahead by the time that its files have taken.
class SimClock final : public Clock {
 public:
  explicit SimClock(const SimHost& host) : host_(host) {}

  Millis monotonic() const override;
  Millis wall() const override { return monotonic() + wall_offset_; }

  // Steps the wall clock: as a time server or a board without a battery would.
  void set_wall(Millis wall) { wall_offset_ = wall - monotonic(); }

 private:
  const SimHost& host_;
  Millis wall_offset_{1'700'000'000'000};
};

// Of the host's own seed, so that the number of bytes drawn does not change what the network does.
class SimEntropy final : public Entropy {
 public:
  explicit SimEntropy(uint64_t seed) : random_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  SimRandom random_;
};

}  // namespace tipring::port
