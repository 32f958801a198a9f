// From a next hop to flows: RFC 3263.
#include "transport/locator.h"

#include <map>

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

BenchOptions dual_stack() {
  BenchOptions options;
  options.addresses = {"10.0.0.1", "2001:db8::1"};
  options.listen = {{sip::Transport::Udp, at("10.0.0.1", 5060)},
                    {sip::Transport::Tcp, at("10.0.0.1", 5060)},
                    {sip::Transport::Udp, at("2001:db8::1", 5060)}};
  return options;
}

struct LocatorBench final : LocateHandler {
  LocatorBench()
      : bench(dual_stack()),
        locator(bench.host.names(), bench.host.loop(), *bench.layer, bench.arena) {}

  // What locate() gives for a URI; what comes later is found in `later` by tag.
  Result<LocateState> locate(std::string_view text, uint64_t tag = 0,
                             std::optional<sip::Transport> prefer = std::nullopt) {
    const auto uri = sip::parse_uri(text);
    REQUIRE(uri);
    flows = {};
    return locator.locate(*uri, prefer, flows, *this, tag);
  }
  void on_located(uint64_t tag, const Result<FlowList>& found) override {
    CHECK(later.emplace(tag, found).second);
  }

  Bench bench;
  Locator locator;
  FlowList flows;
  std::map<uint64_t, Result<FlowList>> later;
};

Error error_of(const Result<LocateState>& state) {
  REQUIRE_FALSE(state);
  return state.error();
}

}  // namespace

TEST_CASE("locator: an address is located in place, by the URI's transport and port" *
          doctest::description("RFC 3263 4.1, 4.2; F38")) {
  struct Row {
    const char* uri;
    sip::Transport transport;
    port::SocketAddress remote;
  };
  const Row rows[] = {
      {"sip:b@10.0.0.2", sip::Transport::Udp, at("10.0.0.2", 5060)},
      {"sip:b@10.0.0.2:5070", sip::Transport::Udp, at("10.0.0.2", 5070)},
      {"sip:b@10.0.0.2;transport=tcp", sip::Transport::Tcp, at("10.0.0.2", 5060)},
      {"sip:b@10.0.0.2:5070;transport=TCP", sip::Transport::Tcp, at("10.0.0.2", 5070)},
      {"sip:b@[2001:db8::2]", sip::Transport::Udp, at("2001:db8::2", 5060)},
      {"sip:b@name.example;maddr=10.0.0.9", sip::Transport::Udp, at("10.0.0.9", 5060)},
  };
  LocatorBench bench;
  for (const Row& row : rows) {
    CAPTURE(row.uri);
    const auto state = bench.locate(row.uri);
    REQUIRE(state);
    CHECK(*state == LocateState::Done);
    REQUIRE(bench.flows.count == 1);
    CHECK(bench.flows.flows[0].transport == row.transport);
    CHECK(bench.flows.flows[0].remote == row.remote);
  }
}

TEST_CASE("locator: a preferred transport counts where the URI names none" *
          doctest::description("RFC 3263 4.1; F38")) {
  LocatorBench bench;
  REQUIRE(bench.locate("sip:b@10.0.0.2", 0, sip::Transport::Tcp));
  CHECK(bench.flows.flows[0].transport == sip::Transport::Tcp);
  REQUIRE(bench.locate("sip:b@10.0.0.2;transport=udp", 0, sip::Transport::Tcp));
  CHECK(bench.flows.flows[0].transport == sip::Transport::Udp);
}

TEST_CASE("locator: a sips URI never leaves in the clear" *
          doctest::description("RFC 3261 26.2.2; F61")) {
  LocatorBench bench;
  for (const char* uri : {"sips:b@10.0.0.2", "sips:b@10.0.0.2;transport=tcp",
                          "sips:b@10.0.0.2;transport=udp", "sips:b@10.0.0.2;transport=ws"}) {
    CAPTURE(uri);
    CHECK(error_of(bench.locate(uri)) == Error::Unsupported);
    CHECK(error_of(bench.locate(uri, 0, sip::Transport::Udp)) == Error::Unsupported);
  }
}

TEST_CASE("locator: what no listening point reaches is unsupported" *
          doctest::description("RFC 3263 4.1; F51")) {
  LocatorBench bench;
  for (const char* uri : {"sip:b@10.0.0.2;transport=sctp", "sip:b@10.0.0.2;transport=other",
                          "sip:b@[2001:db8::2];transport=tcp", "sip:b@0.0.0.0"}) {
    CAPTURE(uri);
    CHECK(error_of(bench.locate(uri)) == Error::Unsupported);
  }
}

