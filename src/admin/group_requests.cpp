#include "admin/group_requests.h"

#include "admin/api.h"
#include "admin/group_jobs.h"
#include "admin/group_json.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

// These two are false when the path names none: it is answered then.
bool name_group(Api& api, const Request& request, Command& command) {
  const UserName group = api.name_of_path(request.parts[0]);
  if (const std::string fault = fault_of_group(group); !fault.empty())
    return reply_invalid(request.exchange, "name", fault), false;
  command.name = FixedText<kNameMax>(group.name);
  command.domain = FixedText<kDomainMax>(group.domain);
  return true;
}

bool name_member(Api& api, const Request& request, Command& command) {
  if (!name_group(api, request, command)) return false;
  if (const std::string fault = fault_of_member(request.parts[1]); !fault.empty())
    return reply_invalid(request.exchange, "member", fault), false;
  command.new_name = FixedText<kNameMax>(request.parts[1]);
  return true;
}

}  // namespace

void list_groups(Api& api, const Request& request) { api.list(request, Command::Kind::ListGroups); }

void list_members(Api& api, const Request& request) {
  Command command;
  if (!name_group(api, request, command)) return;
  command.kind = Command::Kind::ListMembers;
  api.list(request, command);
}

void show_group(Api& api, const Request& request) {
  Command command;
  if (!name_group(api, request, command)) return;
  command.kind = Command::Kind::ShowGroup;
  api.begin(request, command, std::make_shared<GroupShowJob>(request.exchange.id()));
}

void put_group(Api& api, const Request& request) {
  Command command;
  if (!name_group(api, request, command) || !api.take_mode(request, command) ||
      !api.take_if_match(request, command))
    return;
  command.kind = Command::Kind::PutGroup;
  const BodyFault fault = parse_group_body(request.exchange.body(), command.group);
  if (!fault.text.empty()) return reply_invalid(request.exchange, fault);
  api.begin(request, command, std::make_shared<GroupChangeJob>(request.exchange.id(), "deleted"));
}

void patch_group(Api& api, const Request& request) {
  const std::string name(request.exchange.query("name"));
  if (name.empty()) return put_group(api, request);
  Command command;
  if (!name_group(api, request, command) || !api.take_if_match(request, command)) return;
  const UserName renamed = split_user_name(name);
  if (const std::string fault = fault_of_group(renamed); !fault.empty())
    return reply_invalid(request.exchange, "name", fault);
  const bool stays = renamed.domain.empty() ||
                     in_store(renamed, api.default_domain()).domain == command.domain.view();
  if (!stays)
    return reply_invalid(request.exchange, "name",
                         "name: a group stays in the domain that it is in");
  if (!request.exchange.body().empty())
    return reply_invalid(request.exchange, "body", "a rename takes no fields");
  command.kind = Command::Kind::RenameGroup;
  command.new_name = FixedText<kNameMax>(renamed.name);
  api.begin(request, command, std::make_shared<GroupChangeJob>(request.exchange.id(), "renamed"));
}

void remove_group(Api& api, const Request& request) {
  Command command;
  if (!name_group(api, request, command) || !api.take_if_match(request, command)) return;
  command.kind = Command::Kind::RemoveGroup;
  api.begin(request, command, std::make_shared<GroupChangeJob>(request.exchange.id(), "deleted"));
}

void put_member(Api& api, const Request& request) {
  Command command;
  if (!name_member(api, request, command) || !api.take_mode(request, command) ||
      !api.take_if_match(request, command))
    return;
  command.kind = Command::Kind::PutMember;
  const BodyFault fault = parse_member_body(request.exchange.body(), command.member);
  if (!fault.text.empty()) return reply_invalid(request.exchange, fault);
  api.begin(request, command, std::make_shared<GroupChangeJob>(request.exchange.id(), "removed"));
}

void remove_member(Api& api, const Request& request) {
  Command command;
  if (!name_member(api, request, command) || !api.take_if_match(request, command)) return;
  command.kind = Command::Kind::RemoveMember;
  api.begin(request, command, std::make_shared<GroupChangeJob>(request.exchange.id(), "removed"));
}

}  // namespace tipring::admin
