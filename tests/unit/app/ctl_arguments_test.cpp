#include "app/ctl_arguments.h"

#include <doctest/doctest.h>

namespace tipring::app {
namespace {

CtlArguments parse(std::vector<std::string_view> words) { return parse_ctl_arguments(words); }

TEST_CASE("ctl arguments: every command with its operand") {
  const std::pair<std::vector<std::string_view>, CtlCommand> rows[] = {
      {{"help"}, CtlCommand::Help},
      {{"user", "add", "100"}, CtlCommand::UserAdd},
      {{"user", "password", "100"}, CtlCommand::UserPassword},
      {{"user", "passwd", "100"}, CtlCommand::UserPassword},
      {{"user", "delete", "100"}, CtlCommand::UserDelete},
      {{"user", "list"}, CtlCommand::UserList},
      {{"user", "import", "-"}, CtlCommand::UserImport},
      {{"registrations"}, CtlCommand::Registrations},
      {{"status"}, CtlCommand::Status},
      {{"pools"}, CtlCommand::Pools},
      {{"--help"}, CtlCommand::Help},
  };
  for (const auto& row : rows) {
    const std::vector<std::string_view>& words = row.first;
    const CtlArguments arguments = parse(words);
    CAPTURE(words.back());
    CHECK(arguments.fault == "");
    CHECK(arguments.command == row.second);
    if (words.size() == 3) CHECK(arguments.operand == words[2]);
  }
}

TEST_CASE("ctl arguments: help for one command, by either way") {
  CHECK(parse({"help"}).topic == nullptr);
  CHECK(parse({"--help"}).topic == nullptr);
  CHECK(parse({"help", "user", "add"}).topic == &ctl_row(CtlCommand::UserAdd));
  CHECK(parse({"user", "add", "--help"}).topic == &ctl_row(CtlCommand::UserAdd));
  CHECK(parse({"status", "--help", "--quiet"}).topic == &ctl_row(CtlCommand::Status));
  CHECK(parse({"help", "frob"}).fault == "unknown command frob");
  CHECK(parse({"help", "user"}).topic_group == "user");
  CHECK(parse({"help", "user", "frob"}).fault.find("unknown command user frob; there are add, ") ==
        0);
  CHECK(parse({"user", "remove", "anna"}).command == CtlCommand::UserDelete);
  CHECK(parse({"help", "status", "now"}).fault != "");
}

TEST_CASE("help: names every command, and no line is wider than 100 columns") {
  const std::string help = ctl_help();
  CHECK(help.find("\n  config check [KEY=VALUE]…     what is wrong") != std::string::npos);
  const std::string of_group = ctl_help_of_group("group");
  CHECK(of_group.find("\n  group member set NAME") != std::string::npos);
  CHECK(of_group.find("user add") == std::string::npos);
  for (const CtlCommandRow& row : ctl_commands()) {
    CAPTURE(row.words);
    CHECK(help.find("\n  " + std::string(row.words)) != std::string::npos);
    CHECK(help.find(row.summary) != std::string::npos);
    CHECK(ctl_help(row).find(row.details) != std::string::npos);
  }
  for (size_t at = 0, end = 0; (end = help.find('\n', at)) != std::string::npos; at = end + 1)
    CHECK(end - at <= 100);
}

TEST_CASE("ctl arguments: options before, between and after the command's words") {
  const CtlArguments arguments = parse({"--offline", "--set", "a=b", "user", "--config", "file",
                                        "list", "--quiet", "--set", "c=d", "--json"});
  CHECK(arguments.fault == "");
  CHECK(arguments.offline);
  CHECK(arguments.json);
  CHECK(arguments.quiet);
  CHECK(arguments.config == "file");
  CHECK(arguments.settings == std::vector<std::string>{"a=b", "c=d"});
  CHECK(parse({"--socket", "x", "status"}).socket == "x");
}

TEST_CASE("ctl arguments: after -- a name may begin with a dash") {
  CHECK(parse({"user", "delete", "--", "-7"}).operand == "-7");
}

TEST_CASE("ctl arguments: what is no command line has a fault") {
  const std::vector<std::string_view> rows[] = {
      {},
      {"user"},
      {"user", "add"},
      {"user", "rename", "1"},
      {"add", "1"},
      {"user", "status"},
      {"status", "now"},
      {"--socket"},
      {"--bogus", "status"},
      {"--offline", "status"},
      {"--offline", "--socket", "x", "user", "list"},
      {"--quiet", "status"},
      {"--config", "", "status"},
      {"--with-credentials", "user", "export"},
      {"--with-credentials", "user", "list"},
      {"--with-credentials", "--json", "user", "export", "file"},
  };
  for (const auto& words : rows) CHECK(parse(words).fault != "");
}

TEST_CASE("ctl arguments: a password on the command line is refused and not repeated") {
  for (const auto& words : {std::vector<std::string_view>{"user", "add", "100", "secretive"},
                            {"user", "passwd", "100", "--password", "secretive"},
                            {"user", "add", "100", "--password=secretive"}}) {
    const CtlArguments arguments = parse(words);
    CHECK(arguments.fault.find("standard input") != std::string::npos);
    CHECK(arguments.fault.find("secretive") == std::string::npos);
  }
}

}  // namespace
}  // namespace tipring::app
