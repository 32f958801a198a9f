#include "admin/events.h"

#include <doctest/doctest.h>

#include <array>

#include "fake_desk.h"

namespace tipring::admin::test {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct Scene {
  Scene() : tail(room) { desk.api.set_log(&tail); }

  FakeHttpExchange& open() { return desk.ask(port::HttpMethod::Get, "/api/v1/events"); }
  void tick() {
    desk.api.on_tick();
    desk.run();
  }
  void log(std::string_view text, LogLevel level = LogLevel::Info) {
    tail.write({Millis(5), level, 0, text});
  }

  std::array<char, 4096> room{};
  LogTail tail;
  FakeDesk desk;
};

TEST_CASE("events: what differs from the look before is told, once, to all") {
  Scene scene;
  FakeHttpExchange& first = scene.open();
  FakeHttpExchange& second = scene.open();
  scene.tick();
  CHECK_FALSE(holds(first.answer_, "event:"));
  scene.desk.put("/api/v1/users/100", R"({"password":"x"})");
  scene.tick();
  scene.tick();
  for (const FakeHttpExchange* stream : {&first, &second}) {
    const size_t at = stream->answer_.find("event: registration\ndata: {\"users\":1}\n\n");
    REQUIRE(at != std::string::npos);
    CHECK(stream->answer_.find("event:", at + 1) == std::string::npos);
  }
}

TEST_CASE("events: a client that is too slow loses events and is told how many, others lose none") {
  Scene scene;
  FakeHttpExchange& slow = scene.open();
  FakeHttpExchange& quick = scene.open();
  slow.slow_ = true;
  scene.log("one");
  scene.log("two", LogLevel::Warning);
  scene.tick();
  slow.slow_ = false;
  scene.log("three");
  scene.tick();  // what comes before it is told is lost too
  CHECK_FALSE(holds(slow.answer_, "three"));
  scene.desk.api.on_stream_ready(slow.id());
  CHECK(holds(slow.answer_, "event: lost\ndata: {\"events\":4}\n\n"));
  scene.log("four");
  scene.tick();
  CHECK(holds(slow.answer_, "\"text\":\"four\"}"));
  for (const char* text : {"one", "two", "three", "four"}) CHECK(holds(quick.answer_, text));
  CHECK(holds(quick.answer_, "event: problem\ndata: {\"number\":2,\"time_ms\":5,"));
  CHECK_FALSE(holds(quick.answer_, "lost"));
}

TEST_CASE("events: what administrators have changed is told by what it is about, and no refusal") {
  Scene scene;
  FakeHttpExchange& stream = scene.open();
  const auto answered = [&](FakeHttpExchange& change) {
    scene.desk.api.on_answered(change.id(), change.status_);
  };
  answered(scene.desk.put("/api/v1/users/100", R"({"password":"x"})"));
  answered(scene.desk.put("/api/v1/users/101", R"({"password":"x"})"));
  answered(scene.desk.put("/api/v1/users/102", R"({"password":7})"));
  FakeHttpExchange& lifted =
      scene.desk.ask(port::HttpMethod::Delete, "/api/v1/blocks", "", {{"source", "192.0.2.7"}});
  scene.desk.run();
  answered(lifted);
  scene.tick();
  scene.tick();
  const std::string told = R"(event: changed)"
                           "\n"
                           R"(data: {"users":2,"groups":2,"blocks":1})";
  const size_t at = stream.answer_.find(told);
  REQUIRE(at != std::string::npos);
  CHECK(stream.answer_.find("event: changed", at + 1) == std::string::npos);
}

TEST_CASE(
    "events: what a refused import has stored is told, and what may be done where it failed") {
  Scene scene;
  FakeHttpExchange& stream = scene.open();
  const auto is_told = [&](int status, std::string lines) {
    FakeHttpExchange& change =
        scene.desk.ask(port::HttpMethod::Post, "/api/v1/users/import", std::move(lines));
    scene.desk.run();
    CHECK(change.status_ == status);
    scene.desk.api.on_answered(change.id(), change.status_);
    stream.answer_.clear();
    scene.tick();
    return holds(stream.answer_, "event: changed\ndata: {\"users\":1,\"groups\":1}\n\n");
  };
  const std::string stands_not = "2,\n";
  CHECK(is_told(404, "name,password\n1,a\n" + stands_not));
  CHECK_FALSE(is_told(404, "name,password\n" + stands_not));
  scene.desk.exchange.refusal = Outcome::Io;
  CHECK(is_told(503, "1,a\n"));
}

TEST_CASE("events: nobody looks on, nothing is asked of the loop") {
  Scene scene;
  FakeHttpExchange& only = scene.open();
  scene.desk.api.on_stream_closed(only.id());
  scene.desk.api.on_tick();
  CHECK(scene.desk.channel.commands.front() == nullptr);
}

}  // namespace
}  // namespace tipring::admin::test
