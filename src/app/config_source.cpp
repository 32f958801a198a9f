#include "app/config_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tipring::app {

namespace {

constexpr size_t kFileBytesMax = 1 << 20;

}  // namespace

Config read_config(const ConfigSource& source, port::Files& files,
                   std::vector<ConfigFault>& faults) {
  std::string text;
  const int error =
      source.file.empty() ? 0 : port::read_file(files, source.file, kFileBytesMax, text);
  if (error != 0)
    faults.push_back({source.file, 0, "", std::string("cannot be read: ") + std::strerror(error)});
  return read_config(source, text, faults);
}

Config read_config(const ConfigSource& source, std::string_view text,
                   std::vector<ConfigFault>& faults) {
  Config config;
  apply(read_toml(text, source.file, faults), config, faults);
  for (const std::string& setting : source.settings) {
    apply(read_setting(setting, faults), config, faults);
  }
  check(config, faults);
  // In the order of the file; those of --set come behind it.
  std::stable_sort(faults.begin(), faults.end(), [&](const ConfigFault& a, const ConfigFault& b) {
    const auto place = [&](const ConfigFault& fault) {
      return std::pair(fault.source != source.file, fault.line);
    };
    return place(a) < place(b);
  });
  return config;
}

}  // namespace tipring::app
