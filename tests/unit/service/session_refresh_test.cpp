#include "service/session_refresh.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "unit/sip/parsed.h"

using namespace tipring;
using service::SessionRefresh;
using Due = SessionRefresh::Due;

namespace {

Millis s(int64_t seconds) { return Millis(seconds * 1000); }

class Bench {
 public:
  explicit Bench(uint32_t interval_s = 1800, uint32_t min_se_s = 90) {
    session.configure(interval_s, min_se_s);
  }

  std::string asked() const {
    std::array<char, SessionRefresh::kLinesMax> room;
    return std::string(session.request_lines(room));
  }
  std::string answer() const {
    std::array<char, SessionRefresh::kLinesMax> room;
    return std::string(session.answer_lines(room));
  }
  std::string refusal() const {
    std::array<char, SessionRefresh::kLinesMax> room;
    return std::string(session.refusal_line(room));
  }
  uint16_t request(const std::string& lines) {
    const test::Parsed request(test::request_with(lines));
    REQUIRE(request.complete());
    return session.on_request(request.view());
  }
  // The answer to a request with these lines.
  std::string answered(const std::string& lines, Millis now = Millis(0)) {
    REQUIRE(request(lines) == 0);
    const std::string text = answer();
    session.on_answered(now);
    return text;
  }
  void success(const std::string& lines, Millis now = Millis(0)) {
    on("200 OK", lines, [&](const sip::MessageView& view) { session.on_success(view, now); });
  }
  bool too_small(const std::string& lines) {
    bool again = false;
    on("422 Session Interval Too Small", lines,
       [&](const sip::MessageView& view) { again = session.on_interval_too_small(view); });
    return again;
  }

  SessionRefresh session;

