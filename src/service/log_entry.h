// One entry of the request log, being written into a slot of fixed size.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tipring::service {

class LogEntry {
 public:
  // Borrows `out`, which has room for more than a few bytes.
  explicit LogEntry(std::span<char> out);

  // As it is.
  void add(std::string_view text);
  void add_number(uint64_t number, size_t digits_min = 1);

  // Text of a stranger on one line: quotes, backslashes and control characters escaped, passwords in
  // URIs made unreadable. "-" for an empty one. Where the entry is full it ends in "…", and nothing
  // more is added.
  void add_value(std::string_view text);
  // What proves somebody's identity: its scheme, and no more of it.
  void add_credentials(std::string_view text);

  // Closes it with a line end; its size.
  size_t finish();

 private:
  void add_escaped(std::string_view text);
  void mask(size_t from);

  std::span<char> all_;
  std::span<char> out_;  // without what finish() needs
  size_t size_ = 0;
  bool cut_ = false;
};

}  // namespace tipring::service
