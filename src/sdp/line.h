// The lines of a session description, and the fields of a line: RFC 8866 5. Views into the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tipring::sdp {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

constexpr std::string_view trim_end(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
constexpr std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return trim_end(text);
}

struct Line {
  std::string_view whole;  // with its line end
  std::string_view text;   // without

  char type() const { return text.size() > 1 && text[1] == '=' ? text[0] : '\0'; }
  // REQUIRES: type() != 0.
  std::string_view value() const { return text.substr(2); }
  size_t end_size() const { return whole.size() - text.size(); }  // 2; 1: LF alone; 0: none
};

// Cuts a text into lines, which end in CR LF, LF alone, or with the text.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // False when there is none left.
  bool next(Line& line) {
    if (rest_.empty()) return false;
    const size_t feed = rest_.find('\n');
    size_t end = feed == std::string_view::npos ? rest_.size() : feed;
    const size_t next = feed == std::string_view::npos ? rest_.size() : feed + 1;
    if (end != next && end > 0 && rest_[end - 1] == '\r') --end;
    line = {rest_.substr(0, next), rest_.substr(0, end)};
    rest_.remove_prefix(next);
    return true;
  }

 private:
  std::string_view rest_;
};

// Whether blanks part fields otherwise than one space does, or stand before the first.
constexpr bool has_extra_blanks(std::string_view text) {
  bool blank = true;
  for (const char c : text) {
    if (c == '\t' || (c == ' ' && blank)) return true;
    blank = c == ' ';
  }
  return false;
}

// The fields of a line. One space parts them; more are taken, and tabs.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  // Empty when there is none left.
  std::string_view next() {
    size_t at = 0;
    while (at < rest_.size() && is_blank(rest_[at])) ++at;
    const size_t start = at;
    while (at < rest_.size() && !is_blank(rest_[at])) ++at;
    const std::string_view field = rest_.substr(start, at - start);
    rest_.remove_prefix(at);
    return field;
  }
  // All fields that are left, without blanks at the ends.
  std::string_view rest() const { return trim_blanks(rest_); }

 private:
  std::string_view rest_;
};

}  // namespace tipring::sdp
