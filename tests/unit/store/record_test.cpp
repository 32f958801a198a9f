// Call records on their way to the file, in virtual time.
#include <random>

#include "store/record_keeper.h"
#include "store/record_listing.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

Server::Settings settings_with(uint64_t records_max, uint32_t days_max) {
  Server::Settings settings;
  settings.options.records = {records_max, days_max};
  return settings;
}

struct RecordBench : SimBench {
  explicit RecordBench(uint64_t records_max = 1000, uint32_t days_max = 0)
      : SimBench(settings_with(records_max, days_max)) {}

  CallRecords& records() { return server->store().records(); }

  CallRecord begun(std::string_view from = "sip:100@office",
                   std::string_view to = "sip:200@office") {
    CallRecord record;
    record.begun = server->now();
    record.text(RecordText::FromUri) = from;
    record.text(RecordText::ToUri) = to;
    return record;
  }
  uint64_t add(std::string_view from = "sip:100@office", std::string_view to = "sip:200@office") {
    const uint64_t id = records().add(begun(from, to));
    REQUIRE(id != 0);
    return id;
  }
  void end(uint64_t id, RecordOutcome outcome, RecordEnd by = RecordEnd::None) {
    CallRecord record;
    record.ended = server->now();
    record.outcome = outcome;
    record.ended_by = by;
    records().update(id, record);
  }
  RecordPage list(RecordFilter filter = {}, size_t rows_max = 100) {
    RecordPage found;
    std::optional<StoreStatus> told;
    REQUIRE(server->store().errands().hand_over(std::make_unique<RecordListing>(
        std::move(filter), rows_max, [&](StoreStatus status, RecordPage& page) {
          told = status;
          found = std::move(page);
        })));
    run_until([&] { return server->store().errands().poll() && told.has_value(); });
    CHECK(told == StoreStatus::Durable);
    return found;
  }
  std::vector<uint64_t> ids(RecordFilter filter = {}, size_t rows_max = 100) {
    std::vector<uint64_t> ids;
    for (const RecordRow& row : list(std::move(filter), rows_max).rows) ids.push_back(row.id);
    return ids;
  }
  void settle() { run_for(2 * RecordKeeper::kDelay); }
};

using Ids = std::vector<uint64_t>;

// Five and twenty things that happen to some records, by chance; the rows that are left.
std::vector<RecordRow> rows_of_chance(uint32_t seed, bool in_one_commit) {
  std::minstd_rand random(seed);
  const auto chance = [&](uint32_t of) { return random() % of == 0; };
  RecordBench bench;
  std::vector<uint64_t> ids;
  const Millis start = bench.server->now();
  for (int event = 0; event < 25; ++event) {
    CallRecord record;
    record.begun = start + Millis(event);
    if (chance(3)) record.rang = start + Millis(100 + event);
    if (chance(3)) record.answered = start + Millis(200 + event);
    record.outcome = chance(2) ? RecordOutcome::Answered : RecordOutcome::Open;
    record.status = static_cast<uint16_t>(random() % 700);
    record.from_callee.packets = static_cast<uint32_t>(random() % 50);
    record.leg = static_cast<uint8_t>(event);  // is not changed later
    const std::string text = std::to_string(event);
    for (std::string_view& each : record.texts) {
      if (chance(2)) each = text;
    }
    if (ids.empty() || chance(4)) {
      ids.push_back(bench.records().add(record));
    } else {
      bench.records().update(ids[random() % ids.size()], record);
    }
    if (!in_one_commit) bench.settle();
  }
  bench.settle();
  RecordFilter all;
  all.with_legs = true;
  std::vector<RecordRow> rows = bench.list(all).rows;
  CHECK(rows.size() == ids.size());
  return rows;
}

}  // namespace

TEST_CASE("call records: what was begun is in the file soon, without any registration") {
  RecordBench bench;
  const uint64_t id = bench.add("sip:100@office", "sip:200@office");
  CHECK(bench.list().rows.empty());
  bench.settle();
  const RecordPage page = bench.list();
  REQUIRE(page.rows.size() == 1);
  const RecordRow& row = page.rows[0];
  CHECK(row.id == id);
  CHECK(row.call == id);
  CHECK(row.outcome == RecordOutcome::Open);
  CHECK(row.ended == Millis(0));
  CHECK(row.text(RecordText::FromUri) == "sip:100@office");
  CHECK(row.text(RecordText::ToUri) == "sip:200@office");
  const Millis wall = bench.host.clock().wall();
  CHECK(row.begun > wall - Millis(5000));
  CHECK(row.begun < wall);
}

