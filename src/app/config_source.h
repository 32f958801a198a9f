// Where a server's configuration comes from: a file, and settings that override it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "port/files.h"

namespace tipring::app {

struct ConfigSource {
  std::string file;  // empty: the defaults
  std::vector<std::string> settings;
};

// Reads all of it, anew at each call; every fault is found. May block.
Config read_config(const ConfigSource& source, port::Files& files,
                   std::vector<ConfigFault>& faults);

// As read_config(), of a file whose text is given: what it would come to.
Config read_config(const ConfigSource& source, std::string_view text,
                   std::vector<ConfigFault>& faults);

}  // namespace tipring::app
