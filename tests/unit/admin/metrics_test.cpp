#include "admin/metrics.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "admin/metrics_text.h"

using namespace tipring;
using namespace tipring::admin;

namespace {

std::string metrics_of(const Figures& figures) { return write_metrics(figures, {}, "1.2"); }

bool has_line(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("metrics text: help and label values are escaped, to one line each" *
          doctest::description("G3")) {
  MetricsText out;
  out.gauge("a_b", "one\ntwo \\ \"three\"");
  out.sample(7, {{"x", "q\"\\\n"}, {"y", "plain"}});
  CHECK(out.text() ==
        "# HELP a_b one\\ntwo \\\\ \"three\"\n"
        "# TYPE a_b gauge\n"
        "a_b{x=\"q\\\"\\\\\\n\",y=\"plain\"} 7\n");
}

TEST_CASE("metrics text: seconds have as many places as they need" * doctest::description("R6.1")) {
  MetricsText out;
  out.counter("t_seconds_total", "Time.");
  out.seconds(Micros{0});
  out.seconds(Micros{1'500'000});
  out.seconds(Micros{42});
  CHECK(out.text().ends_with("t_seconds_total 0\nt_seconds_total 1.5\nt_seconds_total 0.000042\n"));
}

TEST_CASE("metrics text: buckets add up, and the last one holds all" *
          doctest::description("R6.1")) {
  Histogram times;
  times.add(Micros{100});  // the bound is within its bucket
  times.add(Micros{101}, 2);
  times.add(Micros{60'000'000});
  MetricsText out;
  out.histogram("d_seconds", "Time.");
  out.buckets(times, {{"m", "A"}});
  const std::string& text = out.text();
  CHECK(has_line(text, "d_seconds_bucket{m=\"A\",le=\"0.0001\"} 1"));
  CHECK(has_line(text, "d_seconds_bucket{m=\"A\",le=\"0.00025\"} 3"));
  CHECK(has_line(text, "d_seconds_bucket{m=\"A\",le=\"30\"} 3"));
  CHECK(has_line(text, "d_seconds_bucket{m=\"A\",le=\"+Inf\"} 4"));
  CHECK(has_line(text, "d_seconds_sum{m=\"A\"} 60.000302"));
  CHECK(has_line(text, "d_seconds_count{m=\"A\"} 4"));
}

TEST_CASE("metrics: requests are told by method and status, unknown ones by what is known" *
          doctest::description("R4.4, R5.5")) {
  Figures figures;
  figures.requests.on_received(sip::Method::Other);
  figures.requests.on_answered(sip::Method::Other, 405, Micros{10});
  figures.requests.on_answered(sip::Method::Invite, 499, Micros{10});
  figures.requests.enter(transaction::Machine::Server, transaction::State::Completed);
  const std::string text = metrics_of(figures);
  CHECK(has_line(text, "tipring_requests_received_total{method=\"other\"} 1"));
  CHECK(has_line(text,
                 "tipring_requests_answered_total{method=\"other\",class=\"4xx\",code=\"405\"} 1"));
  CHECK(has_line(
      text, "tipring_requests_answered_total{method=\"INVITE\",class=\"4xx\",code=\"other\"} 1"));
  CHECK(has_line(text, "tipring_transactions{kind=\"server\",state=\"completed\"} 1"));
  CHECK(text.find("state=\"calling\"") != std::string::npos);
  CHECK(text.find("kind=\"server\",state=\"calling\"") == std::string::npos);  // it has none
}

TEST_CASE("metrics: REGISTERs are accepted, challenged or refused" *
          doctest::description("R1.1, R1.5")) {
  Figures figures;
  for (const uint16_t status : std::to_array<uint16_t>({200, 401, 401, 423, 503})) {
    figures.requests.on_answered(sip::Method::Register, status, Micros{10});
  }
  const std::string text = metrics_of(figures);
  CHECK(has_line(text, "tipring_register_results_total{result=\"accepted\"} 1"));
  CHECK(has_line(text, "tipring_register_results_total{result=\"challenged\"} 2"));
  CHECK(has_line(text, "tipring_register_results_total{result=\"refused\"} 2"));
}

TEST_CASE("shared histogram: what one thread adds another reads" * doctest::description("R9.5")) {
  SharedHistogram shared;
  shared.add(Micros{300});
  shared.add(Micros{70'000'000});
  const Histogram copy = shared.read();
  CHECK(copy.count() == 2);
  CHECK(copy.counts.back() == 1);
  CHECK(copy.sum_us == 70'000'300);
}

TEST_CASE("call outcomes: each final status of an INVITE is one of them" *
          doctest::description("R15.5")) {
  using dialog::CallOutcome;
  CHECK(dialog::outcome_of(200) == CallOutcome::Answered);
  CHECK(dialog::outcome_of(302) == CallOutcome::Redirected);
  CHECK(dialog::outcome_of(404) == CallOutcome::NotFound);
  CHECK(dialog::outcome_of(408) == CallOutcome::Unanswered);
  CHECK(dialog::outcome_of(480) == CallOutcome::Unanswered);
  CHECK(dialog::outcome_of(486) == CallOutcome::Busy);
  CHECK(dialog::outcome_of(600) == CallOutcome::Busy);
  CHECK(dialog::outcome_of(487) == CallOutcome::Cancelled);
  CHECK(dialog::outcome_of(403) == CallOutcome::Refused);
  CHECK(dialog::outcome_of(603) == CallOutcome::Refused);
  CHECK(dialog::outcome_of(503) == CallOutcome::Failed);
  CHECK(dialog::outcome_of(0) == CallOutcome::Failed);
}
