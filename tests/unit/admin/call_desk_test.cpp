#include "admin/call_desk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "../dialog/bench.h"

namespace tipring::admin::test {
namespace {

using dialog::DialogState;
using dialog::Side;

struct Ending final : CallEnding {
  void end_call(dialog::Dialog& dialog) override { ended.emplace_back(dialog.tag(Side::Callee)); }
  std::vector<std::string> ended;
};

struct Desk {
  explicit Desk(const Limits& limits = kTinyLimits)
      : bench(limits), desk(bench.calls, bench.host.clock(), ending) {}

  // Good until the next call.
  std::vector<CallRow> list() {
    std::vector<CallRow> rows;
    page.clear();
    CHECK(desk.list(0, page) == 0);
    PageReader reader(page);
    for (CallRow row; reader.next(row);) rows.push_back(row);
    return rows;
  }

  dialog::Bench bench;
  Ending ending;
  CallDesk desk;
  Page page;
};

TEST_CASE("call desk: a call from its INVITE to its refresh" *
          doctest::description("RFC 4028 10")) {
  Desk it;
  CHECK(it.list().empty());
  const uint64_t begun = static_cast<uint64_t>(it.bench.host.clock().wall().count());
  const auto call = it.bench.invite();
  REQUIRE(call);
  std::vector<CallRow> rows = it.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].state == DialogState::Calling);
  CHECK(rows[0].begun_ms == begun);
  CHECK(rows[0].answered_ms == 0);
  CHECK(rows[0].caller == "sip:alice@h");
  CHECK(rows[0].callee == "sip:bob@h");
  CHECK(rows[0].call_id == "1");
  CHECK_FALSE(rows[0].is_timed);
  it.bench.run_for(3);
  dialog::Dialog* dialog = it.bench.answer(*call, "200").dialog;
  REQUIRE(dialog != nullptr);
  it.bench.set_session(*dialog, {600, Side::Callee, true});
  it.bench.run_for(100);
  rows = it.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].state == DialogState::Confirmed);
  CHECK(rows[0].begun_ms == begun);
  CHECK(rows[0].answered_ms == begun + 3000);
  CHECK(rows[0].interval_s == 600);
  CHECK(rows[0].refresher == Side::Callee);
  CHECK(rows[0].supervised);
  CHECK(rows[0].is_timed);
  CHECK(rows[0].refresh_s == 200);
  CHECK(rows[0].left_s == 500);
  it.bench.run_for(250);  // it is late
  rows = it.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].refresh_s == 0);
  CHECK(rows[0].left_s == 250);
}

TEST_CASE("call desk: one that nobody watches has no end") {
  Desk it;
  const auto call = it.bench.invite();
  REQUIRE(call);
  dialog::Dialog* dialog = it.bench.answer(*call, "200").dialog;
  REQUIRE(dialog != nullptr);
  it.bench.set_session(*dialog, {0, Side::Caller, false});
  const std::vector<CallRow> rows = it.list();
  REQUIRE(rows.size() == 1);
  CHECK_FALSE(rows[0].supervised);
  CHECK_FALSE(rows[0].is_timed);
}

TEST_CASE("call desk: phones that ring have a row each, until one of them answers") {
  Desk it;
  const auto call = it.bench.invite();
  REQUIRE(call);
  for (const char* tag : {"b", "c", "d"}) it.bench.answer(*call, "180", tag);
  std::vector<CallRow> rows = it.list();
  REQUIRE(rows.size() == 3);
  for (const CallRow& row : rows) CHECK(row.state == DialogState::Early);
  const uint64_t given_up = rows[2].id;
  dialog::Dialog* hung_up = it.bench.calls.get(dialog::DialogHandle::from_u64(rows[0].id));
  hung_up->state = DialogState::Ending;  // by a caller's BYE, RFC 3261 15
  CHECK(it.desk.end(rows[0].id) == Outcome::NotAnswered);
  hung_up->state = DialogState::Early;
  CHECK(it.desk.end(given_up) == Outcome::NotAnswered);
  it.bench.answer(*call, "200", "c");
  rows = it.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].state == DialogState::Confirmed);
  CHECK(it.desk.end(given_up) == Outcome::NoCall);
  CHECK(it.ending.ended.empty());
}

TEST_CASE("call desk: the call that is named is ended, and no later one in its place") {
  Desk it;
  const auto call = it.bench.invite();
  REQUIRE(call);
  dialog::Dialog* dialog = it.bench.answer(*call, "200").dialog;
  REQUIRE(dialog != nullptr);
  const uint64_t id = it.list().at(0).id;
  CHECK(it.desk.end(id) == Outcome::Done);
  CHECK(it.ending.ended == std::vector<std::string>{"b"});
  it.bench.calls.end(*dialog);
  const auto other = it.bench.invite();
  REQUIRE(other);
  it.bench.answer(*other, "200", "c");
  REQUIRE(it.list().size() == 1);
  CHECK(it.list()[0].id != id);
  CHECK(it.desk.end(id) == Outcome::NoCall);
  CHECK(it.desk.end(UINT64_MAX) == Outcome::NoCall);
  CHECK(it.ending.ended.size() == 1);
}

TEST_CASE("call desk: many calls over many pages, each once, a bounded number a page") {
  Limits limits = kTinyLimits;
  limits.calls = 2000;
  Desk it(limits);
  for (int i = 0; i < 1000; ++i) REQUIRE(it.bench.invite("", std::to_string(i)));
  std::set<std::string> call_ids;
  size_t rows = 0;
  int pages = 0;
  uint64_t cursor = 0;
  do {
    it.page.clear();
    cursor = it.desk.list(cursor, it.page);
    PageReader reader(it.page);
    for (CallRow row; reader.next(row); ++rows) call_ids.emplace(row.call_id);
    ++pages;
  } while (cursor != 0);
  CHECK(rows == 1000);
  CHECK(call_ids.size() == 1000);
  CHECK(pages > 4);
  CHECK(it.desk.list(UINT64_MAX, it.page) == 0);
}

}  // namespace
}  // namespace tipring::admin::test