TEST_CASE("call records: what is known more is added, and the rest stays") {
  RecordBench bench;
  const uint64_t id = bench.add();
  bench.settle();
  CallRecord answered;
  answered.rang = bench.server->now() - Millis(100);
  answered.answered = bench.server->now();
  answered.outcome = RecordOutcome::Answered;
  answered.text(RecordText::AnsweredBy) = "200";
  bench.records().update(id, answered);
  bench.settle();
  CHECK(bench.list().rows.at(0).ended == Millis(0));
  CallRecord over;
  over.ended = bench.server->now();
  over.outcome = RecordOutcome::Answered;
  over.ended_by = RecordEnd::Callee;
  over.from_caller = {100, 2, 3000};
  bench.records().update(id, over);
  bench.settle();
  const RecordRow row = bench.list().rows.at(0);
  CHECK(row.answered - row.rang == Millis(100));
  CHECK(row.ended > row.answered);
  CHECK(row.ended_by == RecordEnd::Callee);
  CHECK(row.text(RecordText::AnsweredBy) == "200");
  CHECK(row.text(RecordText::FromUri) == "sip:100@office");
  CHECK(row.from_caller.packets == 100);
  CHECK(row.from_caller.jitter_us == 3000);
}

TEST_CASE("call records: what comes in one commit leaves the rows that it leaves in many") {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    const std::vector<RecordRow> apart = rows_of_chance(seed, false);
    const std::vector<RecordRow> together = rows_of_chance(seed, true);
    REQUIRE(apart.size() == together.size());
    for (size_t i = 0; i < apart.size(); ++i) {
      const RecordRow& a = apart[i];
      const RecordRow& b = together[i];
      CHECK(a.id == b.id);
      CHECK(a.leg == b.leg);
      CHECK(a.begun == b.begun);
      CHECK(a.rang == b.rang);
      CHECK(a.answered == b.answered);
      CHECK(a.outcome == b.outcome);
      CHECK(a.status == b.status);
      CHECK(a.from_callee.packets == b.from_callee.packets);
      for (size_t t = 0; t < kRecordTexts; ++t) CHECK(a.texts[t] == b.texts[t]);
    }
  }
}

TEST_CASE("call records: they go with the commits of registrations") {
  RecordBench bench;
  bench.make_user("alice");
  bench.settle();
  const uint64_t before = bench.server->store().counters().commits;
  bench.add();
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  bench.run_until([&] { return bench.server->answers[1].has_value(); });
  CHECK(bench.server->store().counters().commits == before + 1);
  CHECK(bench.list().rows.size() == 1);  // before their own time has come
}

