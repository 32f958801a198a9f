// Requests about hunt groups.
#include "admin/api.h"
#include "admin/group_jobs.h"
#include "admin/group_json.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kMembers = "/members";

// "600/members/201" in its parts; without "/members" the second is nullopt, without a name empty.
struct GroupPath {
  std::string_view group;
  std::optional<std::string_view> member;
};

GroupPath split_path(std::string_view path) {
  const size_t at = path.find("/members/");
  if (at != std::string_view::npos) return {path.substr(0, at), path.substr(at + 9)};
  if (path.ends_with(kMembers)) return {path.substr(0, path.size() - kMembers.size()), ""};
  return {path, std::nullopt};
}

}  // namespace

void Api::group(port::HttpExchange& exchange, std::string_view path) {
  const auto [group_path, member] = split_path(path);
  const UserName group = name_of_path(group_path);
  if (const std::string fault = fault_of_group(group); !fault.empty())
    return reply_error(exchange, 400, "name", fault);
  Command command;
  command.name = FixedText<kNameMax>(group.name);
  command.domain = FixedText<kDomainMax>(group.domain);
  if (!member) return one_group(exchange, command);
  if (!member->empty()) return group_member(exchange, command, *member);
  if (exchange.method() != port::HttpMethod::Get)
    return reply_error(exchange, 405, "method",
                       "members are listed with GET; PUT and DELETE take one, as in "
                       "/v1/groups/600/members/201");
  command.kind = Command::Kind::ListMembers;
  list(exchange, command);
}

void Api::one_group(port::HttpExchange& exchange, Command command) {
  switch (exchange.method()) {
    case port::HttpMethod::Get:
      command.kind = Command::Kind::ShowGroup;
      return begin(exchange, command, std::make_shared<GroupShowJob>(exchange.id()));
    case port::HttpMethod::Delete: command.kind = Command::Kind::RemoveGroup; break;
    case port::HttpMethod::Put:
    case port::HttpMethod::Patch:
      if (!take_mode(exchange, command)) return;
      command.kind = Command::Kind::PutGroup;
      if (const std::string fault = parse_group_body(exchange.body(), command.group);
          !fault.empty())
        return reply_error(exchange, 400, "body", fault);
      break;
    default:
      return reply_error(exchange, 405, "method",
                         "a group is read with GET, stored with PUT, changed with PATCH and "
                         "removed with DELETE");
  }
  begin(exchange, command, std::make_shared<GroupChangeJob>(exchange.id(), "deleted"));
}

void Api::group_member(port::HttpExchange& exchange, Command command, std::string_view member) {
  if (const std::string fault = fault_of_member(member); !fault.empty())
    return reply_error(exchange, 400, "member", fault);
  command.new_name = FixedText<kNameMax>(member);
  switch (exchange.method()) {
    case port::HttpMethod::Delete: command.kind = Command::Kind::RemoveMember; break;
    case port::HttpMethod::Put:
    case port::HttpMethod::Patch:
      if (!take_mode(exchange, command)) return;
      command.kind = Command::Kind::PutMember;
      if (const std::string fault = parse_member_body(exchange.body(), command.member);
          !fault.empty())
        return reply_error(exchange, 400, "body", fault);
      break;
    default:
      return reply_error(exchange, 405, "method",
                         "a member is stored with PUT, changed with PATCH and removed with DELETE; "
                         "/v1/groups/NAME/members lists all");
  }
  begin(exchange, command, std::make_shared<GroupChangeJob>(exchange.id(), "removed"));
}

// False when it is answered. PATCH changes what stands.
bool Api::take_mode(port::HttpExchange& exchange, Command& command) {
  const std::string_view mode = exchange.query("mode");
  if (!mode.empty() && mode != "create" && mode != "change") {
    reply_error(exchange, 400, "mode", "mode must be create or change, or left out for either");
    return false;
  }
  if (exchange.method() == port::HttpMethod::Patch || mode == "change") {
    command.mode = PutMode::Change;
  } else if (mode == "create") {
    command.mode = PutMode::Create;
  }
  return true;
}

void Api::begin(port::HttpExchange& exchange, const Command& command,
                const std::shared_ptr<Job>& job) {
  if (send(command, job) != 0) return;
  const Refusal refusal = refusal_of(Outcome::Busy);
  reply_error(exchange, refusal.status, refusal.code, refusal.message);
}

}  // namespace tipring::admin
