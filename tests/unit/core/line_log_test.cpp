#include "core/line_log.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "port/sim/sim_host.h"

using namespace tipring;

namespace {

class Bench {
 public:
  static constexpr size_t kRing = 8192;

  Bench() : bytes_(kRing), ring_(bytes_) { REQUIRE(file.open() == 0); }
  port::SimFiles& files() { return host_.files(); }
  bool write(const std::string& text) {
    const std::span<char> room = front.begin();
    if (room.empty()) return false;
    text.copy(room.data(), text.size());
    front.commit(text.size());
    return true;
  }
  std::string content() {
    std::string text;
    CHECK(port::read_file(files(), "/requests", 1 << 20, text) == 0);
    return text;
  }

 private:
  port::SimWorld world_{1};
  port::SimHost& host_ = world_.make_host("h", {*port::parse_ip("10.0.0.1")});
  std::vector<char> bytes_;
  LineRing ring_;

 public:
  RotatingFile file{files(), "/requests", {}};
  LineFront front{ring_};
  LineWriter writer{ring_, file};
};

}  // namespace

TEST_CASE("line log: entries come into the file as they were written" *
          doctest::description("V29")) {
  Bench bench;
  bench.write("a\n");
  bench.write("b\nc\n");
  bench.writer.serve(Millis{0});
  bench.write("d\n");
  bench.writer.serve(Millis{0});
  CHECK(bench.content() == "a\nb\nc\nd\n");
  CHECK(bench.front.written() == 3);
}

TEST_CASE("line log: a full ring loses entries, counted, and goes on" *
          doctest::description("R5.5")) {
  Bench bench;
  const std::string line = std::string(1020, 'x') + "\n";
  std::string kept;
  while (bench.write(line)) kept += line;
  CHECK(kept.size() >= 5 * line.size());
  CHECK(bench.front.lost() == 1);
  bench.writer.serve(Millis{0});
  CHECK(bench.write("z\n"));
  bench.writer.serve(Millis{0});
  CHECK(bench.content() == kept + "z\n");
}

TEST_CASE("line log: entries of every size come whole round the ring's end" *
          doctest::description("V29")) {
  Bench bench;
  std::string all;
  for (size_t size = 1; size <= LineRing::kEntryMax; size += 13) {
    const std::string line = std::string(size - 1, static_cast<char>('a' + size % 26)) + "\n";
    REQUIRE(bench.write(line));
    all += line;
    bench.writer.serve(Millis{0});
  }
  CHECK(bench.content() == all);
  CHECK(bench.front.lost() == 0);
}

TEST_CASE("line log: what a failed disk does not take is counted" * doctest::description("R9.5")) {
  Bench bench;
  bench.files().faults().write_error = ENOSPC;
  bench.write("a\n");
  bench.write("b\n");
  bench.writer.serve(Millis{0});
  CHECK(bench.writer.lost() == 2);
  bench.files().faults().write_error = 0;
  bench.write("c\n");
  bench.writer.serve(Millis{0});
  CHECK(bench.content() == "c\n");
}
