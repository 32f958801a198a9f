// Holds back who guesses: after a few failures from a source, or with a name, each further try has
// to wait, twice as long every time. And not many passwords are checked in a second, since each
// takes a good part of it.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "port/address.h"
#include "port/time.h"

namespace tipring::admin {

class Backoff {
 public:
  static constexpr uint32_t kFreeOfSource = 5;
  static constexpr uint32_t kFreeOfName = 10;
  static constexpr Millis kFirstWait{1000};
  static constexpr Millis kLongestWait{60'000};

  // How long the try has to wait; zero: it may go on, and counts as one.
  Millis ask(const port::IpAddress& source, std::string_view name, Millis now);
  void fail(const port::IpAddress& source, std::string_view name, Millis now);
  // Whoever knows the password is forgiven; others who guess at the name are held on.
  void succeed(const port::IpAddress& source);

 private:
  struct Entry {
    std::string key;
    uint32_t failures = 0;
    Millis until{};
    Millis last{};
  };

  Entry* find(std::string_view key, Millis now);
  void count(std::string_view key, uint32_t free, Millis now);

  std::array<Entry, 64> entries_;
  Millis checks_done_at_{};  // when the checks so far have been made up for
};

}  // namespace tipring::admin
