// The control tool: manages users and shows what the server does.
#include <cstdio>

#include "app/ctl_arguments.h"
#include "app/ctl_config.h"
#include "app/ctl_console.h"
#include "app/ctl_offline.h"
#include "app/ctl_run.h"
#include "app/ctl_server.h"
#include "app/ctl_session.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"
#include "port/linux/linux_files.h"

namespace tipring::app {
namespace {

int run(std::span<const std::string_view> words) {
  port::LinuxFiles files;
  port::LinuxEntropy entropy;
  StandardConsole console(files, entropy);
  const CtlArguments arguments = parse_ctl_arguments(words);
  if (!arguments.fault.empty()) {
    console.write_error("tipringctl: " + arguments.fault + "; see tipringctl help\n");
    return kCtlWrongUsage;
  }
  Config config;
  const bool about_the_tool =
      arguments.command == CtlCommand::Help || arguments.command == CtlCommand::Version;
  if (about_the_tool) {
    CtlServer none("");
    return run_ctl(arguments, "", none, console);
  }
  if (const std::string faults = load_ctl_config(arguments, files, config); !faults.empty()) {
    console.write_error(faults);
    return kCtlWrongUsage;
  }
  const std::string_view default_domain =
      config.sip.domains.empty() ? std::string_view() : config.sip.domains.front();
  if (arguments.offline) {
    const port::LinuxClock clock;
    // An administrator's command must not leave a database that the server's own user cannot open.
    port::LinuxFiles given(port::NewFiles::OfFolderOwner);
    CtlOffline offline(given, clock, config);
    return run_ctl(arguments, default_domain, offline, console);
  }
  CtlServer server(arguments.socket.empty() ? config.admin.socket : arguments.socket);
  return run_ctl(arguments, default_domain, server, console);
}

}  // namespace
}  // namespace tipring::app

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int status = tipring::app::run(words);
  // What could not be written must not pass for success: `tipringctl user list > /dev/full`.
  return std::fflush(stdout) == 0 ? status : 1;
}
