#include "admin/json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <array>

#include "admin/call_names.h"
#include "admin/decision_text.h"
#include "admin/json_members.h"
#include "admin/revision.h"
#include "admin/user_names.h"
#include "core/text.h"
#include "server/policy/untimed_calls.h"
#include "sip/method.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes of the well-formed UTF-8 sequence that `text` begins with, 0 when there is none.
size_t first_character(std::string_view text) {
  for (size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

void append_character(std::string& out, std::string_view character) {
  const auto byte = static_cast<uint8_t>(character.front());
  if (byte == '"' || byte == '\\') {
    out += '\\';
    out += character;
  } else if (byte < 0x20 || byte == 0x7f) {
    std::array<char, 2> hex{};
    out += "\\u00";
    out += write_hex({&byte, 1}, hex);
  } else {
    out += character;
  }
}

void append_list(std::string& out, std::string_view name, std::string_view items, char separator) {
  if (out.back() != '{') out += ',';
  append_json(out, name);
  out += ":[";
  while (!items.empty()) {
    const auto [item, rest] = split_once(items, separator);
    if (out.back() != '[') out += ',';
    append_json(out, item);
    items = rest;
  }
  out += ']';
}

constexpr std::string_view kSend = "send {\"password\": \"…\"}, or fields of the user, or both";

std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

// A text, or texts in an array joined by commas. False for anything else.
bool join(const rapidjson::Value& value, std::string& text) {
  if (value.IsString()) {
    text = text_of(value);
    return true;
  }
  if (!value.IsArray()) return false;
  for (const rapidjson::Value& item : value.GetArray()) {
    if (!item.IsString() || text_of(item).find(',') != std::string_view::npos) return false;
    text += (text.empty() ? "" : ",") + std::string(text_of(item));
  }
  return true;
}

bool is_user_field(std::string_view name) {
  const auto known = user_field_names();
  return name == "password" || std::find(known.begin(), known.end(), name) != known.end();
}

// One member of a user's body; what is wrong with it, or empty. Never repeats a password.
std::string take_member(const rapidjson::Value& name, const rapidjson::Value& value,
                        UserBody& body) {
  if (text_of(name) == "password") {
    if (!value.IsString()) return "password must be a text";
    body.password = text_of(value);
    const char* fault = fault_of_password(body.password);
    return fault == nullptr ? "" : fault;
  }
  std::string text;
  // The name may be a password that somebody put at the wrong place, and is repeated when known.
  if (is_user_field(text_of(name)) && !join(value, text))
    return std::string(text_of(name)) + " must be a text, or texts without commas in an array";
  return set_user_field(body.fields, text_of(name), text);
}

// "INVITE,BYE": those that have a name here, as a header lists them.
std::string methods_text(uint32_t methods) {
  std::string text;
  for (unsigned i = 0; i < static_cast<unsigned>(sip::Method::Other); ++i) {
    if ((methods >> i & 1U) == 0) continue;
    if (!text.empty()) text += ',';
    text += sip::to_text(static_cast<sip::Method>(i));
  }
  return text;
}

std::string_view state_text(dialog::DialogState state) {
  switch (state) {
    case dialog::DialogState::Calling: return "calling";
    case dialog::DialogState::Early: return "early";
    case dialog::DialogState::Confirmed: return "confirmed";
    case dialog::DialogState::Ending: return "ending";
  }
  return {};
}

void append_excepting_command(std::string& out, std::string_view name, std::string_view domain) {
  std::array<char, policy::kExceptingCommandMax> room;
  append_member(out, "except", policy::write_excepting_command(name, domain, "", room));
}

}  // namespace

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_json(out, name);
  out += ':';
  append_json(out, text);
}

void append_member(std::string& out, std::string_view name, uint64_t number) {
  if (out.back() != '{') out += ',';
  append_json(out, name);
  out += ':' + std::to_string(number);
}

