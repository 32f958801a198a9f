// The server's configuration, as far as tipringctl needs it: where the socket and the database are,
// and the realm.
#pragma once

#include <string>

#include "app/config.h"
#include "app/ctl_arguments.h"
#include "port/files.h"

namespace tipring::app {

// Reads --config and --set; without them and --socket, the configuration of the packaged server where
// there is one. Returns every fault, one a line; empty when the configuration is right.
std::string load_ctl_config(const CtlArguments& arguments, port::Files& files, Config& config);

}  // namespace tipring::app
