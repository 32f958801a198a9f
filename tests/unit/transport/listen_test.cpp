// Listening points: several, both families, and which one a message leaves from.
#include <cerrno>

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

BenchOptions listening(std::vector<std::string_view> addresses, std::vector<ListenPoint> points) {
  BenchOptions options;
  options.addresses = std::move(addresses);
  options.listen = std::move(points);
  return options;
}

constexpr auto kUdp = sip::Transport::Udp;
constexpr auto kTcp = sip::Transport::Tcp;

}  // namespace

TEST_CASE("listen: IPv4 and IPv6 serve side by side, on UDP and TCP" *
          doctest::description("RFC 3261 18.2.1; R7.1, F51")) {
  Bench bench(listening({"10.0.0.1", "2001:db8::1"}, {{kUdp, at("0.0.0.0", 5060)},
                                                      {kUdp, at("::", 5060)},
                                                      {kTcp, at("0.0.0.0", 5060)},
                                                      {kTcp, at("::", 5060)}}));
  REQUIRE(bench.start_error == 0);
  bench.answer_with(200);
  UdpPeer udp4(bench, at("10.0.0.2", 4000)), udp6(bench, at("2001:db8::2", 4000));
  TcpPeer tcp4(bench), tcp6(bench);
  tcp4.connect();
  tcp6.connect(at("2001:db8::1", 5060));
  Request request;
  request.via = "SIP/2.0/UDP host;rport;branch=z9hG4bK1";
  udp4.write(request.text());
  udp6.write(request.text(), at("2001:db8::1", 5060));
  tcp4.write(request.text());
  tcp6.write(request.text());
  bench.settle();
  CHECK(udp4.received.size() == 1);
  REQUIRE(udp6.received.size() == 1);
  CHECK(udp6.received[0].from == at("2001:db8::1", 5060));
  CHECK(tcp4.received == response(200));
  CHECK(tcp6.received == response(200));
  REQUIRE(bench.heard.size() == 4);
  for (const Heard& heard : bench.heard)
    CHECK(bench.layer->sent_by(heard.flow).ip.family == heard.flow.remote.ip.family);
}

TEST_CASE("listen: when one point cannot be opened none stays open" *
          doctest::description("R7.1, R6.5, R11.5")) {
  Bench taken(listening({"10.0.0.1"}, {{kUdp, at("10.0.0.1", 5060)}}));
  ListenPoint failed;
  TransportOptions options;
  const ListenPoint points[] = {
      {kUdp, at("10.0.0.1", 5070)}, {kTcp, at("10.0.0.1", 5070)}, {kUdp, at("10.0.0.1", 5060)}};
  options.listen = points;
  Bench second(listening({"10.0.0.1"}, {}));
  Arena& arena = taken.arena;
  TransportLayer layer({taken.host.network(), taken.host.loop(), taken.wheel, taken.slabs, arena,
                        taken.host.entropy(), taken.log},
                       kTinyLimits);
  CHECK(layer.start(options, second, failed) == EADDRINUSE);
  CHECK(failed.bind == at("10.0.0.1", 5060));
  CHECK(layer.listen_points().empty());
  // The ports are free again.
  options.listen = std::span(points).first(2);
  CHECK(layer.start(options, second, failed) == 0);
}

TEST_CASE("listen: port 0 takes any, and the real one can be read" *
          doctest::description("R7.1, U2")) {
  Bench bench(listening({"10.0.0.1"}, {{kUdp, at("10.0.0.1", 0)}, {kTcp, at("10.0.0.1", 0)}}));
  REQUIRE(bench.layer->listen_points().size() == 2);
  for (const ListenPoint& point : bench.layer->listen_points()) {
    CHECK(point.bind.port != 0);
    CHECK(bench.layer->is_own(point.bind.ip, point.bind.port));
  }
}

