// The commands of tipringctl: one row each, from which the command line is read and the help is
// written. A new command is a row here, an enumerator, and a case in ctl_run.cpp; the manual page
// and the shell completions name it too (a test tells when they don't).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tipring::app {

enum class CtlCommand : uint8_t {
  Help,
  Version,
  UserAdd,
  UserSet,
  UserPassword,
  UserShow,
  UserRename,
  UserDelete,
  UserList,
  UserImport,
  UserExport,
  GroupAdd,
  GroupSet,
  GroupEnable,
  GroupDisable,
  GroupRename,
  GroupRemove,
  GroupShow,
  GroupList,
  GroupImport,
  GroupExport,
  MemberAdd,
  MemberSet,
  MemberEnable,
  MemberDisable,
  MemberRemove,
  Registrations,
  RegistrationsRemove,
  Blocks,
  BlocksLift,
  Refused,
  Unknown,
  Calls,
  CallsEnd,
  Records,
  AdminSetupCode,
  AdminList,
  AdminAdd,
  AdminSet,
  AdminPassword,
  AdminRemove,
  TokenList,
  TokenAdd,
  TokenRemove,
  Audit,
  ConfigShow,
  ConfigCheck,
  ConfigSet,
  LogShow,
  Restart,
  Backup,
  Restore,
  Status,
  Pools,
  TraceOn,
  TraceOff,
  TraceShow,
  TracePcap,
  Trace,
};

// Options that only some commands take, as a mask.
inline constexpr uint16_t kTakesQuiet = 1;
inline constexpr uint16_t kTakesOffline = 2;
inline constexpr uint16_t kTakesGenerate = 4;
inline constexpr uint16_t kTakesFor = 8;
inline constexpr uint16_t kTakesCredentials = 16;
inline constexpr uint16_t kTakesCsv = 32;
inline constexpr uint16_t kTakesLines = 64;
inline constexpr uint16_t kTakesFollow = 128;
inline constexpr uint16_t kTakesSettings = 256;

inline constexpr uint8_t kAnyNumber = UINT8_MAX;

struct CtlCommandRow {
  CtlCommand command;
  std::string_view words;     // "user add"
  std::string_view operands;  // as the usage shows them
  uint8_t operands_min;
  uint8_t operands_max;
  uint16_t options;
  std::string_view summary;
  std::string_view details;  // lines for `help COMMAND`; may be empty
};

std::span<const CtlCommandRow> ctl_commands();
const CtlCommandRow& ctl_row(CtlCommand command);

// The row whose words `words` begin with, and how many of them those are. Null when there is none.
const CtlCommandRow* find_ctl_command(std::span<const std::string_view> words, size_t& used);

// The words that may follow `group`, as in "add, delete or list"; empty when it is no group.
std::string ctl_words_after(std::string_view group);

std::string ctl_help();
std::string ctl_help_of_group(std::string_view group);
std::string ctl_help(const CtlCommandRow& row);

}  // namespace tipring::app
