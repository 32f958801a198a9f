// A store on a real file, with a real thread.
#pragma once

#include <filesystem>

#include "port/linux/linux_clock.h"
#include "port/linux/linux_files.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_workers.h"
#include "store_bench.h"

namespace tipring::store {

// A folder of its own, gone at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tipring-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

class LinuxBench final : private port::TimerHandler {
 public:
  explicit LinuxBench(const std::string& path, Server::Settings with = {})
      : settings(std::move(with)) {
    settings.options.path = path;
    settings.options.commit_window = Millis(1);
    timer_ = loop.make_timer(*this);
    start();
  }

  Server& start() {
    server.reset();
    server.emplace(Server::Ports{loop, clock, workers, files}, settings);
    return *server;
  }

  bool run_until(const std::function<bool()>& condition, Millis limit = Millis(20'000)) {
    server->turn();
    for (const Millis end = clock.monotonic() + limit; !condition();) {
      if (clock.monotonic() >= end) return false;
      timer_->arm(clock.monotonic() + Millis(1));
      loop.run();
    }
    return true;
  }
  std::optional<StoreStatus> wait(uint64_t tag) {
    run_until([&] { return server->answers[tag].has_value(); });
    return server->answers[tag];
  }
  void make_user(std::string_view name) {
    const uint64_t tag = next_tag++;
    REQUIRE(server->put(name, tag));
    REQUIRE(wait(tag) == StoreStatus::Durable);
  }

  port::LinuxLoop loop;
  port::LinuxClock clock;
  port::LinuxWorkers workers;
  port::LinuxFiles files;
  Server::Settings settings;
  std::optional<Server> server;
  uint64_t next_tag = 1'000'000;

 private:
  void on_timer(Millis) override { loop.stop(); }

  std::unique_ptr<port::LoopTimer> timer_;
};

}  // namespace tipring::store
