#include "app/ctl_commands.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/text.h"

namespace tipring::app {

namespace {

constexpr uint16_t kOnUsers = kTakesOffline;

#define TIPRING_FIELDS                                                                            \
  "FIELD is one of\n"                                                                             \
  "  display_name   as phones may show it\n"                                                      \
  "  auth_name      the name that the phone's credentials have, when it is not NAME; a new one\n" \
  "                 needs a new password\n"                                                       \
  "  aliases        other names, separated by commas; alias+=NAME adds one, alias-=NAME takes\n"  \
  "                 one away\n"                                                                   \
  "  algorithms     MD5, SHA-256 or both with a comma between, offered to this user; "            \
  "\"default\"\n"                                                                                 \
  "                 is what auth.algorithms says\n"                                               \
  "  session_timer  \"exempt\" lets the user's phones call without knowing session timers,\n"     \
  "                 \"default\" is what [session_timer] says\n"                                   \
  "An empty VALUE clears the field. When one word is wrong nothing is changed.\n"

#define TIPRING_GROUP_FIELDS                                                                   \
  "FIELD is one of\n"                                                                          \
  "  display_name      for people\n"                                                           \
  "  strategy          all (at once, which is usual), or one after the other: sequential,\n"   \
  "                    round_robin, longest_idle, random\n"                                    \
  "  ring_timeout_s    how many seconds the group rings in all; usually 60\n"                  \
  "  member_ring_s     how many seconds each member rings where one rings after the other;\n"  \
  "                    usually 15\n"                                                           \
  "  no_answer_status  what the caller is told when nobody answers, such as 486; 0 for what\n" \
  "                    the calls came to\n"                                                    \
  "  no_answer_to      the user or group that gets the call then, instead of a status\n"       \
  "  enabled           yes or no\n"                                                            \
  "An empty VALUE makes a field what it is usually. When one word is wrong nothing is changed.\n"

#define TIPRING_MEMBER_FIELDS                                                                  \
  "FIELD is one of\n"                                                                          \
  "  order    1 to 9999: who rings first, where one rings after the other; among equals the\n" \
  "           older member. A new one comes last\n"                                            \
  "  delay_s  how many seconds later it begins to ring, where all ring at once\n"              \
  "  ring_s   how many seconds it rings at most; 0 for as long as the group says\n"            \
  "  enabled  yes or no\n"

constexpr CtlCommandRow kCommands[] = {
    {CtlCommand::UserAdd, "user add", "NAME [FIELD=VALUE]…", 1, kAnyNumber,
     kOnUsers | kTakesGenerate, "creates a user",
     "NAME is name or name@domain; without a domain it belongs to the first of sip.domains.\n"
     "The password is asked for, or read as one line of standard input; --generate makes one and\n"
     "shows it once.\n" TIPRING_FIELDS},
    {CtlCommand::UserSet, "user set", "NAME FIELD=VALUE…", 2, kAnyNumber, kOnUsers | kTakesGenerate,
     "changes fields of a user, and leaves the others",
     TIPRING_FIELDS "A new auth_name asks for a new password, or takes --generate.\n"},
    {CtlCommand::UserPassword, "user password", "NAME", 1, 1, kOnUsers | kTakesGenerate,
     "changes a user's password",
     "The password is asked for, or read as one line of standard input; --generate makes one and\n"
     "shows it once. `user passwd` is the same.\n"},
    {CtlCommand::UserShow, "user show", "NAME", 1, 1, kOnUsers, "all about one user", ""},
    {CtlCommand::UserRename, "user rename", "NAME NEW", 2, 2, kOnUsers | kTakesGenerate,
     "gives a user another name",
     "Registrations, aliases and all other fields follow; an alias that is NEW goes. The user "
     "stays\n"
     "in its domain. The stored hashes hold the auth_name: where that is the name, the user needs "
     "a\n"
     "new password, which is asked for as by `user add`, or made with --generate. A user with an\n"
     "auth_name of its own keeps it and its password. Phones have to be set to the new name.\n"},
    {CtlCommand::UserDelete, "user delete", "NAME", 1, 1, kOnUsers,
     "removes a user and its registrations", "`user remove` is the same.\n"},
    {CtlCommand::UserList, "user list", "", 0, 0, kOnUsers | kTakesQuiet,
     "all users; with --quiet only their names", ""},
    {CtlCommand::UserImport, "user import", "FILE", 1, 1, kOnUsers,
     "creates or changes the users of a file",
     "Each line is name,password; the password is all that follows the first comma. When the "
     "first\n"
     "line is a heading such as name,password,display_name,aliases, each line has those columns,\n"
     "with values that hold commas in quotes; see `help user set` for the fields. An empty\n"
     "password leaves the one that stands. Instead of a password there may be the hashes that\n"
     "`user export --with-credentials` has written, in the columns realm, ha1_md5 and ha1_sha256;\n"
     "those of another realm are refused. \"-\" is standard input. When a line is wrong nothing\n"
     "is stored, and the wrong lines are named.\n"},
    {CtlCommand::UserExport, "user export", "[FILE]", 0, 1, kOnUsers | kTakesCredentials,
     "all users in the form that import reads",
     "Without FILE they are written to standard output. Passwords cannot be exported, since only\n"
     "hashes of them are kept (HA1). --with-credentials writes these too, so that the users can "
     "log\n"
     "in to another server with the passwords that they have: whoever reads the file can register\n"
     "and call as each of them, as if it had the passwords. It must be named, and new; nobody but\n"
     "its owner may read it (mode 0600). Remove it after the import. The hashes are good for one\n"
     "realm only: the other server must have the same auth.realm.\n"},
    {CtlCommand::GroupAdd, "group add", "NAME [members=MEMBER,…] [FIELD=VALUE]…", 1, kAnyNumber,
     kOnUsers, "creates a hunt group",
     "NAME is the extension that is called, such as 600 or 600@domain. MEMBERs are users, by name "
     "or\n"
     "alias, or other groups of the same domain; they may still be to come. A group has at most "
     "32.\n" TIPRING_GROUP_FIELDS},
    {CtlCommand::GroupSet, "group set", "NAME FIELD=VALUE…", 2, kAnyNumber, kOnUsers,
     "changes fields of a hunt group, and leaves the others",
     TIPRING_GROUP_FIELDS "Calls that ring go on as they began.\n"},
    {CtlCommand::GroupEnable, "group enable", "NAME", 1, 1, kOnUsers, "lets a hunt group be called",
     ""},
    {CtlCommand::GroupDisable, "group disable", "NAME", 1, 1, kOnUsers,
     "lets a hunt group ring nobody", ""},
    {CtlCommand::GroupRename, "group rename", "NAME NEW", 2, 2, kOnUsers,
     "gives a hunt group another extension",
     "Its members, fields and counts follow, and so do the groups that name it, as a member or as\n"
     "who gets their calls. The group stays in its domain. Call records keep the extension that "
     "was\n"
     "called.\n"},
    {CtlCommand::GroupRemove, "group remove", "NAME", 1, 1, kOnUsers,
     "removes a hunt group and its members",
     "The members themselves stay what they are. Where the group was a member of another one, it "
     "is\n"
     "passed over there. `group delete` is the same.\n"},
    {CtlCommand::GroupShow, "group show", "NAME", 1, 1, kOnUsers,
     "a hunt group, its members and their calls",
     "Calls are counted since the server's start: OFFERED to the group or member, ANSWERED there,\n"
     "answered ELSEWHERE, ABANDONED by the caller, or UNANSWERED: refused, not reachable, or rung\n"
     "until the time was over. A member whose KIND is nobody does not exist and is passed over.\n"},
    {CtlCommand::GroupList, "group list", "", 0, 0, kOnUsers | kTakesQuiet,
     "all hunt groups and their calls; with --quiet only their names", ""},
    {CtlCommand::GroupImport, "group import", "FILE", 1, 1, kOnUsers,
     "creates or changes the hunt groups of a file",
     "The first line names the columns: name, members and fields of `help group set`; what has no\n"
     "column stays as it is. MEMBERs have commas between them, within quotes; each may have "
     "fields\n"
     "of `help group member set` behind it, with colons: \"201,202:order=2:enabled=no\". Members "
     "that\n"
     "are not named are taken out. \"-\" is standard input. When a line is wrong nothing is "
     "stored,\n"
     "and the wrong lines are named.\n"},
    {CtlCommand::GroupExport, "group export", "[FILE]", 0, 1, kOnUsers,
     "all hunt groups in the form that import reads",
     "Without FILE they are written to standard output. FILE is new.\n"},
    {CtlCommand::MemberAdd, "group member add", "NAME MEMBER [FIELD=VALUE]…", 2, kAnyNumber,
     kOnUsers, "makes a user or a group a member of a hunt group", TIPRING_MEMBER_FIELDS},
    {CtlCommand::MemberSet, "group member set", "NAME MEMBER FIELD=VALUE…", 3, kAnyNumber, kOnUsers,
     "changes fields of a member", TIPRING_MEMBER_FIELDS},
    {CtlCommand::MemberEnable, "group member enable", "NAME MEMBER", 2, 2, kOnUsers,
     "lets a member be rung", ""},
    {CtlCommand::MemberDisable, "group member disable", "NAME MEMBER", 2, 2, kOnUsers,
     "passes a member over", ""},
    {CtlCommand::MemberRemove, "group member remove", "NAME MEMBER", 2, 2, kOnUsers,
     "takes a member out of a hunt group", ""},
    {CtlCommand::RegistrationsRemove, "registrations remove", "USER [CONTACT]", 1, 2, 0,
     "removes a user's registrations, or the one with this contact",
     "A phone that still runs registers anew sooner or later; change the user's password to keep\n"
     "it out.\n"},
    {CtlCommand::Registrations, "registrations", "[USER]", 0, 1, 0,
     "which phones are registered, and where",
     "The contact is shown as the phone sent it; RECEIVED is where its packets came from.\n"},
    {CtlCommand::BlocksLift, "blocks lift", "SOURCE [USER]", 1, 2, 0,
     "lifts blocks before their time",
     "SOURCE and USER as `tipringctl blocks` shows them. Without USER all blocks of SOURCE are "
     "lifted.\n"},
    {CtlCommand::Blocks, "blocks", "", 0, 0, 0, "who is blocked after wrong passwords",
     "A row without a user is a source that is blocked as a whole.\n"},
    {CtlCommand::Refused, "refused", "", 0, 0, 0,
     "whose phones were refused for want of session timers",
     "A phone that does not know session timers (RFC 4028) may not call where session_timer.mode "
     "is\n"
     "\"mandatory\"; the command that excepts its user is shown. Whoever can reach the server can\n"
     "call by the name of a user, so look at SOURCE, where the last call came from.\n"},
    {CtlCommand::Unknown, "unknown", "", 0, 0, 0,
     "names that are nobody's, by which phones wanted to be let in",
     "The last ones of them, since the start of the server: a phone with a slip in its name, or\n"
     "somebody who guesses. SOURCE is where the last one came from.\n"},
    {CtlCommand::CallsEnd, "calls end", "ID", 1, 1, 0,
     "ends an answered call with BYE to both sides",
     "ID as `tipringctl calls` shows it. A call that only rings cannot be ended this way.\n"},
    {CtlCommand::Calls, "calls", "", 0, 0, 0, "the calls that there are, and who refreshes each",
     "The oldest first, times in UTC. A call that rings at several phones has a row for each, "
     "since\n"
     "each of them may answer. STATE is calling (nobody rings yet), early (a phone rings), "
     "confirmed\n"
     "(answered) or ending (a BYE waits for its answer). INTERVAL is what the phones have agreed\n"
     "upon, in seconds (RFC 4028); REFRESHER is to refresh the call in REFRESH seconds, and a\n"
     "supervised call is over in LEFT seconds when nobody does. --json has the Call-ID too.\n"},
    {CtlCommand::Records, "records", "[PARTY]", 0, 1, kTakesCsv,
     "the calls that have been, the newest first",
     "Of PARTY only those that this user, number or URI has made, was called by or has answered.\n"
     "Times are in UTC; SECONDS are from the answer to the end. ENDED is who hung up, or what "
     "ended\n"
     "the call. The newest 1000 are shown. --csv writes all for a spreadsheet, the phones that "
     "were\n"
     "rung for each call too; records.max and records.days say how many there are.\n"},
    {CtlCommand::AdminSetupCode, "admin setup-code", "", 0, 0, 0,
     "the code that makes the first administrator on the page",
     "It is good until there is an administrator; the log shows it too.\n"},
    {CtlCommand::AdminList, "admin list", "", 0, 0, 0, "who may sign in to the page", ""},
    {CtlCommand::AdminAdd, "admin add", "NAME [role=ROLE]", 1, kAnyNumber, kTakesGenerate,
     "creates an account of the page",
     "ROLE is administrator, which is usual, or viewer: one who changes nothing. The password, of "
     "at\n"
     "least 10 characters, is asked for, or read as one line of standard input; --generate makes "
     "one\n"
     "and shows it once.\n"},
    {CtlCommand::AdminSet, "admin set", "NAME role=ROLE", 2, kAnyNumber, 0,
     "gives an account another role", "Whoever has signed in to it has to sign in again.\n"},
    {CtlCommand::AdminPassword, "admin password", "NAME", 1, 1, kTakesGenerate,
     "changes the password of an account",
     "As by `admin add`. Whoever has signed in to it has to sign in again. `admin passwd` is the "
     "same.\n"},
    {CtlCommand::AdminRemove, "admin remove", "NAME", 1, 1, 0, "removes an account of the page",
     "The last administrator stays.\n"},
    {CtlCommand::TokenList, "admin token list", "", 0, 0, 0, "the programs that may use the API",
     ""},
    {CtlCommand::TokenAdd, "admin token add", "NAME scopes=SCOPE,… [role=ROLE] [days=N]", 2,
     kAnyNumber, 0, "makes a token for a program, and shows it once",
     "SCOPE is what the program is for: system, users, groups, calls, records, trace, blocks, "
     "config,\n"
     "accounts or metrics. ROLE is viewer, which is usual, or administrator: one that changes "
     "things.\n"
     "After N days it is good no longer. The program sends it as \"Authorization: Bearer "
     "TOKEN\".\n"},
    {CtlCommand::TokenRemove, "admin token remove", "NAME", 1, 1, 0, "ends a token at once", ""},
    {CtlCommand::Audit, "admin audit", "", 0, 0, kTakesLines,
     "who has changed what, the newest first",
     "Times are in UTC. --lines says how many; usually 100.\n"},
    {CtlCommand::ConfigShow, "config show", "[KEY|SECTION]", 0, 1, 0,
     "the configuration in force, and what the next start takes",
     "FROM is the file and line, or --set; empty for what is built in.\n"},
    {CtlCommand::ConfigCheck, "config check", "[KEY=VALUE]…", 0, kAnyNumber, 0,
     "what is wrong with the file, or with these changes of it",
     "Nothing is changed. What would count at once and what needs a restart is told apart.\n"},
    {CtlCommand::ConfigSet, "config set", "KEY=VALUE…", 1, kAnyNumber, 0,
     "changes the configuration's file, and lets the server take it",
     "VALUE as in the file; a text needs no quotes. An empty VALUE takes the key back to what is\n"
     "built in. When one is wrong nothing is changed. What needs a restart is told.\n"},
    {CtlCommand::LogShow, "log", "", 0, 0, kTakesLines | kTakesFollow,
     "the end of the server's log",
     "--lines says how much of it, usually 50; --follow goes on with what comes.\n"},
    {CtlCommand::Restart, "restart", "", 0, 0, 0, "ends the server in order and starts it anew",
     "Where it runs under systemd. Calls that stand go on.\n"},
    {CtlCommand::Backup, "backup", "FILE", 1, 1, 0,
     "all users, groups, administrators and settings in one file",
     "FILE is new, and nobody but its owner may read it; \"-\" is standard output. No password is "
     "in\n"
     "it, but the hashes are: whoever reads the file can register and call as each of the "
     "users.\n"},
    {CtlCommand::Restore, "restore", "FILE", 1, 1, kTakesSettings, "brings back what a backup has",
     "\"-\" is standard input. Users and groups take the place of those of the same name, and "
     "others\n"
     "stay; accounts of the page that stand stay as they are. The file is checked as a whole "
     "first:\n"
     "when something is wrong nothing is changed. --settings takes its settings too.\n"},
    {CtlCommand::Status, "status", "", 0, 0, 0, "what the server does", ""},
    {CtlCommand::Pools, "pools", "", 0, 0, 0,
     "how full each pool of memory is, and how often it was full", ""},
    {CtlCommand::TraceOn, "trace on", "NUMBER|ADDRESS", 1, 1, kTakesQuiet | kTakesFor,
     "shows the SIP messages of a number or peer",
     "NUMBER is the user part of the address that a message is from, to or sent to; ADDRESS is an "
     "IP\n"
     "address that messages come from or go to. Credentials, keys and passwords are masked. The\n"
     "messages follow until the time is over (--for, 600 seconds) or the trace is ended; with\n"
     "--quiet it is only begun. It goes on when this tool is ended. There is one trace at a time.\n"
     "With --json each message is one line.\n"},
    {CtlCommand::TraceOff, "trace off", "", 0, 0, 0, "ends the trace", ""},
    {CtlCommand::TraceShow, "trace show", "CALL", 1, 1, 0, "the ladder of a call",
     "CALL is a Call-ID, or the number that `tipringctl records` shows, for all phones of the "
     "call.\n"
     "Lines with ! tell what the server has decided itself. With trace.mode = \"all\" the last\n"
     "messages are there at all times.\n"},
    {CtlCommand::TracePcap, "trace pcap", "FILE", 1, 1, 0,
     "writes what is kept as a capture file, for Wireshark",
     "FILE is new, and nobody but its owner may read it; \"-\" is standard output. Secrets are\n"
     "masked in it too.\n"},
    {CtlCommand::Trace, "trace", "", 0, 0, 0, "shows what is kept of the trace, and follows it",
     "capacity.trace says how much is kept; what was pushed out before it was read is told.\n"},
#undef TIPRING_FIELDS
#undef TIPRING_GROUP_FIELDS
#undef TIPRING_MEMBER_FIELDS
    {CtlCommand::Help, "help", "[COMMAND]", 0, 3, 0, "this, or what one command does", ""},
    {CtlCommand::Version, "version", "", 0, 0, 0, "the version of this tool", ""},
};

constexpr std::string_view kOptions =
    "  --socket PATH    the server's socket (admin.socket of the configuration)\n"
    "  --offline        works on the database itself, while no server runs; users and groups\n"
    "  --config FILE    the server's configuration file; without it, --set and --socket it is\n"
    "                   /etc/tipring/tipring.toml where that is there\n"
    "  --set key=value  one setting, over the file's; may be repeated\n"
    "  --json           output for programs\n"
    "  --csv            output for a spreadsheet (records)\n"
    "  --quiet, -q      only names (user list, group list); only begins it (trace on)\n"
    "  --for SECONDS    how long a trace goes on\n"
    "  --lines N, -n N  how many lines (log, admin audit)\n"
    "  --follow, -f     goes on with what comes (log)\n"
    "  --settings       the settings of the backup too (restore)\n"
    "  --generate       makes a password of 16 letters and digits, and shows it\n"
    "  --with-credentials\n"
    "                   writes what suffices to log in as each user (user export)\n"
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
  if ((row.options & kTakesCsv) != 0) usage += " [--csv]";
  if ((row.options & kTakesFor) != 0) usage += " [--for SECONDS]";
  if ((row.options & kTakesLines) != 0) usage += " [--lines N]";
  if ((row.options & kTakesSettings) != 0) usage += " [--settings]";
  if ((row.options & kTakesFollow) != 0) usage += " [--follow]";
  if ((row.options & kTakesGenerate) != 0) usage += " [--generate]";
  if ((row.options & kTakesCredentials) != 0) usage += " [--with-credentials]";
  return usage;
}

// In the list of commands.
std::string line_of(const CtlCommandRow& row) {
  std::string line = "  " + usage_of(row);
  const auto width = static_cast<size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
  if (width > kUsageWidth)
    return line + "\n" + std::string(kUsageWidth + 2, ' ') + std::string(row.summary) + "\n";
  return line + std::string(kUsageWidth + 2 - width, ' ') + std::string(row.summary) + "\n";
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
  constexpr std::tuple<std::string_view, std::string_view, CtlCommand> kOtherWords[] = {
      {"user", "passwd", CtlCommand::UserPassword},
      {"user", "remove", CtlCommand::UserDelete},
      {"admin", "passwd", CtlCommand::AdminPassword},
      {"admin", "delete", CtlCommand::AdminRemove},
      {"group", "delete", CtlCommand::GroupRemove}};
  used = 2;
  for (const auto& [first, second, command] : kOtherWords) {
    if (words.size() >= 2 && words[0] == first && words[1] == second) return &ctl_row(command);
  }
  return nullptr;
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

std::string ctl_help_of_group(std::string_view group) {
  std::string text = "usage: tipringctl [option]… COMMAND\n\n";
  for (const CtlCommandRow& row : kCommands) {
    if (row.words == group || row.words.starts_with(std::string(group) + " ")) text += line_of(row);
  }
  return text + "\n`tipringctl help COMMAND` tells more.\n";
}

std::string ctl_help() {
  std::string text = "Manages a Tipring server.\n\nusage: tipringctl [option]… COMMAND\n\n";
  for (const CtlCommandRow& row : kCommands) text += line_of(row);
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
