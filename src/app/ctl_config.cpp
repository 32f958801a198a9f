#include "app/ctl_config.h"

#include "app/config_source.h"

namespace tipring::app {

std::string load_ctl_config(const CtlArguments& arguments, port::Files& files, Config& config) {
  std::vector<ConfigFault> faults;
  config = read_config({arguments.config, arguments.settings}, files, faults);
  std::string message;
  for (const ConfigFault& fault : faults) message += fault.text() + "\n";
  return message;
}

}  // namespace tipring::app
