#include "app/config_text.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::app {

namespace {

struct Line {
  size_t begin;
  size_t end;  // behind its line end
  std::string_view text;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t newline = text.find('\n', at);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string_view line = text.substr(at, end - at);
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back({at, end, trim(line)});
    at = end;
  }
  return lines;
}

// "[name]", with or without a comment behind it; empty where the line is none.
std::string_view section_of(std::string_view line) {
  if (line.empty() || line.front() != '[' || line.starts_with("[[")) return {};
  const size_t end = line.find(']');
  return end == std::string_view::npos ? std::string_view() : trim(line.substr(1, end - 1));
}

// "name" of "#name = value", which is a default that is not in force.
std::string_view commented_name(std::string_view line) {
  if (line.size() < 2 || line[0] != '#' || line[1] == ' ') return {};
  const auto [name, value] = split_once(line.substr(1), '=');
  return value.empty() ? std::string_view() : trim(name);
}

// "name" of a line of either form.
std::string_view name_in(std::string_view line) {
  if (line.starts_with('#')) return commented_name(line);
  const auto [name, value] = split_once(line, '=');
  return value.empty() ? std::string_view() : trim(name);
}

// The lines that [begin, end) touches.
std::pair<size_t, size_t> whole_lines(std::string_view text, size_t begin, size_t end) {
  const size_t before = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
  const size_t behind = text.find('\n', end);
  return {before == std::string_view::npos ? 0 : before + 1,
          behind == std::string_view::npos ? text.size() : behind + 1};
}

// Where a new line of the key goes; text.size() with `section_missing` when there is no such
// section.
size_t place_for(std::string_view text, std::string_view section, std::string_view name,
                 bool& section_missing) {
  bool inside = false;
  size_t place = text.size();
  section_missing = true;
  for (const Line& line : lines_of(text)) {
    if (const std::string_view found = section_of(line.text); !found.empty()) {
      inside = found == section;
      if (inside) place = line.end;
      section_missing = section_missing && !inside;
      continue;
    }
    if (!inside || line.text.empty()) continue;
    place = line.end;
    if (commented_name(line.text) == name) break;
  }
  return place;
}

void add(std::string& text, std::string_view key, const ConfigValue& value) {
  const auto [section, name] = split_once(key, '.');
  bool section_missing = false;
  size_t place = place_for(text, section, name, section_missing);
  std::string line = std::string(name) + " = " + toml_text(value) + "\n";
  if (section_missing) line = "\n[" + std::string(section) + "]\n" + line;
  if (place > 0 && text[place - 1] != '\n') line = "\n" + line;
  text.insert(place, line);
}

// What the entries of a text come to.
std::optional<std::map<std::string, ConfigValue>> values_of(std::string_view text) {
  std::vector<ConfigFault> faults;
  std::map<std::string, ConfigValue> values;
  for (ConfigEntry& entry : read_toml(text, "", faults)) values[entry.key] = std::move(entry.value);
  if (!faults.empty()) return std::nullopt;
  return values;
}

}  // namespace

std::map<std::string, std::string> read_descriptions(std::string_view text) {
  std::map<std::string, std::string> found;
  std::string section;
  std::string comment;
  bool behind_key = false;  // a comment that comes now is of other keys
  for (const Line& line : lines_of(text)) {
    if (line.text.empty()) comment.clear();
    if (const std::string_view name = section_of(line.text); !name.empty()) {
      section = name;
      comment.clear();
    } else if (const std::string_view key = name_in(line.text); !key.empty()) {
      found[section + "." + std::string(key)] = comment;
      behind_key = true;
      continue;
    } else if (line.text.starts_with('#')) {
      if (behind_key) comment.clear();
      if (!comment.empty()) comment += ' ';
      comment += trim(line.text.substr(1));
    }
    behind_key = false;
  }
  return found;
}

std::string toml_text(const ConfigValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* on = std::get_if<bool>(&value)) return *on ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const std::string& item : *list) text += (text.empty() ? "" : ", ") + toml_text(item);
    return "[" + text + "]";
  }
  std::string text = "\"";
  for (const char c : std::get<std::string>(value)) {
    const auto byte = static_cast<uint8_t>(c);
    char hex[2];
    if (byte < 0x20 || byte == 0x7f) {
      text += "\\u00" + std::string(write_hex({&byte, 1}, hex));
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "\"";
}

std::optional<std::string> edit_configuration(std::string_view text, const ConfigEdits& edits) {
  auto expected = values_of(text);
  if (!expected) return std::nullopt;
  std::string edited(text);
  for (const auto& [key, value] : edits) {
    const std::vector<TomlPlace> places = find_toml_values(edited);
    const auto place =
        std::find_if(places.begin(), places.end(),
                     [&key = key](const TomlPlace& candidate) { return candidate.key == key; });
    if (value) (*expected)[key] = *value;
    if (!value) expected->erase(key);
    if (place == places.end()) {
      if (value) add(edited, key, *value);
    } else if (value) {
      edited.replace(place->begin, place->end - place->begin, toml_text(*value));
    } else {
      const auto [begin, end] = whole_lines(edited, place->begin, place->end);
      edited.erase(begin, end - begin);
    }
  }
  // Whatever the file looks like, nothing but the edits may have changed.
  if (values_of(edited) != expected) return std::nullopt;
  return edited;
}

}  // namespace tipring::app
