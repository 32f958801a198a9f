#include "admin/reply.h"

#include <algorithm>

#include "admin/import_lines.h"
#include "admin/json_members.h"

namespace tipring::admin {

void reply_json(port::HttpExchange& exchange, int status, std::string_view body) {
  exchange.reply(status, "application/json", body);
}

namespace {

// "no_such_path" becomes "No such path": RFC 9457 3.1.3, the same for all of a type.
std::string title_of(std::string_view code) {
  std::string title(code);
  std::replace(title.begin(), title.end(), '_', ' ');
  if (title.front() >= 'a') title.front() = static_cast<char>(title.front() - 'a' + 'A');
  return title;
}

}  // namespace

void reply_problem(port::HttpExchange& exchange, const Problem& problem,
                   std::initializer_list<JsonNumber> numbers,
                   std::span<const port::HttpHeader> headers, std::string_view more) {
  std::string body = "{";
  append_member(body, "type", "urn:tipring:problem:" + std::string(problem.code));
  append_member(body, "title", title_of(problem.code));
  append_member(body, "status", static_cast<uint64_t>(problem.status));
  append_member(body, "code", problem.code);
  append_member(body, "detail", problem.detail);
  if (!problem.field.empty()) append_member(body, "field", problem.field);
  for (const auto& [name, value] : numbers) append_member(body, name, value);
  if (!more.empty()) body += "," + std::string(more);
  body += "}\n";
  exchange.answer({problem.status, "application/problem+json", body, headers});
}

void reply_invalid(port::HttpExchange& exchange, std::string_view field, std::string_view detail) {
  reply_problem(exchange, {400, "invalid", std::string(detail), std::string(field)});
}

void reply_invalid(port::HttpExchange& exchange, const BodyFault& fault) {
  reply_invalid(exchange, fault.field, fault.text);
}

void reply_lines(port::HttpExchange& exchange, const std::vector<ImportFault>& faults) {
  std::string lines = "\"lines\":[";
  for (const ImportFault& fault : faults) {
    lines += &fault == &faults.front() ? "{" : ",{";
    append_member(lines, "line", uint64_t{fault.line});
    append_member(lines, "message", fault.message);
    lines += '}';
  }
  reply_problem(
      exchange,
      {400, "invalid", "nothing was stored; correct these lines: " + describe(faults), "lines"}, {},
      {}, lines + "]");
}

void reply_refusal(port::HttpExchange& exchange, Outcome outcome) {
  reply_problem(exchange, problem_of(outcome));
}

bool is_success(Outcome outcome) {
  return outcome == Outcome::Done || outcome == Outcome::Created || outcome == Outcome::Changed;
}

Problem problem_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Done:
    case Outcome::Created:
    case Outcome::Changed: break;
    case Outcome::Exists: return {409, "exists", "the user exists already"};
    case Outcome::Taken:
      return {409, "taken",
              "another user of this domain has that as name, auth_name or alias; choose another"};
    case Outcome::TakenByGroup:
      return {409, "taken_by_group",
              "a hunt group of this domain has that as extension; choose another name or alias"};
    case Outcome::TakenByUser:
      return {409, "taken",
              "a user of this domain has that as name or alias; choose another extension"};
    case Outcome::GroupExists: return {409, "exists", "the group exists already"};
    case Outcome::MemberExists: return {409, "exists", "it is a member of the group already"};
    case Outcome::NoGroup:
      return {404, "no_group", "there is no such hunt group; list groups to see their names"};
    case Outcome::NoMember:
      return {404, "no_member", "the group has no such member; show the group to see them"};
    case Outcome::GroupsFull:
      return {503, "groups_full",
              "no room for more hunt groups; raise capacity.groups and restart the server"};
    case Outcome::MembersFull:
      return {503, "members_full",
              "no room for more members of hunt groups; raise capacity.group_members and restart "
              "the server"};
    case Outcome::GroupFull:
      return {409, "group_full",
              "a group has at most 32 members; make some of them members of a group of their own, "
              "and that a member of this one"};
    case Outcome::GroupLoop: return {409, "loop", "calls to the group would come back to it"};
    case Outcome::NotFound:
      return {404, "not_found", "there is no such user; list users to see their names"};
    case Outcome::NoBlock:
      return {404, "no_block", "nothing is blocked there; list blocks to see what is"};
    case Outcome::UsersFull:
      return {
          503, "users_full",
          "no room for more users or aliases (one for every four users); raise capacity.users and "
          "restart the server"};
    case Outcome::Busy:
      return {503, "busy", "too many changes wait for the disk; try again in a moment"};
    case Outcome::DiskFull:
      return {
          507, "disk_full",
          "the disk is full, nothing was stored; make room where store.path lies and try again"};
    case Outcome::ReadOnly:
      return {503, "read_only",
              "the database may not be written; check permissions and mount of store.path"};
    case Outcome::Locked:
      return {503, "locked", "another process holds the database; end it and try again"};
    case Outcome::Corrupt:
      return {503, "corrupt",
              "the database is damaged; stop the server and restore a copy of store.path"};
    case Outcome::Io:
      return {503, "io",
              "writing to the disk failed, nothing was stored; check the disk and try again"};
    case Outcome::FileMoved:
      return {
          503, "file_moved",
          "the database was removed or replaced while the server runs; its log says what to do"};
    case Outcome::Refused:
      return {503, "refused", "the store refused the change; the server's log says why"};
    case Outcome::NoSuchRegistration:
      return {404, "no_registration",
              "no such phone is registered; list registrations to see their contacts"};
    case Outcome::NoTrace:
      return {409, "no_trace", "capacity.trace is 0; raise it and restart the server"};
    case Outcome::NoCall:
      return {404, "no_call", "there is no such call; list calls to see their ids"};
    case Outcome::NotAnswered:
      return {
          409, "not_answered",
          "it only rings, and a BYE ends answered calls alone; the caller can give it up, or end "
          "it once it is answered"};
    case Outcome::NobodyStarts:
      return {409, "not_supervised",
              "nobody would start the server anew: it does not run under systemd; end it and start "
              "it where it was started"};
    case Outcome::Stale:
      return {
          412, "stale",
          "somebody has changed or removed it since it was read; read it again, and change what "
          "stands now"};
    case Outcome::OtherAuthName:
      return {503, "busy", "the user is being changed by somebody else; try again in a moment"};
    case Outcome::NeedsPassword:
      return {400, "needs_password",
              "auth_name: a new password must come with it, since the stored hashes hold the old "
              "auth_name",
              "password"};
    case Outcome::KeepsPassword:
      return {
          400, "keeps_password",
          "password: the user has an auth_name of its own, with which the password stays; leave "
          "it out",
          "password"};
  }
  return {500, "internal", "no refusal"};
}

}  // namespace tipring::admin
