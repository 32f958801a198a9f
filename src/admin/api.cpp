#include "admin/api.h"

#include <array>
#include <cstring>

#include "admin/access/access.h"
#include "admin/assets.h"
#include "admin/json.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/revision.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

// The first part is the domain where there are two.
UserName user_of_path(std::string_view path) {
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return split_user_name(path);
  UserName user = split_user_name("@" + std::string(path.substr(0, slash)));
  user.name = path.substr(slash + 1);
  return user;
}

// Whoever can open the Unix socket is the administrator.
Caller caller_of(const port::HttpExchange& exchange) {
  if (exchange.peer().ip.family != port::Family::None) return {};
  return {"local", Role::Administrator, kEveryScope, true};
}

}  // namespace

void Api::on_exchange(port::HttpExchange& exchange) {
  if (server_.load() == nullptr) {
    return reply_problem(exchange,
                         {503, "starting", "the server is starting; try again in a moment"});
  }
  if (serve_asset(exchange)) return;
  route(exchange, access_ != nullptr ? access_->identify(exchange) : caller_of(exchange));
}

void Api::set_access(Access& access) {
  access_ = &access;
  access.set_on_ended([this] { events_.end_unwitnessed(*this); });
}

// Reads who may sign in, and tries again while the disk does not answer.
void Api::on_start() {
  if (access_ != nullptr) access_->load();
}

void Api::on_tick() {
  on_start();
  events_.on_tick(*this);
}

void Api::on_listen(const port::HttpListen& listen, int error) {
  if (notices_ == nullptr) return;
  std::array<char, port::kAddressTextMax> text;
  const std::string_view address = port::write_address(listen.address, text);
  if (error == 0) return notices_->post(loop_, Notice::Kind::PageOpened, address, "");
  notices_->post(loop_, Notice::Kind::PageClosed, address, std::strerror(error));
}

void Api::on_answered(uint64_t exchange, int status) {
  events_.on_answered(exchange, status);
  if (access_ != nullptr) access_->on_answered(exchange, status);
}

void Api::note_done(uint64_t exchange) {
  events_.note_done(exchange);
  if (access_ != nullptr) access_->note_done(exchange);
}

void Api::on_poll() {
  if (errands_ != nullptr) errands_->poll();
  if (config_ != nullptr && config_->on_poll(*this)) events_.note_change(Scope::Config);
  bool any = false;
  for (; const Answer* answer = channel_.answers.front(); any = true) {
    hand_over(*answer);
    channel_.answers.pop();
  }
  for (; const Ending* ending = channel_.endings.front(); any = true) {
    ending_.ticket = ending->ticket;
    ending_.outcome = ending->outcome;
    ending_.page.clear();
    if (!ending->loop.view().empty()) ending_.page.add(FactRow{"loop", ending->loop.view(), 0});
    channel_.endings.pop();
    hand_over(ending_);
  }
  // The loop may have stopped for want of room for answers.
  if (any && !waiting_.empty()) loop_.notify();
}

void Api::hand_over(const Answer& answer) {
  const auto waiting = waiting_.find(answer.ticket);
  TIPRING_ASSERT(waiting != waiting_.end());
  const std::shared_ptr<Job> job = std::move(waiting->second);
  waiting_.erase(waiting);
  job->on_answer(*this, job, answer);
}

uint64_t Api::send(Command command, const std::shared_ptr<Job>& job) {
  command.ticket = ++last_ticket_;
  if (!channel_.commands.push(command)) return 0;
  waiting_.emplace(command.ticket, job);
  loop_.notify();
  return command.ticket;
}

port::HttpExchange* Api::find(uint64_t exchange) { return server_.load()->find(exchange); }

