// The command line of tipringctl.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/ctl_commands.h"

namespace tipring::app {

struct CtlArguments {
  CtlCommand command = CtlCommand::Help;
  std::string operand;                   // the first: a user's name, a file
  std::vector<std::string> more;         // the others
  const CtlCommandRow* topic = nullptr;  // of Help: the one command that is asked about
  std::string topic_group;               // of Help: or the first word of several
  std::string socket;                    // empty: admin.socket of the configuration
  std::string config;                    // empty: the built-in values
  std::vector<std::string> settings;
  std::string for_seconds;  // of a trace; empty: as long as usual
  std::string lines;        // how many; empty: as many as usual
  bool follow = false;
  bool with_settings = false;
  bool offline = false;
  bool json = false;
  bool quiet = false;
  bool csv = false;
  bool generate = false;
  bool with_credentials = false;
  std::string fault;  // not empty: what is wrong with the command line
};

CtlArguments parse_ctl_arguments(std::span<const std::string_view> arguments);

}  // namespace tipring::app