TEST_CASE("call records: after a power cut an open call is closed, and says why") {
  RecordBench bench;
  const uint64_t rings = bench.add();
  const uint64_t talks = bench.add();
  const uint64_t over = bench.add();
  CallRecord answered;
  answered.answered = bench.server->now();
  answered.outcome = RecordOutcome::Answered;
  bench.records().update(talks, answered);
  bench.end(over, RecordOutcome::Busy);
  bench.settle();
  bench.crash(Millis(60'000));
  const RecordPage page = bench.list();
  REQUIRE(page.rows.size() == 3);
  CHECK(page.rows[0].outcome == RecordOutcome::Busy);
  CHECK(page.rows[0].ended_by == RecordEnd::None);
  CHECK(page.rows[1].id == talks);
  CHECK(page.rows[1].outcome == RecordOutcome::Answered);
  CHECK(page.rows[1].ended_by == RecordEnd::Restart);
  CHECK(page.rows[1].ended >= page.rows[1].answered);
  CHECK(page.rows[2].id == rings);
  CHECK(page.rows[2].outcome == RecordOutcome::Failed);
  CHECK(page.rows[2].ended_by == RecordEnd::Restart);
  CHECK(bench.add() == over + 1);  // numbers go on
}

TEST_CASE("call records: an orderly stop loses none") {
  RecordBench bench;
  for (int i = 0; i < 40; ++i) bench.end(bench.add(), RecordOutcome::Busy);
  bench.restart();
  CHECK(bench.list().rows.size() == 40);
}

TEST_CASE("call records: no more than records.max are kept, the oldest go") {
  RecordBench bench(10);
  const uint64_t open = bench.add();
  uint64_t last = 0;
  for (int i = 0; i < 60; ++i) {
    bench.end(last = bench.add(), RecordOutcome::Busy);
    if (i % 7 == 0) bench.settle();
  }
  bench.settle();
  bench.settle();
  const Ids ids = bench.ids();
  REQUIRE(ids.size() == 11);  // and the call that goes on
  CHECK(ids.front() == last);
  CHECK(ids.back() == open);
}

TEST_CASE("call records: those older than records.days go, also when nobody calls") {
  RecordBench bench(1000, 2);
  bench.end(bench.add(), RecordOutcome::Busy);
  bench.settle();
  bench.run_for(std::chrono::hours(47));
  CHECK(bench.ids().size() == 1);
  bench.run_for(std::chrono::hours(3));
  CHECK(bench.ids().empty());
}

TEST_CASE("call records: with records.max 0 none are kept") {
  RecordBench bench(0);
  CHECK(bench.records().add(bench.begun()) == 0);
  bench.settle();
  CHECK(bench.list().rows.empty());
}

TEST_CASE("call records: a full ring loses records, counts them and says so once") {
  RecordBench bench;
  bench.server->logged("");
  uint64_t added = 0;
  for (int i = 0; i < 1000; ++i) {
    if (bench.records().add(bench.begun()) != 0) ++added;
  }
  CHECK(added > 20);
  CHECK(added < 1000);
  CHECK(bench.records().counters().lost == 1000 - added);
  CHECK(bench.server->logged("call_records_lost") == 1);
  // What is open can be ended all the same.
  bench.end(1, RecordOutcome::Busy);
  CHECK(bench.records().counters().lost == 1000 - added);
  bench.settle();
  CHECK(bench.list({}, 1000).rows.size() == added);
  bench.add();
  CHECK(bench.records().counters().lost == 1000 - added);
}

TEST_CASE("call records: an end that finds the ring full is written once there is room") {
  RecordBench bench;
  std::vector<uint64_t> ids;
  while (const uint64_t id = bench.records().add(bench.begun())) ids.push_back(id);
  REQUIRE(ids.size() > 20);
  const uint64_t lost = bench.records().counters().lost;
  // What is told of the first of them leaves no room for the ends of the others.
  CallRecord rings;
  const std::string text(200, 'x');
  rings.text(RecordText::Reason) = text;
  while (bench.records().counters().lost == lost) bench.records().update(ids[0], rings);
  CallRecord rang = bench.begun();
  rang.rang = rang.ended = bench.host.clock().monotonic();
  rang.texts = {};
  bench.records().update(ids[3], rang);
  for (size_t i = 1; i <= 12; ++i) bench.end(ids[i], RecordOutcome::Busy, RecordEnd::Callee);
  bench.end(ids[12], RecordOutcome::Failed);
  CHECK(bench.records().counters().lost == lost + 1);
  const Millis ended = bench.host.clock().wall();
  bool is_stopped = false;
  SUBCASE("soon, though nobody calls") { bench.run_for(Millis(5'000)); }
  SUBCASE("at the latest when the server stops") {
    bench.restart();
    is_stopped = true;
  }
  for (const RecordRow& row : bench.list({}, 1000).rows) {
    CAPTURE(row.id);
    const bool has_ended = row.id >= ids[1] && row.id <= ids[12];
    if (!has_ended) {
      CHECK(row.ended_by == (is_stopped ? RecordEnd::Restart : RecordEnd::None));
      continue;
    }
    CHECK((row.rang != Millis(0)) == (row.id == ids[3]));
    CHECK(row.outcome == (row.id == ids[12] ? RecordOutcome::Failed : RecordOutcome::Busy));
    CHECK(row.ended_by == (row.id == ids[12] ? RecordEnd::None : RecordEnd::Callee));
    CHECK(row.ended <= ended);
    CHECK(row.ended > ended - Millis(1'000));
  }
}

TEST_CASE(
    "call records: ends that find neither room in the ring nor beside it are counted as lost") {
  RecordBench bench;
  CallRecord rings;
  rings.rang = bench.host.clock().monotonic();
  while (bench.records().counters().lost == 0) bench.records().update(1, rings);
  constexpr uint64_t kWait = 64;
  for (uint64_t id = 1; id <= kWait; ++id) bench.end(id, RecordOutcome::Busy);
  CHECK(bench.records().counters().lost == 1);
  bench.end(kWait + 1, RecordOutcome::Busy);
  CHECK(bench.records().counters().lost == 2);
  CallRecord told = rings;
  told.ended = rings.rang;
  told.text(RecordText::Reason) = "no room for this";
  bench.records().update(1, told);
  CHECK(bench.records().counters().lost == 3);
}

TEST_CASE("call records: what the disk does not take waits for it" * doctest::description("R9.5")) {
  RecordBench bench;
  bench.host.files().faults().write_error = ENOSPC;
  bench.add();
  bench.run_for(Millis(10'000));
  bench.host.files().faults().write_error = 0;
  bench.run_for(RecordKeeper::kRetryAfter + Millis(1000));
  CHECK(bench.ids().size() == 1);
}

TEST_CASE("call records: where their table is gone, registrations are stored all the same") {
  RecordBench bench;
  bench.make_user("alice");
  REQUIRE(bench.server->store().errands().hand_over(make_errand<int>(
      Errand::Kind::Write,
      [](Connection& database, int&) { return database.execute("DROP TABLE call_records"); },
      [](StoreStatus, int&) {})));
  bench.run_for(Millis(100));
  bench.server->store().errands().poll();
  bench.add();
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  CHECK(bench.wait(1) == StoreStatus::Durable);
  bench.crash();
  CHECK_FALSE(bench.server->report.ready());  // which says so at the next start
}

TEST_CASE("call records: listings are filtered, and paged by cursor") {
  RecordBench bench;
  const uint64_t first = bench.add("sip:100@office", "sip:200@office");
  bench.end(first, RecordOutcome::Busy);
  bench.run_for(Millis(10'000));
  CallRecord of_group = bench.begun("sip:101@office", "sip:hall@office");
  of_group.text(RecordText::Group) = "Hall";
  of_group.text(RecordText::AnsweredBy) = "200";
  const uint64_t second = bench.records().add(of_group);
  CallRecord leg = bench.begun("sip:101@office", "sip:x@192.0.2.9");
  leg.call = second;
  leg.leg = 1;
  const uint64_t phone = bench.records().add(leg);
  bench.run_for(Millis(10'000));
  const uint64_t third = bench.add("sip:102@office", "sip:103@office");
  bench.settle();

  CHECK(bench.ids() == Ids{third, second, first});
  RecordFilter filter;
  filter.with_legs = true;
  CHECK(bench.ids(filter) == Ids{third, phone, second, first});
  filter = {};
  filter.party = "200";
  CHECK(bench.ids(filter) == Ids{second, first});
  filter.party = "sip:102@office";
  CHECK(bench.ids(filter) == Ids{third});
  filter = {};
  filter.group = "hall";
  CHECK(bench.ids(filter) == Ids{second});
  filter = {};
  filter.outcome = "busy";
  CHECK(bench.ids(filter) == Ids{first});
  filter = {};
  filter.call = second;
  CHECK(bench.ids(filter) == Ids{second, phone});
  filter = {};
  filter.from = bench.host.clock().wall() - Millis(15'000);
  CHECK(bench.ids(filter) == Ids{third, second});
  filter.to = bench.host.clock().wall() - Millis(5'000);
  CHECK(bench.ids(filter) == Ids{second});

  RecordPage page = bench.list({}, 2);
  CHECK(page.rows.size() == 2);
  CHECK(page.next == second);
  filter = {};
  filter.before = page.next;
  page = bench.list(filter, 2);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].id == first);
  CHECK(page.next == 0);
}

TEST_CASE("call records: a listing goes through very many in steps") {
  RecordBench bench(10'000);
  bench.end(bench.add("sip:rare@office"), RecordOutcome::Busy);
  for (int i = 0; i < 250; ++i) {
    for (int j = 0; j < 20; ++j) bench.end(bench.add(), RecordOutcome::Busy);
    bench.settle();
  }
  RecordFilter filter;
  filter.party = "rare";
  CHECK(bench.ids(filter) == Ids{1});
}

TEST_CASE("call records: texts are cut, and control characters are made visible") {
  RecordBench bench;
  bench.add(std::string(300, 'x'), "sip:\r\n\x01\xff");
  bench.settle();
  const RecordRow row = bench.list().rows.at(0);
  CHECK(row.text(RecordText::FromUri) == std::string(127, 'x'));
  CHECK(row.text(RecordText::ToUri) == "sip:\\r\\n\\x01\\xff");
}
