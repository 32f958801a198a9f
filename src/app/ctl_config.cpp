#include "app/ctl_config.h"

#include <cstring>

namespace tipring::app {

namespace {

constexpr size_t kConfigBytesMax = 1 << 20;

}  // namespace

std::string load_ctl_config(const CtlArguments& arguments, port::Files& files, Config& config) {
  std::vector<ConfigFault> faults;
  std::vector<ConfigEntry> entries;
  if (!arguments.config.empty()) {
    std::string text;
    if (const int error = port::read_file(files, arguments.config, kConfigBytesMax, text);
        error != 0)
      return arguments.config + ": cannot be read: " + std::strerror(error) + "\n";
    entries = read_toml(text, arguments.config, faults);
  }
  for (const std::string& setting : arguments.settings) {
    for (ConfigEntry& entry : read_setting(setting, faults)) entries.push_back(std::move(entry));
  }
  apply(entries, config, faults);
  check(config, faults);
  std::string message;
  for (const ConfigFault& fault : faults) message += fault.text() + "\n";
  return message;
}

}  // namespace tipring::app
