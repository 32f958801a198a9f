// The HTTP API of the admin thread, JSON throughout:
//
//   GET    /v1/status                                 {"status": {facts}}
//   GET    /v1/pools                                  {"pools": […]}
//   GET    /v1/users                                  {"users": […], "next": "…"}
//   GET    /v1/users/NAME or /v1/users/DOMAIN/NAME    {"user": {…}}
//   PUT    the same                                   {"password": "…", fields of UserFields}: 201
//          created, 200 changed; what is left out stays.
//          ?mode=create refuses to change (409), ?mode=change to create (404)
//   PATCH  the same, with ?name=NEW                   renames: 200. {"password": "…"} where the
//          auth_name is the name, else no body
//   DELETE the same                                   200
//   POST   /v1/users/import                           lines as import_lines.h has them:
//                                                     {"created": N, "changed": N}; when users were
//          stored before one was refused, the error has these too, and its "line"
//   GET    /v1/blocks                                 {"blocks": […], "next": "…"}
//   DELETE /v1/blocks?source=SOURCE[&user=USER]       200; 404 when nothing is blocked there
//   GET    /v1/refused                                {"refused": […], "next": "…"}: users whose calls
//          were refused for want of session timers, and what excepts each
//   GET    /v1/calls                                  {"calls": […], "next": "…"}: one for each dialog
//   DELETE /v1/calls/ID                               BYE to both sides: 200; 404 when there is no such
//          call, 409 when it only rings
//   GET    /v1/registrations                          {"registrations": […], "next": "…"}
//   GET    /v1/registrations/NAME or …/DOMAIN/NAME    the same, of one user
//   DELETE the same                                   all, or the one with ?contact=: 200
//   GET    /v1/groups                                 {"groups": […], "next": "…"}: hunt groups
//   GET    /v1/groups/NAME or …/DOMAIN/NAME           {"group": {…}}, with its statistics
//   PUT    the same                                   {fields of GroupFields}: 201 created, 200
//          changed; what is left out stays. ?mode= as of users; PATCH is ?mode=change
//   DELETE the same                                   200
//   GET    …/members                                  {"members": […], "next": "…"}, by order
//   PUT, PATCH, DELETE …/members/MEMBER               {fields of MemberFields}, likewise
//   GET    /v1/trace                                  {"trace": […], "next": "…"}: pieces of messages;
//          ?after= takes the "after" of a row, to go on behind it
//   PUT    /v1/trace?subject=NUMBER-OR-ADDRESS&seconds=N    200; DELETE ends it
//
// "next" is there when the listing goes on, and is asked for with ?after=. A name that holds "/"
// needs the form with a domain, which may be empty. A refusal is {"error": {"code": "…", "message":
// "…"}}; the message says what to do. Passwords become hashes here and go no further.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "admin/jobs.h"
#include "core/handover.h"
#include "port/http_server.h"
#include "port/loop.h"

namespace tipring::admin {

class Api final : public port::HttpHandler, private Desk {
 public:
  // Channel and loop are borrowed and outlive it. `loop` is woken when commands wait. Users of
  // `default_domain`, which may be empty, are those that the store keeps without a domain.
  Api(Channel& channel, port::Wakeup& loop, std::string_view realm, std::string_view default_domain)
      : channel_(channel), loop_(loop), realm_(realm), default_domain_(default_domain) {}
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Requests that come before are refused with 503. REQUIRES: the server is stopped before this
  // goes.
  void attach(port::HttpServer& server) { server_.store(&server); }

  // From any thread but the loop's, since it takes the heap. For requests that come later.
  void set_default_domain(std::string domain);

  void on_exchange(port::HttpExchange& exchange) override;
  void on_poll() override;

 private:
  uint64_t send(Command command, const std::shared_ptr<Job>& job) override;
  port::HttpExchange* find(uint64_t exchange) override;

  void route(port::HttpExchange& exchange);
  void list(port::HttpExchange& exchange, Command command);
  bool name_user(port::HttpExchange& exchange, std::string_view path, Command& command);
  void user(port::HttpExchange& exchange, std::string_view path);
  void registrations_of(port::HttpExchange& exchange, std::string_view path);
  void put_user(port::HttpExchange& exchange, Command command);
  void rename_user(port::HttpExchange& exchange, Command command);
  void import(port::HttpExchange& exchange);
  void lift_block(port::HttpExchange& exchange);
  void end_call(port::HttpExchange& exchange, std::string_view name);
  void trace(port::HttpExchange& exchange);
  // api_groups.cpp
  void group(port::HttpExchange& exchange, std::string_view path);
  void one_group(port::HttpExchange& exchange, Command command);
  void group_member(port::HttpExchange& exchange, Command command, std::string_view member);
  bool take_mode(port::HttpExchange& exchange, Command& command);
  void begin(port::HttpExchange& exchange, const Command& command, const std::shared_ptr<Job>& job);
  UserName name_of_path(std::string_view path);
  const std::string& default_domain();

  Channel& channel_;
  port::Wakeup& loop_;
  std::string realm_;
  std::string default_domain_;
  Handover<std::string> next_default_domain_;
  std::atomic<port::HttpServer*> server_{nullptr};
  std::map<uint64_t, std::shared_ptr<Job>> waiting_;  // by ticket
  uint64_t last_ticket_ = 0;
};

}  // namespace tipring::admin
