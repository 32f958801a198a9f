// Who gets one of the places for connections, and who has to give up his.
#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

const std::string kRequest = Request{}.text();
constexpr uint32_t kPlaces = 4;

BenchOptions few_places(uint32_t per_source = 1000) {
  BenchOptions options;
  options.limits.tcp_connections = kPlaces;
  options.transport.connections_per_source = per_source;
  return options;
}

BenchOptions both_families(uint32_t per_source) {
  BenchOptions options = few_places(per_source);
  options.addresses = {"10.0.0.1", "2001:db8::1"};
  options.listen = {{sip::Transport::Tcp, at("10.0.0.1", 5060)},
                    {sip::Transport::Tcp, at("2001:db8::1", 5060)}};
  return options;
}

// Is let in: a transaction has answered him.
Flow prove(Bench& bench, TcpPeer& peer) {
  const Flow flow = speak(bench, peer);
  REQUIRE(bench.send(response(200), flow, 1));
  bench.settle();
  return flow;
}

uint64_t ended(const Bench& bench, ConnectionEnd end) {
  return bench.layer->counters().connections_ended[static_cast<size_t>(end)];
}

}  // namespace

TEST_CASE("places: one source gets its share, another goes on, and one line tells" *
          doctest::description("R5.5, R6.2, R13.4")) {
  Bench bench(few_places(2));
  Crowd crowd(bench);
  for (int i = 0; i < 5; ++i) crowd.join();
  CHECK(crowd.still_there() == 2);
  CHECK_FALSE(crowd[1].ended);
  CHECK(crowd[2].error != 0);
  CHECK(bench.layer->counters().connections_refused_source == 3);
  CHECK(bench.count_lines("connection_refused_source") == 1);
  CHECK_FALSE(crowd.join("10.0.0.3").ended);
  crowd[0].close();
  bench.settle();
  CHECK_FALSE(crowd.join().ended);
  CHECK(bench.layer->source_stats().in_use == 2);
}

TEST_CASE("places: without a limit of its own a source gets half" * doctest::description("R5.5")) {
  Bench bench(few_places(0));
  Crowd crowd(bench);
  for (int i = 0; i < 4; ++i) crowd.join();
  CHECK(crowd.still_there() == kPlaces / 2);
}

TEST_CASE("places: an IPv6 network of 64 bits is one source" * doctest::description("R5.5, F51")) {
  Bench bench(both_families(1));
  Crowd crowd(bench);
  CHECK_FALSE(crowd.join("2001:db8::2").ended);
  CHECK(crowd.join("2001:db8::3").ended);
  CHECK_FALSE(crowd.join("2001:db8:0:1::2").ended);
  CHECK_FALSE(crowd.join("10.0.0.2").ended);
}

TEST_CASE("places: a safe source may have any number, also one that has just become safe" *
          doctest::description("C6, R11.2")) {
  BenchOptions options = few_places(1);
  Bench bench(options);
  Crowd crowd(bench);
  crowd.join();
  CHECK(crowd.join().ended);
  TransportOptions later = options.transport;
  REQUIRE(later.safe_sources.add(*parse_range("10.0.0.0/24")));
  bench.layer->set_options(later);
  CHECK_FALSE(crowd.join().ended);
  CHECK_FALSE(crowd.join().ended);
  CHECK(crowd.still_there() == 3);
}

TEST_CASE("places: when all are taken the first who has said nothing makes room" *
          doctest::description("R5.5, R13.4")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  for (uint32_t i = 0; i < kPlaces; ++i) crowd.join();
  speak(bench, crowd[0]);
  CHECK_FALSE(crowd.join().ended);
  CHECK_FALSE(crowd[0].ended);
  CHECK(crowd[1].error != 0);
  CHECK_FALSE(crowd[2].ended);
  CHECK(bench.connections() == kPlaces);
  CHECK(ended(bench, ConnectionEnd::Displaced) == 1);
  CHECK(bench.count_lines("connection_fault") == 1);
}

TEST_CASE("places: among strangers who have spoken the first makes room, whatever he sends" *
          doctest::description("R5.5, R13.4")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  for (uint32_t i = 0; i < kPlaces; ++i) speak(bench, crowd.join());
  for (int i = 0; i < 5; ++i) speak(bench, crowd[0]);
  CHECK_FALSE(crowd.join().ended);
  CHECK(crowd[0].ended);
  CHECK(crowd.still_there() == kPlaces);
}

