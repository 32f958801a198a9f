// Listening points that are opened and closed while the server runs.
#include <cerrno>

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

constexpr auto kUdp = sip::Transport::Udp;
constexpr auto kTcp = sip::Transport::Tcp;

BenchOptions listening(std::vector<ListenPoint> points) {
  BenchOptions options;
  options.addresses = {"10.0.0.1", "10.0.0.11"};
  options.listen = std::move(points);
  return options;
}

// As at a reload: within a turn of the loop.
int change(Bench& bench, std::vector<ListenPoint> points, ListenPoint* failed = nullptr) {
  int error = -1;
  ListenPoint ignored;
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    error = bench.layer->change_listening(points, failed != nullptr ? *failed : ignored);
  });
  bench.settle();
  return error;
}

std::vector<ListenPoint> open_points(const Bench& bench) {
  const auto points = bench.layer->listen_points();
  return {points.begin(), points.end()};
}

bool answers(Bench& bench, uint16_t port) {
  UdpPeer peer(bench, at("10.0.0.2", 4999));
  Request request;
  request.via = "SIP/2.0/UDP host;rport;branch=z9hG4bK1";
  peer.write(request.text(), at("10.0.0.1", port));
  bench.settle();
  return !peer.received.empty();
}

}  // namespace

TEST_CASE("relisten: a new UDP port serves, one that is gone does not" *
          doctest::description("F54; RFC 3261 18.2.1")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}}));
  bench.answer_with(200);
  REQUIRE(answers(bench, 5070));
  CHECK(change(bench, {{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5080)}}) == 0);
  CHECK(answers(bench, 5060));
  CHECK(answers(bench, 5080));
  CHECK_FALSE(answers(bench, 5070));
  CHECK(bench.count_lines("listening_ended") == 1);
}

TEST_CASE("relisten: what stands keeps its socket and its number" *
          doctest::description("F54; R7.1")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5070)}, {kUdp, at("10.0.0.1", 5060)}}));
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(Request{}.text());
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  const Flow flow = bench.heard[0].flow;
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}, {kTcp, at("10.0.0.1", 5060)}}) == 0);
  CHECK(bench.layer->stands(flow));
  CHECK(bench.layer->sent_by(flow) == at("10.0.0.1", 5060));
  REQUIRE(bench.send("later", flow));
  bench.settle();
  REQUIRE(peer.received.size() == 1);
  CHECK(peer.received[0].from == at("10.0.0.1", 5060));
}

TEST_CASE("relisten: an old flow never finds the point that came in place of its own" *
          doctest::description("F54; STYLE Handles")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}}));
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(Request{}.text(), at("10.0.0.1", 5070));
  bench.settle();
  const Flow flow = bench.heard.at(0).flow;
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5080)}}) == 0);
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.11", 5070)}}) == 0);
  CHECK_FALSE(bench.layer->stands(flow));
  // Its peer is reached all the same, from where packets to him leave now.
  REQUIRE(bench.send("later", flow));
  bench.settle();
  REQUIRE(peer.received.size() == 1);
  CHECK(peer.received[0].from == at("10.0.0.1", 5060));
}

TEST_CASE("relisten: one that cannot be opened leaves all as it was" *
          doctest::description("F54; R6.5, R11.5")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5060)}, {kTcp, at("10.0.0.1", 5060)}}));
  bench.answer_with(200);
  int error = 0;
  TcpDoor stranger(bench, at("10.0.0.2", 4000));
  const auto taken = bench.host.network().listen(at("10.0.0.1", 5090), stranger, error);
  ListenPoint failed;
  const auto before = open_points(bench);
  const std::vector<ListenPoint> wanted = {
      {kUdp, at("10.0.0.1", 5080)}, {kTcp, at("10.0.0.1", 5090)}, {kUdp, at("10.0.0.1", 5081)}};
  CHECK(change(bench, wanted, &failed) == EADDRINUSE);
  CHECK(failed.bind == at("10.0.0.1", 5090));
  CHECK(open_points(bench) == before);
  CHECK(answers(bench, 5060));
  CHECK_FALSE(answers(bench, 5080));
  CHECK(change(bench, {{kUdp, at("10.0.0.77", 5060)}}, &failed) == EADDRNOTAVAIL);
  CHECK(open_points(bench) == before);
}

