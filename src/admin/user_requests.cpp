#include "admin/user_requests.h"

#include <algorithm>

#include "admin/api.h"
#include "admin/import_job.h"
#include "admin/import_lines.h"
#include "admin/json.h"
#include "admin/reply.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

std::shared_ptr<PlainJob> plain_job(const Request& request, std::string_view what) {
  return std::make_shared<PlainJob>(request.exchange.id(), what);
}

// False when the path names no user: it is answered then.
bool name_user(Api& api, const Request& request, Command& command) {
  const UserName user = api.name_of_path(request.parts[0]);
  if (const char* fault = fault_of(user))
    return reply_invalid(request.exchange, "name", fault), false;
  command.name = FixedText<kNameMax>(user.name);
  command.domain = FixedText<kDomainMax>(user.domain);
  return true;
}

// ?q=, in lower case. False when it is answered.
bool take_search(const Request& request, Command& command) {
  std::string search(request.exchange.query("q"));
  if (search.size() > kNameMax)
    return reply_invalid(request.exchange, "q", "q may have at most 64 bytes"), false;
  std::transform(search.begin(), search.end(), search.begin(), to_lower);
  command.new_name = FixedText<kNameMax>(search);
  return true;
}

}  // namespace

void list_users(Api& api, const Request& request) {
  Command command;
  if (!take_search(request, command)) return;
  const std::string_view on_line = request.exchange.query("on_line");
  if (!on_line.empty() && on_line != "yes" && on_line != "no")
    return reply_invalid(request.exchange, "on_line", "on_line must be yes or no, or left out");
  if (!on_line.empty()) command.on_line = on_line == "yes" ? OnLine::Yes : OnLine::No;
  const std::string_view trouble = request.exchange.query("trouble");
  if (!trouble.empty() && trouble != "yes")
    return reply_invalid(request.exchange, "trouble", "trouble must be yes, or left out");
  command.in_trouble = !trouble.empty();
  command.kind = Command::Kind::ListUsers;
  api.list(request, command);
}

void list_credentials(Api& api, const Request& request) {
  api.list(request, Command::Kind::ListCredentials);
}

void list_refused(Api& api, const Request& request) {
  api.list(request, Command::Kind::ListRefused);
}

void list_unknown(Api& api, const Request& request) {
  api.list(request, Command::Kind::ListUnknown);
}

void list_registrations(Api& api, const Request& request) {
  Command command;
  if (!take_search(request, command)) return;
  command.kind = Command::Kind::ListBindings;
  api.list(request, command);
}

void list_registrations_of(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command)) return;
  command.kind = Command::Kind::ListBindingsOfUser;
  api.list(request, command);
}

void remove_registrations(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command)) return;
  const std::string_view contact = request.exchange.query("contact");
  if (contact.size() > kContactMax)
    return reply_invalid(request.exchange, "contact", "a contact has at most 1024 bytes here");
  command.kind = Command::Kind::RemoveBindings;
  command.contact = FixedText<kContactMax>(contact);
  api.begin(request, command, plain_job(request, "removed"));
}

void show_user(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command)) return;
  command.kind = Command::Kind::ShowUser;
  api.begin(request, command, std::make_shared<ShowJob>(request.exchange.id()));
}

void remove_user(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command) || !api.take_if_match(request, command)) return;
  command.kind = Command::Kind::RemoveUser;
  api.begin(request, command, plain_job(request, "deleted"));
}

void put_user(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command) || !api.take_mode(request, command) ||
      !api.take_if_match(request, command))
    return;
  const UserBody body = parse_user_body(request.exchange.body());
  if (!body.fault.text.empty()) return reply_invalid(request.exchange, body.fault);
  const bool has_password = !body.password.empty();
  if (!has_password && command.mode == PutMode::Create)
    return reply_invalid(request.exchange, "password", "password: a new user needs one");
  if (!has_password) command.mode = PutMode::Change;  // nobody is created without a password
  command.kind = Command::Kind::PutUser;
  command.fields = body.fields;
  const auto job = std::make_shared<PutJob>(request.exchange.id(), api.realm(), body.password);
  if (!job->start(api, job, command)) reply_refusal(request.exchange, Outcome::Busy);
}

void rename_user(Api& api, const Request& request) {
  Command command;
  if (!name_user(api, request, command) || !api.take_if_match(request, command)) return;
  UserName renamed = split_user_name(request.exchange.query("name"));
  if (const char* fault = fault_of(renamed)) return reply_invalid(request.exchange, "name", fault);
  const bool stays = renamed.domain.empty() ||
                     in_store(renamed, api.default_domain()).domain == command.domain.view();
  if (!stays)
    return reply_invalid(request.exchange, "name",
                         "name: a user stays in the domain that it is in");
  const bool has_body = !request.exchange.body().empty();
  const UserBody body = has_body ? parse_user_body(request.exchange.body()) : UserBody();
  if (!body.fault.text.empty()) return reply_invalid(request.exchange, body.fault);
  if (body.fields.present != 0)
    return reply_invalid(request.exchange, "body", "a rename takes a password alone");
  command.kind = Command::Kind::RenameUser;
  command.new_name = FixedText<kNameMax>(renamed.name);
  command.has_secret = has_body;
  if (has_body) command.secret = make_secret(renamed.name, api.realm(), body.password);
  api.begin(request, command, plain_job(request, "renamed"));
}

void import_users(Api& api, const Request& request) {
  const std::string& domain = api.default_domain();
  const ImportLines import = parse_import(request.exchange.body(), domain);
  if (!import.faults.empty()) return reply_lines(request.exchange, import.faults);
  std::vector<ImportUser> users;
  users.reserve(import.lines.size());
  for (const ImportLine& line : import.lines) {
    if (const std::string fault = fault_of_realm(line, api.realm()); !fault.empty())
      return reply_problem(request.exchange, {400, "invalid", fault, "realm"},
                           {{"line", line.line}, {"created", 0}, {"changed", 0}});
    users.push_back({line.line, in_store(line.user, domain), SecretText(line.password.view()),
                     line.ha1, line.fields});
  }
  const auto job =
      std::make_shared<ImportJob>(request.exchange.id(), api.realm(), std::move(users));
  if (!job->start(api, job)) reply_refusal(request.exchange, Outcome::Busy);
}

}  // namespace tipring::admin
