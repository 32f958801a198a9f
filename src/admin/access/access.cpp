#include "admin/access/access.h"

#include <algorithm>

#include "admin/reply.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::string_view kCsrfHeader = "X-Tipring-CSRF";
constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kCodeBytes = 8;

// A code as people read and write it: "7F2A-93C0-…".
std::string make_code(port::Entropy& entropy) {
  const std::string digits = random_text(entropy, kCodeBytes);
  std::string code;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % 4 == 0) code += '-';
    code += digits[i] >= 'a' ? static_cast<char>(digits[i] - 'a' + 'A') : digits[i];
  }
  return code;
}

// What counts of a code that was typed.
std::string plain_code(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '-' && c != ' ' && c != '\r' && c != '\n') out += to_lower(c);
  return out;
}

// The token that comes along; empty where none does. Whoever sends one is known by it alone.
std::string_view token_of(const port::HttpExchange& exchange) {
  const std::string_view value = exchange.header("Authorization");
  return iequals(value.substr(0, kBearer.size()), kBearer) ? value.substr(kBearer.size())
                                                           : std::string_view();
}

void refuse(port::HttpExchange& exchange, const Problem& problem) {
  // RFC 9110 15.5.2. No browser asks for a password by itself for this scheme.
  const port::HttpHeader challenge{"WWW-Authenticate", "Bearer realm=\"tipring\""};
  reply_problem(exchange, problem, {}, {&challenge, problem.status == 401 ? 1u : 0u});
}

}  // namespace

std::string source_text(const port::HttpExchange& exchange) {
  if (exchange.peer().ip.family == port::Family::None) return "local";
  std::array<char, port::kAddressTextMax> text;
  return std::string(port::write_ip(exchange.peer().ip, text));
}

std::string_view cookie_name(const port::HttpExchange& exchange) {
  return exchange.encrypted() ? "__Host-tipring" : "tipring";
}

bool is_foreign(const port::HttpExchange& exchange) {
  const std::string_view site = exchange.header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string_view origin = exchange.header("Origin");
  if (origin.empty()) return false;
  const std::string_view scheme = exchange.encrypted() ? "https://" : "http://";
  return !origin.starts_with(scheme) ||
         !iequals(origin.substr(scheme.size()), exchange.header("Host"));
}

Access::Access(const AccessParts& parts)
    : parts_(parts), setup_code_(make_code(parts.entropy)), sessions_(parts.entropy) {}

void Access::load() {
  if (state_ != State::Loading || is_loading_) return;
  is_loading_ = parts_.errands.hand_over(store::make_errand<Rows>(
      store::Errand::Kind::Read,
      [](store::Connection& database, Rows& rows) {
        rows = {};
        const int code = load_admin_accounts(database, kAccountsMax, rows.accounts);
        return code != 0 ? code : load_admin_tokens(database, kTokensMax, rows.tokens);
      },
      [this](store::StoreStatus status, Rows& rows) {
        is_loading_ = false;
        if (status == store::StoreStatus::Durable) take(rows);
      }));
}

void Access::take(Rows& rows) {
  accounts_ = std::move(rows.accounts);
  tokens_ = std::move(rows.tokens);
  const bool any = std::any_of(accounts_.begin(), accounts_.end(), [](const auto& row) {
    return row.role == static_cast<uint8_t>(Role::Administrator);
  });
  state_ = any ? State::Ready : State::SetUp;
  if (!any) parts_.notices.post(parts_.loop, Notice::Kind::SetupCode, setup_code_, "");
}

bool Access::is_setup_code(std::string_view given) const {
  return same_hash(hash_of(plain_code(given)), hash_of(plain_code(setup_code_)));
}

Caller Access::identify(const port::HttpExchange& exchange) {
  if (exchange.peer().ip.family == port::Family::None)
    return {"local", Role::Administrator, kEveryScope, true};
  if (const std::string_view token = token_of(exchange); !token.empty())
    return caller_of_token(exchange, token);
  if (const Session* const session = session_of(exchange); session != nullptr)
    return {session->account, session->role, kEveryScope, false};
  return {};
}

Caller Access::caller_of_token(const port::HttpExchange& exchange, std::string_view token) {
  const port::Sha256Digest hash = hash_of(token);
  const store::AdminTokenRow* found = nullptr;
  for (const store::AdminTokenRow& row : tokens_)
    if (same_hash(row.hash, hash)) found = &row;
  const bool is_over =
      found != nullptr && found->expires_ms != 0 && found->expires_ms <= wall().count();
  if (found == nullptr || is_over) {
    // Once a second at most, or a stranger would fill the log.
    if (now() - told_of_token_ > Millis(1000)) {
      told_of_token_ = now();
      tell(Notice::Kind::TokenRefused, "", exchange);
    }
    return {};
  }
  return {"token " + found->name, static_cast<Role>(found->role), found->scopes, false};
}

