#include "admin/csv.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvRows::CsvRows(std::string_view text) : rest_(text) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool CsvRows::next(std::string_view& row) {
  while (!rest_.empty()) {
    const auto [line, rest] = split_once(rest_, '\n');
    row = line;
    rest_ = rest;
    ++line_;
    if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
    if (!trim(row).empty()) return true;
  }
  return false;
}

CsvValue take_value(std::string_view& row) {
  CsvValue value;
  if (row.empty() || row.front() != '"') {
    const auto [first, rest] = split_once(row, ',');
    value.text.append(first);
    value.good = first.find('"') == std::string_view::npos;
    row = rest;
    return value;
  }
  row.remove_prefix(1);
  for (;;) {
    const size_t quote = row.find('"');
    value.text.append(row.substr(0, quote));
    row.remove_prefix(
        std::min(quote == std::string_view::npos ? row.size() : quote + 1, row.size()));
    if (quote == std::string_view::npos || row.empty() || row.front() != '"') {
      value.good = quote != std::string_view::npos && (row.empty() || row.front() == ',');
      break;
    }
    value.text.append("\"");
    row.remove_prefix(1);
  }
  if (!row.empty()) row.remove_prefix(1);
  return value;
}

void append_value(std::string& line, std::string_view value) {
  if (value.find_first_of("\",") == std::string_view::npos) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) line += c == '"' ? std::string("\"\"") : std::string(1, c);
  line += '"';
}

}  // namespace tipring::admin
