#include "service/overload.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "support/service_bench.h"

using namespace tipring;

TEST_CASE("overload: the answer names the key, and a retransmission gets the same" *
          doctest::description("RFC 3261 21.5.4, 8.2.7; C7")) {
  port::SimWorld world(1);
  sim::ServiceBench bench(world);
  const sip::MessageView& request = bench.parse_request("INVITE", "sip:b@h", "");
  const sip::ResponseParts first = bench.overload.refuse(request, "capacity.calls", Millis(0));
  CHECK(first.reason == "Service Unavailable - capacity.calls");
  const std::string headers(first.headers);
  CHECK(bench.overload.refuse(request, "capacity.calls", Millis(9)).headers == headers);
  CHECK(bench.overload.refused() == 2);
}

TEST_CASE("overload: those refused are told to come back at different times" *
          doctest::description("C7: 1 to 5 s at random")) {
  std::vector<LogSlot> slots(8);
  LogRing ring(slots);
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {*port::parse_ip("10.0.0.1")});
  Log log(ring, host.clock(), LogLevel::Error);
  std::set<std::string> seen;
  sip::HeaderIndex index;
  service::Overload overload({7, 8}, log);
  for (int i = 0; i < 200; ++i) {
    const std::string text = "OPTIONS sip:h SIP/2.0\r\nCall-ID: " + std::to_string(i) + "\r\n\r\n";
    const sip::ParsedMessage parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    seen.emplace(overload.refuse(parsed.view, "capacity.calls", Millis(0)).headers);
  }
  CHECK(seen == std::set<std::string>{"Retry-After: 1\r\n", "Retry-After: 2\r\n",
                                      "Retry-After: 3\r\n", "Retry-After: 4\r\n",
                                      "Retry-After: 5\r\n"});
}

TEST_CASE("overload: one line of log for each key in a burst, with how many there were" *
          doctest::description("R5.5")) {
  std::vector<LogSlot> slots(64);
  LogRing ring(slots);
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {*port::parse_ip("10.0.0.1")});
  Log log(ring, host.clock(), LogLevel::Info);
  const auto drain = [&] {
    std::vector<std::string> lines;
    while (LogSlot* slot = ring.front()) {
      lines.emplace_back(slot->text.data(), slot->size);
      ring.pop();
    }
    return lines;
  };
  service::Overload overload({7, 8}, log);
  const sip::MessageView request;
  for (int i = 0; i < 10; ++i) overload.refuse(request, "capacity.calls", Millis(100 * i));
  overload.refuse(request, "capacity.transactions", Millis(900));
  const std::vector<std::string> first = drain();
  REQUIRE(first.size() == 2);
  CHECK(first[0].starts_with("overload key=capacity.calls refused=1 "));
  CHECK(first[1].starts_with("overload key=capacity.transactions refused=1 "));
  overload.refuse(request, "capacity.calls", LogCount::kLineEvery);
  const std::vector<std::string> second = drain();
  REQUIRE(second.size() == 1);
  CHECK(second[0].starts_with("overload key=capacity.calls refused=10 "));
}
