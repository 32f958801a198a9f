#include "app/ctl_config.h"

#include "app/config_source.h"

namespace tipring::app {

namespace {

// Of the packaged server. Whoever names a socket, a file or a setting means another server.
constexpr const char* kInstalled = "/etc/tipring/tipring.toml";

std::string file_of(const CtlArguments& arguments, port::Files& files) {
  port::FileInfo info;
  const bool names_none =
      arguments.config.empty() && arguments.socket.empty() && arguments.settings.empty();
  return names_none && files.info(kInstalled, info) == 0 ? kInstalled : arguments.config;
}

}  // namespace

std::string load_ctl_config(const CtlArguments& arguments, port::Files& files, Config& config) {
  std::vector<ConfigFault> faults;
  config = read_config({file_of(arguments, files), arguments.settings}, files, faults);
  std::string message;
  for (const ConfigFault& fault : faults) message += fault.text() + "\n";
  return message;
}

}  // namespace tipring::app
