// Nanoseconds per call of a short operation, for the programs of tests/bench.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace tipring::test {

// The best of ten runs: the machine's noise only ever adds. What `operation` gives is summed and
// looked at, so that no call can be left out; a sum of 0 means that it failed, and ends the program.
template <class Operation>
double best_nanoseconds(unsigned rounds, const Operation& operation) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  size_t sum = 0;
  for (int run = 0; run < 10; ++run) {
    const auto start = Clock::now();
    for (unsigned round = 0; round < rounds; ++round) sum += operation();
    const std::chrono::duration<double, std::nano> took = Clock::now() - start;
    best = std::min(best, took.count() / rounds);
  }
  if (sum == 0) {
    std::fputs("bench: a text was refused\n", stderr);
    std::exit(1);
  }
  return best;
}

// The first argument as the number of rounds; ends the program when it is none.
inline unsigned rounds_of(int argc, char** argv, unsigned otherwise) {
  const unsigned rounds =
      argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : otherwise;
  if (rounds != 0) return rounds;
  std::fprintf(stderr, "usage: %s [rounds]\n", argv[0]);
  std::exit(2);
}

}  // namespace tipring::test
