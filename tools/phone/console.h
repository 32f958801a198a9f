// The commands of a script or of whoever types them.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/phone/phone.h"

namespace tipring::phone {

class Console {
 public:
  using Clock = std::chrono::steady_clock;

  Console(Phone& phone, Output& output) : phone_(phone), output_(output) {}

  // More of what was typed, or of the script; `ends`: there will be no more.
  void feed(std::string_view bytes, bool ends);

  // Does what can be done now. When the next look is due, if nothing else happens first.
  Clock::time_point advance(Clock::time_point now);

  bool wants_end() const { return wants_end_; }  // quit
  bool is_over() const { return over_; }         // quit, or the end of all commands
  bool has_failed() const { return failed_; }  // a command could not be done, or a wait was in vain

 private:
  using Words = std::vector<std::string_view>;

  void run(std::string_view line, Clock::time_point now);
  bool run_call(const Words& words);
  bool run_sound(const Words& words);
  bool run_pause(const Words& words, Clock::time_point now);
  bool waits(Clock::time_point now);

  Phone& phone_;
  Output& output_;
  std::string rest_;  // of a line that is not whole yet
  std::deque<std::string> lines_;
  Clock::time_point until_{};  // of a pause
  std::string awaited_;        // event; empty: a sleep
  bool pausing_ = false;
  std::map<std::string, size_t, std::less<>> seen_;  // events that were waited for
  bool ends_ = false;
  bool wants_end_ = false;
  bool over_ = false;
  bool failed_ = false;
};

}  // namespace tipring::phone