 private:
  template <class Use>
  static void on(const std::string& status, const std::string& lines, const Use& use) {
    const test::Parsed response(test::wire("\nSIP/2.0 " + status + R"(
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>;tag=1
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
)" + lines + "\n"));
    REQUIRE(response.complete());
    use(response.view());
  }
};

const std::string kTimer = "Supported: timer\n";

}  // namespace

TEST_CASE("session refresh: the first INVITE leaves open who refreshes" *
          doctest::description("RFC 4028 7.1; F24, R11.4")) {
  CHECK(Bench().asked() == "Session-Expires: 1800\r\n");
  CHECK(Bench(1800, 600).asked() == "Session-Expires: 1800\r\nMin-SE: 600\r\n");
  CHECK(Bench(300, 600).asked() == "Session-Expires: 600\r\nMin-SE: 600\r\n");
  CHECK(Bench(30, 0).asked() == "Session-Expires: 90\r\n");
  CHECK(Bench(0).asked() == "");
}

TEST_CASE("session refresh: who the 2xx names refreshes, and the next request says the same" *
          doctest::description("RFC 4028 7.2, 7.4; F24")) {
  Bench bench;
  bench.success("Require: timer\nSession-Expires: 600;refresher=uac\n", s(10));
  CHECK(bench.session.interval_s() == 600);
  CHECK(bench.session.is_refresher());
  CHECK(bench.session.deadline() == s(310));
  CHECK(bench.asked() == "Session-Expires: 600;refresher=uac\r\n");
  bench.success("x: 900;refresher=UAS\n", s(100));
  CHECK_FALSE(bench.session.is_refresher());
  CHECK(bench.session.deadline() == s(1000 - 32));
  CHECK(bench.asked() == "Session-Expires: 900;refresher=uas\r\n");
}

TEST_CASE("session refresh: a callee without session timers is refreshed by us, if we asked" *
          doctest::description("RFC 4028 7.2; F24")) {
  Bench bench;
  bench.success("");
  CHECK(bench.session.interval_s() == 1800);
  CHECK(bench.session.is_refresher());
  CHECK(bench.session.deadline() == s(900));
  Bench silent(0);
  silent.success("");
  CHECK(silent.session.interval_s() == 0);
  CHECK(silent.session.deadline() == kNever);
}

TEST_CASE("session refresh: who asks for nothing follows the peer, until a 2xx ends the timer" *
          doctest::description("RFC 4028 7.2; F24")) {
  Bench bench(0);
  bench.success("Session-Expires: 200;refresher=uac\n");
  CHECK(bench.asked() == "Session-Expires: 200;refresher=uac\r\n");
  CHECK(bench.session.deadline() == s(100));
  bench.success("");
  CHECK(bench.session.deadline() == kNever);
  CHECK(bench.asked() == "");
}

TEST_CASE("session refresh: a 422 raises the interval, as often as it helps" *
          doctest::description("RFC 4028 7.3, 7.4; F24")) {
  Bench bench(1800);
  CHECK_FALSE(bench.too_small(""));
  CHECK_FALSE(bench.too_small("Min-SE: 1800\n"));  // that is what was asked for
  CHECK(bench.too_small("Min-SE: 3600\n"));
  CHECK(bench.asked() == "Session-Expires: 3600\r\nMin-SE: 3600\r\n");
  CHECK_FALSE(bench.too_small("Min-SE: 3600\n"));
  CHECK(bench.too_small("Min-SE: 3601\n"));
  CHECK(bench.too_small("Min-SE: 3602\n"));
  CHECK(bench.too_small("Min-SE: 3603\n"));
  CHECK_FALSE(bench.too_small("Min-SE: 3604\n"));
  CHECK_FALSE(Bench(0).too_small("Min-SE: 3600\n"));
}

TEST_CASE(
    "session refresh: a Min-SE from before the dialog is forgotten, one from within it stays" *
    doctest::description("RFC 4028 7.4; F24")) {
  Bench bench(1800);
  CHECK(bench.too_small("Min-SE: 3600\n"));
  bench.success("Session-Expires: 3600;refresher=uac\n");
  CHECK(bench.asked() == "Session-Expires: 3600;refresher=uac\r\n");
  CHECK(bench.too_small("Min-SE: 7200\n"));
  bench.success("Session-Expires: 7200;refresher=uac\n");
  CHECK(bench.asked() == "Session-Expires: 7200;refresher=uac\r\nMin-SE: 7200\r\n");
  CHECK(bench.answered(kTimer + "Session-Expires: 8000;refresher=uac\nMin-SE: 8000\n") != "");
  CHECK(bench.asked() == "Session-Expires: 8000;refresher=uas\r\nMin-SE: 8000\r\n");
}

TEST_CASE("session refresh: a 422 within the dialog does not move its end" *
          doctest::description("RFC 4028 10; F24")) {
  Bench bench(1800);
  bench.success("Session-Expires: 600;refresher=uac\n");
  CHECK(bench.session.on_timer(s(300)) == Due::Refresh);
  CHECK(bench.too_small("Min-SE: 7200\n"));
  CHECK(bench.session.deadline() == s(600 - 32));
}

TEST_CASE("session refresh: as callee, by the rows of table 2" *
          doctest::description("RFC 4028 9; F24")) {
  const std::string value = "Session-Expires: 600";
  CHECK(Bench().answered(value + "\n") == "Session-Expires: 600;refresher=uas\r\n");
  CHECK(Bench().answered(value + ";refresher=uas\n") == "Session-Expires: 600;refresher=uas\r\n");
  CHECK(Bench().answered(value + ";refresher=uac\n") == "Session-Expires: 600;refresher=uas\r\n");
  const std::string required = "Require: timer\r\n";
  CHECK(Bench().answered(kTimer + value + "\n") ==
        required + "Session-Expires: 600;refresher=uac\r\n");
  CHECK(Bench().answered(kTimer + value + ";refresher=uac\n") ==
        required + "Session-Expires: 600;refresher=uac\r\n");
  CHECK(Bench().answered(kTimer + value + ";refresher=uas\n") ==
        required + "Session-Expires: 600;refresher=uas\r\n");
}

TEST_CASE(
    "session refresh: as callee of a request without an interval, ours, and not below its Min-SE" *
    doctest::description("RFC 4028 9; F24")) {
  CHECK(Bench().answered(kTimer) == "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n");
  CHECK(Bench().answered(kTimer + "Min-SE: 2000\n") ==
        "Require: timer\r\nSession-Expires: 2000;refresher=uac\r\n");
  CHECK(Bench().answered("") == "Session-Expires: 1800;refresher=uas\r\n");
  CHECK(Bench(0).answered(kTimer) == "");
  CHECK(Bench(0).answered("") == "");
}

TEST_CASE("session refresh: as callee, an interval below ours is refused to who can raise it" *
          doctest::description("RFC 4028 9; F24")) {
  Bench bench(1800, 120);
  CHECK(bench.request(kTimer + "Session-Expires: 119\n") == 422);
  CHECK(bench.refusal() == "Min-SE: 120\r\n");
  CHECK(bench.session.deadline() == kNever);
  CHECK(bench.request(kTimer + "Session-Expires: 120\n") == 0);
  CHECK(bench.request("Session-Expires: 119\n") == 0);
  CHECK(bench.answer() == "Session-Expires: 119;refresher=uas\r\n");
  CHECK(bench.answered("Session-Expires: 1\n") == "Session-Expires: 90;refresher=uas\r\n");
}

TEST_CASE("session refresh: a refresh that leaves the roles open keeps them" *
          doctest::description("RFC 4028 7.4, 9; F24")) {
  Bench bench;
  CHECK(bench.answered(kTimer + "Session-Expires: 600;refresher=uas\n").ends_with("uas\r\n"));
  CHECK(bench.answered(kTimer + "Session-Expires: 600\n").ends_with("uas\r\n"));
  CHECK(bench.answered(kTimer + "Session-Expires: 600;refresher=uac\n").ends_with("uac\r\n"));
  CHECK(bench.answered(kTimer + "Session-Expires: 600\n").ends_with("uac\r\n"));
}

TEST_CASE("session refresh: the time counts from the 2xx that goes out" *
          doctest::description("RFC 4028 9; R8.5, F24")) {
  Bench bench;
  CHECK(bench.answered(kTimer + "Session-Expires: 600;refresher=uas\n", s(7)) != "");
  CHECK(bench.session.deadline() == s(307));
  CHECK(bench.request(kTimer + "Session-Expires: 6000;refresher=uas\n") == 0);
  CHECK(bench.session.deadline() == s(307));  // refused, it would have changed nothing
  CHECK(bench.answered(kTimer + "Session-Expires: 90;refresher=uac\n", s(200)) != "");
  CHECK(bench.session.deadline() == s(290 - 30));  // a third of the interval is less than 32 s
}

TEST_CASE("session refresh: the refresher asks at half the interval, and ends before it is over" *
          doctest::description("RFC 4028 7.2, 10; R8.4, F24")) {
  Bench bench;
  bench.success("Session-Expires: 600;refresher=uac\n");
  CHECK(bench.session.on_timer(s(300) - Millis(1)) == Due::Nothing);
  CHECK(bench.session.on_timer(s(300)) == Due::Refresh);
  CHECK(bench.session.deadline() == s(568));
  CHECK(bench.session.on_timer(s(568)) == Due::End);
  CHECK(bench.session.deadline() == kNever);
  CHECK(bench.session.on_timer(s(999)) == Due::Nothing);
}

TEST_CASE("session refresh: who waits for refreshes ends a session that gets none" *
          doctest::description("RFC 4028 10; R8.4, F24")) {
  Bench bench;
  bench.success("Session-Expires: 600;refresher=uas\n");
  CHECK(bench.session.on_timer(s(567)) == Due::Nothing);
  CHECK(bench.session.on_timer(s(568)) == Due::End);
  bench.success("Session-Expires: 600;refresher=uas\n");
  CHECK(bench.answered(kTimer + "Session-Expires: 600;refresher=uac\n", s(500)) != "");
  CHECK(bench.session.on_timer(s(568)) == Due::Nothing);
  CHECK(bench.session.deadline() == s(1068));
}

TEST_CASE("session refresh: what has failed is tried again while there is time" *
          doctest::description("RFC 4028 10; F24")) {
  Bench bench;
  bench.success("Session-Expires: 600;refresher=uac\n");
  CHECK(bench.session.on_timer(s(300)) == Due::Refresh);
  bench.session.on_failure(s(300));
  CHECK(bench.session.deadline() == s(434));
  CHECK(bench.session.on_timer(s(434)) == Due::Refresh);
  bench.session.on_failure(s(560));
  CHECK(bench.session.deadline() == s(568));
  CHECK(bench.session.on_timer(s(568)) == Due::End);
}
