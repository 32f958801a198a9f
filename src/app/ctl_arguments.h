// The command line of tipringctl.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tipring::app {

enum class CtlCommand : uint8_t {
  Help,
  Version,
  UserAdd,
  UserPasswd,
  UserDelete,
  UserList,
  UserImport,
  Registrations,
  Status,
  Pools,
};

struct CtlArguments {
  CtlCommand command = CtlCommand::Help;
  std::string operand;  // the user's name, or the file to import
  std::string socket;   // empty: admin.socket of the configuration
  std::string config;   // empty: the built-in values
  std::vector<std::string> settings;
  bool offline = false;
  bool json = false;
  bool quiet = false;
  std::string fault;  // not empty: what is wrong with the command line
};

CtlArguments parse_ctl_arguments(std::span<const std::string_view> arguments);

std::string_view ctl_help();

}  // namespace tipring::app
