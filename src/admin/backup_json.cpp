#include "admin/backup_json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <set>

#include "admin/access/password.h"
#include "admin/caller.h"
#include "admin/group_fields.h"
#include "admin/json.h"
#include "admin/json_members.h"
#include "admin/user_fields.h"
#include "admin/user_names.h"
#include "core/log_sink.h"
#include "core/text.h"
#include "tipring/version.h"

namespace tipring::admin {

namespace {

using rapidjson::Value;

constexpr uint32_t kRoundsMax =
    1'000'000;  // of a file that asks for more, a sign-in would never end

std::string hex_of(std::span<const uint8_t> bytes) {
  std::string text(2 * bytes.size(), '\0');
  write_hex(bytes, text);
  return text;
}

// --- writing -------------------------------------------------------------------------------------

void begin_row(std::string& out) { out += out.back() == '[' ? "\n{" : ",\n{"; }

void append_texts(std::string& out, std::string_view name, std::string_view lines, char separator) {
  out += ",\"" + std::string(name) + "\":[";
  while (!lines.empty()) {
    const auto [line, rest] = split_once(lines, separator);
    if (out.back() != '[') out += ',';
    append_json(out, line);
    lines = rest;
  }
  out += ']';
}

void append_user(std::string& out, const store::BackupUser& user) {
  begin_row(out);
  append_member(out, "name", user.name);
  append_member(out, "domain", user.domain);
  append_member(out, "auth_name", user.auth_name.empty() ? user.name : user.auth_name);
  append_member(out, "display_name", user.display_name);
  append_texts(out, "aliases", user.aliases, '\n');
  append_texts(out, "algorithms",
               user.algorithms == 0 ? std::string() : algorithms_text(user.algorithms), ',');
  append_member(out, "session_timer", session_timer_text(user.session_timer));
  const store::Credentials& secret = user.credentials;
  if ((secret.present & store::kAlgorithmMd5) != 0)
    append_member(out, "ha1_md5", hex_of(secret.md5));
  if ((secret.present & store::kAlgorithmSha256) != 0)
    append_member(out, "ha1_sha256", hex_of(secret.sha256));
  out += '}';
}

void append_group(std::string& out, const store::OfflineGroup& group) {
  begin_row(out);
  append_member(out, "name", group.name);
  append_member(out, "domain", group.domain);
  append_member(out, "display_name", group.display_name);
  append_member(out, "strategy", strategy_text(group.record.strategy));
  append_member(out, "ring_timeout_s", uint64_t{group.record.ring_timeout_s});
  append_member(out, "member_ring_s", uint64_t{group.record.member_ring_s});
  append_member(out, "no_answer_status", uint64_t{group.record.no_answer_status});
  append_member(out, "no_answer_to", group.no_answer_to);
  append_flag(out, "enabled", group.record.enabled);
  out += ",\"members\":[";
  for (const store::OfflineMember& member : group.members) {
    begin_row(out);
    append_member(out, "name", member.name);
    append_member(out, "order", uint64_t{member.order});
    append_member(out, "delay_s", uint64_t{member.delay_s});
    append_member(out, "ring_s", uint64_t{member.ring_s});
    append_flag(out, "enabled", member.enabled);
    out += '}';
  }
  out += "]}";
}

void append_admin(std::string& out, const store::AdminAccountRow& row) {
  begin_row(out);
  append_member(out, "name", row.name);
  append_member(out, "role", role_text(static_cast<Role>(row.role)));
  append_member(out, "created_ms", static_cast<uint64_t>(row.created_ms));
  append_member(out, "rounds", uint64_t{row.rounds});
  append_member(out, "salt", hex_of(row.salt));
  append_member(out, "hash", hex_of(row.hash));
  out += '}';
}

// --- reading -------------------------------------------------------------------------------------

std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

// As a person would write the value on a command line. False for what no field can be.
bool read_text(const Value& value, std::string& text) {
  if (value.IsString()) {
    text = text_of(value);
  } else if (value.IsUint64()) {
    text = std::to_string(value.GetUint64());
  } else if (value.IsBool()) {
    text = value.GetBool() ? "yes" : "no";
  } else if (value.IsArray()) {
    text.clear();
    for (const Value& item : value.GetArray()) {
      if (!item.IsString()) return false;
      text += (text.empty() ? "" : ",") + std::string(text_of(item));
    }
  } else {
    return false;
  }
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view default_domain) : default_domain_(default_domain) {}

  ReadBackup read(std::string_view json) {
    rapidjson::Document document;
    // Without recursion, as the file is foreign.
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
        json.data(), json.size());
    if (document.HasParseError()) {
      refuse("body", "this is no backup of Tipring: it is not JSON (" +
                         std::string(rapidjson::GetParseError_En(document.GetParseError())) +
                         ", at byte " + std::to_string(document.GetErrorOffset()) + ")");
    } else {
      read_document(document);
    }
    return std::move(result_);
  }

