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
  // Whoever knows the password is forgiven, and from there the name is never held: others who guess at
  // it are, and do not keep its owner out.
  void succeed(const port::IpAddress& source, std::string_view name);

 private:
  struct Entry {
    std::string key;
    uint32_t failures = 0;
    Millis until{};
    Millis last{};
  };

  bool is_known(const port::IpAddress& source, std::string_view name) const;
  Entry* find(std::string_view key, Millis now);
  void count(std::string_view key, uint32_t free, Millis now);

  std::array<Entry, 64> entries_;
  std::array<std::string, 32> known_;  // sources and who has signed in from there; the oldest go
  size_t next_known_ = 0;
  Millis checks_done_at_{};  // when the checks so far have been made up for
};

}  // namespace tipring::admin
