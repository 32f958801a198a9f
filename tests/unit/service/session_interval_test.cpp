#include "service/session_interval.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sip/status.h"
#include "support/service_bench.h"

using namespace tipring;
using service::Refresher;
using service::Screening;
using service::SessionInterval;
using service::SessionOutcome;
using service::SessionTimerMode;

namespace {

const std::string kTimer = "Supported: 100rel, timer\r\n";

struct World {  // made before the bench that stands in it
  port::SimWorld world{1};
};

class Bench final : private World, public sim::ServiceBench, private service::TimerExceptions {
 public:
  explicit Bench(SessionTimerMode mode = SessionTimerMode::Insert) : ServiceBench(world) {
    environment.session_timer.mode = mode;
    environment.session_timer.min_se_s = 120;
    environment.timer_exceptions = this;
    REQUIRE(start());
  }

  // Shows a request to a new service.
  Screening begin(const std::string& lines, const std::string& method = "INVITE",
                  const std::string& to_tag = "") {
    interval = SessionInterval();
    request_ = lines;
    method_ = method;
    const sip::MessageView& request = parse_request(method, "sip:b@h", lines, "", to_tag);
    const transport::Flow flow{{*port::parse_ip("10.0.0.1"), 5060},
                               {*port::parse_ip("10.0.0.2"), 5060},
                               {},
                               sip::Transport::Udp,
                               0};
    return interval.screen_request(environment, {request, MessageRef(), flow, Millis(0)});
  }

  // What the request is forwarded with of Session-Expires and Min-SE; "421/422" where it is refused.
  std::string forwarded(const std::string& lines, const std::string& method = "INVITE",
                        const std::string& to_tag = "") {
    if (begin(lines, method, to_tag) == Screening::Refused) return "refused";
    const sip::MessageView& request = parse_request(method_, "sip:b@h", request_);
    std::string text;
    for (const sip::HeaderView line : request.headers()) {
      const bool ours =
          line.id() == sip::HeaderId::SessionExpires || line.id() == sip::HeaderId::MinSe;
      if (ours && interval.keeps(line)) text += std::string(line.line()) + "\r\n";
    }
    std::array<char, SessionInterval::kRequestLinesMax> room;
    return text + std::string(interval.lines(request, room));
  }

  // What a response comes back with of Require and Session-Expires.
  std::string answered(const std::string& status, const std::string& lines = "") {
    const sip::MessageView& response = parse_response(status, method_, lines);
    std::array<char, SessionInterval::kResponseLineMax> room;
    sip::ResponseEdit edit;
    interval.edit_response(response, edit, room);
    std::array<char, 1024> out;
    const auto size = sip::write_forwarded_response(response, edit, out);
    REQUIRE(size);
    std::string text(out.data(), *size);
    std::string kept;
    for (size_t at = 0, end = 0; (end = text.find("\r\n", at)) != std::string::npos; at = end + 2) {
      const std::string line = text.substr(at, end - at);
      if (line.starts_with("Require") || line.starts_with("Session-E") || line.starts_with("x:"))
        kept += line + "\r\n";
    }
    return kept;
  }
  SessionOutcome outcome(const std::string& lines) {
    return interval.outcome(parse_response("200 OK", method_, lines));
  }

  SessionInterval interval;
  bool excepted = false;
  std::string asked_for;  // the Request-URI that the exceptions were asked about

 private:
  bool lets_through(const service::Incoming&, const sip::ParsedUri& uri) override {
    asked_for = uri.text;
    return excepted;
  }

  std::string request_;
  std::string method_;
};

void is_outcome(const SessionOutcome& outcome, uint32_t interval_s, Refresher refresher,
                bool supervised) {
  CHECK(outcome.interval_s == interval_s);
  CHECK(outcome.refresher == refresher);
  CHECK(outcome.supervised == supervised);
}

}  // namespace