TEST_CASE("places: who was let in keeps his place, and the newcomer is refused" *
          doctest::description("R5.5, R6.2, R13.2")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  for (uint32_t i = 0; i < kPlaces; ++i) prove(bench, crowd.join());
  for (int i = 0; i < 3; ++i) CHECK(crowd.join().ended);
  CHECK(crowd.still_there() == kPlaces);
  CHECK(bench.layer->counters().connections_refused == 3);
  CHECK(bench.count_lines("connection_refused") == 1);
  const auto outcome = bench.send(kRequest, tcp_flow(bench, 6000));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Error::PoolExhausted);
  crowd[0].close();
  bench.settle();
  CHECK_FALSE(crowd.join().ended);
}

TEST_CASE("places: whoever is kept for a registration keeps his place" *
          doctest::description("R13.4, RFC 5626 4.2.2")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  for (uint32_t i = 0; i < kPlaces; ++i) {
    bench.layer->keep(speak(bench, crowd.join()), bench.host.loop().now() + Millis(60'000));
  }
  CHECK(crowd.join().ended);
  CHECK(crowd.still_there() == kPlaces);
}

TEST_CASE("places: a flood of connections never hurts one who speaks at once" *
          doctest::description("R5.5, R13.4")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  TcpPeer& phone = crowd.join();
  const Flow flow = speak(bench, phone);
  for (int i = 0; i < 50; ++i) crowd.join();
  CHECK_FALSE(phone.ended);
  REQUIRE(bench.send(response(200), flow, 1));
  for (int i = 0; i < 50; ++i) speak(bench, crowd.join());
  CHECK_FALSE(phone.ended);
  CHECK(bench.layer->source_stats().in_use == 1);
}

TEST_CASE("places: a connection that we need takes that of a stranger" *
          doctest::description("R5.5, RFC 3261 18.1.1")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  TcpDoor door(bench, at("10.0.0.2", 6000));
  for (uint32_t i = 0; i < kPlaces; ++i) crowd.join();
  REQUIRE(bench.send(kRequest, tcp_flow(bench, 6000), 1));
  bench.settle();
  REQUIRE(door.peers.size() == 1);
  CHECK(door.peers[0]->received == kRequest);
  CHECK(crowd[0].ended);
  CHECK(bench.failed.empty());
}

TEST_CASE("places: whose message is being handled does not lose his connection meanwhile" *
          doctest::description("R5.5")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  TcpDoor door(bench, at("10.0.0.2", 6000));
  for (uint32_t i = 0; i < kPlaces; ++i) speak(bench, crowd.join());
  const Flow elsewhere = tcp_flow(bench, 6000);
  bench.on_heard = [&](const Incoming& incoming) {
    REQUIRE(bench.layer->send(bench.slabs.copy(kRequest), elsewhere, &bench, 1));
    REQUIRE(bench.layer->send(bench.slabs.copy(response(200)), incoming.flow, nullptr, 0));
  };
  crowd[0].write(kRequest);
  bench.settle();
  CHECK(crowd[0].received == response(200));
  CHECK(crowd[1].ended);
  CHECK(door.peers.size() == 1);
}

TEST_CASE("places: when only he whose message is handled could make room, nobody does" *
          doctest::description("R5.5")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  for (uint32_t i = 1; i < kPlaces; ++i) prove(bench, crowd.join());
  TcpPeer& stranger = crowd.join();
  const Flow elsewhere = tcp_flow(bench, 6000);
  std::optional<Error> refused;
  bench.on_heard = [&](const Incoming&) {
    const auto sent = bench.layer->send(bench.slabs.copy(kRequest), elsewhere, &bench, 1);
    if (!sent) refused = sent.error();
  };
  stranger.write(kRequest);
  bench.settle();
  CHECK(refused == Error::PoolExhausted);
  CHECK(crowd.still_there() == kPlaces);
}

TEST_CASE("places: what a stranger was still to get goes with him, nowhere else" *
          doctest::description("R5.5, RFC 3261 18.2.2")) {
  Bench bench(few_places());
  Crowd crowd(bench);
  TcpDoor door(bench, at("10.0.0.2", 5060));
  TcpPeer& first = crowd.join();
  bench.on_heard = [&](const Incoming& incoming) {
    for (int i = 0; i < 60; ++i) {
      static_cast<void>(bench.layer
                            ->send(bench.slabs.copy(response(200, std::string(3000, 'x'))),
                                   reply_flow(incoming), nullptr, 0)
                            .has_value());
    }
  };
  first.read_nothing();
  first.write(kRequest);
  bench.settle();
  bench.on_heard = nullptr;
  for (uint32_t i = 0; i < kPlaces; ++i) speak(bench, crowd.join());
  CHECK_FALSE(bench.layer->stands(bench.heard[0].flow));
  CHECK(door.peers.empty());
}
