// Who may use the administration: accounts with passwords, sessions of the page, tokens of programs,
// and before there is an account, the setup code with which the first one is made. On the admin
// thread; the rows are kept here too, and written by errands.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "admin/access/backoff.h"
#include "admin/access/notices.h"
#include "admin/access/password.h"
#include "admin/access/sessions.h"
#include "admin/caller.h"
#include "admin/routes.h"
#include "port/http_server.h"
#include "store/admin_rows.h"
#include "store/errands.h"

namespace tipring::admin {

struct AccessParts {
  const port::Clock& clock;
  port::Entropy& entropy;  // the admin thread's own
  store::Errands& errands;
  Notices& notices;
  port::Wakeup& loop;
};

class Access {
 public:
  static constexpr size_t kAccountsMax = 32;
  static constexpr size_t kTokensMax = 64;

  enum class State : uint8_t { Loading, SetUp, Ready };  // SetUp: there is no administrator yet

  // All of `parts` outlive it.
  explicit Access(const AccessParts& parts);
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  // Instead of a random one. Before the admin thread starts.
  void set_setup_code(std::string code) { setup_code_ = std::move(code); }

  // Reads the rows, unless they are there or on their way. On the admin thread, like all below.
  void load();
  State state() const { return state_; }
  // Valid while the state is SetUp.
  const std::string& setup_code() const { return setup_code_; }
  bool is_setup_code(std::string_view given) const;

  // By the socket, a token, or the session whose cookie comes along.
  Caller identify(const port::HttpExchange& exchange);
  // What says, at any later time, whether whoever makes the request could still make it: the session
  // goes on, the token is good. Good for as long as this is.
  std::function<bool()> witness(const port::HttpExchange& exchange);
  // Called when sessions or tokens have ended.
  void set_on_ended(std::function<void()> on_ended) { on_ended_ = std::move(on_ended); }
  // Whether the caller may have the route's answer; otherwise it is answered.
  bool admit(port::HttpExchange& exchange, const Caller& caller, const Route& route);

  // --- sessions: session_requests.cpp ---
  Session* session_of(const port::HttpExchange& exchange);
  Session* session_by_id(std::string_view id) { return sessions_.find(id, now()); }
  // Ends the session that came along: an id that was there before is never signed in with. Gives
  // the value of Set-Cookie.
  std::string sign_in(const port::HttpExchange& exchange, const store::AdminAccountRow& account);
  std::string sign_out(const port::HttpExchange& exchange);
  // Which account it is; null for a wrong name or password, at the same cost.
  const store::AdminAccountRow* check(std::string_view name, std::string_view password);

  // --- rows: account_requests.cpp ---
  const std::vector<store::AdminAccountRow>& accounts() const { return accounts_; }
  const std::vector<store::AdminTokenRow>& tokens() const { return tokens_; }
  const store::AdminAccountRow* find_account(std::string_view name) const;
  bool is_last_administrator(std::string_view name) const;
  // Salt, rounds and hash of a password.
  void set_password(store::AdminAccountRow& row, std::string_view password);

  // Each writes and then tells how it ended; false when another change is on its way, or the queue
  // is full. What is written counts from then on: sessions of a changed account end, but for the one
  // with the id `but`.
  using Done = std::function<void(store::StoreStatus)>;
  bool put_account(const store::AdminAccountRow& row, std::string but, Done done);
  bool remove_account(const std::string& name, Done done);
  // Accounts that a restore has written: they may sign in from now on.
  void adopt(const std::vector<store::AdminAccountRow>& rows);
  bool put_token(const store::AdminTokenRow& row, Done done);
  bool remove_token(const std::string& name, Done done);

  // --- the audit log ---
  // The exchange changes something, if it comes to that.
  void note(const port::HttpExchange& exchange, const Caller& caller);
  void note_name(uint64_t exchange, std::string_view who);
  void note_done(uint64_t exchange);  // some of it, whatever its answer will be
  void on_answered(uint64_t exchange, int status);

  Backoff& backoff() { return backoff_; }
  void tell(Notice::Kind kind, std::string_view name, const port::HttpExchange& exchange);
  Millis now() const { return parts_.clock.monotonic(); }
  Millis wall() const { return parts_.clock.wall(); }
  port::Entropy& entropy() { return parts_.entropy; }
  store::Errands& errands() { return parts_.errands; }

 private:
  struct Rows {
    std::vector<store::AdminAccountRow> accounts;
    std::vector<store::AdminTokenRow> tokens;
  };
  void take(Rows& rows);
  bool write(std::function<int(store::Connection&)> run, std::function<void()> apply, Done done);
  Caller caller_of_token(const port::HttpExchange& exchange, std::string_view token);

  AccessParts parts_;
  State state_ = State::Loading;
  bool is_loading_ = false;
  bool is_changing_ = false;
  std::string setup_code_;
  uint32_t rounds_ = 0;
  Sessions sessions_;
  Backoff backoff_;
  std::vector<store::AdminAccountRow> accounts_;
  std::vector<store::AdminTokenRow> tokens_;
  struct Note {
    store::AuditRow row;
    bool done = false;
  };
  std::map<uint64_t, Note> notes_;
  std::function<void()> on_ended_ = [] {};
  Millis told_of_token_{};
};

// Where a request comes from: an address, or "local".
std::string source_text(const port::HttpExchange& exchange);
// The name of the session's cookie.
std::string_view cookie_name(const port::HttpExchange& exchange);
// Whether a browser sends it for a page of another site, or from another origin.
bool is_foreign(const port::HttpExchange& exchange);

}  // namespace tipring::admin
