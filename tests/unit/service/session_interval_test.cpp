#include "service/session_interval.h"

#include <doctest/doctest.h>

#include <string>

#include "sip/status.h"
#include "support/service_bench.h"

using namespace tipring;
using service::Screening;
using service::SessionInterval;

namespace {

constexpr const char* kTimer = "Supported: 100rel, timer\r\n";

struct World {  // made before the bench that stands in it
  port::SimWorld world{1};
};

class Bench final : private World, public sim::ServiceBench {
 public:
  Bench() : ServiceBench(world) {
    environment.session_timer = {true, 1800, 120};
    REQUIRE(start());
  }

  // The lines that the forwarded request gets in addition.
  std::string prepare(const std::string& lines, const std::string& method = "INVITE") {
    const sip::MessageView& request = parse_request(method, "sip:b@h", lines);
    interval.prepare_request(environment, request);
    return std::string(interval.lines());
  }
  bool keeps(const std::string& line) {
    const sip::MessageView& request = parse_request("INVITE", "sip:b@h", line);
    return interval.keeps(*request.headers().begin());
  }
  std::string answer(const std::string& status, const std::string& lines = "") {
    std::array<char, SessionInterval::kResponseLinesMax> room;
    return std::string(interval.response_lines(parse_response(status, "INVITE", lines), room));
  }
  Screening screen(const std::string& lines, const std::string& method = "INVITE") {
    const sip::MessageView& request = parse_request(method, "sip:b@h", lines);
    const transport::Flow flow{{*port::parse_ip("10.0.0.1"), 5060},
                               {*port::parse_ip("10.0.0.2"), 5060},
                               {},
                               sip::Transport::Udp,
                               0};
    return interval.screen_request(environment, {request, MessageRef(), flow, Millis(0)});
  }

  SessionInterval interval;
};

}  // namespace

TEST_CASE("session interval: an INVITE without one gets ours, not below its Min-SE" *
          doctest::description("RFC 4028 8.1; R11.4")) {
  Bench bench;
  CHECK(bench.prepare("") == "Session-Expires: 1800\r\n");
  CHECK(bench.prepare(kTimer) == "Session-Expires: 1800\r\n");
  CHECK(bench.prepare("Min-SE: 3600\r\n") == "Session-Expires: 3600\r\n");
  CHECK(bench.keeps("Min-SE: 3600\r\n"));
}

TEST_CASE("session interval: other requests are left alone" *
          doctest::description("RFC 4028 8.1")) {
  Bench bench;
  for (const char* method : {"UPDATE", "BYE", "OPTIONS", "REGISTER"}) {
    CAPTURE(method);
    CHECK(bench.prepare("", method).empty());
  }
  bench.environment.session_timer.enabled = false;
  CHECK(bench.prepare("").empty());
  CHECK(bench.screen(std::string(kTimer) + "Session-Expires: 90\r\n") == Screening::Pass);
}

TEST_CASE("session interval: of a caller with timers no number is touched" *
          doctest::description("RFC 4028 8.1: MUST NOT")) {
  Bench bench;
  const std::string with_timer = kTimer;
  CHECK(bench.prepare(with_timer + "Session-Expires: 90\r\n").empty());
  CHECK(bench.prepare(with_timer + "Session-Expires: 7200;refresher=uas\r\n").empty());
  CHECK(bench.keeps("Session-Expires: 7200\r\n"));
}

TEST_CASE("session interval: without timers in the caller a short one is raised, with Min-SE" *
          doctest::description("RFC 4028 8.1; C1")) {
  Bench bench;
  CHECK(bench.prepare("x: 100;refresher=uas;y=z\r\n") ==
        "Min-SE: 120\r\nSession-Expires: 120;refresher=uas;y=z\r\n");
  CHECK_FALSE(bench.keeps("x: 100\r\n"));
  CHECK_FALSE(bench.keeps("Min-SE: 90\r\n"));
  CHECK(bench.keeps("Expires: 90\r\n"));
  bench.prepare("Session-Expires: 200\r\nMin-SE: 300\r\n");
  CHECK(bench.interval.lines() == "Min-SE: 300\r\nSession-Expires: 300\r\n");
  CHECK(bench.prepare("Session-Expires: 200\r\n").empty());
  CHECK(bench.keeps("Session-Expires: 200\r\n"));
  CHECK(bench.prepare("Session-Expires: 100;" + std::string(200, 'p') + "\r\n").empty());
}

TEST_CASE("session interval: an UPDATE with an interval is a refresh like any other" *
          doctest::description("RFC 4028 8.1")) {
  Bench bench;
  CHECK(bench.prepare("Session-Expires: 100\r\n", "UPDATE") ==
        "Min-SE: 120\r\nSession-Expires: 120\r\n");
  CHECK(bench.screen(std::string(kTimer) + "Session-Expires: 100\r\n", "UPDATE") ==
        Screening::Refused);
}

TEST_CASE("session interval: below the minimum it is 422 for who can raise it, and only for him" *
          doctest::description("RFC 4028 8.1; R12.2, C1")) {
  Bench bench;
  CHECK(bench.screen(std::string(kTimer) + "Session-Expires: 119\r\n") == Screening::Refused);
  CHECK(bench.screen(std::string(kTimer) + "Session-Expires: 120\r\n") == Screening::Pass);
  CHECK(bench.screen(std::string(kTimer)) == Screening::Pass);
  CHECK(bench.screen("Session-Expires: 119\r\n") == Screening::Pass);
}

TEST_CASE("session interval: a callee without timers makes the caller refresh" *
          doctest::description("RFC 4028 8.2")) {
  Bench bench;
  const std::string added = "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n";
  bench.prepare(kTimer);
  CHECK(bench.answer("200 OK") == added);
  CHECK(bench.answer("200 OK") == added);  // and a retransmission or a second 2xx as well
  CHECK(bench.answer("200 OK", "Session-Expires: 600;refresher=uas\r\n").empty());
  CHECK(bench.answer("180 Ringing").empty());
  CHECK(bench.answer("486 Busy Here").empty());
  bench.prepare("");
  CHECK(bench.answer("200 OK").empty());
}
