#include "app/ctl_commands.h"

#include <algorithm>
#include <vector>

#include "core/text.h"

namespace tipring::app {

namespace {

constexpr uint8_t kOnUsers = kTakesOffline;

constexpr CtlCommandRow kCommands[] = {
    {CtlCommand::UserAdd, "user add", "NAME", 1, 1, kOnUsers, "creates a user",
     "NAME is name or name@domain; without a domain it belongs to the first of sip.domains.\n"
     "The password is asked for, or read as one line of standard input.\n"},
    {CtlCommand::UserPassword, "user password", "NAME", 1, 1, kOnUsers, "changes a user's password",
     "The password is asked for, or read as one line of standard input. `user passwd` is the "
     "same.\n"},
    {CtlCommand::UserDelete, "user delete", "NAME", 1, 1, kOnUsers,
     "removes a user and its registrations", ""},
    {CtlCommand::UserList, "user list", "", 0, 0, kOnUsers | kTakesQuiet,
     "all users; with --quiet only their names", ""},
    {CtlCommand::UserImport, "user import", "FILE", 1, 1, kOnUsers,
     "creates or changes the users of a file",
     "Each line is name,password; the password is all that follows the first comma. \"-\" is\n"
     "standard input. When a line is wrong nothing is stored, and the wrong lines are named.\n"},
    {CtlCommand::Registrations, "registrations", "", 0, 0, 0,
     "which phones are registered, and where", ""},
    {CtlCommand::Status, "status", "", 0, 0, 0, "what the server does", ""},
    {CtlCommand::Pools, "pools", "", 0, 0, 0,
     "how full each pool of memory is, and how often it was full", ""},
    {CtlCommand::Help, "help", "[COMMAND]", 0, 2, 0, "this, or what one command does", ""},
    {CtlCommand::Version, "version", "", 0, 0, 0, "the version of this tool", ""},
};

constexpr std::string_view kOptions =
    "  --socket PATH    the server's socket (admin.socket of the configuration)\n"
    "  --offline        works on the database itself, while no server runs; users only\n"
    "  --config FILE    the server's configuration file\n"
    "  --set key=value  one setting, over the file's; may be repeated\n"
    "  --json           output for programs\n"
    "  --quiet, -q      only names\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration.\n";

constexpr size_t kUsageWidth = 30;

bool begins_with(std::span<const std::string_view> words, std::string_view row, size_t& used) {
  used = 0;
  for (std::string_view rest = row; !rest.empty(); ++used) {
    const auto [word, more] = split_once(rest, ' ');
    if (used == words.size() || words[used] != word) return false;
    rest = more;
  }
  return true;
}

std::string usage_of(const CtlCommandRow& row) {
  std::string usage(row.words);
  if (!row.operands.empty()) usage += " " + std::string(row.operands);
  if ((row.options & kTakesQuiet) != 0) usage += " [--quiet]";
  return usage;
}

}  // namespace

std::span<const CtlCommandRow> ctl_commands() { return kCommands; }

const CtlCommandRow& ctl_row(CtlCommand command) {
  return *std::find_if(std::begin(kCommands), std::end(kCommands),
                       [&](const CtlCommandRow& row) { return row.command == command; });
}

const CtlCommandRow* find_ctl_command(std::span<const std::string_view> words, size_t& used) {
  for (const CtlCommandRow& row : kCommands) {
    if (begins_with(words, row.words, used)) return &row;
  }
  if (words.size() < 2 || words[0] != "user" || words[1] != "passwd") return nullptr;
  used = 2;
  return &ctl_row(CtlCommand::UserPassword);
}

std::string ctl_words_after(std::string_view group) {
  std::vector<std::string_view> words;
  for (const CtlCommandRow& row : kCommands) {
    const auto [first, second] = split_once(row.words, ' ');
    if (first == group && !second.empty()) words.push_back(second);
  }
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string ctl_help() {
  std::string text = "Manages a Tipring server.\n\nusage: tipringctl [option]… COMMAND\n\n";
  for (const CtlCommandRow& row : kCommands) {
    std::string line = "  " + usage_of(row);
    if (line.size() + 2 > kUsageWidth + 2) {
      text += line + "\n";
      line.clear();
    }
    line.resize(kUsageWidth + 2, ' ');
    text += line + std::string(row.summary) + "\n";
  }
  text +=
      "\n`tipringctl help COMMAND` tells more. Passwords are asked for, or read from standard "
      "input\n"
      "when that is no terminal.\n\n";
  text += kOptions;
  return text;
}

std::string ctl_help(const CtlCommandRow& row) {
  std::string text = "usage: tipringctl [option]… " + usage_of(row) + "\n\n";
  std::string summary(row.summary);
  summary.front() = static_cast<char>(summary.front() & ~0x20);
  text += summary + ".\n";
  if (!row.details.empty()) text += "\n" + std::string(row.details);
  if ((row.options & kTakesOffline) != 0)
    text += "\nWith --offline it works on the database itself, while no server runs.\n";
  return text;
}

}  // namespace tipring::app
