#include "app/ctl_arguments.h"

namespace tipring::app {

namespace {

// Passwords on a command line can be read by every user of the machine.
constexpr std::string_view kNoPassword =
    "a password is never given on the command line: it is asked for, or read from standard input";

class Reader {
 public:
  explicit Reader(std::span<const std::string_view> words) : words_(words) {}

  CtlArguments read() {
    while (!words_.empty() && result_.fault.empty()) read_word(take());
    if (result_.fault.empty()) find_command();
    if (result_.command == CtlCommand::Help) find_topic();
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
    } else if (word == "--csv") {
      result_.csv = true;
    } else if (word == "--quiet" || word == "-q") {
      result_.quiet = true;
    } else if (word == "--generate") {
      result_.generate = true;
    } else if (word == "--with-credentials") {
      result_.with_credentials = true;
    } else if (word == "--socket") {
      result_.socket = take_value(word);
    } else if (word == "--config") {
      result_.config = take_value(word);
    } else if (word == "--for") {
      result_.for_seconds = take_value(word);
    } else if (word == "--lines" || word == "-n") {
      result_.lines = take_value(word);
    } else if (word == "--settings") {
      result_.with_settings = true;
    } else if (word == "--follow" || word == "-f") {
      result_.follow = true;
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
      if (!at_once_) result_.fault = "no command given";
      return;
    }
    size_t used = 0;
    row_ = find_ctl_command(rest_, used);
    if (at_once_) return;
    if (row_ == nullptr) return refuse_command();
    result_.command = row_->command;
    take_operands(std::span(rest_).subspan(used));
  }

  // `help user add`, and `user add --help`.
  void find_topic() {
    if (!at_once_ && !result_.fault.empty()) return;
    if (!at_once_ && rest_.size() > 1) {
      size_t used = 0;
      rest_.erase(rest_.begin());
      row_ = find_ctl_command(rest_, used);
      if (row_ == nullptr && rest_.size() == 1 && !ctl_words_after(rest_[0]).empty()) {
        result_.topic_group = rest_[0];
        return;
      }
      if (row_ == nullptr || used < rest_.size()) return refuse_command();
    }
    if (row_ != nullptr && row_->command != CtlCommand::Help) result_.topic = row_;
  }

  void refuse_command() {
    const std::string first(rest_[0]);
    const std::string words = ctl_words_after(first);
    if (words.empty()) {
      result_.fault = "unknown command " + first;
    } else if (rest_.size() == 1) {
      result_.fault = first + " needs one of " + words;
    } else {
      result_.fault =
          "unknown command " + first + " " + std::string(rest_[1]) + "; there are " + words;
    }
  }

  void take_operands(std::span<const std::string_view> operands) {
    if (operands.size() < row_->operands_min) {
      result_.fault = std::string(row_->words) + " needs " + std::string(row_->operands);
    } else if (operands.size() > row_->operands_max) {
      const bool is_password =
          row_->command == CtlCommand::UserPassword || row_->command == CtlCommand::AdminPassword;
      result_.fault = is_password ? std::string(kNoPassword)
                                  : std::string(row_->words) + " takes no further words";
    } else if (!operands.empty()) {
      result_.operand = operands.front();
      result_.more.assign(operands.begin() + 1, operands.end());
      if (row_->operands_max == kAnyNumber) check_fields();
    }
  }

  // The word itself may be a password, so it is not repeated.
  void check_fields() {
    const size_t names = row_->words.starts_with("group member") ? 1 : 0;
    for (size_t i = names; i < result_.more.size(); ++i) {
      const std::string& word = result_.more[i];
      if (word.starts_with("password=")) result_.fault = kNoPassword;
      if (word.find('=') == std::string::npos)
        result_.fault =
            row_->command == CtlCommand::UserAdd || row_->command == CtlCommand::AdminAdd
                ? std::string(kNoPassword)
                : std::string(row_->words) + " takes words FIELD=VALUE after the name" +
                      (names > 0 ? "s" : "");
    }
  }

  void check() {
    if (result_.offline && !result_.socket.empty())
      result_.fault = "--socket and --offline exclude each other";
    if (row_ == nullptr || at_once_) return;
    if (result_.quiet && (row_->options & kTakesQuiet) == 0)
      result_.fault = "--quiet goes with user list, group list and trace on only";
    if (result_.csv && (row_->options & kTakesCsv) == 0)
      result_.fault = "--csv goes with records only";
    if (result_.csv && result_.json) result_.fault = "--csv and --json exclude each other";
    if (!result_.for_seconds.empty() && (row_->options & kTakesFor) == 0)
      result_.fault = "--for goes with trace on only";
    if (result_.generate && (row_->options & kTakesGenerate) == 0)
      result_.fault = "--generate goes with commands that set a password only";
    if (!result_.lines.empty() && (row_->options & kTakesLines) == 0)
      result_.fault = "--lines goes with log and admin audit only";
    if (result_.with_settings && (row_->options & kTakesSettings) == 0)
      result_.fault = "--settings goes with restore only";
    if (result_.follow && (row_->options & kTakesFollow) == 0)
      result_.fault = "--follow goes with log only";
    check_credentials();
    const bool about_the_tool =
        row_->command == CtlCommand::Help || row_->command == CtlCommand::Version;
    if (result_.offline && (row_->options & kTakesOffline) == 0 && !about_the_tool)
      result_.fault = "only the running server knows this: leave out --offline";
  }

  void check_credentials() {
    if (!result_.with_credentials) return;
    if ((row_->options & kTakesCredentials) == 0)
      result_.fault = "--with-credentials goes with user export only";
    else if (result_.operand.empty())
      result_.fault =
          "--with-credentials needs the name of a new file: what is in it suffices to log in";
    else if (result_.json)
      result_.fault = "--with-credentials writes a file for import: leave out --json";
  }

  std::span<const std::string_view> words_;
  std::vector<std::string_view> rest_;
  bool only_words_ = false;
  const CtlCommandRow* row_ = nullptr;
  bool at_once_ = false;  // --help or --version, whatever else is there
  CtlArguments result_;
};

}  // namespace

CtlArguments parse_ctl_arguments(std::span<const std::string_view> arguments) {
  return Reader(arguments).read();
}

}  // namespace tipring::app
