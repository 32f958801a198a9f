// The table of the configuration's keys: what each may hold, where it lies in Config, and when a
// new value counts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config.h"
#include "app/config_checks.h"

namespace tipring::app {

using TextList = std::vector<std::string>;

struct IntegerKey {
  uint32_t& (*at)(Config&);
  uint32_t min;
  uint32_t max;
};
struct SwitchKey {
  bool& (*at)(Config&);
};
struct TextKey {
  std::string& (*at)(Config&);
  TextCheck check;
};
struct ListKey {
  TextList& (*at)(Config&);
  TextCheck check;  // of each element
};
// Whether a running server takes a new value (SIGHUP), or only the next one to start.
enum class When : uint8_t { Start, Reload };

struct ConfigKey {
  std::string_view name;
  std::variant<IntegerKey, SwitchKey, TextKey, ListKey> kind;
  When when = When::Start;
  // Names a file or socket of the device: a server with the rights of root would write wherever it
  // is told to, so nobody changes such a key by the network.
  bool is_place = false;
};

// The words that a check allows, where it allows words alone; otherwise none.
std::span<const std::string_view> words_of(TextCheck check);

// In the order of config/tipring.toml.
std::span<const ConfigKey> config_key_table();

}  // namespace tipring::app
