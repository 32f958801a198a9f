#include "admin/account_requests.h"

#include <array>
#include <optional>

#include "admin/access/access.h"
#include "admin/access/body.h"
#include "admin/api.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/stored_reply.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr size_t kTokenBytes = 20;
constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
constexpr uint32_t kDaysMax = 3650;
constexpr uint32_t kAuditPage = 100;

std::optional<Role> parse_role(std::string_view text) {
  if (text == role_text(Role::Viewer)) return Role::Viewer;
  if (text == role_text(Role::Administrator)) return Role::Administrator;
  return std::nullopt;
}

// Scopes with commas between them; 0 for anything else.
uint16_t parse_scopes(std::string_view text) {
  uint16_t mask = 0;
  while (!text.empty()) {
    const auto [word, rest] = split_once(text, ',');
    uint16_t bit = 0;
    for (size_t i = 0; i < kScopes; ++i)
      if (scope_text(static_cast<Scope>(i)) == word) bit = static_cast<uint16_t>(1u << i);
    if (bit == 0) return 0;
    mask = static_cast<uint16_t>(mask | bit);
    text = rest;
  }
  return mask;
}

std::string scopes_text(uint16_t mask) {
  std::string text;
  for (size_t i = 0; i < kScopes; ++i) {
    if ((mask >> i & 1) == 0) continue;
    text += (text.empty() ? "" : ",") + std::string(scope_text(static_cast<Scope>(i)));
  }
  return text;
}

// Answers when the change is on the disk, or has failed.
Access::Done reply_when_done(Api& api, const Request& request, int status, std::string body) {
  return [&api, id = request.exchange.id(), status, body = std::move(body)](
             store::StoreStatus stored) { reply_stored(api.find(id), stored, status, body); };
}

void append_row(std::string& body, const std::string& row) {
  if (body.back() == '}') body += ',';
  body += row + "}";
}

}  // namespace

void list_accounts(Api& api, const Request& request) {
  std::string body = "{\"admins\":[";
  for (const store::AdminAccountRow& row : api.access().accounts()) {
    std::string one = "{";
    append_member(one, "name", row.name);
    append_member(one, "role", role_text(static_cast<Role>(row.role)));
    append_member(one, "created_ms", static_cast<uint64_t>(row.created_ms));
    append_row(body, one);
  }
  reply_json(request.exchange, 200, body + "]}\n");
}

void put_account(Api& api, const Request& request) {
  constexpr std::array<std::string_view, 2> kMembers = {"password", "role"};
  Access& access = api.access();
  port::HttpExchange& exchange = request.exchange;
  const std::string name(request.parts[0]);
  if (const char* const fault = fault_of_admin_name(name))
    return reply_invalid(exchange, "name", fault);
  const TextBody body(exchange.body(), kMembers);
  if (!body.fault().text.empty()) return reply_invalid(exchange, body.fault());
  const store::AdminAccountRow* const stands = access.find_account(name);
  const std::string_view mode = exchange.query("mode");
  if (stands != nullptr && mode == "create")
    return reply_problem(exchange, {409, "exists", "the administrator exists already", "name"});
  if (stands == nullptr && mode == "change")
    return reply_problem(exchange, {404, "no_admin", "there is no such administrator", "name"});
  if (stands == nullptr && access.accounts().size() >= Access::kAccountsMax)
    return reply_problem(exchange, {409, "admins_full", "there may be 32; remove one first"});
  const std::string_view role_name = body.get("role");
  const std::optional<Role> role = parse_role(role_name);
  if (!role_name.empty() && !role)
    return reply_invalid(exchange, "role", "role: administrator or viewer");
  const std::string_view password = body.get("password");
  const bool needs_password = stands == nullptr || !password.empty();
  const char* const fault = needs_password ? fault_of_admin_password(name, password) : nullptr;
  if (fault != nullptr) return reply_invalid(exchange, "password", fault);
  if (role == Role::Viewer && access.is_last_administrator(name)) {
    return reply_problem(
        exchange, {409, "last_admin", "the last administrator stays one; make another first"});
  }
  store::AdminAccountRow row;
  if (stands != nullptr) row = *stands;
  row.name = name;
  if (stands == nullptr) row.created_ms = access.wall().count();
  if (role || stands == nullptr)
    row.role = static_cast<uint8_t>(role.value_or(Role::Administrator));
  if (!password.empty()) access.set_password(row, password);
  const bool is_new = stands == nullptr;
  const bool begun = access.put_account(
      row, std::string(exchange.cookie(cookie_name(exchange))),
      reply_when_done(api, request, is_new ? 201 : 200,
                      is_new ? "{\"result\":\"created\"}\n" : "{\"result\":\"changed\"}\n"));
  if (!begun) reply_refusal(exchange, Outcome::Busy);
}

