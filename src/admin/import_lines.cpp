#include "admin/import_lines.h"

#include <map>

#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // what spreadsheets put in front

using SeenUsers = std::map<UserName, uint32_t>;  // with their lines

// What a spreadsheet writes above its columns, and would else become a user with a password that
// can be guessed.
bool is_heading(const ImportLine& line) {
  return line.line == 1 && iequals(line.user.name, "name") && iequals(line.password, "password");
}

// What is wrong with the line, or empty. Never repeats a password.
std::string check(const ImportLine& line, std::string_view default_domain, SeenUsers& seen) {
  if (line.user.name.starts_with('"'))
    return "the quotes would become part of the name: write name,password without";
  if (is_heading(line)) return "this is a heading and no user: remove it";
  if (const char* fault = fault_of(line.user)) return fault;
  if (const char* fault = fault_of_password(line.password)) return fault;
  const auto [first, added] = seen.emplace(in_store(line.user, default_domain), line.line);
  if (added) return "";
  return "user " + line.user.text() + " is in line " + std::to_string(first->second) + " already";
}

}  // namespace

ImportLines parse_import(std::string_view text, std::string_view default_domain) {
  ImportLines result;
  SeenUsers seen;
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  for (uint32_t number = 1; !text.empty(); ++number) {
    auto [row, rest] = split_once(text, '\n');
    text = rest;
    if (!row.empty() && row.back() == '\r') row.remove_suffix(1);
    if (trim(row).empty()) continue;
    ImportLine line{number, {}, {}};
    std::string fault = "write name,password";
    // A line without a comma may be all password, and names are copied.
    if (const size_t comma = row.find(','); comma != std::string_view::npos) {
      line.user = split_user_name(trim(row.substr(0, comma)));
      line.password = row.substr(comma + 1);
      fault = check(line, default_domain, seen);
    }
    if (fault.empty()) {
      result.lines.push_back(std::move(line));
    } else if (result.faults.size() < ImportLines::kFaultsMax) {
      result.faults.push_back({number, std::move(fault)});
    }
  }
  return result;
}

std::string describe(const std::vector<ImportFault>& faults) {
  std::string text;
  for (const ImportFault& fault : faults) {
    if (!text.empty()) text += "; ";
    text += fault.text();
  }
  return text;
}

}  // namespace tipring::admin