 private:
  bool good() const { return result_.fault.text.empty(); }

  void refuse(const std::string& field, std::string text) {
    if (good()) result_.fault = {std::move(text), field};
  }

  void read_document(const Value& document) {
    const Value* const version = find(document, "tipring_backup");
    if (version == nullptr || !version->IsUint() || version->GetUint() == 0)
      return refuse("tipring_backup", "this is no backup of Tipring");
    if (version->GetUint() > kBackupVersion) {
      result_.is_newer = true;
      return refuse("tipring_backup",
                    "the backup is of version " + std::to_string(version->GetUint()) +
                        ", newer than what this server reads (" + std::to_string(kBackupVersion) +
                        "); restore it on a server of the version that made it, or a later one");
    }
    const Value* const realm = find(document, "realm");
    if (realm == nullptr || !realm->IsString())
      return refuse("realm", "realm: the backup must say what its users' hashes are made for");
    result_.backup.realm = text_of(*realm);
    each(document, "users", true,
         [&](const Value& row, const std::string& at) { read_user(row, at); });
    each(document, "groups", true,
         [&](const Value& row, const std::string& at) { read_group(row, at); });
    each(document, "admins", false,
         [&](const Value& row, const std::string& at) { read_admin(row, at); });
    const Value* const settings = find(document, "settings");
    if (settings == nullptr || !good()) return;
    if (!settings->IsObject()) return refuse("settings", "settings: must be an object");
    if (settings->ObjectEmpty()) return;
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    settings->Accept(writer);
    result_.settings.assign(buffer.GetString(), buffer.GetSize());
  }

  static const Value* find(const Value& object, std::string_view name) {
    if (!object.IsObject()) return nullptr;
    for (const auto& member : object.GetObject())
      if (text_of(member.name) == name) return &member.value;
    return nullptr;
  }

  template <class Read>
  void each(const Value& object, const std::string& name, bool is_needed, Read read,
            const std::string& before = "") {
    const Value* const list = find(object, name);
    if (list == nullptr && !is_needed) return;
    if (list == nullptr || !list->IsArray())
      return refuse(before + name, before + name + ": must be a list");
    for (rapidjson::SizeType i = 0; i < list->Size() && good(); ++i) {
      const std::string at = before + name + "." + std::to_string(i);
      if (!(*list)[i].IsObject()) return refuse(at, at + ": must be an object");
      read((*list)[i], at);
    }
  }

  std::string text(const Value& row, const std::string& at, std::string_view name) {
    const Value* const value = find(row, name);
    std::string found;
    if (value != nullptr && !read_text(*value, found))
      refuse(at + "." + std::string(name), at + "." + std::string(name) + ": must be a text");
    return found;
  }

  uint64_t number(const Value& row, const std::string& at, std::string_view name, uint64_t most) {
    const Value* const value = find(row, name);
    if (value != nullptr && value->IsUint64() && value->GetUint64() <= most)
      return value->GetUint64();
    refuse(at + "." + std::string(name),
           at + "." + std::string(name) + ": must be a whole number up to " + std::to_string(most));
    return 0;
  }

  // Hexadecimal digits; false when there are none.
  bool hash(const Value& row, const std::string& at, std::string_view name, bool is_needed,
            std::span<uint8_t> bytes) {
    const std::string digits = text(row, at, name);
    if (digits.empty() && !is_needed) return false;
    if (digits.size() == 2 * bytes.size() && parse_hex(digits, bytes).has_value()) return true;
    refuse(at + "." + std::string(name), at + "." + std::string(name) + ": must be " +
                                             std::to_string(2 * bytes.size()) +
                                             " hexadecimal digits");
    return false;
  }

  UserName name_of(const Value& row, const std::string& at) {
    UserName name{text(row, at, "name"), text(row, at, "domain")};
    std::transform(name.domain.begin(), name.domain.end(), name.domain.begin(), to_lower);
    return in_store(std::move(name), default_domain_);
  }

  void read_user(const Value& row, const std::string& at) {
    store::BackupUser user;
    const UserName name = name_of(row, at);
    if (const char* const fault = fault_of(name)) return refuse(at + ".name", at + ": " + fault);
    if (!users_.insert(name).second)
      return refuse(at + ".name", at + ": the user " + name.text() + " is there twice");
    UserFields fields;
    for (const std::string_view field : user_field_names()) {
      const std::string fault = set_user_field(fields, field, text(row, at, field));
      if (!fault.empty()) return refuse(at + "." + std::string(field), at + ": " + fault);
    }
    user.name = name.name;
    user.domain = name.domain;
    user.auth_name = fields.auth_name.view();
    user.display_name = fields.display_name.view();
    user.aliases = fields.aliases.view();
    user.algorithms = fields.algorithms;
    user.session_timer = fields.session_timer;
    store::Credentials& secret = user.credentials;
    if (hash(row, at, "ha1_md5", false, secret.md5)) secret.present |= store::kAlgorithmMd5;
    if (hash(row, at, "ha1_sha256", false, secret.sha256))
      secret.present |= store::kAlgorithmSha256;
    result_.backup.users.push_back(std::move(user));
  }

