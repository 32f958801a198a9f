#include "core/log_file.h"

#include <doctest/doctest.h>

#include <string>

#include "port/sim/sim_host.h"

using namespace tipring;

namespace {

// A log file on a simulated disk. Each line takes 32 bytes.
class Bench {
 public:
  explicit Bench(const LogFileOptions& options) : file(files(), "/log", options) {
    REQUIRE(file.open() == 0);
  }
  port::SimFiles& files() { return host_.files(); }
  void write(char name) {
    const char text[] = {name, '\0'};
    file.write({Millis(0), LogLevel::Info, 0, text});
    file.flush();
  }
  // The names of the lines in a file; "-" without that file.
  std::string names(const std::string& path) {
    std::string text, found;
    if (port::read_file(files(), path, 1 << 20, text) != 0) return "-";
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', end + 1)) {
      found += text[end - 1];
    }
    return found;
  }

 private:
  port::SimWorld world_{1};
  port::SimHost& host_ = world_.make_host("h", {*port::parse_ip("10.0.0.1")});

 public:
  LogFile file;
};

}  // namespace

TEST_CASE("log file: a full one makes room, and the oldest goes" * doctest::description("G3")) {
  Bench bench({70, 2});
  for (const char name : std::string("abcdefgh")) bench.write(name);
  CHECK(bench.names("/log") == "gh");
  CHECK(bench.names("/log.1") == "ef");
  CHECK(bench.names("/log.2") == "cd");
  CHECK(bench.names("/log.3") == "-");
}

TEST_CASE("log file: with none kept the file begins anew" * doctest::description("G3")) {
  Bench bench({70, 0});
  for (const char name : std::string("abc")) bench.write(name);
  CHECK(bench.names("/log") == "c");
  CHECK(bench.names("/log.1") == "-");
}

TEST_CASE("log file: what was there at the start counts" * doctest::description("G3")) {
  Bench bench({70, 1});
  bench.write('a');
  bench.write('b');
  LogFile again(bench.files(), "/log", {70, 1});
  REQUIRE(again.open() == 0);
  again.write({Millis(0), LogLevel::Info, 0, "c"});
  again.flush();
  CHECK(bench.names("/log") == "c");
  CHECK(bench.names("/log.1") == "ab");
}

TEST_CASE("log file: moved away by another program it is opened anew on demand" *
          doctest::description("G3")) {
  Bench bench({0, 4});
  bench.write('a');
  REQUIRE(bench.files().rename("/log", "/old") == 0);
  bench.write('b');
  bench.file.reopen();
  bench.write('c');
  CHECK(bench.names("/old") == "ab");
  CHECK(bench.names("/log") == "c");
}

TEST_CASE("log file: lines of a full disk are lost and counted, and the next ones still come") {
  Bench bench({0, 4});
  bench.files().faults().write_error = ENOSPC;
  bench.write('a');
  CHECK(bench.file.failed() == 1);
  bench.files().faults().write_error = 0;
  bench.write('b');
  CHECK(bench.names("/log") == "b");
  CHECK(bench.file.failed() == 1);
}
