// The one place that sees toml++: it is expensive to compile.
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "app/config.h"
#include "app/config_text.h"
#include "core/text.h"

namespace tipring::app {

namespace {

class TomlReader {
 public:
  TomlReader(std::string_view source, std::vector<ConfigFault>& faults)
      : source_(source), faults_(faults) {}

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key =
          prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      if (const toml::table* inner = node.as_table()) {
        read(*inner, key);
      } else {
        read_value(node, key);
      }
    }
  }

  std::vector<ConfigEntry> take() { return std::move(entries_); }

 private:
  static uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

  void read_value(const toml::node& node, const std::string& key) {
    if (const auto number = node.value_exact<int64_t>()) {
      add(node, key, *number);
    } else if (const auto on = node.value_exact<bool>()) {
      add(node, key, *on);
    } else if (auto text = node.value_exact<std::string>()) {
      add(node, key, std::move(*text));
    } else if (const toml::array* array = node.as_array()) {
      read_list(*array, key);
    } else {
      faults_.push_back(
          {source_, line_of(node), key,
           "must be a whole number, true or false, text in quotes or a list of texts"});
    }
  }

  void read_list(const toml::array& array, const std::string& key) {
    std::vector<std::string> list;
    for (const toml::node& element : array) {
      auto text = element.value_exact<std::string>();
      if (!text) {
        faults_.push_back(
            {source_, line_of(element), key, "every element of the list must be text in quotes"});
        return;
      }
      list.push_back(std::move(*text));
    }
    add(array, key, std::move(list));
  }

  void add(const toml::node& node, const std::string& key, ConfigValue value) {
    entries_.push_back({source_, line_of(node), key, std::move(value)});
  }

  std::string source_;
  std::vector<ConfigFault>& faults_;
  std::vector<ConfigEntry> entries_;
};

// The byte at a line and column, which both count from 1, columns in characters.
size_t offset_of(std::string_view text, const toml::source_position& position) {
  size_t at = 0;
  for (uint32_t line = 1; line < position.line && at < text.size(); ++line)
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  const auto goes_on = [&](size_t byte) {
    return byte < text.size() && (static_cast<uint8_t>(text[byte]) & 0xc0) == 0x80;
  };
  for (uint32_t column = 1; column < position.column && at < text.size(); ++column)
    for (++at; goes_on(at);) ++at;
  return at;
}

void find_values(const toml::table& table, const std::string& prefix, std::string_view text,
                 std::vector<TomlPlace>& places) {
  for (const auto& [name, node] : table) {
    const std::string key =
        prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      find_values(*inner, key, text, places);
    } else {
      places.push_back(
          {key, offset_of(text, node.source().begin), offset_of(text, node.source().end)});
    }
  }
}

}  // namespace

std::vector<TomlPlace> find_toml_values(std::string_view text) {
  std::vector<TomlPlace> places;
  const toml::parse_result result = toml::parse(text);
  if (result) find_values(result.table(), "", text, places);
  return places;
}

std::vector<ConfigEntry> read_toml(std::string_view text, std::string_view source,
                                   std::vector<ConfigFault>& faults) {
  const toml::parse_result result = toml::parse(text, source);
  if (!result) {
    const toml::parse_error& error = result.error();
    faults.push_back(
        {std::string(source), error.source().begin.line, "", std::string(error.description())});
    return {};
  }
  TomlReader reader(source, faults);
  reader.read(result.table(), "");
  return reader.take();
}

std::vector<ConfigEntry> read_setting(std::string_view setting, std::vector<ConfigFault>& faults) {
  const auto [name, value] = split_once(setting, '=');
  const std::string_view key = trim(name);
  if (key.empty() || setting.find('=') == std::string_view::npos) {
    faults.push_back({"--set", 0, std::string(setting), "must be key=value"});
    return {};
  }
  // Read as the right side of an assignment; what is no TOML there is plain text, so that paths
  // need no quotes.
  const toml::parse_result result = toml::parse("value = " + std::string(value));
  const toml::node* node = result ? result.table().get("value") : nullptr;
  const bool usable =
      node != nullptr && result.table().size() == 1 &&
      (node->is_integer() || node->is_boolean() || node->is_string() || node->is_array());
  if (!usable) return {{"--set", 0, std::string(key), std::string(trim(value))}};
  toml::table table;
  table.insert("value", *node);
  std::vector<ConfigFault> own_faults;
  TomlReader reader("--set", own_faults);
  reader.read(table, "");
  std::vector<ConfigEntry> entries = reader.take();
  for (ConfigEntry& entry : entries) {
    entry.key = key;
    entry.line = 0;
  }
  for (ConfigFault& fault : own_faults)
    faults.push_back({"--set", 0, std::string(key), fault.message});
  return entries;
}

}  // namespace tipring::app
