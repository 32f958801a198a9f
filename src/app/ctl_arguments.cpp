#include "app/ctl_arguments.h"

namespace tipring::app {

namespace {

struct CommandWords {
  std::string_view group;  // "user", or empty
  std::string_view word;
  CtlCommand command;
  std::string_view operand;  // what it is called in messages; empty when there is none
};

constexpr CommandWords kCommands[] = {
    {"", "help", CtlCommand::Help, ""},
    {"", "version", CtlCommand::Version, ""},
    {"user", "add", CtlCommand::UserAdd, "NAME"},
    {"user", "passwd", CtlCommand::UserPasswd, "NAME"},
    {"user", "delete", CtlCommand::UserDelete, "NAME"},
    {"user", "list", CtlCommand::UserList, ""},
    {"user", "import", CtlCommand::UserImport, "FILE"},
    {"", "registrations", CtlCommand::Registrations, ""},
    {"", "status", CtlCommand::Status, ""},
    {"", "pools", CtlCommand::Pools, ""},
};

// Passwords on a command line can be read by every user of the machine.
constexpr std::string_view kNoPassword =
    "a password is never given on the command line: it is asked for, or read from standard input";

class Reader {
 public:
  explicit Reader(std::span<const std::string_view> words) : words_(words) {}

  CtlArguments read() {
    while (!words_.empty() && result_.fault.empty()) read_word(take());
    if (result_.fault.empty() && !at_once_) find_command();
    if (result_.fault.empty()) check();
    return std::move(result_);
  }

 private:
  std::string_view take() {
    const std::string_view word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  void read_word(std::string_view word) {
    if (only_words_ || word.size() < 2 || word.front() != '-') {
      rest_.push_back(word);
    } else if (word == "--") {
      only_words_ = true;
    } else if (word == "--help" || word == "-h" || word == "--version") {
      at_once_ = true;
      result_.command = word == "--version" ? CtlCommand::Version : CtlCommand::Help;
    } else if (word == "--offline") {
      result_.offline = true;
    } else if (word == "--json") {
      result_.json = true;
    } else if (word == "--quiet" || word == "-q") {
      result_.quiet = true;
    } else if (word == "--socket") {
      result_.socket = take_value(word);
    } else if (word == "--config") {
      result_.config = take_value(word);
    } else if (word == "--set") {
      result_.settings.emplace_back(take_value(word));
    } else {
      result_.fault = "unknown option " + std::string(word);
      if (word.substr(0, 10) == "--password") result_.fault = kNoPassword;
    }
  }

  std::string_view take_value(std::string_view option) {
    if (!words_.empty() && !words_.front().empty()) return take();
    result_.fault = std::string(option) + " needs a value";
    return {};
  }

  void find_command() {
    if (rest_.empty()) {
      result_.fault = "no command given";
      return;
    }
    const bool user = rest_[0] == "user";
    const size_t at = user ? 1 : 0;
    if (at == rest_.size()) {
      result_.fault = "user needs one of add, passwd, delete, list, import";
      return;
    }
    for (const CommandWords& command : kCommands) {
      if (command.word == rest_[at] && (command.group == "user") == user)
        return take_command(command, at + 1);
    }
    result_.fault = "unknown command " + std::string(user ? "user " : "") + std::string(rest_[at]);
  }

  void take_command(const CommandWords& command, size_t operands_at) {
    result_.command = command.command;
    const size_t given = rest_.size() - operands_at;
    const size_t wanted = command.operand.empty() ? 0 : 1;
    if (given < wanted) {
      result_.fault = std::string(command.word) + " needs " + std::string(command.operand);
    } else if (given > wanted) {
      const bool password =
          command.command == CtlCommand::UserAdd || command.command == CtlCommand::UserPasswd;
      // The word itself may be a password, so it is not repeated.
      result_.fault = password ? std::string(kNoPassword)
                               : std::string(command.word) + " takes no further words";
    } else if (wanted == 1) {
      result_.operand = rest_[operands_at];
    }
  }

  void check() {
    if (result_.offline && !result_.socket.empty())
      result_.fault = "--socket and --offline exclude each other";
    if (result_.quiet && result_.command != CtlCommand::UserList)
      result_.fault = "--quiet goes with user list only";
    const bool needs_server = result_.command == CtlCommand::Registrations ||
                              result_.command == CtlCommand::Status ||
                              result_.command == CtlCommand::Pools;
    if (result_.offline && needs_server)
      result_.fault = "only the running server knows this: leave out --offline";
  }

  std::span<const std::string_view> words_;
  std::vector<std::string_view> rest_;
  bool only_words_ = false;
  bool at_once_ = false;  // --help or --version, whatever else is there
  CtlArguments result_;
};

}  // namespace

CtlArguments parse_ctl_arguments(std::span<const std::string_view> arguments) {
  return Reader(arguments).read();
}

std::string_view ctl_help() {
  return R"(Manages a Tipring server.

usage: tipringctl [option]… COMMAND

  user add NAME         creates a user; NAME may be name or name@domain
  user passwd NAME      changes a user's password
  user delete NAME      removes a user and its registrations
  user list [--quiet]   all users; with --quiet only their names
  user import FILE      creates or updates a user for each line name,password; "-" is standard input
  registrations         which phones are registered, and where
  status                what the server does
  pools                 how full each pool of memory is, and how often it was full
  help, version

Passwords are asked for, or read from standard input when that is no terminal.

  --socket PATH         the server's socket (admin.socket of the configuration)
  --offline             works on the database itself, while no server runs
  --config FILE         the server's configuration file
  --set key=value       one setting, over the file's; may be repeated
  --json                output for programs

Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration.
)";
}

}  // namespace tipring::app
