#include "admin/import_lines.h"

#include <algorithm>
#include <map>

#include "admin/csv.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

using SeenUsers = std::map<UserName, uint32_t>;  // with their lines

constexpr std::string_view kOwnColumns[] = {"name", "password", "realm", "ha1_md5", "ha1_sha256"};

// Takes what is in hexadecimal digits; what is wrong with it, or empty. Never repeats it.
std::string take_hash(std::string_view column, std::string_view text, std::span<uint8_t> hash,
                      uint8_t bit, UserSecret& ha1) {
  if (text.empty()) return "";
  if (text.size() != 2 * hash.size() || !parse_hex(text, hash))
    return std::string(column) + " must be " + std::to_string(2 * hash.size()) +
           " hexadecimal digits, as user export --with-credentials writes them";
  ha1.present = static_cast<uint8_t>(ha1.present | bit);
  return "";
}

class Parser {
 public:
  explicit Parser(std::string_view default_domain) : default_domain_(default_domain) {}

  ImportLines parse(std::string_view text) {
    CsvRows rows(text);
    for (std::string_view row; rows.next(row);) {
      if (!take(rows.line(), row)) break;
    }
    return std::move(result_);
  }

 private:
  // False after a wrong heading: nobody knows what the lines mean.
  bool take(uint32_t number, std::string_view row) {
    std::string fault;
    ImportLine line;
    line.line = number;
    line.text = row;
    const bool heading = number == 1 && is_heading(row);
    if (heading) {
      fault = read_heading(row);
    } else {
      fault = columns_.empty() ? read_pair(row, line) : read_row(row, line);
      if (fault.empty()) fault = check(line);
      if (fault.empty()) result_.lines.push_back(std::move(line));
    }
    if (!fault.empty() && result_.faults.size() < ImportLines::kFaultsMax)
      result_.faults.push_back({number, fault});
    return !heading || fault.empty();
  }

  // In any order, or `password,name` would become a user whom everybody can guess.
  static bool is_heading(std::string_view row) {
    const bool begins = iequals(trim(split_once(row, ',').first), "name");
    bool name = false;
    bool password = false;
    const bool columns = row.find(',') != std::string_view::npos;
    for (std::string_view rest = row; !rest.empty();) {
      const auto [item, more] = split_once(rest, ',');
      name = name || iequals(trim(item), "name");
      password = password || iequals(trim(item), "password");
      rest = more;
    }
    return columns && (begins || (name && password));
  }

  std::string read_heading(std::string_view row) {
    result_.heading = row;
    const auto known = user_field_names();
    for (std::string_view rest = row; !rest.empty();) {
      const auto [item, more] = split_once(rest, ',');
      std::string column(trim(item));
      std::transform(column.begin(), column.end(), column.begin(), to_lower);
      const bool is_field = std::find(known.begin(), known.end(), column) != known.end();
      if (!is_field && std::find(std::begin(kOwnColumns), std::end(kOwnColumns), column) ==
                           std::end(kOwnColumns))
        return "a heading names the columns name, password, auth_name, display_name, aliases, "
               "algorithms, session_timer, realm, ha1_md5 and ha1_sha256; there is no " +
               column;
      if (std::find(columns_.begin(), columns_.end(), column) != columns_.end())
        return "the heading names " + column + " twice";
      columns_.push_back(std::move(column));
      rest = more;
    }
    const auto has = [&](std::string_view column) {
      return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
    };
    if ((has("ha1_md5") || has("ha1_sha256")) && !(has("realm") && has("auth_name")))
      return "ha1_md5 and ha1_sha256 need the columns realm and auth_name, which they are made of";
    return "";
  }

  // A line without a comma may be all password, and names are copied.
  static std::string read_pair(std::string_view row, ImportLine& line) {
    const size_t comma = row.find(',');
    if (comma == std::string_view::npos) return "write name,password";
    line.user = split_user_name(trim(row.substr(0, comma)));
    if (line.user.name.starts_with('"'))
      return "the quotes would become part of the name: write name,password without";
    line.password = SecretText(row.substr(comma + 1));
    if (line.password.view().empty()) return fault_of_password("");
    return "";
  }

  std::string read_row(std::string_view row, ImportLine& line) const {
    for (const std::string& column : columns_) {
      CsvValue value = take_value(row);
      if (!value.good) return column + " has a quote at the wrong place";
      std::string fault;
      if (column == "name") {
        line.user = split_user_name(trim(value.text.view()));
      } else if (column == "password") {
        line.password = std::move(value.text);
      } else if (column == "realm") {
        line.realm = value.text.view();
      } else if (column == "ha1_md5") {
        fault = take_hash(column, value.text.view(), line.ha1.md5, store::kAlgorithmMd5, line.ha1);
      } else if (column == "ha1_sha256") {
        fault = take_hash(column, value.text.view(), line.ha1.sha256, store::kAlgorithmSha256,
                          line.ha1);
      } else {
        fault = set_user_field(line.fields, column, value.text.view());
      }
      if (!fault.empty()) return fault;
    }
    if (line.ha1.present != 0 && !line.password.view().empty())
      return "give a password or the hashes of one, not both";
    return row.empty() ? "" : "there are more values than the heading names";
  }

  // What is wrong with the line, or empty. Never repeats a password.
  std::string check(const ImportLine& line) {
    if (const char* fault = fault_of(line.user)) return fault;
    const std::string_view password = line.password.view();
    if (const char* fault = password.empty() ? nullptr : fault_of_password(password)) return fault;
    const auto [first, added] = seen_.emplace(in_store(line.user, default_domain_), line.line);
    if (added) return "";
    return "user " + line.user.text() + " is in line " + std::to_string(first->second) + " already";
  }

  std::string_view default_domain_;
  std::vector<std::string> columns_;  // of the heading; empty: name,password
  SeenUsers seen_;
  ImportLines result_;
};

}  // namespace

ImportLines parse_import(std::string_view text, std::string_view default_domain) {
  return Parser(default_domain).parse(text);
}

std::string fault_of_realm(const ImportLine& line, std::string_view realm) {
  if (line.ha1.present == 0 || line.realm == realm) return "";
  return "ha1_md5 and ha1_sha256 are made for the realm \"" + line.realm +
         "\" and of no use for \"" + std::string(realm) +
         "\", the one here: set auth.realm to the former, or give a password";
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
