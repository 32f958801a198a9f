// What a simulated network has seen that must not happen. Looked at by tests after every step, so
// that the first one is reported near its cause.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "port/time.h"

namespace tipring::sim {

class Findings {
 public:
  void add(Millis now, const std::string& text) {
    lines_.push_back(std::to_string(now.count()) + " ms: " + text);
  }
  bool none() const { return lines_.empty(); }
  // The first few, for a test's message.
  std::string text() const {
    std::string all;
    for (size_t i = 0; i < std::min<size_t>(lines_.size(), 10); ++i) all += "\n  " + lines_[i];
    return all;
  }

 private:
  std::vector<std::string> lines_;
};

// What brings the run of a failed test back, to the last packet.
inline std::string replay(uint64_t seed) {
  const doctest::TestCaseData* const test = doctest::getContextOptions()->currentTest;
  return "repeat it with: TIPRING_SEED=" + std::to_string(seed) + " test_sim -tc=\"" +
         (test == nullptr ? "" : test->m_name) + "\"";
}

// The seeds of a test: those given, more of them in a long run, or the one of TIPRING_SEED, which
// repeats a failure.
inline std::vector<uint64_t> seeds(std::vector<uint64_t> usual) {
  if (const char* const only = std::getenv("TIPRING_SEED")) {
    return {std::strtoull(only, nullptr, 10)};
  }
  if (std::getenv("TIPRING_LONG") == nullptr) return usual;
  const size_t count = usual.size();
  for (size_t i = 0; i < 10 * count; ++i) usual.push_back(1000 + i);
  return usual;
}

}  // namespace tipring::sim