std::function<bool()> Access::witness(const port::HttpExchange& exchange) {
  if (exchange.peer().ip.family == port::Family::None) return [] { return true; };
  if (const std::string_view token = token_of(exchange); !token.empty()) {
    return [this, hash = hash_of(token)] {
      return std::any_of(tokens_.begin(), tokens_.end(), [&](const store::AdminTokenRow& row) {
        return same_hash(row.hash, hash) &&
               (row.expires_ms == 0 || row.expires_ms > wall().count());
      });
    };
  }
  return [this, hash = hash_of(exchange.cookie(cookie_name(exchange)))] {
    return sessions_.stands(hash, now());
  };
}

bool Access::admit(port::HttpExchange& exchange, const Caller& caller, const Route& route) {
  const auto refused = [&](const Problem& problem) { return refuse(exchange, problem), false; };
  const bool needs_origin = route.changes && !caller.is_local && token_of(exchange).empty();
  if (needs_origin && is_foreign(exchange))
    return refused({403, "foreign_origin", "the request comes from a page of another site"});
  if (route.role == Role::Nobody) return true;
  if (caller.role == Role::Nobody && state_ == State::Loading)
    return refused({503, "starting", "the server is starting; try again in a moment"});
  if (caller.role == Role::Nobody && state_ == State::SetUp) {
    return refused({403, "setup_needed",
                    "there is no administrator yet: make one with the setup code that the "
                    "server's log shows"});
  }
  if (caller.role == Role::Nobody)
    return refused({401, "unauthorized", "sign in first, or send the token of a program"});
  if (!caller.may(route.role, route.scope))
    return refused({403, "forbidden", "this account or token may not do this"});
  if (!needs_origin) return true;
  const Session* const session = session_of(exchange);
  if (session != nullptr &&
      same_hash(hash_of(session->csrf), hash_of(exchange.header(kCsrfHeader))))
    return true;
  return refused({403, "csrf", "send the session's \"csrf\" in the header X-Tipring-CSRF"});
}

Session* Access::session_of(const port::HttpExchange& exchange) {
  return sessions_.find(exchange.cookie(cookie_name(exchange)), now());
}

std::string Access::sign_in(const port::HttpExchange& exchange,
                            const store::AdminAccountRow& account) {
  sessions_.end(exchange.cookie(cookie_name(exchange)));
  on_ended_();
  const std::string id = sessions_.begin(account.name, static_cast<Role>(account.role), now());
  return std::string(cookie_name(exchange)) + "=" + id + "; Path=/; HttpOnly; SameSite=Strict" +
         (exchange.encrypted() ? "; Secure" : "");
}

std::string Access::sign_out(const port::HttpExchange& exchange) {
  sessions_.end(exchange.cookie(cookie_name(exchange)));
  on_ended_();
  return std::string(cookie_name(exchange)) + "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0" +
         (exchange.encrypted() ? "; Secure" : "");
}

const store::AdminAccountRow* Access::check(std::string_view name, std::string_view password) {
  const store::AdminAccountRow* const found = find_account(name);
  store::AdminAccountRow nobody;
  nobody.rounds = accounts_.empty() ? 1 : accounts_.front().rounds;
  const bool right = is_password(found != nullptr ? *found : nobody, password);
  return right ? found : nullptr;
}

const store::AdminAccountRow* Access::find_account(std::string_view name) const {
  const auto found = std::find_if(accounts_.begin(), accounts_.end(),
                                  [&](const auto& row) { return row.name == name; });
  return found == accounts_.end() ? nullptr : &*found;
}

bool Access::is_last_administrator(std::string_view name) const {
  const store::AdminAccountRow* const row = find_account(name);
  const auto is_one = [](const auto& one) {
    return one.role == static_cast<uint8_t>(Role::Administrator);
  };
  return row != nullptr && is_one(*row) &&
         std::count_if(accounts_.begin(), accounts_.end(), is_one) == 1;
}

void Access::set_password(store::AdminAccountRow& row, std::string_view password) {
  if (rounds_ == 0) rounds_ = measure_rounds(parts_.clock);
  admin::set_password(row, password, rounds_, parts_.entropy);
}

void Access::tell(Notice::Kind kind, std::string_view name, const port::HttpExchange& exchange) {
  parts_.notices.post(parts_.loop, kind, name, source_text(exchange));
}

}  // namespace tipring::admin
