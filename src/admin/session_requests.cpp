#include "admin/session_requests.h"

#include <array>

#include "admin/access/access.h"
#include "admin/access/body.h"
#include "admin/api.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/stored_reply.h"

namespace tipring::admin {

namespace {

std::string session_json(const Session& session) {
  std::string body = R"({"session":{)";
  append_member(body, "name", session.account);
  append_member(body, "role", role_text(session.role));
  append_member(body, "csrf", session.csrf);
  append_member(body, "idle_s", static_cast<uint64_t>(Sessions::kIdle.count() / 1000));
  return body + "}}\n";
}

// With a new session, and its cookie.
void reply_signed_in(Access& access, port::HttpExchange& exchange,
                     const store::AdminAccountRow& account, int status) {
  const std::string cookie = access.sign_in(exchange, account);
  const std::string_view id = std::string_view(cookie).substr(
      cookie.find('=') + 1, cookie.find(';') - cookie.find('=') - 1);
  const Session* const session = access.session_by_id(id);
  const port::HttpHeader set{"Set-Cookie", cookie};
  exchange.answer({status, "application/json", session_json(*session), {&set, 1}});
}

// 429 while the source or the name has to wait. False when it is answered.
bool may_try(Access& access, port::HttpExchange& exchange, std::string_view name) {
  const Millis wait = access.backoff().ask(exchange.peer().ip, name, access.now());
  if (wait <= Millis(0)) return true;
  const std::string seconds = std::to_string((wait.count() + 999) / 1000);
  const port::HttpHeader again{"Retry-After", seconds};
  reply_problem(exchange,
                {429, "too_many_tries", "too many tries; wait " + seconds + " s and try again"}, {},
                {&again, 1});
  return false;
}

}  // namespace

void show_session(Api& api, const Request& request) {
  Access& access = api.access();
  if (const Session* const session = access.session_of(request.exchange); session != nullptr)
    return reply_json(request.exchange, 200, session_json(*session));
  const bool needs_setup = access.state() == Access::State::SetUp;
  reply_json(request.exchange, 200,
             needs_setup ? "{\"session\":null,\"setup_needed\":true}\n"
                         : "{\"session\":null,\"setup_needed\":false}\n");
}

void begin_session(Api& api, const Request& request) {
  constexpr std::array<std::string_view, 2> kMembers = {"name", "password"};
  Access& access = api.access();
  port::HttpExchange& exchange = request.exchange;
  if (access.state() != Access::State::Ready) {
    return reply_problem(
        exchange,
        access.state() == Access::State::SetUp
            ? Problem{403, "setup_needed", "there is no administrator yet; use the setup code"}
            : Problem{503, "starting", "try again in a moment"});
  }
  const TextBody body(exchange.body(), kMembers);
  if (!body.fault().text.empty()) return reply_invalid(exchange, body.fault());
  const std::string name(body.get("name").substr(0, kAdminNameMax));
  access.note_name(exchange.id(), name);
  if (!may_try(access, exchange, name)) return;
  const std::string_view password = body.get("password").substr(0, kAdminPasswordMax);
  const store::AdminAccountRow* const account = access.check(name, password);
  if (account == nullptr) {
    access.backoff().fail(exchange.peer().ip, name, access.now());
    // People type their passwords in the wrong place, and more of them read the log than may.
    const bool is_account = access.find_account(name) != nullptr;
    access.tell(Notice::Kind::SignInRefused, is_account ? name : "(unknown)", exchange);
    return reply_problem(exchange, {401, "wrong_password", "wrong name or password"});
  }
  access.backoff().succeed(exchange.peer().ip, name);
  access.tell(Notice::Kind::SignedIn, name, exchange);
  reply_signed_in(access, exchange, *account, 200);
}

void end_session(Api& api, const Request& request) {
  const std::string cookie = api.access().sign_out(request.exchange);
  const port::HttpHeader headers[] = {{"Set-Cookie", cookie}};
  request.exchange.answer({204, "", "", headers});
}

void change_own_password(Api& api, const Request& request) {
  constexpr std::array<std::string_view, 2> kMembers = {"old_password", "password"};
  Access& access = api.access();
  port::HttpExchange& exchange = request.exchange;
  const TextBody body(exchange.body(), kMembers);
  if (!body.fault().text.empty()) return reply_invalid(exchange, body.fault());
  const std::string name = request.caller.name;
  if (access.session_of(exchange) == nullptr)
    return reply_problem(exchange, {403, "no_session", "only who has signed in has a password"});
  if (const char* const fault = fault_of_admin_password(name, body.get("password")))
    return reply_invalid(exchange, "password", fault);
  if (!may_try(access, exchange, name)) return;
  const store::AdminAccountRow* const account = access.check(name, body.get("old_password"));
  if (account == nullptr) {
    access.backoff().fail(exchange.peer().ip, name, access.now());
    return reply_problem(
        exchange, {403, "wrong_password", "this is not the present password", "old_password"});
  }
  store::AdminAccountRow row = *account;
  access.set_password(row, body.get("password"));
  const std::string session(exchange.cookie(cookie_name(exchange)));
  const bool begun =
      access.put_account(row, session, [&api, id = exchange.id()](store::StoreStatus status) {
        reply_stored(api.find(id), status, 200, "{\"result\":\"changed\"}\n");
      });
  if (!begun) reply_refusal(exchange, Outcome::Busy);
}

// Only whoever can open the socket is shown the code: it is on the device already.
void show_setup(Api& api, const Request& request) {
  const Access& access = api.access();
  const bool needed = access.state() == Access::State::SetUp;
  std::string body = needed ? "{\"setup\":{\"needed\":true" : "{\"setup\":{\"needed\":false";
  if (needed && request.caller.is_local) append_member(body, "code", access.setup_code());
  reply_json(request.exchange, 200, body + "}}\n");
}

void set_up(Api& api, const Request& request) {
  constexpr std::array<std::string_view, 3> kMembers = {"code", "name", "password"};
  Access& access = api.access();
  port::HttpExchange& exchange = request.exchange;
  if (access.state() != Access::State::SetUp) {
    return reply_problem(
        exchange, {409, "set_up_already", "there is an administrator already; sign in instead"});
  }
  const TextBody body(exchange.body(), kMembers);
  if (!body.fault().text.empty()) return reply_invalid(exchange, body.fault());
  store::AdminAccountRow row;
  row.name = body.get("name");
  row.role = static_cast<uint8_t>(Role::Administrator);
  row.created_ms = access.wall().count();
  if (const char* const fault = fault_of_admin_name(row.name))
    return reply_invalid(exchange, "name", fault);
  if (const char* const fault = fault_of_admin_password(row.name, body.get("password")))
    return reply_invalid(exchange, "password", fault);
  access.note_name(exchange.id(), row.name);
  if (!may_try(access, exchange, "")) return;
  if (!access.is_setup_code(body.get("code"))) {
    access.backoff().fail(exchange.peer().ip, "", access.now());
    access.tell(Notice::Kind::SignInRefused, "(setup code)", exchange);
    return reply_problem(
        exchange,
        {401, "wrong_code", "this is not the setup code; the server's log shows it", "code"});
  }
  access.set_password(row, body.get("password"));
  const bool begun =
      access.put_account(row, "", [&api, row, id = exchange.id()](store::StoreStatus status) {
        port::HttpExchange* const client = api.find(id);
        if (client == nullptr) return;
        if (status != store::StoreStatus::Durable) return reply_stored(client, status, 201, "");
        api.access().tell(Notice::Kind::SetUp, row.name, *client);
        reply_signed_in(api.access(), *client, row, 201);
      });
  if (!begun) reply_refusal(exchange, Outcome::Busy);
}

}  // namespace tipring::admin
