#include "admin/reply.h"

#include "admin/json.h"

namespace tipring::admin {

void reply_json(port::HttpExchange& exchange, int status, std::string_view body) {
  exchange.reply(status, "application/json", body);
}

void reply_error(port::HttpExchange& exchange, int status, std::string_view code,
                 std::string_view message) {
  reply_json(exchange, status, error_json(code, message));
}

bool is_success(Outcome outcome) {
  return outcome == Outcome::Done || outcome == Outcome::Created || outcome == Outcome::Changed;
}

Refusal refusal_of(Outcome outcome) {
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
    case Outcome::OtherAuthName:
      return {503, "busy", "the user is being changed by somebody else; try again in a moment"};
    case Outcome::NeedsPassword:
      return {400, "auth_name",
              "auth_name: a new password must come with it, since the stored hashes hold the old "
              "auth_name"};
    case Outcome::KeepsPassword:
      return {
          400, "password",
          "password: the user has an auth_name of its own, with which the password stays; leave "
          "it out"};
  }
  return {500, "internal", "no refusal"};
}

}  // namespace tipring::admin