TEST_CASE("locator: a name gives all its addresses that can be reached, later" *
          doctest::description("RFC 3263 4.2; F38, F51")) {
  LocatorBench bench;
  bench.bench.host.names().set("b.example", {ip("10.0.0.2"), ip("2001:db8::2")});
  const auto udp = bench.locate("sip:b@b.example:5070", 1);
  const auto tcp = bench.locate("sip:b@b.example;transport=tcp", 2);
  REQUIRE(udp);
  REQUIRE(tcp);
  CHECK(*udp == LocateState::Suspended);
  bench.bench.settle();
  REQUIRE(bench.later.count(1) == 1);
  REQUIRE(bench.later.at(1));
  CHECK(bench.later.at(1)->count == 2);
  CHECK(bench.later.at(1)->flows[0].remote == at("10.0.0.2", 5070));
  CHECK(bench.later.at(1)->flows[1].remote == at("2001:db8::2", 5070));
  REQUIRE(bench.later.at(2));
  CHECK(bench.later.at(2)->count == 1);  // no TCP listener for IPv6
}

TEST_CASE("locator: a name that cannot be resolved says why" *
          doctest::description("RFC 3263 4.3; F38")) {
  LocatorBench bench;
  bench.bench.host.names().set("late.example", {ip("10.0.0.2")}, kNever);
  bench.bench.host.names().set_failure("broken.example", port::NamesStatus::Failed);
  bench.bench.host.names().set("six.example", {ip("2001:db8::2")});
  REQUIRE(bench.locate("sip:b@missing.example", 1));
  REQUIRE(bench.locate("sip:b@late.example", 2));
  REQUIRE(bench.locate("sip:b@broken.example", 3));
  REQUIRE(bench.locate("sip:b@six.example;transport=tcp", 4));
  bench.bench.settle();
  CHECK(bench.later.at(1).error() == Error::NotFound);
  CHECK(bench.later.at(3).error() == Error::NotFound);
  CHECK(bench.later.at(4).error() == Error::Unsupported);
  CHECK(bench.later.count(2) == 0);
  bench.bench.pass(Locator::kDeadline);
  CHECK(bench.later.at(2).error() == Error::TimedOut);
}

TEST_CASE("locator: lookups are bounded, and a finished one makes room" *
          doctest::description("R5.5, R5.2")) {
  LocatorBench bench;
  bench.bench.host.names().set_capacity(1000);
  bench.bench.host.names().set("late.example", {ip("10.0.0.2")}, Millis(100));
  uint64_t started = 0;
  Result<LocateState> state = LocateState::Suspended;
  while (started < 1000 && (state = bench.locate("sip:b@late.example", started))) ++started;
  CHECK(started == 64);
  CHECK(error_of(state) == Error::PoolExhausted);
  // An address needs no lookup.
  CHECK(bench.locate("sip:b@10.0.0.2"));
  bench.bench.pass(Millis(200));
  CHECK(bench.later.size() == 64);
  CHECK(bench.locate("sip:b@late.example", 2000));
  bench.bench.pass(Millis(200));
}

TEST_CASE("locator: who asks for many names leaves room for others" *
          doctest::description("R5.2, R5.5")) {
  LocatorBench bench;
  bench.bench.host.names().set_capacity(1000);
  bench.bench.host.names().set("late.example", {ip("10.0.0.2")}, Millis(100));
  const auto uri = sip::parse_uri("sip:b@late.example");
  REQUIRE(uri);
  uint64_t tag = 0;
  const auto granted = [&](uint64_t asker) {
    int count = 0;
    while (count < 100 && bench.locator.locate_for(asker, *uri, bench.flows, bench, tag)) {
      ++count;
      ++tag;
    }
    return count;
  };
  CHECK(granted(1) == 32);
  CHECK(granted(1) == 0);
  CHECK(granted(2) == 16);
  CHECK(granted(3) == 8);
  for (uint64_t asker = 4; asker < 100; ++asker) CHECK(granted(asker) <= 4);
  // The server's own are not kept from theirs by all of them together.
  CHECK(bench.locate("sip:b@late.example", 1000));
  bench.bench.pass(Millis(200));
  CHECK(granted(1) == 32);
  bench.bench.pass(Millis(200));
}

TEST_CASE("locator: when the resolver is full nothing is kept" * doctest::description("R5.5")) {
  LocatorBench bench;
  bench.bench.host.names().set_capacity(0);
  for (int i = 0; i < 100; ++i)
    CHECK(error_of(bench.locate("sip:b@b.example")) == Error::PoolExhausted);
  bench.bench.host.names().set_capacity(64);
  CHECK(bench.locate("sip:b@b.example"));
  bench.bench.settle();
}

TEST_CASE("locator: a cancelled lookup is not heard of again" *
          doctest::description("R3.4, R5.5")) {
  LocatorBench bench;
  bench.bench.host.names().set("b.example", {ip("10.0.0.2")}, Millis(100));
  REQUIRE(bench.locate("sip:b@b.example", 1));
  REQUIRE(bench.locate("sip:b@b.example", 2));
  bench.locator.cancel(bench, 1);
  bench.bench.pass(Millis(200));
  CHECK(bench.later.size() == 1);
  CHECK(bench.later.count(2) == 1);
  CHECK(bench.bench.host.names().in_use() == 0);
}

TEST_CASE("locator: a name longer than DNS allows is not asked for" *
          doctest::description("RFC 1035 2.3.4")) {
  LocatorBench bench;
  std::string name;
  while (name.size() < 252) name += "abcdef.";
  CHECK(error_of(bench.locate("sip:b@" + name + "example")) == Error::NotFound);
}
