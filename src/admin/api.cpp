#include "admin/api.h"

#include "admin/call_names.h"
#include "admin/import_job.h"
#include "admin/import_lines.h"
#include "admin/json.h"
#include "admin/reply.h"
#include "auth/source.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kUserPath = "/v1/users/";
constexpr std::string_view kRegistrationsPath = "/v1/registrations/";
constexpr std::string_view kCallPath = "/v1/calls/";
constexpr std::string_view kGroupPath = "/v1/groups/";
constexpr std::string_view kImportPath = "/v1/users/import";

constexpr std::string_view kTracePath = "/v1/trace";
constexpr uint64_t kTraceSecondsMax = 24 * 3600;

struct Listing {
  std::string_view path;
  Command::Kind kind;
};
constexpr Listing kListings[] = {
    {"/v1/status", Command::Kind::Status},
    {"/v1/pools", Command::Kind::ListPools},
    {"/v1/users", Command::Kind::ListUsers},
    {"/v1/groups", Command::Kind::ListGroups},
    {"/v1/registrations", Command::Kind::ListBindings},
    {"/v1/blocks", Command::Kind::ListBlocks},
    {"/v1/refused", Command::Kind::ListRefused},
    {"/v1/calls", Command::Kind::ListCalls},
    {kTracePath, Command::Kind::ReadTrace},
    {"/v1/credentials", Command::Kind::ListCredentials},
};

void refuse_busy(port::HttpExchange& exchange) {
  const Refusal refusal = refusal_of(Outcome::Busy);
  reply_error(exchange, refusal.status, refusal.code, refusal.message);
}

// The first part is the domain where there are two.
UserName user_of_path(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return split_user_name(path);
  UserName user = split_user_name("@" + std::string(path.substr(0, slash)));
  user.name = path.substr(slash + 1);
  return user;
}

}  // namespace

void Api::on_exchange(port::HttpExchange& exchange) {
  if (server_.load() == nullptr) {
    reply_error(exchange, 503, "starting", "the server is starting; try again in a moment");
    return;
  }
  route(exchange);
}

void Api::on_poll() {
  bool any = false;
  while (const Answer* answer = channel_.answers.front()) {
    const auto waiting = waiting_.find(answer->ticket);
    TIPRING_ASSERT(waiting != waiting_.end());
    const std::shared_ptr<Job> job = std::move(waiting->second);
    waiting_.erase(waiting);
    job->on_answer(*this, job, *answer);
    channel_.answers.pop();
    any = true;
  }
  // The loop may have stopped for want of room for answers.
  if (any && !waiting_.empty()) loop_.notify();
}

uint64_t Api::send(Command command, const std::shared_ptr<Job>& job) {
  command.ticket = ++last_ticket_;
  if (!channel_.commands.push(command)) return 0;
  waiting_.emplace(command.ticket, job);
  loop_.notify();
  return command.ticket;
}

port::HttpExchange* Api::find(uint64_t exchange) { return server_.load()->find(exchange); }

void Api::route(port::HttpExchange& exchange) {
  const std::string_view path = exchange.path();
  if (path == "/v1/blocks" && exchange.method() == port::HttpMethod::Delete)
    return lift_block(exchange);
  if (path == kTracePath && exchange.method() != port::HttpMethod::Get) return trace(exchange);
  for (const Listing& listing : kListings) {
    if (path != listing.path) continue;
    Command command;
    command.kind = listing.kind;
    if (exchange.method() == port::HttpMethod::Get) return list(exchange, command);
    return reply_error(exchange, 405, "method", "this path can only be read: use GET");
  }
  if (path == kImportPath && exchange.method() == port::HttpMethod::Post) return import(exchange);
  if (path.substr(0, kUserPath.size()) == kUserPath)
    return user(exchange, path.substr(kUserPath.size()));
  if (path.substr(0, kRegistrationsPath.size()) == kRegistrationsPath)
    return registrations_of(exchange, path.substr(kRegistrationsPath.size()));
  if (path.substr(0, kGroupPath.size()) == kGroupPath)
    return group(exchange, path.substr(kGroupPath.size()));
  if (path.substr(0, kCallPath.size()) == kCallPath)
    return end_call(exchange, path.substr(kCallPath.size()));
  reply_error(
      exchange, 404, "no_such_path",
      "no such path; there are /v1/status, /v1/pools, /v1/users, /v1/groups, /v1/credentials, "
      "/v1/registrations, /v1/calls, /v1/blocks, /v1/refused and /v1/trace");
}

