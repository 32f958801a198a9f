#include "admin/user_fields.h"

#include <algorithm>
#include <array>
#include <vector>

#include "admin/user_names.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

using Setter = const char* (*)(UserFields& fields, std::string_view text);

const char* set_auth_name(UserFields& fields, std::string_view text) {
  if (text.size() > kAuthNameMax) return "may have at most 128 bytes";
  if (!is_utf8(text)) return "must be UTF-8";
  // RFC 7616 3.4.4: the hash of "auth_name:realm:password" could not tell where it ends.
  if (text.find(':') != std::string_view::npos || has_control_characters(text))
    return "may not hold \":\" or control characters";
  fields.auth_name = FixedText<kAuthNameMax>(text);
  return nullptr;
}

const char* set_display_name(UserFields& fields, std::string_view text) {
  if (text.size() > kDisplayNameMax) return "may have at most 128 bytes";
  if (!is_utf8(text)) return "must be UTF-8";
  if (has_control_characters(text)) return "may not hold control characters";
  fields.display_name = FixedText<kDisplayNameMax>(text);
  return nullptr;
}

const char* set_aliases(UserFields& fields, std::string_view text) {
  std::vector<std::string_view> aliases;
  std::string lines;
  while (!text.empty()) {
    const auto [item, rest] = split_once(text, ',');
    const std::string_view alias = trim(item);
    if (fault_of(UserName{std::string(alias), ""}) != nullptr)
      return "are names such as 200 or reception, separated by commas: of 1 to 64 bytes, without "
             "\"@\", \":\" and control characters";
    if (std::find(aliases.begin(), aliases.end(), alias) != aliases.end())
      return "may not name one twice";
    aliases.push_back(alias);
    lines += (lines.empty() ? "" : "\n") + std::string(alias);
    text = rest;
  }
  if (lines.size() > kAliasesMax) return "may have at most 512 bytes together";
  fields.aliases = FixedText<kAliasesMax>(lines);
  return nullptr;
}

struct NamedAlgorithm {
  std::string_view name;
  uint8_t bit;
};
constexpr NamedAlgorithm kNamedAlgorithms[] = {{"MD5", store::kAlgorithmMd5},
                                               {"SHA-256", store::kAlgorithmSha256}};

const char* set_algorithms(UserFields& fields, std::string_view text) {
  uint8_t mask = 0;
  if (text == "default") text = {};
  while (!text.empty()) {
    const auto [item, rest] = split_once(text, ',');
    const auto named = std::find_if(
        std::begin(kNamedAlgorithms), std::end(kNamedAlgorithms),
        [name = trim(item)](const NamedAlgorithm& known) { return iequals(known.name, name); });
    if (named == std::end(kNamedAlgorithms))
      return "must be MD5, SHA-256, both with a comma between, or default";
    mask = static_cast<uint8_t>(mask | named->bit);
    text = rest;
  }
  fields.algorithms = mask;
  return nullptr;
}

const char* set_session_timer(UserFields& fields, std::string_view text) {
  if (!text.empty() && text != "default" && text != "exempt") return "must be default or exempt";
  fields.session_timer =
      text == "exempt" ? store::SessionTimerRule::Exempt : store::SessionTimerRule::AsConfigured;
  return nullptr;
}

struct Field {
  std::string_view name;
  uint8_t bit;
  Setter set;
};
constexpr std::array kFields = {
    Field{"auth_name", store::kAuthName, set_auth_name},
    Field{"display_name", store::kDisplayName, set_display_name},
    Field{"aliases", store::kAliases, set_aliases},
    Field{"algorithms", store::kAlgorithms, set_algorithms},
    Field{"session_timer", store::kSessionTimer, set_session_timer},
};

constexpr auto kFieldNames = [] {
  std::array<std::string_view, kFields.size()> names;
  for (size_t i = 0; i < kFields.size(); ++i) names[i] = kFields[i].name;
  return names;
}();

}  // namespace

store::UserRecord record_of(std::string_view domain, std::string_view name,
                            const UserFields& fields) {
  store::UserRecord record;
  record.domain = domain;
  record.name = name;
  record.auth_name = fields.auth_name.view();
  record.display_name = fields.display_name.view();
  record.aliases = fields.aliases.view();
  record.algorithms = fields.algorithms;
  record.session_timer = fields.session_timer;
  record.fields = fields.present;
  return record;
}

std::span<const std::string_view> user_field_names() { return kFieldNames; }

std::string set_user_field(UserFields& fields, std::string_view name, std::string_view text) {
  for (const Field& field : kFields) {
    if (field.name != name) continue;
    if (const char* fault = field.set(fields, text))
      return std::string(name) + " " + std::string(fault);
    fields.present = static_cast<uint8_t>(fields.present | field.bit);
    return "";
  }
  std::string known;
  for (const std::string_view field : kFieldNames)
    known += (known.empty() ? "" : ", ") + std::string(field);
  return "there is no such field; there are " + known;
}

std::string algorithms_text(uint8_t algorithms) {
  std::string text;
  for (const NamedAlgorithm& known : kNamedAlgorithms) {
    if ((algorithms & known.bit) != 0) text += (text.empty() ? "" : ",") + std::string(known.name);
  }
  return text.empty() ? "default" : text;
}

std::string_view session_timer_text(store::SessionTimerRule rule) {
  return rule == store::SessionTimerRule::Exempt ? "exempt" : "default";
}

std::string aliases_text(std::string_view aliases) {
  std::string text(aliases);
  std::replace(text.begin(), text.end(), '\n', ',');
  return text;
}

}  // namespace tipring::admin
