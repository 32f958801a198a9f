#include "app/config_json.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <type_traits>

#include "admin/json.h"
#include "admin/json_members.h"
#include "app/config_keys.h"
#include "core/text.h"

namespace tipring::app {

namespace {

// All members of `Config` are reached by functions that take one that may be changed.
void append_value(std::string& out, const ConfigKey& key, Config& config) {
  std::visit(
      [&](const auto& kind) {
        const auto& value = kind.at(config);
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          out += value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, uint32_t>) {
          out += std::to_string(value);
        } else if constexpr (std::is_same_v<Value, std::string>) {
          admin::append_json(out, value);
        } else {
          out += '[';
          for (const std::string& text : value) {
            if (out.back() != '[') out += ',';
            admin::append_json(out, text);
          }
          out += ']';
        }
      },
      key.kind);
}

void append_named_value(std::string& out, std::string_view name, const ConfigKey& key,
                        Config& config) {
  out += ',';
  admin::append_json(out, name);
  out += ':';
  append_value(out, key, config);
}

void append_words(std::string& out, std::span<const std::string_view> words) {
  if (words.empty()) return;
  out += ",\"words\":[";
  for (const std::string_view word : words) {
    if (out.back() != '[') out += ',';
    admin::append_json(out, word);
  }
  out += ']';
}

void append_kind(std::string& out, const ConfigKey& key) {
  if (const auto* number = std::get_if<IntegerKey>(&key.kind)) {
    admin::append_member(out, "type", "integer");
    admin::append_member(out, "min", uint64_t{number->min});
    admin::append_member(out, "max", uint64_t{number->max});
  } else if (const auto* text = std::get_if<TextKey>(&key.kind)) {
    admin::append_member(out, "type", "text");
    append_words(out, words_of(text->check));
  } else if (const auto* list = std::get_if<ListKey>(&key.kind)) {
    admin::append_member(out, "type", "list");
    append_words(out, words_of(list->check));
  } else {
    admin::append_member(out, "type", "switch");
  }
}

const Config::Place* place_of(const Config& config, std::string_view key) {
  const Config::Place* found = nullptr;
  for (const Config::Place& place : config.places) {
    if (place.key == key) found = &place;
  }
  return found;
}

std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

bool read_value(const rapidjson::Value& json, std::optional<ConfigValue>& value) {
  if (json.IsNull()) {
    value = std::nullopt;
  } else if (json.IsInt64()) {
    value = json.GetInt64();
  } else if (json.IsBool()) {
    value = json.GetBool();
  } else if (json.IsString()) {
    value = std::string(text_of(json));
  } else if (json.IsArray()) {
    std::vector<std::string> list;
    for (const rapidjson::Value& item : json.GetArray()) {
      if (!item.IsString()) return false;
      list.emplace_back(text_of(item));
    }
    value = std::move(list);
  } else {
    return false;
  }
  return true;
}

bool is_key(std::string_view name) {
  const auto keys = config_key_table();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& key) { return key.name == name; });
}

}  // namespace

std::string schema_json() {
  const auto descriptions = read_descriptions(delivered_configuration());
  Config defaults;
  std::string out = "[";
  for (const ConfigKey& key : config_key_table()) {
    if (out.size() > 1) out += ",\n";
    out += '{';
    admin::append_member(out, "key", key.name);
    admin::append_member(out, "section", split_once(key.name, '.').first);
    append_kind(out, key);
    append_named_value(out, "default", key, defaults);
    admin::append_member(out, "when", key.when == When::Reload ? "reload" : "restart");
    if (key.is_place) out += R"(,"on_device":true)";
    const auto description = descriptions.find(std::string(key.name));
    admin::append_member(out, "description",
                         description == descriptions.end() ? "" : description->second);
    out += '}';
  }
  return out + "]";
}

std::string values_json(const Config& running, const Config& next) {
  Config now = running;
  Config then = next;
  Config defaults;
  const std::vector<ConfigChange> changed = changes(running, next);
  std::string out = "[";
  for (const ConfigKey& key : config_key_table()) {
    if (out.size() > 1) out += ",\n";
    out += '{';
    admin::append_member(out, "key", key.name);
    append_named_value(out, "value", key, now);
    append_named_value(out, "default", key, defaults);
    if (const Config::Place* place = place_of(next, key.name)) {
      admin::append_member(out, "source", place->source);
      admin::append_member(out, "line", uint64_t{place->line});
    }
    const bool differs =
        std::any_of(changed.begin(), changed.end(),
                    [&](const ConfigChange& change) { return change.key == key.name; });
    if (differs) append_named_value(out, "next", key, then);
    out += '}';
  }
  return out + "]";
}

std::string settings_json(const Config& config, std::string_view file) {
  Config values = config;
  std::string out = "{";
  for (const ConfigKey& key : config_key_table()) {
    const Config::Place* const place = place_of(config, key.name);
    if (place == nullptr || place->source != file || key.is_place) continue;
    if (out.size() > 1) out += ',';
    admin::append_json(out, key.name);
    out += ':';
    append_value(out, key, values);
  }
  return out + "}";
}

std::string faults_json(const std::vector<ConfigFault>& faults) {
  std::string out = "[";
  for (const ConfigFault& fault : faults) {
    if (out.size() > 1) out += ',';
    out += '{';
    admin::append_member(out, "key", fault.key);
    admin::append_member(out, "message", fault.message);
    admin::append_member(out, "source", fault.source);
    if (fault.line != 0) admin::append_member(out, "line", uint64_t{fault.line});
    out += '}';
  }
  return out + "]";
}

bool parse_edits(std::string_view body, ConfigEdits& edits, std::string& fault,
                 std::string& field) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      body.data(), body.size());
  field = "body";
  fault =
      R"(the body must be JSON such as {"values": {"log.level": "debug", "sip.domains": null}}; )"
      "null is the default";
  if (document.HasParseError() || !document.IsObject() || document.MemberCount() != 1) return false;
  const rapidjson::Document& read = document;  // its iterators compare one way only
  const auto values = read.MemberBegin();
  if (text_of(values->name) != "values" || !values->value.IsObject()) return false;
  for (const auto& member : values->value.GetObject()) {
    const std::string name(text_of(member.name));
    field = name;
    fault = "there is no such key; the schema lists all";
    if (!is_key(name)) return false;
    fault = "must be a whole number, true or false, a text or a list of texts";
    if (!read_value(member.value, edits[name])) return false;
  }
  return true;
}

}  // namespace tipring::app