void Api::trace(port::HttpExchange& exchange) {
  const port::HttpMethod method = exchange.method();
  Command command;
  command.kind = Command::Kind::StopTrace;
  if (method == port::HttpMethod::Put) {
    const std::string_view subject = exchange.query("subject");
    const Result<uint64_t> seconds = parse_u64(exchange.query("seconds"));
    if (subject.empty() || subject.size() > kNameMax || subject.front() == '@')
      return reply_error(exchange, 400, "subject",
                         "subject must be a user's name, a number or an address");
    if (!seconds || *seconds == 0 || *seconds > kTraceSecondsMax)
      return reply_error(exchange, 400, "seconds", "seconds must be from 1 to 86400");
    command.kind = Command::Kind::StartTrace;
    command.name = FixedText<kNameMax>(subject);
    command.cursor = *seconds;
  } else if (method != port::HttpMethod::Delete) {
    return reply_error(exchange, 405, "method", "a trace is started with PUT, ended with DELETE");
  }
  const bool starts = command.kind == Command::Kind::StartTrace;
  const auto job = std::make_shared<PlainJob>(exchange.id(), starts ? "on" : "off");
  if (send(command, job) == 0) refuse_busy(exchange);
}

void Api::list(port::HttpExchange& exchange, Command command) {
  if (const std::string_view after = exchange.query("after"); !after.empty()) {
    const Result<uint64_t> number = parse_u64(after);
    if (!number)
      return reply_error(exchange, 400, "after",
                         "after must be the \"next\" of the listing before");
    command.cursor = *number;
  }
  const auto job = std::make_shared<ListJob>(exchange.id(), realm_);
  if (!job->start(*this, job, command)) refuse_busy(exchange);
}

UserName Api::name_of_path(std::string_view path) {
  return in_store(user_of_path(path), default_domain());
}

// False when the path names no user: it is answered then.
bool Api::name_user(port::HttpExchange& exchange, std::string_view path, Command& command) {
  const UserName user = name_of_path(path);
  if (const char* fault = fault_of(user)) return reply_error(exchange, 400, "name", fault), false;
  command.name = FixedText<kNameMax>(user.name);
  command.domain = FixedText<kDomainMax>(user.domain);
  return true;
}

void Api::user(port::HttpExchange& exchange, std::string_view path) {
  Command command;
  if (!name_user(exchange, path, command)) return;
  switch (exchange.method()) {
    case port::HttpMethod::Put: return put_user(exchange, command);
    case port::HttpMethod::Get:
      command.kind = Command::Kind::ShowUser;
      if (send(command, std::make_shared<ShowJob>(exchange.id())) == 0) refuse_busy(exchange);
      return;
    case port::HttpMethod::Delete:
      command.kind = Command::Kind::RemoveUser;
      if (send(command, std::make_shared<PlainJob>(exchange.id(), "deleted")) == 0)
        refuse_busy(exchange);
      return;
    case port::HttpMethod::Patch: return rename_user(exchange, command);
    case port::HttpMethod::Post:
    case port::HttpMethod::Other: break;
  }
  reply_error(
      exchange, 405, "method",
      "a user is read with GET, stored with PUT, renamed with PATCH and removed with DELETE");
}

void Api::registrations_of(port::HttpExchange& exchange, std::string_view path) {
  Command command;
  if (!name_user(exchange, path, command)) return;
  if (exchange.method() == port::HttpMethod::Get) {
    command.kind = Command::Kind::ListBindingsOfUser;
    return list(exchange, command);
  }
  if (exchange.method() != port::HttpMethod::Delete)
    return reply_error(exchange, 405, "method",
                       "registrations are read with GET and removed with DELETE");
  const std::string_view contact = exchange.query("contact");
  if (contact.size() > kContactMax)
    return reply_error(exchange, 400, "contact", "a contact has at most 1024 bytes here");
  command.kind = Command::Kind::RemoveBindings;
  command.contact = FixedText<kContactMax>(contact);
  if (send(command, std::make_shared<PlainJob>(exchange.id(), "removed")) == 0)
    refuse_busy(exchange);
}