TEST_CASE("session interval: a caller who neither lists timer nor names an interval is refused" *
          doctest::description("RFC 4028 8; C1, R8.2, R12.1, R19.1, R12.2, R19.2")) {
  Bench bench(SessionTimerMode::Mandatory);
  CHECK(bench.begin("") == Screening::Refused);
  CHECK(bench.asked_for == "sip:b@h");
  CHECK(bench.begin("Supported: 100rel, timers\r\n") == Screening::Refused);
  CHECK(bench.begin("Require: timer\r\n") == Screening::Refused);  // 7.1: Supported must be there
  CHECK(bench.begin("Min-SE: 90\r\n") == Screening::Refused);
}

TEST_CASE("session interval: one of both is enough to pass, in either form" *
          doctest::description("RFC 4028 4; C1, R8.1, R12.4, R19.4")) {
  Bench bench(SessionTimerMode::Mandatory);
  for (const char* lines :
       {"Supported: timer\r\n", "k: TIMER\r\n", "Supported: a\r\nk: b,timer\r\n",
        "Session-Expires: 1800\r\n", "x: 1800\r\n", "SESSION-expires: 90\r\n"}) {
    CAPTURE(lines);
    CHECK(bench.begin(lines) == Screening::Pass);
  }
  CHECK(bench.asked_for.empty());
}

