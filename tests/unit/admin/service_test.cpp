// The whole of the admin service as the server runs it: a real loop, a real store, the HTTP thread.
#include "admin/service.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "../core/test_arena.h"
#include "../store/store_bench.h"
#include "port/http_client.h"
#include "port/linux/linux_files.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_workers.h"

namespace tipring::admin::test {
namespace {

struct Stop final : port::WakeupHandler, StatusSource {
  explicit Stop(port::Loop& the_loop) : loop(the_loop) {}
  void on_wakeup() override { loop.stop(); }
  void add_facts(Page&) override {}
  port::Loop& loop;
};

struct Folder {
  Folder() {
    char name[] = "/tmp/tipring-admin-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

TEST_CASE("service: changes through the socket are in the store, a second server is refused" *
          doctest::description("R9.2, R9.4")) {
  const Folder folder;
  port::LinuxLoop loop;
  REQUIRE(loop.ok());
  port::LinuxClock clock;
  port::LinuxWorkers workers;
  port::LinuxFiles files;
  store::Server::Settings settings;
  settings.options.path = folder.path + "/tipring.db";
  store::Server store({loop, clock, workers, files}, settings);
  REQUIRE(store.report.ready());

  MemoryPlan plan;
  Service::plan(plan);
  const std::unique_ptr<void, decltype(&std::free)> memory(
      std::aligned_alloc(Arena::kAlignment, plan.arena_bytes()), &std::free);
  Arena arena({static_cast<std::byte*>(memory.get()), plan.arena_bytes()});
  Stop stop(loop);
  PoolRegistry pools;
  store.store().register_pools(pools);
  const ServiceOptions options{folder.path + "/socket", "example", ""};
  TestArena blocks_arena;
  auth::Blocks blocks(blocks_arena, HashKey{1, 2}, 16);
  Service service(arena, loop, store.store(), blocks, pools, stop, options);
  CHECK(arena.used() == arena.capacity());
  REQUIRE(service.start() == "");

  const auto end = loop.make_wakeup(stop);
  std::vector<int> statuses;
  port::HttpReply listing;
  port::HttpReply pool_listing;
  std::thread client([&] {
    const auto ask = [&](std::string_view method, std::string_view target, std::string_view body,
                         port::HttpReply& reply) {
      const int error = port::http_request(options.socket, {method, target, body}, {}, reply);
      statuses.push_back(error != 0 ? -error : reply.status);
    };
    port::HttpReply reply;
    ask("PUT", "/api/v1/users/100", R"({"password":"x"})", reply);
    ask("PUT", "/api/v1/users//1%2F2", R"({"password":"x"})", reply);
    ask("POST", "/api/v1/users/import", "100,y\n101,z\n102,z\n", reply);
    ask("DELETE", "/api/v1/users/101", "", reply);
    ask("GET", "/api/v1/users", "", listing);
    ask("GET", "/api/v1/pools", "", pool_listing);
    end->notify();
  });
  loop.run();
  client.join();
  CHECK(statuses == std::vector<int>{201, 201, 200, 200, 200, 200});
  CHECK(store.store().user_count() == 3);
  CHECK(store.user("100").credentials().md5 == make_secret("100", "example", "y").md5);
  CHECK(listing.body.find(R"("name":"1/2")") != std::string::npos);
  CHECK(pool_listing.body.find("\"high_water\"") != std::string::npos);

  const std::unique_ptr<void, decltype(&std::free)> more(
      std::aligned_alloc(Arena::kAlignment, plan.arena_bytes()), &std::free);
  Arena second_arena({static_cast<std::byte*>(more.get()), plan.arena_bytes()});
  Service second(second_arena, loop, store.store(), blocks, pools, stop, options);
  const std::string fault = second.start();
  CHECK(fault.find("another server") != std::string::npos);
  CHECK(fault.find(options.socket) != std::string::npos);
}

}  // namespace
}  // namespace tipring::admin::test
