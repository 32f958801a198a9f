#include "tools/phone/console.h"

#include <charconv>
#include <cstdlib>
#include <optional>

namespace tipring::phone {

namespace {

constexpr double kWaitDefault = 10;
constexpr int kBusy = 486;

constexpr std::string_view kCommands =
    "call TARGET, answer, reject [N] [STATUS], hangup, hold, resume, keys KEYS, transfer TARGET,\n"
    "join N M, play FILE|tone:HERTZ, stop, record FILE, stop-record, hear HERTZ, status, "
    "register,\n"
    "unregister, wait EVENT [SECONDS], sleep SECONDS, quit\n";

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(" \t\r"); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(" \t\r", end);
  }
  return words;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The number of a call at that place; 0 without one, which is the last call. Nothing for a bad one.
std::optional<uint64_t> call_at(const std::vector<std::string_view>& words, size_t place) {
  return words.size() > place ? number(words[place]) : std::optional<uint64_t>(0);
}

std::optional<double> seconds(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0) || value > 86400) return std::nullopt;
  return value;
}

}  // namespace

void Console::feed(std::string_view bytes, bool ends) {
  rest_ += bytes;
  for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
    lines_.push_back(rest_.substr(0, end));
    rest_.erase(0, end + 1);
  }
  if (!ends) return;
  if (!rest_.empty()) lines_.push_back(std::move(rest_));
  rest_.clear();
  ends_ = true;
}

Console::Clock::time_point Console::advance(Clock::time_point now) {
  while (!over_) {
    if (pausing_ && waits(now)) return until_;
    if (lines_.empty()) {
      over_ = ends_;
      break;
    }
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    run(line, now);
  }
  return Clock::time_point::max();
}

// An event counts that has come since one of its name was waited for last, so that a script may be
// slower than the phone.
bool Console::waits(Clock::time_point now) {
  size_t& seen = seen_[awaited_];
  if (!awaited_.empty() && phone_.count(awaited_) > seen) {
    ++seen;
    pausing_ = false;
    return false;
  }
  if (now < until_) return true;
  pausing_ = false;
  if (!awaited_.empty()) {
    failed_ = true;
    phone_.fault("waited in vain for " + awaited_);
    over_ = true;
  }
  return false;
}

void Console::run(std::string_view line, Clock::time_point now) {
  const Words words = split(line);
  if (words.empty() || words[0].starts_with('#')) return;
  const std::string_view name = words[0];
  bool good = true;
  if (name == "quit" || name == "exit") {
    over_ = wants_end_ = true;
  } else if (name == "help") {
    output_.text(kCommands);
  } else if (name == "status") {
    phone_.status();
  } else if (name == "register" || name == "unregister") {
    phone_.set_registered(name == "register");
  } else if (name == "wait" || name == "sleep") {
    good = run_pause(words, now);
  } else if (name == "play" || name == "stop" || name == "record" || name == "stop-record" ||
             name == "hear") {
    good = run_sound(words);
  } else {
    good = run_call(words);
  }
  if (!good) failed_ = true;
}

bool Console::run_pause(const Words& words, Clock::time_point now) {
  const bool waiting = words[0] == "wait";
  const size_t place = waiting ? 2 : 1;
  const auto time = words.size() > place ? seconds(words[place])
                    : waiting            ? std::optional<double>(kWaitDefault)
                                         : std::nullopt;
  if (!time || (waiting && words.size() < 2)) {
    return phone_.fault("wait EVENT [SECONDS], sleep SECONDS");
  }
  awaited_ = waiting ? std::string(words[1]) : std::string();
  until_ = now + std::chrono::milliseconds(static_cast<int64_t>(*time * 1000));
  return pausing_ = true;
}

bool Console::run_call(const Words& words) {
  const std::string_view name = words[0];
  if (name == "join" && words.size() == 3) {
    const auto first = number(words[1]);
    const auto second = number(words[2]);
    return first && second ? phone_.join(*first, *second) : phone_.fault("join N M");
  }
  if (name == "call" && words.size() == 2) return phone_.call(words[1]);
  const bool has_text = name == "keys" || name == "transfer";
  if (has_text && words.size() < 2) return phone_.fault(std::string(name) + " needs a word more");
  const auto call = call_at(words, has_text ? 2 : 1);
  if (!call) return phone_.fault("that is no number of a call");
  if (name == "answer") return phone_.answer(*call);
  if (name == "hangup") return phone_.hang_up(*call);
  if (name == "hold" || name == "resume") return phone_.hold(*call, name == "hold");
  if (name == "keys") return phone_.keys(words[1], *call);
  if (name == "transfer") return phone_.transfer(words[1], *call);
  if (name == "reject") {
    const auto status = words.size() > 2 ? number(words[2]) : std::optional<uint64_t>(kBusy);
    return status && *status < 700 ? phone_.reject(*call, static_cast<int>(*status))
                                   : phone_.fault("reject [N] [STATUS]");
  }
  return phone_.fault("there is no command " + std::string(name) + "; help lists them");
}

bool Console::run_sound(const Words& words) {
  const std::string_view name = words[0];
  const bool has_text = name == "play" || name == "record" || name == "hear";
  if (has_text && words.size() < 2) return phone_.fault(std::string(name) + " needs a word more");
  const auto call = call_at(words, has_text ? 2 : 1);
  if (!call) return phone_.fault("that is no number of a call");
  if (name == "play") return phone_.play(words[1], *call);
  if (name == "stop") return phone_.play({}, *call);
  if (name == "record") return phone_.record(std::string(words[1]), *call);
  if (name == "stop-record") return phone_.stop_recording(*call);
  const auto hertz = number(words[1]);
  if (!hertz || *hertz == 0 || *hertz >= Sound::kSamplesPerSecond / 2) {
    return phone_.fault("hear HERTZ [N]");
  }
  return phone_.hear(static_cast<int>(*hertz), *call);
}

}  // namespace tipring::phone
