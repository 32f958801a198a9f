// The API over real rings, with an exchange and an HTTP server made of containers.
#pragma once

#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admin/api.h"
#include "admin/loop_endpoint.h"

namespace tipring::admin::test {

struct FakeHttpExchange final : port::HttpExchange {
  port::HttpMethod method() const override { return method_; }
  std::string_view path() const override { return path_; }
  std::string_view query(std::string_view name) const override {
    const auto found = query_.find(std::string(name));
    return found == query_.end() ? std::string_view() : found->second;
  }
  std::string_view header(std::string_view name) const override {
    const auto found = headers_.find(std::string(name));
    return found == headers_.end() ? std::string_view() : found->second;
  }
  std::string_view cookie(std::string_view) const override { return {}; }
  std::string_view body() const override { return body_; }
  uint64_t id() const override { return id_; }
  port::SocketAddress peer() const override { return peer_; }
  bool encrypted() const override { return false; }
  bool begin_stream(const port::HttpAnswer& head) override {
    answer(head);
    return true;
  }
  bool send(std::string_view bytes) override {
    if (slow_) return false;
    answer_ += bytes;
    return true;
  }
  void end() override { ended_ = true; }
  void answer(const port::HttpAnswer& answer) override {
    status_ = answer.status;
    type_ = answer.content_type;
    answer_ = answer.body;
    for (const port::HttpHeader& header : answer.headers)
      answer_headers_[std::string(header.name)] = header.value;
    ++replies_;
  }

  port::HttpMethod method_ = port::HttpMethod::Get;
  std::string path_;
  std::map<std::string, std::string> query_;
  std::map<std::string, std::string> headers_;
  port::SocketAddress peer_;
  std::string body_;
  uint64_t id_ = 0;
  int status_ = 0;
  std::string type_;
  std::string answer_;
  std::map<std::string, std::string> answer_headers_;
  int replies_ = 0;
  bool ended_ = false;  // of a stream
  bool slow_ = false;   // takes nothing of it
};

struct FakeServer final : port::HttpServer {
  void notify() override { ++notified; }
  port::HttpExchange* find(uint64_t id) override {
    const auto found = exchanges.find(id);
    return found == exchanges.end() ? nullptr : &found->second;
  }
  int notified = 0;
  std::map<uint64_t, FakeHttpExchange> exchanges;
};

struct FakeWakeup final : port::Wakeup {
  void notify() override { ++notified; }
  int notified = 0;
};

struct FakeExchange final : Exchange {
  std::optional<Outcome> put_user(const UserChange& change, uint64_t ticket) override;
  std::optional<Outcome> rename_user(std::string_view domain, std::string_view name,
                                     std::string_view new_name, const UserSecret* secret,
                                     uint64_t ticket) override;
  std::optional<Outcome> remove_user(std::string_view domain, std::string_view name,
                                     uint64_t ticket) override;
  std::optional<Outcome> remove_bindings(std::string_view domain, std::string_view name,
                                         std::string_view contact, uint64_t ticket) override;
  bool show_user(std::string_view domain, std::string_view name, Page& page) override;
  std::optional<uint64_t> list_bindings_of(std::string_view domain, std::string_view name,
                                           uint64_t cursor, Page& page) override;
  uint64_t list_users(uint64_t cursor, const UserFilter& filter, Page& page) override;
  uint64_t list_bindings(uint64_t cursor, std::string_view search, Page& page) override;
  uint64_t revision_of_user(std::string_view domain, std::string_view name) const override;
  uint64_t list_credentials(uint64_t, Page& page) override {
    page.add(CredentialRow{"100", "x.example", "phone", {}, "0123", "4567"});
    return 0;
  }
  uint64_t list_blocks(uint64_t, Page& page) override {
    page.add(BlockRow{"192.0.2.7", "100", 1, 59, 10});
    return 0;
  }
  uint64_t list_refused(uint64_t, Page& page) override {
    page.add(RefusedRow{"100", "branch.example", 3, 7, "192.0.2.7:5060"});
    return 0;
  }
  uint64_t list_unknown(uint64_t, Page&) override { return 0; }
  uint64_t list_calls(uint64_t cursor, Page& page) override {
    for (; cursor < calls.size() && page.has_room(); ++cursor) page.add(calls[cursor]);
    return cursor < calls.size() ? cursor : 0;
  }
  Outcome end_call(uint64_t id) override {
    ended = id;
    return refusal.value_or(Outcome::Done);
  }
  Outcome lift_block(const port::IpAddress& source, std::string_view user) override {
    std::array<char, port::kAddressTextMax> text;
    lifted = std::string(port::write_ip(source, text)) + " " + std::string(user);
    return refusal.value_or(Outcome::Done);
  }
  void status(Page& page) override;

  std::map<std::string, UserSecret> users;  // by "name@domain"
  std::vector<BindingRow> bindings;
  size_t users_max = 1000;
  std::optional<Outcome> refusal;  // of every change
  std::string lifted;
  std::vector<CallRow> calls;
  uint64_t ended = 0;
  bool later = false;  // outcomes come by complete()
  std::deque<std::pair<uint64_t, Outcome>> due;
};

class FakeDesk {
 public:
  FakeDesk();

  // The request, answered or not.
  FakeHttpExchange& ask(port::HttpMethod method, std::string path, std::string body = "",
                        std::map<std::string, std::string> query = {});
  // Lets loop and admin thread take turns until neither has anything to do.
  void run();
  // ask() and run().
  FakeHttpExchange& get(std::string path, std::map<std::string, std::string> query = {});
  FakeHttpExchange& put(std::string path, std::string body,
                        std::map<std::string, std::string> query = {});

 private:
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
  Arena arena_;

 public:
  Channel channel;
  FakeWakeup wakeup;
  FakeExchange exchange;
  FakeServer server;
  PoolRegistry pools;
  Api api;
  LoopEndpoint endpoint;
};

}  // namespace tipring::admin::test