TEST_CASE("listen: a request leaves from the listening port of its transport and family" *
          doctest::description("RFC 3261 18.1.1; F44, F39")) {
  Bench bench(listening({"10.0.0.1", "2001:db8::1"},
                        {{kUdp, at("10.0.0.1", 5080)}, {kUdp, at("2001:db8::1", 5090)}}));
  UdpPeer v4(bench, at("10.0.0.2", 4000)), v6(bench, at("2001:db8::2", 4000));
  const auto flow4 = bench.layer->flow_to(kUdp, at("10.0.0.2", 4000));
  const auto flow6 = bench.layer->flow_to(kUdp, at("2001:db8::2", 4000));
  REQUIRE(flow4);
  REQUIRE(flow6);
  REQUIRE(bench.send("four", *flow4));
  REQUIRE(bench.send("six", *flow6));
  bench.settle();
  REQUIRE(v4.received.size() == 1);
  REQUIRE(v6.received.size() == 1);
  CHECK(v4.received[0].from == at("10.0.0.1", 5080));
  CHECK(v6.received[0].from == at("2001:db8::1", 5090));
}

TEST_CASE("listen: of several points the one that packets leave from by themselves is chosen" *
          doctest::description("F39, F52; C22")) {
  Bench bench(listening({"10.0.0.1", "10.0.0.11"}, {{kUdp, at("127.0.0.1", 5060)},
                                                    {kUdp, at("10.0.0.11", 5060)},
                                                    {kUdp, at("10.0.0.1", 5062)}}));
  const auto flow = bench.layer->flow_to(kUdp, at("10.0.0.2", 4000));
  REQUIRE(flow);
  CHECK(flow->local == at("10.0.0.1", 5062));
  CHECK(flow->listener == 2);
  const auto loopback = bench.layer->flow_to(kUdp, at("127.0.0.1", 4000));
  REQUIRE(loopback);
  CHECK(loopback->local == at("127.0.0.1", 5060));
}

TEST_CASE("listen: what listens on loopback alone reaches no further" *
          doctest::description("F52")) {
  Bench bench(listening({"10.0.0.1"}, {{kUdp, at("127.0.0.1", 5060)}}));
  CHECK_FALSE(bench.layer->flow_to(kUdp, at("10.0.0.2", 4000)));
}

TEST_CASE("listen: the unspecified address leads nowhere" *
          doctest::description("RFC 3261 26; R14.5")) {
  Bench bench;
  CHECK_FALSE(bench.layer->flow_to(kUdp, at("0.0.0.0", 5060)));
}

TEST_CASE("listen: own are the addresses and ports that we listen on" *
          doctest::description("RFC 3261 16.4; C22")) {
  Bench bench(listening({"10.0.0.1", "10.0.0.11"},
                        {{kUdp, at("0.0.0.0", 5060)}, {kTcp, at("10.0.0.11", 5070)}}));
  CHECK(bench.layer->is_own(ip("10.0.0.1"), 5060));
  CHECK(bench.layer->is_own(ip("10.0.0.11"), 0));
  CHECK(bench.layer->is_own(ip("127.0.0.1"), 5060));
  CHECK(bench.layer->is_own(ip("10.0.0.11"), 5070));
  CHECK_FALSE(bench.layer->is_own(ip("10.0.0.1"), 5070));
  CHECK_FALSE(bench.layer->is_own(ip("10.0.0.2"), 5060));
  CHECK_FALSE(bench.layer->is_own(ip("10.0.0.1"), 5061));
  CHECK_FALSE(bench.layer->is_own(ip("2001:db8::1"), 5060));
}

TEST_CASE("listen: a wildcard connection knows the address that its peer called" *
          doctest::description("C22, RFC 3581 4")) {
  Bench bench(listening({"10.0.0.1", "10.0.0.11"}, {{kTcp, at("0.0.0.0", 5060)}}));
  TcpPeer peer(bench);
  peer.connect(at("10.0.0.11", 5060));
  peer.write(Request{}.text());
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].flow.local == at("10.0.0.11", 5060));
  CHECK(bench.layer->sent_by(bench.heard[0].flow) == at("10.0.0.11", 5060));
}