TEST_CASE("session interval: an excepted call is forwarded as in mode insert" *
          doctest::description("C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  bench.excepted = true;
  CHECK(bench.forwarded("") == "Session-Expires: 1800\r\n");
}

TEST_CASE("session interval: the exceptions are asked of the Request-URI that counts" *
          doctest::description("RFC 3261 16.4; C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  const sip::ParsedUri number("sip:112@tipring");
  SessionInterval interval;
  interval.configure(number);
  const sip::MessageView& request = bench.parse_request("INVITE", "sip:tipring", "");
  CHECK(interval.screen_request(bench.environment, {request, MessageRef(), {}, Millis(0)}) ==
        Screening::Refused);
  CHECK(bench.asked_for == "sip:112@tipring");
}

TEST_CASE("session interval: dialogs that stand and other requests are never refused with 421" *
          doctest::description("C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  CHECK(bench.begin("", "INVITE", "2") == Screening::Pass);
  for (const char* method : {"UPDATE", "BYE", "ACK", "OPTIONS", "MESSAGE", "REFER", "SUBSCRIBE"}) {
    CAPTURE(method);
    CHECK(bench.begin("", method) == Screening::Pass);
  }
  bench.environment.session_timer.mode = SessionTimerMode::Insert;
  CHECK(bench.begin("") == Screening::Pass);
  CHECK(bench.asked_for.empty());
}

TEST_CASE("session interval: Session-Expires and Min-SE are for INVITE and UPDATE alone" *
          doctest::description("RFC 4028 4 Table 1, rows 1 and 3")) {
  Bench bench;
  for (const char* method : {"INVITE", "UPDATE"}) {
    CAPTURE(method);
    CHECK(bench.forwarded("", method) == "Session-Expires: 1800\r\n");
    CHECK(bench.forwarded("x: 100\r\n", method) == "Min-SE: 120\r\nSession-Expires: 120\r\n");
  }
  for (const char* method :
       {"ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY"}) {
    CAPTURE(method);
    CHECK(bench.forwarded("", method).empty());
    CHECK(bench.forwarded("x: 100\r\n", method) == "x: 100\r\n");
    CHECK(bench.answered("200 OK").empty());
  }
}

TEST_CASE("session interval: what is inserted is not below the caller's Min-SE" *
          doctest::description("RFC 4028 8.1; R11.4")) {
  Bench bench;
  CHECK(bench.forwarded(kTimer) == "Session-Expires: 1800\r\n");
  CHECK(bench.forwarded("Min-SE: 3600\r\n") == "Min-SE: 3600\r\nSession-Expires: 3600\r\n");
  CHECK(bench.forwarded(kTimer + "Min-SE: 60\r\n") == "Min-SE: 60\r\nSession-Expires: 1800\r\n");
  CHECK(bench.forwarded("Min-SE: 4294967295\r\n").ends_with("Session-Expires: 4294967295\r\n"));
}

TEST_CASE("session interval: of a caller with timers no number is touched, nor the refresher" *
          doctest::description("RFC 4028 8.1: MUST NOT; C1")) {
  Bench bench;
  for (const char* lines :
       {"Session-Expires: 120\r\n", "Session-Expires: 7200;refresher=uas\r\n",
        "x: 1800;refresher=uac;a=b\r\n", "Session-Expires: 200\r\nMin-SE: 300\r\n"}) {
    CAPTURE(lines);
    CHECK(bench.forwarded(kTimer + lines) == lines);
  }
}

TEST_CASE("session interval: of a caller without timers one that is long enough stays" *
          doctest::description("RFC 4028 8.1; C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  CHECK(bench.forwarded("x: 120\r\n") == "x: 120\r\n");
  CHECK(bench.forwarded("Session-Expires: 99999;refresher=uas\r\n") ==
        "Session-Expires: 99999;refresher=uas\r\n");
}

TEST_CASE("session interval: of a caller without timers a short one is raised, with Min-SE" *
          doctest::description("RFC 4028 8.1; C1, R12.5, R19.5")) {
  Bench bench(SessionTimerMode::Mandatory);
  CHECK(bench.forwarded("x: 100;refresher=uas;y=z\r\nExpires: 9\r\n") ==
        "Min-SE: 120\r\nSession-Expires: 120;refresher=uas;y=z\r\n");
  CHECK(bench.forwarded("x: 0\r\nMin-SE: 90\r\n") == "Min-SE: 120\r\nSession-Expires: 120\r\n");
  CHECK(bench.forwarded("Session-Expires: 200\r\nMin-SE: 300\r\n") ==
        "Min-SE: 300\r\nSession-Expires: 300\r\n");
}

TEST_CASE("session interval: parameters beyond all reason are not carried, the refresher is" *
          doctest::description("RFC 4028 8.1")) {
  Bench bench;
  const std::string long_one = ";" + std::string(200, 'p');
  CHECK(bench.forwarded("x: 100" + long_one + "\r\n") == "Min-SE: 120\r\nSession-Expires: 120\r\n");
  CHECK(bench.forwarded("x: 100" + long_one + ";refresher=UAC\r\n") ==
        "Min-SE: 120\r\nSession-Expires: 120;refresher=uac\r\n");
  const std::string fits = ";" + std::string(SessionInterval::kParamsMax - 1, 'p');
  CHECK(bench.forwarded("x: 100" + fits + "\r\n") ==
        "Min-SE: 120\r\nSession-Expires: 120" + fits + "\r\n");
}

TEST_CASE("session interval: below the minimum it is 422 for who can raise it, and only for him" *
          doctest::description("RFC 4028 6, 8.1, Table 1 row 4; C1, R12.2, R19.2")) {
  for (const SessionTimerMode mode : {SessionTimerMode::Insert, SessionTimerMode::Mandatory}) {
    Bench bench(mode);
    CHECK(bench.begin(kTimer + "Session-Expires: 119\r\n") == Screening::Refused);
    CHECK(bench.begin("k: timer\r\nx: 0;refresher=uac\r\n") == Screening::Refused);
    CHECK(bench.begin(kTimer + "Session-Expires: 120\r\n") == Screening::Pass);
    CHECK(bench.begin(kTimer) == Screening::Pass);
    CHECK(bench.begin("Session-Expires: 119\r\n") == Screening::Pass);
  }
}

TEST_CASE("session interval: inside a dialog a short one is 422 too" *
          doctest::description("RFC 4028 8.1; C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  CHECK(bench.begin(kTimer + "x: 100\r\n", "INVITE", "2") == Screening::Refused);
  CHECK(bench.begin(kTimer + "x: 100\r\n", "UPDATE", "2") == Screening::Refused);
  CHECK(bench.forwarded("x: 100\r\n", "UPDATE", "2") == "Min-SE: 120\r\nSession-Expires: 120\r\n");
}

TEST_CASE("session interval: in mode off nothing is refused, added or supervised" *
          doctest::description("C1")) {
  Bench bench(SessionTimerMode::Off);
  CHECK(bench.forwarded("").empty());
  CHECK(bench.forwarded(kTimer + "Session-Expires: 90\r\n") == "Session-Expires: 90\r\n");
  CHECK(bench.forwarded("x: 60\r\n") == "x: 60\r\n");
  CHECK(bench.answered("200 OK").empty());
  is_outcome(bench.outcome(""), 0, Refresher::None, false);
  is_outcome(bench.outcome("x: 600;refresher=uas\r\n"), 600, Refresher::Uas, false);
}

TEST_CASE("session interval: what was decided stays so when the configuration changes" *
          doctest::description("RFC 4028 8.1: remembered for the duration of the transaction")) {
  Bench bench;
  bench.begin(kTimer);
  bench.environment.session_timer.interval_s = 900;
  bench.environment.session_timer.mode = SessionTimerMode::Off;
  CHECK(bench.answered("200 OK") == "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n");
}

TEST_CASE("session interval: a callee without timers makes a caller with timers refresh" *
          doctest::description("RFC 4028 8.2, Table 1 row 2; C1")) {
  Bench bench(SessionTimerMode::Mandatory);
  const std::string added = "Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n";
  for (const char* method : {"INVITE", "UPDATE"}) {
    bench.begin(kTimer, method, "2");
    CHECK(bench.answered("200 OK") == added);
    CHECK(bench.answered("202 Accepted") == added);  // and a repeated or a second 2xx as well
    is_outcome(bench.outcome(""), 1800, Refresher::Uac, true);
    for (const char* status : {"180 Ringing", "183 Session Progress", "302 Moved", "422 Small",
                               "486 Busy Here", "603 Decline"}) {
      CAPTURE(status);
      CHECK(bench.answered(status).empty());
    }
  }
  bench.begin(kTimer + "x: 300;refresher=uas\r\n");  // whom it names cannot
  CHECK(bench.answered("200 OK") == "Require: timer\r\nSession-Expires: 300;refresher=uac\r\n");
  is_outcome(bench.outcome(""), 300, Refresher::Uac, true);
}

TEST_CASE("session interval: timer goes behind what a response requires already" *
          doctest::description("RFC 4028 8.2: any Require header field in the response")) {
  Bench bench;
  bench.begin(kTimer);
  const std::string interval = "Session-Expires: 1800;refresher=uac\r\n";
  CHECK(bench.answered("200 OK", "Require: 100rel\r\n") == "Require: 100rel, timer\r\n" + interval);
  CHECK(bench.answered("200 OK", "Require: a\r\nRequire: b\r\n") ==
        "Require: a, timer\r\nRequire: b\r\n" + interval);
  CHECK(bench.answered("200 OK", "Require:\r\n") == "Require: timer\r\n" + interval);
  CHECK(bench.answered("200 OK", "Require: a, Timer\r\n") == "Require: a, Timer\r\n" + interval);
}

TEST_CASE("session interval: where neither side has timers there is none, and nobody is told" *
          doctest::description("RFC 4028 8.2; C1")) {
  Bench bench;
  for (const char* lines : {"", "Session-Expires: 1800\r\n", "x: 90\r\n"}) {
    CAPTURE(lines);
    bench.begin(lines);
    CHECK(bench.answered("200 OK").empty());
    is_outcome(bench.outcome(""), 0, Refresher::None, false);
  }
}

TEST_CASE("session interval: a callee with timers decides, and nothing of it is changed" *
          doctest::description("RFC 4028 8.2: MUST NOT; R8.3")) {
  Bench bench;
  bench.begin(kTimer);
  for (const char* lines :
       {"Require: timer\r\nSession-Expires: 600;refresher=uac\r\n", "x: 90;refresher=uas\r\n",
        "Session-Expires: many\r\n", "Session-Expires: 600, 700\r\n"}) {
    CAPTURE(lines);
    CHECK(bench.answered("200 OK", lines) == lines);
  }
  is_outcome(bench.outcome("x: 600;refresher=uac\r\n"), 600, Refresher::Uac, true);
  is_outcome(bench.outcome("Session-Expires: 700;refresher=UAS\r\n"), 700, Refresher::Uas, true);
}

TEST_CASE("session interval: a 2xx whose interval cannot be read ends no call" *
          doctest::description("RFC 4028 8.2, 8.3")) {
  Bench bench;
  bench.begin(kTimer);
  for (const char* lines : {"Session-Expires: many\r\n", "Session-Expires: 600, 700\r\n",
                            "Session-Expires:\r\n", "x: 99999999999\r\n"}) {
    CAPTURE(lines);
    is_outcome(bench.outcome(lines), 0, Refresher::None, false);
  }
}

TEST_CASE("session interval: nobody is cut off before the shortest interval there may be" *
          doctest::description("RFC 4028 4: the absolute minimum is 90 seconds")) {
  Bench bench;
  bench.begin(kTimer);
  is_outcome(bench.outcome("Session-Expires: 5;refresher=uas\r\n"), 90, Refresher::Uas, true);
}

TEST_CASE("session interval: each 2xx of a fork has an outcome of its own" *
          doctest::description("RFC 4028 7.2, 8.2")) {
  Bench bench;
  bench.begin(kTimer + "Session-Expires: 1000\r\n");
  is_outcome(bench.outcome("Session-Expires: 500;refresher=uas\r\n"), 500, Refresher::Uas, true);
  is_outcome(bench.outcome(""), 1000, Refresher::Uac, true);
  is_outcome(bench.outcome("Session-Expires: 800;refresher=uac\r\n"), 800, Refresher::Uac, true);
}

// Caller supports it; what the request names; what the response says; who refreshes then.
struct Table2Row {
  const char* request;
  const char* response;
  Refresher refresher;
};

TEST_CASE("session interval: the refresher, where the UAC has no timers" *
          doctest::description("RFC 4028 9 Table 2, rows 1 to 3; F24")) {
  constexpr Table2Row kRows[] = {
      {"x: 600\r\n", "x: 600;refresher=uas\r\n", Refresher::Uas},
      {"x: 600\r\n", "x: 600\r\n", Refresher::Uas},                // the callee forgot to say it
      {"x: 600;refresher=uac\r\n", "x: 600\r\n", Refresher::Uac},  // NA
      {"x: 600;refresher=uac\r\n", "x: 600;refresher=uac\r\n", Refresher::Uac},
      {"x: 600;refresher=uas\r\n", "x: 600;refresher=uas\r\n", Refresher::Uas},  // NA
      {"x: 600;refresher=uas\r\n", "x: 600\r\n", Refresher::Uas},
  };
  Bench bench;
  for (const Table2Row& row : kRows) {
    CAPTURE(row.request);
    CAPTURE(row.response);
    bench.begin(row.request);
    is_outcome(bench.outcome(row.response), 600, row.refresher, true);
  }
}

TEST_CASE("session interval: the refresher, where the UAC has timers" *
          doctest::description("RFC 4028 9 Table 2, rows 4 to 6; F24")) {
  constexpr Table2Row kRows[] = {
      {"x: 600\r\n", "x: 600;refresher=uas\r\n", Refresher::Uas},
      {"x: 600\r\n", "x: 600;refresher=uac\r\n", Refresher::Uac},
      {"x: 600\r\n", "x: 600;refresher=both\r\n", Refresher::Uac},
      {"x: 600;refresher=uac\r\n", "x: 600;refresher=uac\r\n", Refresher::Uac},
      {"x: 600;refresher=uac\r\n", "x: 600\r\n", Refresher::Uac},
      {"x: 600;refresher=uas\r\n", "x: 600;refresher=uas\r\n", Refresher::Uas},
      {"x: 600;refresher=uas\r\n", "x: 600\r\n", Refresher::Uas},
  };
  Bench bench(SessionTimerMode::Mandatory);
  for (const Table2Row& row : kRows) {
    CAPTURE(row.request);
    CAPTURE(row.response);
    bench.begin(kTimer + row.request);
    is_outcome(bench.outcome(row.response), 600, row.refresher, true);
  }
}

TEST_CASE("session interval: a context has it for few bytes" * doctest::description("R10")) {
  CHECK(sizeof(SessionInterval) <= 24);
}