void append_flag(std::string& out, std::string_view name, bool value) {
  if (out.back() != '{') out += ',';
  append_json(out, name);
  out += value ? ":true" : ":false";
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t length = first_character(text);
    append_character(out, length == 0 ? kReplacement : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_json(std::string& out, const UserRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "bindings", uint64_t{row.bindings});
  out += row.has_secret ? R"(,"has_password":true)" : R"(,"has_password":false)";
  append_member(out, "auth_name", row.auth_name);
  append_member(out, "display_name", row.display_name);
  append_list(out, "aliases", row.aliases, '\n');
  append_list(out, "algorithms", row.algorithms == 0 ? "" : algorithms_text(row.algorithms), ',');
  append_member(out, "session_timer", session_timer_text(row.session_timer));
  append_member(out, "revision", revision_text(row.revision));
  if (row.calls_refused != 0) {
    append_member(out, "calls_refused", uint64_t{row.calls_refused});
    append_member(out, "last_refused_s", uint64_t{row.last_refused_s});
    append_member(out, "refused_source", row.refused_source);
    append_excepting_command(out, row.name, row.domain);
  }
  if (!row.seen_at.empty()) {
    append_member(out, "last_seen_s", uint64_t{row.last_seen_s});
    append_member(out, "seen_at", row.seen_at);
  }
  if (!row.fault.empty()) {
    out += ",\"last_failure\":{";
    append_member(out, "reason", row.fault);
    append_member(out, "ago_s", uint64_t{row.failed_s});
    append_member(out, "source", row.failed_at);
    out += '}';
  }
  out += '}';
}

void append_json(std::string& out, const CredentialRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "auth_name", row.auth_name);
  append_member(out, "realm", row.realm);
  append_member(out, "ha1_md5", row.ha1_md5);
  append_member(out, "ha1_sha256", row.ha1_sha256);
  out += '}';
}

void append_json(std::string& out, const BindingRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "contact", row.contact);
  append_member(out, "received", row.received);
  append_member(out, "transport", row.transport);
  append_member(out, "user_agent", row.user_agent);
  append_member(out, "expires_s", uint64_t{row.expires_s});
  append_member(out, "q_thousandths", uint64_t{row.q});
  append_list(out, "methods", methods_text(row.methods), ',');
  out += '}';
}

void append_json(std::string& out, const BlockRow& row) {
  out += '{';
  append_member(out, "source", row.source);
  append_member(out, "user", row.user);
  append_member(out, "since_s", uint64_t{row.since_s});
  append_member(out, "remaining_s", uint64_t{row.remaining_s});
  append_member(out, "failures", uint64_t{row.failures});
  out += '}';
}

void append_json(std::string& out, const RefusedRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "calls", uint64_t{row.calls});
  append_member(out, "last_s", uint64_t{row.last_s});
  append_member(out, "source", row.source);
  append_excepting_command(out, row.name, row.domain);
  out += '}';
}

void append_json(std::string& out, const UnknownRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "source", row.source);
  append_member(out, "tries", uint64_t{row.tries});
  append_member(out, "last_s", uint64_t{row.last_s});
  out += '}';
}

static void append_sound(std::string& out, std::string_view name, const CallRow::Sound& sound) {
  out += ",\"" + std::string(name) + "\":{";
  append_member(out, "packets", uint64_t{sound.heard.packets});
  append_member(out, "lost", uint64_t{sound.heard.lost});
  append_member(out, "jitter_us", uint64_t{sound.heard.jitter_us});
  append_member(out, "silent_ms", uint64_t{sound.silent_ms});
  out += '}';
}

