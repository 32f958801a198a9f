// tipringctl's client, the real HTTP server, the real API and its rings, over a Unix socket.
#include "app/ctl_server.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "../admin/fake_desk.h"
#include "port/http_server.h"

namespace tipring::app {
namespace {

using admin::PutMode;
using admin::UserName;

std::string make_folder() {
  char name[] = "/tmp/tipring-ctl-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  return name;
}

// A thread stands in for the loop.
class RunningServer {
 public:
  explicit RunningServer(admin::test::FakeExchange& exchange)
      : folder_(make_folder()),
        memory_(static_cast<std::byte*>(std::aligned_alloc(64, kMemory)), &std::free),
        arena_({memory_.get(), kMemory}),
        channel_(arena_),
        api_(channel_, wakeup_, "office", ""),
        endpoint_(channel_, exchange, pools_) {
    port::HttpOptions options;
    options.unix_path = socket();
    int error = 0;
    server_ = port::start_http_server(options, api_, error);
    REQUIRE(error == 0);
    REQUIRE(server_ != nullptr);
    endpoint_.set_server(server_.get());
    api_.attach(*server_);
    loop_ = std::thread([this] {
      while (!stop_) {
        endpoint_.serve(4);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    });
  }
  ~RunningServer() {
    stop_ = true;
    loop_.join();
    server_.reset();
    ::rmdir(folder_.c_str());
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  std::string socket() const { return folder_ + "/socket"; }

 private:
  static constexpr size_t kMemory = 512 << 10;

  struct NoWakeup final : port::Wakeup {
    void notify() override {}
  };

  std::string folder_;
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
  Arena arena_;
  admin::Channel channel_;
  NoWakeup wakeup_;
  PoolRegistry pools_;
  admin::Api api_;
  admin::LoopEndpoint endpoint_;
  std::unique_ptr<port::HttpServer> server_;
  std::atomic<bool> stop_{false};
  std::thread loop_;
};

TEST_CASE("server: users are created, changed, listed and removed through the socket") {
  admin::test::FakeExchange exchange;
  const RunningServer running(exchange);
  CtlServer server(running.socket());
  const UserName odd{"a/b ?&%#\xc3\xa4\"\\", "example.org"};
  CHECK(server.put_user({{"100", ""}, PutMode::Create, "pass\"\\word", {}}) == "");
  CHECK(server.put_user({{"100", ""}, PutMode::Create, "x", {}}).find("exists already") !=
        std::string::npos);
  CHECK(server.put_user({odd, PutMode::Create, "y", {}}) == "");
  CHECK(server.put_user({odd, PutMode::Change, "z", {}}) == "");
  CHECK(exchange.users.at("100@").md5 == admin::make_secret("100", "office", "pass\"\\word").md5);
  CHECK(exchange.users.count(odd.text()) == 1);
  CtlRows rows;
  CHECK(server.list(CtlListing::Users, rows) == "");
  REQUIRE(rows.size() == 2);
  CHECK(find_cell(rows[1], "name")->text == odd.name);
  CHECK(server.remove_user(odd) == "");
  CHECK(server.remove_user(odd).find("no such user") != std::string::npos);
}

TEST_CASE("server: an import in several requests, and a listing of several pages") {
  admin::test::FakeExchange exchange;
  exchange.users_max = 10000;
  const RunningServer running(exchange);
  CtlServer server(running.socket());
  std::string text;
  for (int i = 0; i < 6000; ++i) text += "user" + std::to_string(i) + ",pass,word\n";
  uint32_t created = 0;
  uint32_t changed = 0;
  CHECK(server.import(admin::parse_import(text), created, changed) == "");
  CHECK(created == 6000);
  CHECK(changed == 0);
  CtlRows rows;
  CHECK(server.list(CtlListing::Users, rows) == "");
  CHECK(rows.size() == 6000);
  CtlRows status;
  CHECK(server.list(CtlListing::Status, status) == "");
  REQUIRE(status.size() == 1);
  CHECK(find_cell(status[0], "users")->text == "6000");
}

TEST_CASE("server: an import that is refused half way names the line and how many are stored") {
  admin::test::FakeExchange exchange;
  exchange.users_max = 510;
  const RunningServer running(exchange);
  CtlServer server(running.socket());
  std::string text = "\n";  // line 1 is empty
  for (int i = 0; i < 700; ++i) text += "user" + std::to_string(i) + ",x\n";
  uint32_t created = 0;
  uint32_t changed = 0;
  const std::string fault = server.import(admin::parse_import(text), created, changed);
  CHECK(fault.find("line 512: ") == 0);
  CHECK(fault.find("capacity.users") != std::string::npos);
  CHECK(fault.find("510 of 700 users were stored") != std::string::npos);
  CHECK(created == 510);
}

TEST_CASE("server: a user called name is no heading, wherever a request begins") {
  admin::test::FakeExchange exchange;
  exchange.users_max = 600;
  const RunningServer running(exchange);
  CtlServer server(running.socket());
  std::string text;
  for (int i = 0; i < 500; ++i) text += "user" + std::to_string(i) + ",x\n";
  uint32_t created = 0;
  uint32_t changed = 0;
  CHECK(server.import(admin::parse_import(text + "name,secret\n"), created, changed) == "");
  CHECK(created == 501);
}

TEST_CASE("server: none there, or something else there: says what to do") {
  const std::string folder = make_folder();
  CtlRows rows;
  const std::string fault = CtlServer(folder + "/none").list(CtlListing::Status, rows);
  CHECK(fault.find(folder + "/none") != std::string::npos);
  CHECK(fault.find("--offline") != std::string::npos);
  CHECK(CtlServer(std::string(200, 'x')).list(CtlListing::Status, rows).find("path") !=
        std::string::npos);
  ::rmdir(folder.c_str());
}

}  // namespace
}  // namespace tipring::app