TEST_CASE("relisten: a wildcard gives way to one address with its port, and back" *
          doctest::description("F54")) {
  Bench bench(listening({{kUdp, at("0.0.0.0", 5060)}, {kTcp, at("0.0.0.0", 5060)}}));
  bench.answer_with(200);
  REQUIRE(change(bench, {{kUdp, at("10.0.0.11", 5060)}, {kTcp, at("10.0.0.11", 5060)}}) == 0);
  CHECK_FALSE(answers(bench, 5060));
  REQUIRE(change(bench, {{kUdp, at("0.0.0.0", 5060)}}) == 0);
  CHECK(answers(bench, 5060));
}

TEST_CASE("relisten: what had to give way comes back when the change fails" *
          doctest::description("F54; R6.5")) {
  Bench bench(listening({{kUdp, at("0.0.0.0", 5060)}}));
  bench.answer_with(200);
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(Request{}.text());
  bench.settle();
  const Flow flow = bench.heard.at(0).flow;
  ListenPoint failed;
  CHECK(change(bench, {{kUdp, at("10.0.0.11", 5060)}, {kUdp, at("10.0.0.77", 5060)}}, &failed) ==
        EADDRNOTAVAIL);
  CHECK(failed.bind == at("10.0.0.77", 5060));
  CHECK(answers(bench, 5060));
  CHECK(bench.layer->stands(flow));
}

TEST_CASE("relisten: a UDP port finishes what is under way, then goes" *
          doctest::description("F54; RFC 3261 17")) {
  BenchOptions options = listening({{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}});
  Bench bench(std::move(options));
  bench.answer_with(200);
  bench.awaited = 1;  // the number of the second
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}}) == 0);
  CHECK(open_points(bench).size() == 1);
  CHECK(answers(bench, 5070));
  CHECK_FALSE(bench.layer->is_own(ip("10.0.0.1"), 5070));
  CHECK(bench.layer->was_own(ip("10.0.0.1"), 5070));
  bench.awaited.reset();
  bench.pass(Millis(100));
  CHECK_FALSE(answers(bench, 5070));
}

TEST_CASE("relisten: a UDP port does not stay beyond the limit" * doctest::description("F54")) {
  BenchOptions options = listening({{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}});
  options.transport.drain_limit = Millis(2000);
  Bench bench(std::move(options));
  bench.answer_with(200);
  bench.awaited = 1;
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}}) == 0);
  bench.pass(Millis(1700));
  CHECK(answers(bench, 5070));
  bench.pass(Millis(300));
  CHECK_FALSE(answers(bench, 5070));
  const auto lines = bench.log_lines();
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.starts_with("listening_ended") && line.ends_with("why=limit");
        }) == 1);
}

TEST_CASE("relisten: a port that still finishes can be listened on again at once" *
          doctest::description("F54")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}}));
  bench.answer_with(200);
  bench.awaited = 1;
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}}) == 0);
  REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)}, {kUdp, at("10.0.0.1", 5070)}}) == 0);
  bench.pass(Millis(10000));
  CHECK(answers(bench, 5070));
}

TEST_CASE("relisten: a connection outlives its listener" * doctest::description("F54, F2")) {
  Bench bench(listening({{kTcp, at("10.0.0.1", 5060)}, {kTcp, at("10.0.0.1", 5070)}}));
  bench.answer_with(200);
  TcpPeer peer(bench);
  peer.connect(at("10.0.0.1", 5070));
  bench.settle();
  REQUIRE(change(bench, {{kTcp, at("10.0.0.1", 5060)}}) == 0);
  peer.write(Request{}.text());
  bench.settle();
  CHECK(peer.received == response(200));
  const Flow flow = bench.heard.at(0).flow;
  CHECK(bench.layer->stands(flow));
  // What is written for others to come back to names a port that listens.
  CHECK(bench.layer->sent_by(flow) == at("10.0.0.1", 5060));
  TcpPeer late(bench);
  late.connect(at("10.0.0.1", 5070));
  bench.settle();
  CHECK_FALSE(late.connected);
}

TEST_CASE("relisten: three hundred changes leave nothing behind" *
          doctest::description("F54; DESIGN Memory")) {
  Bench bench(listening({{kUdp, at("10.0.0.1", 5060)}}));
  bench.answer_with(200);
  for (uint16_t i = 0; i < 300; ++i) {
    const auto port = static_cast<uint16_t>(6000 + i % 2);
    REQUIRE(change(bench, {{kUdp, at("10.0.0.1", 5060)},
                           {kUdp, at("10.0.0.1", port)},
                           {kTcp, at("10.0.0.1", port)}}) == 0);
  }
  CHECK(answers(bench, 5060));
  CHECK(answers(bench, 6001));
  CHECK_FALSE(answers(bench, 6000));
}
