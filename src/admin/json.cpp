#include "admin/json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <array>

#include "admin/user_names.h"
#include "auth/digest.h"
#include "core/text.h"

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

constexpr const char* kAlgorithmsFault =
    "\"algorithms\" must be a list of \"MD5\" and \"SHA-256\"; an empty one means as configured";

const char* take_password(const rapidjson::Value& value, UserBody& body) {
  if (!value.IsString()) return "\"password\" must be a string";
  body.password = std::string_view(value.GetString(), value.GetStringLength());
  return fault_of_password(*body.password);
}

const char* take_algorithms(const rapidjson::Value& value, UserBody& body) {
  if (!value.IsArray()) return kAlgorithmsFault;
  uint8_t mask = 0;
  for (const rapidjson::Value& name : value.GetArray()) {
    if (!name.IsString() || name.GetStringLength() == 0) return kAlgorithmsFault;
    const auto algorithm = auth::parse_algorithm({name.GetString(), name.GetStringLength()});
    if (!algorithm) return kAlgorithmsFault;
    mask |= auth::bit_of(*algorithm);
  }
  body.algorithms = mask;
  return nullptr;
}

// What is wrong with one member of a user's body; null when it is right.
const char* take_member(std::string_view name, const rapidjson::Value& value, UserBody& body) {
  if (name == "password") return take_password(value, body);
  if (name == "algorithms") return take_algorithms(value, body);
  return "the body may hold \"password\" and \"algorithms\" only";
}

}  // namespace

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
  out += row.has_secret ? R"(,"has_password":true})" : R"(,"has_password":false})";
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
  out += '}';
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

std::string error_json(std::string_view code, std::string_view message) {
  std::string body = R"({"error":{)";
  append_member(body, "code", code);
  append_member(body, "message", message);
  return body + "}}\n";
}

UserBody parse_user_body(std::string_view body) {
  UserBody result;
  if (body.find('\0') != std::string_view::npos) {
    result.fault = "the body is not JSON: it holds a NUL byte; send {\"password\": \"…\"}";
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
    result.fault = "the body is not JSON: " +
                   std::string(rapidjson::GetParseError_En(document.GetParseError())) +
                   " (at byte " + std::to_string(document.GetErrorOffset()) +
                   "); send {\"password\": \"…\"}";
    return result;
  }
  if (!document.IsObject() || document.MemberCount() == 0) {
    result.fault = "the body must be an object with \"password\", \"algorithms\" or both";
    return result;
  }
  for (const auto& member : document.GetObject()) {
    const char* fault = take_member(member.name.GetString(), member.value, result);
    if (fault != nullptr) result.fault = fault;
  }
  return result;
}

}  // namespace tipring::admin
