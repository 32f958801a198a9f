#include "core/log_file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "port/linux/linux_files.h"
#include "port/sim/sim_host.h"

using namespace tipring;

namespace {

// A log file on a simulated disk. Each line takes 32 bytes.
class Bench {
 public:
  explicit Bench(const RotatingFileOptions& options) : file(files(), "/log", options) {
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

TEST_CASE("log file: of a full disk's lines the next one tells how many were lost" *
          doctest::description("R6.1")) {
  Bench bench({0, 4});
  bench.files().faults().write_error = ENOSPC;
  for (const char name : std::string("abc")) bench.write(name);
  bench.files().faults().write_error = 0;
  bench.write('d');
  bench.write('e');
  std::string text;
  REQUIRE(port::read_file(bench.files(), "/log", 1 << 20, text) == 0);
  CHECK(text.find("INFO d log_lines_lost_before=3\n") != std::string::npos);
  CHECK(text.ends_with("INFO e\n"));
}

TEST_CASE("log file: what a lost line told of lines before it is told by the next one" *
          doctest::description("R6.1")) {
  Bench bench({0, 4});
  bench.files().faults().write_error = ENOSPC;
  bench.file.write({Millis(0), LogLevel::Info, 0, "a"});
  bench.file.write({Millis(0), LogLevel::Info, 7, "b"});
  bench.file.flush();
  bench.file.write({Millis(0), LogLevel::Info, 5, "c"});
  bench.file.flush();
  bench.files().faults().write_error = 0;
  bench.write('d');
  std::string text;
  REQUIRE(port::read_file(bench.files(), "/log", 1 << 20, text) == 0);
  CHECK(text.ends_with("INFO d log_lines_lost_before=15\n"));  // a, b and 7, c and 5
}

TEST_CASE("log file: a disk that fills up within a line leaves whole lines" *
          doctest::description("R6.1")) {
  port::LinuxFiles files;
  const std::string path = "/tmp/tipring-log-" + std::to_string(::getpid());
  LogFile file(files, path, {});
  REQUIRE(file.open() == 0);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{70, before.rlim_max};  // two lines of 32 bytes, and a part of the third
  ::setrlimit(RLIMIT_FSIZE, &small);
  for (const char* const name : {"a", "b", "c", "d"})
    file.write({Millis(0), LogLevel::Info, 0, name});
  file.flush();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  file.write({Millis(0), LogLevel::Info, 0, "e"});
  file.flush();
  std::string text;
  CHECK(port::read_file(files, path, 1 << 20, text) == 0);
  ::unlink(path.c_str());
  CHECK(text ==
        "1970-01-01T00:00:00.000Z INFO a\n1970-01-01T00:00:00.000Z INFO b\n"
        "1970-01-01T00:00:00.000Z INFO e log_lines_lost_before=2\n");
}