void Api::route(port::HttpExchange& exchange, const Caller& caller) {
  const Routing routing = find_route(exchange.method(), exchange.path());
  if (routing.route == nullptr && routing.allowed.empty()) {
    return reply_problem(
        exchange, {404, "no_such_path",
                   "there is nothing at this path; /api/v1/openapi.json says what there is"});
  }
  if (routing.route == nullptr) {
    const port::HttpHeader allow{"Allow", routing.allowed};  // RFC 9110 15.5.6
    return reply_problem(exchange, {405, "method", "this path takes " + routing.allowed}, {},
                         {&allow, 1});
  }
  if (access_ != nullptr) {
    if (!access_->admit(exchange, caller, *routing.route)) return;
    if (routing.route->changes) access_->note(exchange, caller);
  } else if (!caller.may(routing.route->role, routing.route->scope)) {
    const bool is_known = caller.role != Role::Nobody;
    return reply_problem(
        exchange, is_known ? Problem{403, "forbidden", "this account or token may not do this"}
                           : Problem{401, "unauthorized", "sign in first"});
  }
  if (routing.route->changes) events_.note_change(exchange.id(), scopes_changed(*routing.route));
  routing.route->handle(*this, {exchange, caller, routing.parts});
}

void Api::list(const Request& request, Command::Kind kind) {
  Command command;
  command.kind = kind;
  list(request, command);
}

void Api::list(const Request& request, Command command) {
  if (const std::string_view after = request.exchange.query("after"); !after.empty()) {
    const Result<uint64_t> number = parse_u64(after);
    if (!number)
      return reply_invalid(request.exchange, "after",
                           "after must be the \"next\" of the listing before");
    command.cursor = *number;
  }
  if (const std::string_view limit = request.exchange.query("limit"); !limit.empty()) {
    const Result<uint32_t> number = parse_u32(limit);
    if (!number || *number == 0)
      return reply_invalid(request.exchange, "limit", "limit must be a whole number from 1 on");
    command.rows_max = *number;
  }
  const auto job = std::make_shared<ListJob>(request.exchange.id(), realm_);
  if (!job->start(*this, job, command)) reply_refusal(request.exchange, Outcome::Busy);
}

void Api::begin(const Request& request, const Command& command, const std::shared_ptr<Job>& job) {
  if (send(command, job) == 0) reply_refusal(request.exchange, Outcome::Busy);
}

bool Api::take_if_match(const Request& request, Command& command) {
  const std::optional<uint64_t> revision = if_match_of(request.exchange);
  if (!revision) return reply_refusal(request.exchange, Outcome::Stale), false;
  command.if_revision = *revision;
  return true;
}

bool Api::take_mode(const Request& request, Command& command) {
  const std::string_view mode = request.exchange.query("mode");
  if (!mode.empty() && mode != "create" && mode != "change") {
    reply_invalid(request.exchange, "mode",
                  "mode must be create or change, or left out for either");
    return false;
  }
  if (request.exchange.method() == port::HttpMethod::Patch || mode == "change") {
    command.mode = PutMode::Change;
  } else if (mode == "create") {
    command.mode = PutMode::Create;
  }
  return true;
}

UserName Api::name_of_path(std::string_view path) {
  return in_store(user_of_path(path), default_domain());
}

void Api::set_default_domain(std::string domain) {
  next_default_domain_.give(std::make_unique<std::string>(std::move(domain)));
}

void Api::set_certificate(const port::TlsFacts& facts, bool is_own) {
  std::string json = "{";
  append_member(json, "subject", facts.subject);
  json += ",\"names\":[";
  for (const std::string& name : facts.names) {
    if (&name != &facts.names.front()) json += ',';
    append_json(json, name);
  }
  json += ']';
  append_member(json, "sha256", facts.sha256);
  append_member(json, "not_before", facts.not_before);
  append_member(json, "not_after", facts.not_after);
  append_flag(json, "is_own", is_own);
  next_certificate_.give(std::make_unique<std::string>(json + "}"));
}

const std::string& Api::certificate() {
  if (const auto next = next_certificate_.take(); next != nullptr) certificate_ = std::move(*next);
  return certificate_;
}

const std::string& Api::default_domain() {
  if (const auto next = next_default_domain_.take(); next != nullptr)
    default_domain_ = std::move(*next);
  return default_domain_;
}

}  // namespace tipring::admin
