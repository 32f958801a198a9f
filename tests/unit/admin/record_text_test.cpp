// Call records as JSON and CSV, and times in queries.
#include "admin/record_text.h"

#include <doctest/doctest.h>

namespace tipring::admin::test {
namespace {

using store::RecordText;

store::RecordRow answered() {
  store::RecordRow row;
  row.id = 7;
  row.call = 7;
  row.begun = Millis(1'000);
  row.rang = Millis(1'500);
  row.answered = Millis(3'007);
  row.ended = Millis(10'000);
  row.outcome = store::RecordOutcome::Answered;
  row.ended_by = store::RecordEnd::Callee;
  row.status = 200;
  row.from_caller = {100, 2, 1500};
  row.texts[static_cast<size_t>(RecordText::FromUri)] = "sip:a@b";
  row.texts[static_cast<size_t>(RecordText::FromName)] = "=1+1\",\"x";
  row.texts[static_cast<size_t>(RecordText::AnsweredBy)] = "bob";
  return row;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line.substr(0, line.find("\r\n"))) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// The cell below this title.
std::string cell(const store::RecordRow& row, std::string_view title) {
  std::string line;
  append_csv(line, row);
  const auto titles = cells_of(std::string(csv_header()));
  const auto cells = cells_of(line);
  REQUIRE(titles.size() == cells.size());
  const auto found = std::find(titles.begin(), titles.end(), title);
  REQUIRE(found != titles.end());
  return cells[static_cast<size_t>(found - titles.begin())];
}

TEST_CASE("record: as JSON it has what came to pass, and no more") {
  std::string out;
  append_json(out, answered());
  CHECK(out == R"({"id":7,"call":7,"leg":0,"kind":"proxied","begun_ms":1000,"rang_ms":1500,)"
               R"("answered_ms":3007,"ended_ms":10000,"duration_ms":6993,"outcome":"answered",)"
               R"("ended_by":"callee","status":200,"from":"sip:a@b","from_name":"=1+1\",\"x",)"
               R"("answered_by":"bob","supervised":false,)"
               R"("caller_sound":{"packets":100,"lost":2,"jitter_us":1500}})");
  store::RecordRow leg;
  leg.leg = 2;
  leg.begun = Millis(5);
  leg.texts[static_cast<size_t>(RecordText::AnsweredBy)] = "bob";
  out.clear();
  append_json(out, leg);
  CHECK(out == R"({"id":0,"call":0,"leg":2,"kind":"proxied","begun_ms":5,"duration_ms":0,)"
               R"("outcome":"open","user":"bob","supervised":false})");
}

TEST_CASE("record: in CSV a text is quoted, and none is a formula" *
          doctest::description("RFC 4180 2")) {
  CHECK(cell(answered(), "from_name") == R"("'=1+1"",""x")");
  CHECK(cell(answered(), "from") == R"("sip:a@b")");
  CHECK(cell(answered(), "begun") == "1970-01-01T00:00:01.000Z");
  CHECK(cell(answered(), "ringing_s") == "2.007");
  CHECK(cell(answered(), "duration_s") == "6.993");
  CHECK(cell(answered(), "caller_jitter_us") == "1500");
  CHECK(cell(answered(), "supervised") == R"("no")");
  for (const std::string begin : {"+", "-", "@", "\t"}) {
    store::RecordRow row;
    row.texts[static_cast<size_t>(RecordText::Reason)] = begin + "x";
    CHECK(cell(row, "reason") == "\"'" + begin + "x\"");
  }
}

TEST_CASE("record: a clock that went back while it rang or talked makes no time below zero") {
  store::RecordRow row = answered();
  row.answered = Millis(500);
  row.ended = Millis(400);
  CHECK(cell(row, "ringing_s") == "0.000");
  CHECK(cell(row, "duration_s") == "0.000");
  row.answered = Millis(0);  // nobody has
  row.ended = Millis(4'000);
  CHECK(cell(row, "ringing_s") == "3.000");
  CHECK(cell(row, "answered") == "");
}

TEST_CASE("record: times of a query are milliseconds, a day or a second, and nothing else") {
  CHECK(parse_time("0") == Millis(0));
  CHECK(parse_time("1769940000123") == Millis(1769940000123));
  CHECK(parse_time("1970-01-02") == Millis(86'400'000));
  CHECK(parse_time("2024-02-29T23:59:60Z") == Millis(1709251200000));
  for (const std::string_view text : {"",
                                      "x",
                                      "-1",
                                      "99999999999999999999",
                                      "9223372036854775807",
                                      "2026-02-29",
                                      "2026-13-01",
                                      "2026-00-10",
                                      "2026-1-1",
                                      "2026/01/01",
                                      "abcd-01-01",
                                      "2026-xx-01",
                                      "2026-01-xx",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T10:60:00Z",
                                      "2026-01-01T10:00:61Z",
                                      "2026-01-01T10:00:00",
                                      "2026-01-01T10:00:00+1",
                                      "2026-01-01 10:00:00Z",
                                      "2026-01-01Txx:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}

}  // namespace
}  // namespace tipring::admin::test