void Api::put_user(port::HttpExchange& exchange, Command command) {
  const std::string_view mode = exchange.query("mode");
  if (!mode.empty() && mode != "create" && mode != "change")
    return reply_error(exchange, 400, "mode",
                       "mode must be create or change, or left out for either");
  if (!mode.empty()) command.mode = mode == "create" ? PutMode::Create : PutMode::Change;
  const UserBody body = parse_user_body(exchange.body());
  if (!body.fault.empty()) return reply_error(exchange, 400, "body", body.fault);
  const bool has_password = !body.password.empty();
  if (!has_password) command.mode = PutMode::Change;  // nobody is created without a password
  if (!has_password && mode == "create")
    return reply_error(exchange, 400, "body", "password: a new user needs one");
  command.kind = Command::Kind::PutUser;
  command.fields = body.fields;
  const auto job = std::make_shared<PutJob>(exchange.id(), realm_, body.password);
  if (!job->start(*this, job, command)) refuse_busy(exchange);
}

void Api::rename_user(port::HttpExchange& exchange, Command command) {
  UserName renamed = split_user_name(exchange.query("name"));
  if (const char* fault = fault_of(renamed)) return reply_error(exchange, 400, "name", fault);
  const bool stays =
      renamed.domain.empty() || in_store(renamed, default_domain()).domain == command.domain.view();
  if (!stays)
    return reply_error(exchange, 400, "name", "name: a user stays in the domain that it is in");
  const bool has_body = !exchange.body().empty();
  const UserBody body = has_body ? parse_user_body(exchange.body()) : UserBody();
  if (!body.fault.empty()) return reply_error(exchange, 400, "body", body.fault);
  if (body.fields.present != 0)
    return reply_error(exchange, 400, "body", "a rename takes a password alone");
  command.kind = Command::Kind::RenameUser;
  command.new_name = FixedText<kNameMax>(renamed.name);
  command.has_secret = has_body;
  if (has_body) command.secret = make_secret(renamed.name, realm_, body.password);
  if (send(command, std::make_shared<PlainJob>(exchange.id(), "renamed")) == 0)
    refuse_busy(exchange);
}

void Api::set_default_domain(std::string domain) {
  next_default_domain_.give(std::make_unique<std::string>(std::move(domain)));
}

const std::string& Api::default_domain() {
  if (const auto next = next_default_domain_.take(); next != nullptr)
    default_domain_ = std::move(*next);
  return default_domain_;
}

void Api::lift_block(port::HttpExchange& exchange) {
  const auto source = auth::parse_source(exchange.query("source"));
  const std::string_view user = exchange.query("user");
  if (!source || user.size() > kNameMax) {
    return reply_error(
        exchange, 400, "source",
        "source must be an address, and user a name, as the list of blocks shows them");
  }
  Command command;
  command.kind = Command::Kind::LiftBlock;
  command.source = *source;
  command.name = FixedText<kNameMax>(user);
  if (send(command, std::make_shared<PlainJob>(exchange.id(), "lifted")) == 0)
    refuse_busy(exchange);
}

void Api::end_call(port::HttpExchange& exchange, std::string_view name) {
  if (exchange.method() != port::HttpMethod::Delete)
    return reply_error(exchange, 405, "method",
                       "a call is ended with DELETE; /v1/calls lists all of them");
  const std::optional<uint64_t> id = parse_call_name(name);
  if (!id)
    return reply_error(exchange, 400, "id", "an id is as the list of calls shows it, such as 2f-3");
  Command command;
  command.kind = Command::Kind::EndCall;
  command.cursor = *id;
  if (send(command, std::make_shared<PlainJob>(exchange.id(), "ended")) == 0) refuse_busy(exchange);
}

void Api::import(port::HttpExchange& exchange) {
  const std::string& domain = default_domain();
  const ImportLines import = parse_import(exchange.body(), domain);
  if (!import.faults.empty()) {
    return reply_error(exchange, 400, "lines",
                       "nothing was stored; correct these lines: " + describe(import.faults));
  }
  std::vector<ImportUser> users;
  users.reserve(import.lines.size());
  for (const ImportLine& line : import.lines) {
    if (const std::string fault = fault_of_realm(line, realm_); !fault.empty())
      return reply_json(
          exchange, 400,
          error_json("realm", fault, {{"line", line.line}, {"created", 0}, {"changed", 0}}));
    users.push_back({line.line, in_store(line.user, domain), SecretText(line.password.view()),
                     line.ha1, line.fields});
  }
  const auto job = std::make_shared<ImportJob>(exchange.id(), realm_, std::move(users));
  if (!job->start(*this, job)) refuse_busy(exchange);
}

}  // namespace tipring::admin
