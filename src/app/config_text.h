// The configuration's file as text: what its comments say of each key, and changes of some keys that
// leave all else as it is. For the administration: it uses the heap.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"

namespace tipring::app {

// config/tipring.toml as it is delivered.
std::string_view delivered_configuration();

// What the comments of `text`, which is in the form of the delivered file, say of each key: the
// paragraph before it, which stands for the keys that follow each other below it.
std::map<std::string, std::string> read_descriptions(std::string_view text);

// New values by key; nullopt: back to the default.
using ConfigEdits = std::map<std::string, std::optional<ConfigValue>>;

// `text` with the edits. A value that stands is replaced where it stands, a new one goes below the
// commented default in the delivered form, else to the end of its section. nullopt: the text is no
// TOML, or written in a way in which a key cannot be found again, such as in a table on one line.
std::optional<std::string> edit_configuration(std::string_view text, const ConfigEdits& edits);

// As TOML writes it.
std::string toml_text(const ConfigValue& value);

// --- toml.cpp ---

// Where a value stands in a text, in bytes; `key_line` is the line that it begins on.
struct TomlPlace {
  std::string key;  // dotted
  size_t begin = 0;
  size_t end = 0;
};
std::vector<TomlPlace> find_toml_values(std::string_view text);

}  // namespace tipring::app