void append_json(std::string& out, const CallRow& row) {
  out += '{';
  append_member(out, "id", call_name(row.id));
  append_member(out, "state", state_text(row.state));
  append_member(out, "begun_ms", row.begun_ms);
  if (row.answered_ms != 0) append_member(out, "answered_ms", row.answered_ms);
  append_member(out, "caller", row.caller);
  append_member(out, "callee", row.callee);
  append_member(out, "call_id", row.call_id);
  if (!row.answered_by.empty()) append_member(out, "answered_by", row.answered_by);
  if (row.is_anchored) append_member(out, "media", row.is_relayed ? "relayed" : "direct");
  if (row.interval_s != 0) {
    append_member(out, "interval_s", uint64_t{row.interval_s});
    append_member(out, "refresher", row.refresher == dialog::Side::Caller ? "caller" : "callee");
  }
  if (row.callee_interval_s != 0) {
    append_member(out, "callee_interval_s", uint64_t{row.callee_interval_s});
    append_member(out, "callee_refresher",
                  row.callee_refresher == dialog::Side::Caller ? "caller" : "callee");
    append_member(out, "callee_refresh_s", uint64_t{row.callee_refresh_s});
    append_member(out, "callee_left_s", uint64_t{row.callee_left_s});
  }
  if (row.is_timed) {
    append_member(out, "refresh_s", uint64_t{row.refresh_s});
    append_member(out, "left_s", uint64_t{row.left_s});
  }
  if (row.has_sound) {
    append_sound(out, "caller_sound", row.caller_sound);
    append_sound(out, "callee_sound", row.callee_sound);
  }
  out += row.supervised ? R"(,"supervised":true})" : R"(,"supervised":false})";
}

void append_json(std::string& out, const PoolRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "capacity", uint64_t{row.capacity});
  append_member(out, "in_use", uint64_t{row.in_use});
  append_member(out, "high_water", uint64_t{row.high_water});
  append_member(out, "refusals", row.refusals);
  append_member(out, "item_bytes", uint64_t{row.item_bytes});
  out += '}';
}

void append_json(std::string& out, const FactRow& row) {
  append_json(out, row.name);
  out += ':';
  if (row.text.empty()) {
    out += std::to_string(row.number);
  } else {
    append_json(out, row.text);
  }
}

void append_json(std::string& out, const TraceRow& row) {
  out += '{';
  append_member(out, "number", row.number);
  append_member(out, "after", row.after);
  append_member(out, "time_ms", row.time_ms);
  const bool sent = row.kind == transport::TraceKind::Sent;
  append_member(out, "direction", row.is_decision() ? "none" : sent ? "out" : "in");
  append_flag(out, "of_subject", row.of_subject);
  append_member(out, "transport", row.transport);
  append_member(out, "local", row.local);
  append_member(out, "remote", row.remote);
  append_member(out, "offset", row.offset);
  if (row.is_decision()) {
    const std::string text = sentence_of(row.decision, values_of_decision(row.text));
    append_member(out, "kept", text.size());
    append_member(out, "size", text.size());
    append_member(out, "text", text);
    append_member(out, "decision", to_text(row.decision));
    append_list(out, "values", row.text, transport::kValueEnd);
    append_member(out, "call_id", row.call_id);
    if (!row.joins.empty()) append_member(out, "joins", row.joins);
  } else {
    append_member(out, "kept", row.kept);
    append_member(out, "size", row.size);
    append_member(out, "text", row.text);
  }
  out += '}';
}

UserBody parse_user_body(std::string_view body) {
  UserBody result;
  if (body.find('\0') != std::string_view::npos) {
    result.fault.text = "the body is not JSON: it holds a NUL byte; " + std::string(kSend);
    return result;
  }
  result.text = SecretText(body);
  result.text.close_with_nul();
  rapidjson::Document document;
  // In place, so that the password is nowhere but in `text`; without recursion, as the body is
  // foreign.
  document.ParseInsitu<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      result.text.bytes().data());
  if (document.HasParseError()) {
    result.fault.text = "the body is not JSON: " +
                        std::string(rapidjson::GetParseError_En(document.GetParseError())) +
                        " (at byte " + std::to_string(document.GetErrorOffset()) + "); " +
                        std::string(kSend);
  } else if (!document.IsObject() || document.MemberCount() == 0) {
    result.fault.text = "the body must be an object with a member at least; " + std::string(kSend);
  } else {
    const rapidjson::Document& read = document;  // its iterators compare one way only
    for (const auto& member : read.GetObject()) {
      result.fault.text = take_member(member.name, member.value, result);
      if (result.fault.text.empty()) continue;
      if (is_user_field(text_of(member.name))) result.fault.field = text_of(member.name);
      break;
    }
  }
  return result;
}

}  // namespace tipring::admin
