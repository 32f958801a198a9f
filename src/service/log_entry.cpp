#include "service/log_entry.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"
#include "transport/trace.h"

namespace tipring::service {

namespace {

constexpr std::string_view kCut = "\xe2\x80\xa6";  // "…"

}  // namespace

LogEntry::LogEntry(std::span<char> out)
    : all_(out), out_(out.first(out.size() - kCut.size() - 1)) {}

void LogEntry::add(std::string_view text) {
  if (cut_ || text.size() > out_.size() - size_) {
    cut_ = true;
    return;
  }
  std::memcpy(out_.data() + size_, text.data(), text.size());
  size_ += text.size();
}

void LogEntry::add_number(uint64_t number, size_t digits_min) {
  constexpr std::string_view kZeros = "0000000000";
  char room[kNumberTextMax];
  const std::string_view digits = write_u64(number, room);
  if (digits.size() < digits_min) add(kZeros.substr(0, digits_min - digits.size()));
  add(digits);
}

void LogEntry::add_value(std::string_view text) {
  if (text.empty()) return add("-");
  const size_t from = size_;
  for (size_t start = 0; start < text.size() && !cut_;) {
    const size_t quote = std::min(text.find('"', start), text.size());
    add_escaped(text.substr(start, quote - start));
    if (quote < text.size()) add("\\\"");
    start = quote + 1;
  }
  mask(from);
}

void LogEntry::add_escaped(std::string_view text) {
  if (cut_ || text.empty()) return;
  const Escaped escaped = escape_text(text, out_.subspan(size_));
  size_ += escaped.written.size();
  cut_ = escaped.read < text.size();
}

// A URI that was cut may have had its "@" behind the cut: as if it stood there.
void LogEntry::mask(size_t from) {
  std::span<char> line = all_.subspan(from, size_ - from);
  if (cut_) {
    all_[size_] = '@';
    line = all_.subspan(from, size_ + 1 - from);
  }
  transport::mask_uri_passwords(line);
}

void LogEntry::add_credentials(std::string_view text) {
  const std::string_view scheme = text.substr(0, text.find_first_of(" \t\r\n="));
  add_value(scheme);
  if (scheme.size() < text.size()) add(" ***");
}

size_t LogEntry::finish() {
  if (cut_) {
    std::memcpy(all_.data() + size_, kCut.data(), kCut.size());
    size_ += kCut.size();
  }
  all_[size_++] = '\n';
  return size_;
}

}  // namespace tipring::service
