// The API over a real store in virtual time.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "../store/store_bench.h"
#include "admin/group_desk.h"
#include "admin/store_exchange.h"
#include "fake_desk.h"

namespace tipring::admin::test {

struct OneFact final : StatusSource {
  void add_facts(Page& page) override { page.add(FactRow{"version", "0.1.0", 0}); }
};

class StoreDesk {
 public:
  explicit StoreDesk(const store::Server::Settings& settings = {})
      : bench(settings),
        memory_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kMemory)),
                &std::free),
        arena_({memory_.get(), kMemory}),
        channel_(arena_),
        blocks(arena_, HashKey{1, 2}, 256),
        exchange_(bench.server->store(), blocks, bench.host.loop(), fact_, HashKey{3, 4}),
        groups_(bench.server->store(), bench.host.loop(), HashKey{3, 4}),
        endpoint_(channel_, exchange_, pools_),
        api_(channel_, wakeup_, "office", "home.example") {
    exchange_.set_endpoint(endpoint_);
    groups_.set_endpoint(endpoint_);
    endpoint_.set_groups(&groups_);
    endpoint_.set_server(&server_);
    api_.attach(server_);
  }

  // A request, to be answered by run().
  FakeHttpExchange& begin(port::HttpMethod method, std::string path, std::string body = "",
                          std::map<std::string, std::string> query = {},
                          std::map<std::string, std::string> headers = {}) {
    const uint64_t id = server_.exchanges.size() + 1;
    FakeHttpExchange& request = server_.exchanges[id];
    request.id_ = id;
    request.method_ = method;
    request.path_ = std::move(path);
    request.body_ = std::move(body);
    request.query_ = std::move(query);
    request.headers_ = std::move(headers);
    api_.on_exchange(request);
    return request;
  }
  void run(const FakeHttpExchange& request) {
    bench.run_until([&] {
      turn();
      return request.replies_ > 0;
    });
  }
  // What can be done without the disk. Loop and admin thread may give each other more to do, for which no
  // event of the world comes.
  void turn() {
    for (int i = 0; i < 16; ++i) {
      endpoint_.serve(2);
      api_.on_poll();
    }
  }
  const FakeHttpExchange& ask(port::HttpMethod method, std::string path, std::string body = "",
                              std::map<std::string, std::string> query = {},
                              std::map<std::string, std::string> headers = {}) {
    const FakeHttpExchange& request =
        begin(method, std::move(path), std::move(body), std::move(query), std::move(headers));
    run(request);
    return request;
  }
  const FakeHttpExchange& put(std::string_view name) {
    return ask(port::HttpMethod::Put, "/api/v1/users/" + std::string(name), R"({"password":"x"})");
  }
  const FakeHttpExchange& remove_registrations(const std::string& user, std::string contact) {
    return ask(port::HttpMethod::Delete, "/api/v1/registrations/" + user, "",
               {{"contact", std::move(contact)}});
  }
  const FakeHttpExchange& get(std::string path) {
    return ask(port::HttpMethod::Get, std::move(path));
  }

  StoreExchange& exchange() { return exchange_; }

  store::SimBench bench;

 private:
  static constexpr size_t kMemory = 512 << 10;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
  Arena arena_;
  Channel channel_;
  OneFact fact_;

 public:
  auth::Blocks blocks;

 private:
  FakeWakeup wakeup_;
  FakeServer server_;
  PoolRegistry pools_;
  StoreExchange exchange_;
  GroupDesk groups_;
  LoopEndpoint endpoint_;
  Api api_;
};

}  // namespace tipring::admin::test
