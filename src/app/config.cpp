#include "app/config.h"

#include <algorithm>
#include <type_traits>

#include "app/config_keys.h"

namespace tipring::app {

namespace {

// Levenshtein's distance: how many letters must change.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view similar_key(std::string_view unknown) {
  std::string_view best;
  size_t best_distance = std::min<size_t>(4, (unknown.size() + 1) / 2);
  for (const ConfigKey& key : config_key_table()) {
    const std::string_view tail = key.name.substr(key.name.find('.') + 1);
    const size_t letters = std::min(distance(unknown, key.name), distance(unknown, tail));
    if (letters < best_distance) {
      best_distance = letters;
      best = key.name;
    }
  }
  return best;
}

namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Puts the entry's value into the configuration; an empty answer is a good one.
std::string set(const IntegerKey& key, const ConfigValue& value, Config& config) {
  const int64_t* number = std::get_if<int64_t>(&value);
  if (number == nullptr || *number < key.min || *number > key.max) {
    return "must be a whole number from " + std::to_string(key.min) + " to " +
           std::to_string(key.max);
  }
  key.at(config) = static_cast<uint32_t>(*number);
  return {};
}

std::string set(const SwitchKey& key, const ConfigValue& value, Config& config) {
  const bool* on = std::get_if<bool>(&value);
  if (on == nullptr) return "must be true or false";
  key.at(config) = *on;
  return {};
}

std::string set(const TextKey& key, const ConfigValue& value, Config& config) {
  std::string text;
  if (const auto* given = std::get_if<std::string>(&value)) {
    text = *given;
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    text = std::to_string(*number);  // auth.invite = 407 without quotes
  } else {
    return "must be text in quotes";
  }
  const std::string wanted = key.check(text);
  if (!wanted.empty()) return "must be " + wanted;
  key.at(config) = text;
  return {};
}

std::string set(const ListKey& key, const ConfigValue& value, Config& config) {
  TextList list;
  if (const auto* given = std::get_if<TextList>(&value)) {
    list = *given;
  } else if (const auto* single = std::get_if<std::string>(&value)) {
    list = {*single};
  } else {
    return "must be a list of texts such as [\"a\", \"b\"]";
  }
  std::string bad;
  std::string wanted;
  for (const std::string& text : list) {
    const std::string fault = key.check(text);
    if (fault.empty()) continue;
    bad += (bad.empty() ? "" : " and ") + quoted(text);
    wanted = fault;
  }
  if (!bad.empty()) return bad + " must be " + wanted;
  for (size_t i = 1; i < list.size(); ++i) {
    if (std::find(list.begin(), list.begin() + static_cast<ptrdiff_t>(i), list[i]) !=
        list.begin() + static_cast<ptrdiff_t>(i))
      return "names " + quoted(list[i]) + " twice";
  }
  key.at(config) = std::move(list);
  return {};
}

std::string show(const ConfigKey& key, Config& config) {
  return std::visit(
      [&](const auto& kind) -> std::string {
        const auto& value = kind.at(config);
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          return value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, uint32_t>) {
          return std::to_string(value);
        } else if constexpr (std::is_same_v<Value, std::string>) {
          return quoted(value);
        } else {
          std::string list;
          for (const std::string& text : value) list += (list.empty() ? "" : ", ") + quoted(text);
          return "[" + list + "]";
        }
      },
      key.kind);
}

}  // namespace

std::string effective_realm(const Config& config) {
  if (!config.auth.realm.empty()) return config.auth.realm;
  return config.sip.domains.empty() ? "tipring" : config.sip.domains.front();
}

std::string ConfigFault::text() const {
  std::string text = source;
  if (line != 0) text += ":" + std::to_string(line);
  text += ": ";
  if (!key.empty()) text += key + ": ";
  return text + message;
}

void apply(std::span<const ConfigEntry> entries, Config& config, std::vector<ConfigFault>& faults) {
  const std::span<const ConfigKey> keys = config_key_table();
  for (const ConfigEntry& entry : entries) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const ConfigKey& known) { return known.name == entry.key; });
    std::string message;
    if (key == keys.end()) {
      message = "unknown key";
      const std::string_view meant = similar_key(entry.key);
      if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
    } else {
      message =
          std::visit([&](const auto& kind) { return set(kind, entry.value, config); }, key->kind);
    }
    if (message.empty()) {
      config.places.push_back({entry.key, entry.source, entry.line});
    } else {
      faults.push_back({entry.source, entry.line, entry.key, message});
    }
  }
}

std::string describe(const Config& config) {
  Config copy = config;
  std::string text;
  for (const ConfigKey& key : config_key_table())
    text += std::string(key.name) + " = " + show(key, copy) + "\n";
  return text;
}

std::vector<ConfigChange> changes(const Config& now, const Config& next) {
  Config before = now;
  Config after = next;
  std::vector<ConfigChange> found;
  for (const ConfigKey& key : config_key_table()) {
    const std::string value = show(key, after);
    if (value == show(key, before)) continue;
    found.push_back({std::string(key.name), value, key.when == When::Reload, false});
  }
  return found;
}

void adopt(const Config& next, Config& now) {
  Config from = next;
  for (const ConfigKey& key : config_key_table()) {
    if (key.when != When::Reload) continue;
    std::visit([&](const auto& kind) { kind.at(now) = kind.at(from); }, key.kind);
  }
  now.places = next.places;
}

std::vector<std::string_view> config_keys() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : config_key_table()) names.push_back(key.name);
  return names;
}

}  // namespace tipring::app