  void read_group(const Value& row, const std::string& at) {
    const UserName name = name_of(row, at);
    if (const std::string fault = fault_of_group(name); !fault.empty())
      return refuse(at + ".name", at + ": " + fault);
    if (!groups_.insert(name).second)
      return refuse(at + ".name", at + ": the group " + name.text() + " is there twice");
    GroupFields fields;
    for (const std::string_view field : group_field_names()) {
      // One of the two clears the other.
      const std::string value = text(row, at, field);
      if (value.empty() || (field == "no_answer_status" && value == "0")) continue;
      const std::string fault = set_group_field(fields, field, value);
      if (!fault.empty()) return refuse(at + "." + std::string(field), at + ": " + fault);
    }
    store::OfflineGroup group;
    group.name = name.name;
    group.domain = name.domain;
    group.display_name = fields.display_name.view();
    group.no_answer_to = fields.no_answer_to.view();
    group.record.strategy = fields.strategy;
    group.record.ring_timeout_s = fields.ring_timeout_s;
    group.record.member_ring_s = fields.member_ring_s;
    group.record.no_answer_status = fields.no_answer_status;
    group.record.enabled = fields.enabled;
    each(
        row, "members", true,
        [&](const Value& member, const std::string& where) { read_member(member, where, group); },
        at + ".");
    result_.backup.groups.push_back(std::move(group));
  }

  void read_member(const Value& row, const std::string& at, store::OfflineGroup& group) {
    store::OfflineMember member;
    member.name = text(row, at, "name");
    if (const std::string fault = fault_of_member(member.name); !fault.empty())
      return refuse(at + ".name", at + ": " + fault);
    MemberFields fields;
    for (const std::string_view field : member_field_names()) {
      const std::string fault = set_member_field(fields, field, text(row, at, field));
      if (!fault.empty()) return refuse(at + "." + std::string(field), at + ": " + fault);
    }
    const size_t next = group.members.size() + 1;
    member.order = fields.order != 0 ? fields.order : static_cast<uint16_t>(next);
    member.delay_s = fields.delay_s;
    member.ring_s = fields.ring_s;
    member.enabled = fields.enabled;
    group.members.push_back(std::move(member));
  }

  void read_admin(const Value& row, const std::string& at) {
    store::AdminAccountRow admin;
    admin.name = text(row, at, "name");
    if (const char* const fault = fault_of_admin_name(admin.name))
      return refuse(at + ".name", at + ": " + fault);
    if (!admins_.insert(admin.name).second)
      return refuse(at + ".name", at + ": the administrator " + admin.name + " is there twice");
    const std::string role = text(row, at, "role");
    if (role != role_text(Role::Viewer) && role != role_text(Role::Administrator))
      return refuse(at + ".role", at + ".role: administrator or viewer");
    admin.role =
        static_cast<uint8_t>(role == role_text(Role::Viewer) ? Role::Viewer : Role::Administrator);
    admin.created_ms = static_cast<int64_t>(number(row, at, "created_ms", 9'999'999'999'999));
    admin.rounds = static_cast<uint32_t>(number(row, at, "rounds", kRoundsMax));
    if (admin.rounds == 0) refuse(at + ".rounds", at + ".rounds: must be 1 at least");
    hash(row, at, "salt", true, admin.salt);
    hash(row, at, "hash", true, admin.hash);
    result_.backup.admins.push_back(std::move(admin));
  }

  std::string_view default_domain_;
  std::set<UserName> users_;
  std::set<UserName> groups_;
  std::set<std::string> admins_;
  ReadBackup result_;
};

}  // namespace

std::string backup_json(const store::Backup& backup, std::string_view settings, Millis wall) {
  std::array<char, kTimestampMax> time;
  std::string out = "{";
  append_member(out, "tipring_backup", uint64_t{kBackupVersion});
  append_member(out, "made", write_timestamp(wall, time));
  append_member(out, "server", kVersion);
  append_member(out, "realm", backup.realm);
  out += ",\n\"users\":[";
  for (const store::BackupUser& user : backup.users) append_user(out, user);
  out += "],\n\"groups\":[";
  for (const store::OfflineGroup& group : backup.groups) append_group(out, group);
  out += "],\n\"admins\":[";
  for (const store::AdminAccountRow& row : backup.admins) append_admin(out, row);
  out += "],\n\"settings\":" + std::string(settings.empty() ? "{}" : settings);
  return out + "}\n";
}

ReadBackup parse_backup(std::string_view json, std::string_view default_domain) {
  return Reader(default_domain).read(json);
}

}  // namespace tipring::admin
