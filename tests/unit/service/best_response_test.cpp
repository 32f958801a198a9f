#include "service/best_response.h"

#include <doctest/doctest.h>

#include "support/service_bench.h"

using namespace tipring;
using namespace tipring::service;

namespace {

struct Bench : sim::ServiceBench {
  explicit Bench(port::SimWorld& world) : ServiceBench(world) {}
  void offer(const std::string& status, const std::string& lines, uint32_t taken = 0) {
    const sip::MessageView& response = parse_response(status, "INVITE", lines);
    best.offer(slabs, response, response.status(), taken, false);
    best.keep(slabs);
  }
  std::string text() const {
    sip::HeaderIndex room;
    const auto response = best.response(room);
    return response ? std::string(response->text()) : std::string();
  }
  BestResponse best;
};

}  // namespace

TEST_CASE("best response: of those of one rank the first, and what was said before a note" *
          doctest::description("RFC 3261 16.7 step 6")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.best.status() == 0);
  bench.best.note(bench.slabs, 503, false);
  CHECK(bench.best.status() == 503);
  CHECK(bench.text().empty());
  bench.offer("503 Full", "");
  CHECK(bench.text().starts_with("SIP/2.0 503 Full"));
  bench.best.note(bench.slabs, 408, false);
  CHECK(bench.best.status() == 408);
  bench.offer("486 Busy", "");
  bench.offer("480 Away", "");
  CHECK(bench.text().starts_with("SIP/2.0 486 Busy"));
}

TEST_CASE("best response: a 487 is the best for who has cancelled, but for a 6xx" *
          doctest::description("RFC 3261 16.7 step 6, 16.10")) {
  port::SimWorld world(1);
  Bench bench(world);
  bench.offer("302 Moved", "Contact: <sip:a@b>\r\n");
  bench.best.note(bench.slabs, 487, true);
  CHECK(bench.best.status() == 487);
  CHECK(bench.best.lines().empty());
  bench.best.note(bench.slabs, 603, true);
  CHECK(bench.best.status() == 603);
}

TEST_CASE("best response: challenges are gathered in whole lines, up to a limit" *
          doctest::description("RFC 3261 16.7 step 7; R5.5")) {
  port::SimWorld world(1);
  Bench bench(world);
  bench.offer("401 First", "");
  const std::string nonce(500, 'x');
  for (int i = 0; i < 20; ++i) {
    bench.offer("407 More", "Proxy-Authenticate: Digest realm=\"" + std::to_string(i) +
                                "\", nonce=\"" + nonce + "\"\r\n");
  }
  CHECK(bench.text().starts_with("SIP/2.0 401 First"));
  const std::string_view lines = bench.best.lines();
  CHECK(lines.size() > 3000);
  CHECK(lines.size() <= BestResponse::kLinesMax);
  CHECK(lines.ends_with("x\"\r\n"));
}

TEST_CASE("best response: contacts that were followed leave it, also when it is not the best" *
          doctest::description("RFC 3261 16.7 step 4; U21")) {
  port::SimWorld world(1);
  Bench bench(world);
  bench.offer("301 One", "Contact: <sip:a@b>, <sip:c@d>\r\n", 1);
  bench.offer("302 Two", "Contact: <sip:e@f>, <sip:c@d>, <sip:g@h>\r\n", 4);
  CHECK(bench.text().starts_with("SIP/2.0 301 One"));
  REQUIRE(bench.best.filter() != nullptr);
  CHECK(bench.best.lines() == "Contact: <sip:c@d>\r\nContact: <sip:e@f>\r\n");
}

TEST_CASE("best response: without a buffer its status is kept" * doctest::description("R5.5")) {
  port::SimWorld world(1);
  Bench bench(world);
  std::vector<MessageRef> all;
  while (MessageRef message = bench.slabs.acquire(1)) all.push_back(message);
  bench.offer("407 Who", "Proxy-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n");
  CHECK(bench.best.status() == 407);
  bench.offer("486 Busy", "");
  CHECK(bench.best.status() == 407);
  CHECK(bench.text().empty());
  CHECK(bench.best.lines().empty());
}
