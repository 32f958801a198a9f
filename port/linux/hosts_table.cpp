#include "port/linux/hosts_table.h"

#include <algorithm>

namespace tipring::port {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

// Takes the first word off `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_localhost(std::string_view name) {
  constexpr std::string_view kName = "localhost";
  if (name.size() < kName.size()) return false;
  const size_t before = name.size() - kName.size();
  return same_name(name.substr(before), kName) && (before == 0 || name[before - 1] == '.');
}

bool wanted(const IpAddress& ip, QueryFamily family) {
  if (family == QueryFamily::Both) return true;
  return ip.family == (family == QueryFamily::V4 ? Family::V4 : Family::V6);
}

}  // namespace

HostsTable::HostsTable(std::string text) : text_(std::move(text)) {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line = line.substr(0, line.find('#'));
    const auto ip = parse_ip(next_word(line));
    if (!ip) continue;
    for (std::string_view name = next_word(line); !name.empty(); name = next_word(line)) {
      if (entries_.size() == kEntriesMax) return;
      entries_.push_back({name, *ip});
    }
  }
}

size_t HostsTable::find(std::string_view name, QueryFamily family, std::span<IpAddress> out) const {
  size_t count = 0;
  const auto add = [&](const IpAddress& ip) {
    const auto written = out.first(count);
    const bool known = std::find(written.begin(), written.end(), ip) != written.end();
    if (count < out.size() && wanted(ip, family) && !known) out[count++] = ip;
  };
  for (const Entry& entry : entries_) {
    if (same_name(entry.name, name)) add(entry.ip);
  }
  if (count == 0 && is_localhost(name)) {
    add(*parse_ip("127.0.0.1"));
    add(*parse_ip("::1"));
  }
  return count;
}

}  // namespace tipring::port
