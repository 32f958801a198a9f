// Tables as text: a row to a line, its values separated by commas (RFC 4180).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/user_names.h"
#include "admin/user_secret.h"

namespace tipring::admin {

// The lines of a table that are not empty, without what spreadsheets put in front and at their ends.
class CsvRows {
 public:
  explicit CsvRows(std::string_view text);

  bool next(std::string_view& row);
  uint32_t line() const { return line_; }  // of the last row

 private:
  std::string_view rest_;
  uint32_t line_ = 0;
};

// Wiped when it goes, as it may be a password.
struct CsvValue {
  SecretText text;
  bool good = true;  // false: it has a quote at the wrong place
};

// Takes the first value and the comma behind it off `row`.
CsvValue take_value(std::string_view& row);

// In quotes where it needs them.
void append_value(std::string& line, std::string_view value);

}  // namespace tipring::admin