void remove_account(Api& api, const Request& request) {
  Access& access = api.access();
  const std::string name(request.parts[0]);
  if (access.find_account(name) == nullptr)
    return reply_problem(request.exchange,
                         {404, "no_admin", "there is no such administrator", "name"});
  if (access.is_last_administrator(name)) {
    return reply_problem(request.exchange,
                         {409, "last_admin", "the last administrator stays; make another first"});
  }
  const bool begun =
      access.remove_account(name, reply_when_done(api, request, 200, "{\"result\":\"deleted\"}\n"));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

void list_tokens(Api& api, const Request& request) {
  std::string body = "{\"tokens\":[";
  for (const store::AdminTokenRow& row : api.access().tokens()) {
    std::string one = "{";
    append_member(one, "name", row.name);
    append_member(one, "role", role_text(static_cast<Role>(row.role)));
    append_member(one, "scopes", scopes_text(row.scopes));
    append_member(one, "created_ms", static_cast<uint64_t>(row.created_ms));
    if (row.expires_ms != 0)
      append_member(one, "expires_ms", static_cast<uint64_t>(row.expires_ms));
    append_row(body, one);
  }
  reply_json(request.exchange, 200, body + "]}\n");
}

void add_token(Api& api, const Request& request) {
  constexpr std::array<std::string_view, 4> kMembers = {"name", "role", "scopes", "days"};
  Access& access = api.access();
  port::HttpExchange& exchange = request.exchange;
  const TextBody body(exchange.body(), kMembers);
  if (!body.fault().text.empty()) return reply_invalid(exchange, body.fault());
  store::AdminTokenRow row;
  row.name = body.get("name");
  if (const char* const fault = fault_of_admin_name(row.name))
    return reply_invalid(exchange, "name", fault);
  for (const store::AdminTokenRow& one : access.tokens())
    if (one.name == row.name)
      return reply_problem(exchange, {409, "exists", "there is a token of that name", "name"});
  if (access.tokens().size() >= Access::kTokensMax)
    return reply_problem(exchange, {409, "tokens_full", "there may be 64; remove one first"});
  const std::optional<Role> role = parse_role(body.get("role"));
  if (!role) return reply_invalid(exchange, "role", "role: administrator or viewer");
  row.role = static_cast<uint8_t>(*role);
  const std::string_view scopes = body.get("scopes");
  row.scopes = scopes.empty() ? kEveryScope : parse_scopes(scopes);
  if (row.scopes == 0)
    return reply_invalid(exchange, "scopes",
                         "scopes: some of " + scopes_text(kEveryScope) + "; none for all");
  // Whoever is held to some scopes gives no more than these.
  row.scopes = static_cast<uint16_t>(row.scopes & request.caller.scopes);
  const std::string_view days = body.get("days");
  const Result<uint32_t> number = parse_u32(days);
  if (!days.empty() && (!number || *number == 0 || *number > kDaysMax))
    return reply_invalid(exchange, "days", "days: 1 to 3650; none for ever");
  row.created_ms = access.wall().count();
  if (!days.empty()) row.expires_ms = row.created_ms + int64_t{*number} * kDayMs;
  const std::string token = "tpr_" + random_text(access.entropy(), kTokenBytes);
  row.hash = hash_of(token);
  std::string shown = "{\"token\":{";
  append_member(shown, "name", row.name);
  append_member(shown, "token", token);
  if (!access.put_token(row, reply_when_done(api, request, 201, shown + "}}\n")))
    reply_refusal(exchange, Outcome::Busy);
}

void remove_token(Api& api, const Request& request) {
  const std::string name(request.parts[0]);
  bool is_there = false;
  for (const store::AdminTokenRow& row : api.access().tokens())
    is_there = is_there || row.name == name;
  if (!is_there)
    return reply_problem(request.exchange,
                         {404, "no_token", "there is no such token; list tokens to see them"});
  if (!api.access().remove_token(name,
                                 reply_when_done(api, request, 200, "{\"result\":\"deleted\"}\n")))
    reply_refusal(request.exchange, Outcome::Busy);
}

void list_audit(Api& api, const Request& request) {
  const std::string_view after = request.exchange.query("after");
  const Result<uint64_t> before = parse_u64(after);
  if (!after.empty() && !before)
    return reply_invalid(request.exchange, "after",
                         "after must be the \"next\" of the listing before");
  using Rows = std::vector<store::AuditRow>;
  const bool begun = api.access().errands().hand_over(store::make_errand<Rows>(
      store::Errand::Kind::Read,
      [at = after.empty() ? int64_t{0} : static_cast<int64_t>(*before)](store::Connection& database,
                                                                        Rows& rows) {
        rows.clear();
        return store::list_audit(database, at, kAuditPage, rows);
      },
      [&api, id = request.exchange.id()](store::StoreStatus status, Rows& rows) {
        std::string body = "{\"audit\":[";
        for (const store::AuditRow& row : rows) {
          std::string one = "{";
          append_member(one, "at_ms", static_cast<uint64_t>(row.at_ms));
          append_member(one, "who", row.who);
          append_member(one, "source", row.source);
          append_member(one, "action", row.action);
          append_member(one, "status", static_cast<uint64_t>(row.status));
          append_row(body, one);
        }
        body += "]";
        if (rows.size() == kAuditPage) append_member(body, "next", std::to_string(rows.back().id));
        reply_stored(api.find(id), status, 200, body + "}\n");
      }));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

}  // namespace tipring::admin
