#include "app/ctl_reply.h"

#include <rapidjson/document.h>

#include "core/text.h"

namespace tipring::app {

namespace {

std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

// Null when `object` is none, or has no such member.
const rapidjson::Value* member(const rapidjson::Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
    if (text_of(it->name) == name) return &it->value;
  }
  return nullptr;
}

// As member(), of "a" or "a.b".
const rapidjson::Value* find(const rapidjson::Value& object, std::string_view name) {
  const auto [first, second] = split_once(name, '.');
  const rapidjson::Value* const found = member(object, first);
  return found == nullptr || second.empty() ? found : member(*found, second);
}

bool parse_cell(const rapidjson::Value& value, CtlCell& cell) {
  cell.is_text = value.IsString();
  if (value.IsString()) {
    cell.text = text_of(value);
  } else if (value.IsUint64()) {
    cell.text = std::to_string(value.GetUint64());
  } else if (value.IsBool()) {
    cell.text = value.GetBool() ? "true" : "false";
  } else if (value.IsArray()) {
    cell.is_list = true;
    for (const rapidjson::Value& item : value.GetArray()) {
      if (!item.IsString()) return false;
      cell.text += std::string(text_of(item)) + "\n";
    }
  } else {
    return false;
  }
  return true;
}

// An object within a row: cells of their own, "caller_sound_packets".
bool parse_within(const std::string& name, const rapidjson::Value& object, CtlRow& row) {
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
    CtlCell cell;
    cell.name = name + "_" + std::string(text_of(it->name));
    if (!parse_cell(it->value, cell)) return false;
    row.push_back(std::move(cell));
  }
  return true;
}

bool parse_row(const rapidjson::Value& object, CtlRows& rows) {
  if (!object.IsObject()) return false;
  CtlRow row;
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
    CtlCell cell;
    cell.name = text_of(it->name);
    if (cell.name == "revision") continue;  // tells people nothing
    if (it->value.IsObject()) {
      if (!parse_within(cell.name, it->value, row)) return false;
      continue;
    }
    if (!parse_cell(it->value, cell)) return false;
    row.push_back(std::move(cell));
  }
  rows.push_back(std::move(row));
  return true;
}

bool parse_number(const rapidjson::Value& object, std::string_view name, uint32_t& number) {
  const rapidjson::Value* value = member(object, name);
  if (value == nullptr || !value->IsUint()) return false;
  number = value->GetUint();
  return true;
}

bool parse(std::string_view json, rapidjson::Document& document) {
  document.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  return !document.HasParseError();
}

}  // namespace

bool parse_listing(std::string_view json, std::string_view name, CtlRows& rows, std::string& next) {
  next.clear();
  rapidjson::Document document;
  if (!parse(json, document)) return false;
  const rapidjson::Value* listing = find(document, name);
  if (listing == nullptr) return false;
  if (const rapidjson::Value* cursor = member(document, "next")) {
    if (!cursor->IsString()) return false;
    next = text_of(*cursor);
  }
  if (!listing->IsArray()) return parse_row(*listing, rows);
  for (const rapidjson::Value& row : listing->GetArray()) {
    if (!parse_row(row, rows)) return false;
  }
  return true;
}

bool parse_list(std::string_view json, std::string_view name, std::string& texts) {
  rapidjson::Document document;
  if (!parse(json, document)) return false;
  const rapidjson::Value* const list = find(document, name);
  CtlCell cell;
  if (list == nullptr || !list->IsArray() || !parse_cell(*list, cell)) return false;
  texts = std::move(cell.text);
  return true;
}

std::string parse_error_message(std::string_view json) {
  rapidjson::Document document;
  if (!parse(json, document)) return "";
  const rapidjson::Value* detail = member(document, "detail");
  return detail != nullptr && detail->IsString() ? std::string(text_of(*detail)) : "";
}

void append_secret(admin::SecretText& out, std::string_view text) {
  out.append("\"");
  for (const char& c : text) {
    if (c == '"' || c == '\\') out.append("\\");
    out.append({&c, 1});
  }
  out.append("\"");
}

bool parse_import_reply(std::string_view json, CtlImportReply& reply) {
  rapidjson::Document document;
  if (!parse(json, document)) return false;
  if (!parse_number(document, "created", reply.created)) return false;
  if (!parse_number(document, "changed", reply.changed)) return false;
  return member(document, "detail") == nullptr || parse_number(document, "line", reply.line);
}

}  // namespace tipring::app
