// Where responses and requests go: RFC 3261 18.1.1, 18.2.2 and RFC 3581.
#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

std::string tcp_request(const std::string& via, const std::string& call_id = "c1") {
  Request request;
  request.via = via;
  request.call_id = call_id;
  return request.text();
}

const std::string kVia = "SIP/2.0/TCP 10.0.0.2:5070;branch=z9hG4bK1";

// The peer connects and sends a request with this Via; where a response to it goes.
Flow asked(Bench& bench, TcpPeer& peer, const std::string& via = kVia) {
  std::optional<Flow> back;
  bench.on_heard = [&](const Incoming& incoming) { back = reply_flow(incoming); };
  peer.connect();
  peer.write(tcp_request(via));
  bench.settle();
  bench.on_heard = nullptr;
  REQUIRE(back);
  return *back;
}

// Where a response to a datagram with this Via arrives, from 10.0.0.2:4000.
std::optional<port::SocketAddress> udp_target(Bench& bench, const std::string& via) {
  UdpPeer source(bench, at("10.0.0.2", 4000));
  bench.heard.clear();
  source.write(tcp_request(via));
  std::optional<port::SocketAddress> target;
  bench.on_heard = [&](const Incoming& incoming) { target = reply_flow(incoming).remote; };
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  return target;
}

}  // namespace

TEST_CASE("reply: over UDP the Via and the source say where to" *
          doctest::description("RFC 3261 18.2.2, RFC 3581 4; R7.2")) {
  struct Row {
    const char* via;
    port::SocketAddress target;
  };
  const Row rows[] = {
      {"SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1", at("10.0.0.2", 5060)},
      {"SIP/2.0/UDP phone.example:5070;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 192.168.1.9:5070;rport;branch=z9hG4bK1", at("10.0.0.2", 4000)},
      {"SIP/2.0/UDP 192.168.1.9:5070;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=224.0.1.75;branch=z9hG4bK1", at("224.0.1.75", 5070)},
      {"SIP/2.0/UDP 10.0.0.2;maddr=224.0.1.75;rport;branch=z9hG4bK1", at("224.0.1.75", 5060)},
      // What a stranger may not choose: a third host, another family, our own host.
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=10.0.0.9;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2;maddr=10.0.0.9;rport;branch=z9hG4bK1", at("10.0.0.2", 4000)},
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=2001:db8::9;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=127.0.0.1;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=0.0.0.0;branch=z9hG4bK1", at("10.0.0.2", 5070)},
      {"SIP/2.0/UDP 10.0.0.2:5070;maddr=name.example;branch=z9hG4bK1", at("10.0.0.2", 5070)},
  };
  Bench bench;
  for (const Row& row : rows) {
    CAPTURE(row.via);
    CHECK(udp_target(bench, row.via) == row.target);
  }
}

TEST_CASE("reply: over UDP it leaves from the address and port that the request came to" *
          doctest::description("RFC 3581 4, RFC 3261 18.2.2; C22, F44")) {
  BenchOptions options;
  options.addresses = {"10.0.0.1", "10.0.0.11"};
  options.listen = {{sip::Transport::Udp, at("0.0.0.0", 5060)},
                    {sip::Transport::Udp, at("0.0.0.0", 5062)}};
  Bench bench(options);
  bench.answer_with(200);
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  const port::SocketAddress ends[] = {at("10.0.0.1", 5060), at("10.0.0.11", 5060),
                                      at("10.0.0.11", 5062)};
  for (const port::SocketAddress& end : ends) {
    peer.write(tcp_request("SIP/2.0/UDP 10.0.0.2:4000;rport;branch=z9hG4bK1"), end);
    bench.settle();
    REQUIRE(bench.heard.size() == 1);
    CHECK(bench.heard[0].flow.local == end);
    CHECK(bench.layer->sent_by(bench.heard[0].flow) == end);
    REQUIRE(peer.received.size() == 1);
    CHECK(peer.received[0].from == end);
    bench.heard.clear();
    peer.received.clear();
  }
}

TEST_CASE("reply: one that is larger than the MTU stays on UDP" *
          doctest::description("RFC 3261 18.2.2; R7.4, C5")) {
  Bench bench;
  bench.answer_with(200, std::string(3000, 'x'));
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(tcp_request("SIP/2.0/UDP 10.0.0.2:4000;branch=z9hG4bK1"));
  bench.settle();
  REQUIRE(peer.received.size() == 1);
  CHECK(peer.received[0].text == response(200, std::string(3000, 'x')));
  CHECK(bench.connections() == 0);
}

TEST_CASE("reply: over TCP it goes back on the connection that the request came by" *
          doctest::description("RFC 3261 18.2.2; R7.5, R13.2")) {
  Bench bench;
  bench.answer_with(200);
  TcpDoor door(bench, at("10.0.0.2", 5070));
  TcpPeer first(bench), second(bench);
  first.connect();
  second.connect();
  first.write(tcp_request(kVia));
  bench.settle();
  CHECK(first.received == response(200));
  CHECK(second.received.empty());
  CHECK(door.peers.empty());
  CHECK(bench.connections() == 2);
}

TEST_CASE("reply: when the connection has gone it goes to the port of the Via" *
          doctest::description("RFC 3261 18.2.2; R7.5")) {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Bench bench;
    TcpDoor door(bench, at("10.0.0.2", 5070));
    TcpPeer peer(bench);
    const Flow back = asked(bench, peer);
    if (reset) peer.reset();
    peer.close();
    bench.settle();
    CHECK_FALSE(bench.layer->stands(back));
    REQUIRE(bench.send(response(180), back, 1));
    REQUIRE(bench.send(response(200), back, 2));
    bench.pass(Millis(600));
    REQUIRE(door.peers.size() == 1);
    CHECK(door.peers[0]->received == response(180) + response(200));
    CHECK(bench.failed.empty());
  }
}

TEST_CASE("reply: a peer that has ended its own side only still gets its answers there" *
          doctest::description("RFC 3261 18.2.2; R7.5")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  TcpPeer peer(bench);
  const Flow back = asked(bench, peer);
  peer.shut_down();
  bench.settle();
  CHECK_FALSE(bench.layer->stands(back));
  REQUIRE(bench.send(response(180), back, 1));
  bench.pass(Millis(5000));
  CHECK(peer.received == response(180));
  CHECK_FALSE(peer.ended);
  REQUIRE(bench.send(response(200), back, 2));
  bench.pass(Millis(400));
  CHECK(peer.received == response(180) + response(200));
  CHECK_FALSE(peer.ended);
  bench.pass(Millis(200));
  CHECK(peer.ended);
  CHECK(peer.error == 0);
  CHECK(bench.connections() == 0);
  CHECK(door.peers.empty());
  CHECK(bench.failed.empty());
}

TEST_CASE("reply: a request does not go to a peer that cannot answer there" *
          doctest::description("RFC 3261 18.1.1; F2")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  TcpPeer peer(bench);
  const Flow back = asked(bench, peer);
  peer.shut_down();
  bench.settle();
  REQUIRE(bench.send(tcp_request(kVia, "c2"), back, 1));
  bench.settle();
  CHECK(peer.received.empty());
  REQUIRE(door.peers.size() == 1);
  CHECK(door.peers[0]->received == tcp_request(kVia, "c2"));
}

TEST_CASE("reply: a half-open connection that is never answered is closed, as a silent one" *
          doctest::description("R13.4")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write(tcp_request(kVia));
  peer.shut_down();
  bench.pass(Millis(29'000));
  CHECK(bench.connections() == 1);
  bench.pass(Millis(2000));
  CHECK(bench.connections() == 0);
}

TEST_CASE("reply: half-open connections take a quarter of the places, and the oldest goes" *
          doctest::description("R13.4, R5.5")) {
  Bench bench;
  const uint32_t most = kTinyLimits.tcp_connections / 4;
  std::vector<std::unique_ptr<TcpPeer>> peers;
  for (uint32_t i = 0; i < most + 3; ++i) {
    peers.push_back(std::make_unique<TcpPeer>(bench));
    peers.back()->connect();
    peers.back()->write(tcp_request(kVia));
    peers.back()->shut_down();
    bench.settle();
  }
  CHECK(bench.connections() == most);
  CHECK(peers[2]->error != 0);
  CHECK(peers[3]->error == 0);
}

TEST_CASE("reply: a peer that has all its answers and ends is closed at once" *
          doctest::description("R13.4, R5.5")) {
  Bench bench;
  bench.answer_with(200);
  TcpPeer peer(bench);
  peer.connect();
  peer.write(tcp_request(kVia) + tcp_request(kVia, "c2"));
  bench.settle();
  peer.close();
  bench.settle();
  CHECK(bench.connections() == 0);
}

TEST_CASE("reply: without a port in the Via a lost connection leads to 5060" *
          doctest::description("RFC 3261 18.2.2; R7.5")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow back = asked(bench, peer, "SIP/2.0/TCP phone.example;branch=z9hG4bK1");
  CHECK(back.remote == at("10.0.0.2", 5060));
}

TEST_CASE("reply: what waited on a connection that breaks goes to the port of the Via" *
          doctest::description("RFC 3261 18.2.2; R7.5")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  TcpPeer peer(bench);
  const Flow back = asked(bench, peer);
  peer.read_nothing();
  uint64_t sent = 0;
  const std::string large = response(200, std::string(1500, 'x'));
  while (bench.send(large, back, sent)) ++sent;
  peer.reset();
  bench.settle();
  REQUIRE(door.peers.size() == 1);
  REQUIRE(bench.until([&] { return door.peers[0]->received.size() == 32 * large.size(); }));
  CHECK(bench.failed.empty());
  CHECK(bench.connections() == 1);
}

TEST_CASE("reply: when nobody listens at the Via either, the sender is told" *
          doctest::description("RFC 3261 18.2.2, 17.2.4; R7.5")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow back = asked(bench, peer);
  peer.read_nothing();
  uint64_t sent = 0;
  while (bench.send(response(200, std::string(1500, 'x')), back, sent)) ++sent;
  peer.reset();
  bench.pass(Millis(500));
  CHECK(bench.failed.size() == 32);
  CHECK(bench.failed.back() == std::pair<uint64_t, Error>(sent - 1, Error::Unreachable));
  CHECK(bench.connections() == 0);
}

TEST_CASE("request: it takes the connection that its peer has opened from that port" *
          doctest::description("RFC 3261 18.1.1; F2")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect(at("10.0.0.1", 5060), at("10.0.0.2", 5060));
  const Flow flow = tcp_flow(bench, 5060);
  REQUIRE(bench.send("one", flow));
  bench.settle();
  CHECK(peer.received == "one");
  CHECK(bench.connections() == 1);
}

TEST_CASE("request: several to one peer share a connection, also while it is being opened" *
          doctest::description("RFC 3261 18.1.1; F2")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  const Flow flow = tcp_flow(bench, 5070);
  REQUIRE(bench.send("one", flow));
  REQUIRE(bench.send("two", flow));
  bench.settle();
  REQUIRE(bench.send("three", flow));
  bench.settle();
  REQUIRE(door.peers.size() == 1);
  CHECK(door.peers[0]->received == "onetwothree");
}

TEST_CASE("request: after its connection has ended the next one opens another" *
          doctest::description("RFC 3261 18.1.1; F2")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  const Flow flow = tcp_flow(bench, 5070);
  REQUIRE(bench.send("one", flow));
  bench.settle();
  door.peers[0]->close();
  bench.settle();
  CHECK(bench.connections() == 0);
  REQUIRE(bench.send("two", flow));
  bench.settle();
  REQUIRE(door.peers.size() == 2);
  CHECK(door.peers[1]->received == "two");
}

TEST_CASE("request: what a peer answers on a connection of ours is heard, and has its flow" *
          doctest::description("RFC 3261 18.1.2; F2")) {
  Bench bench;
  TcpDoor door(bench, at("10.0.0.2", 5070));
  const Flow flow = tcp_flow(bench, 5070);
  REQUIRE(bench.send("one", flow));
  bench.settle();
  door.peers[0]->write(response(200));
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].flow.remote == at("10.0.0.2", 5070));
  CHECK(bench.layer->stands(bench.heard[0].flow));
  // Never the ephemeral port of the connection.
  CHECK(bench.layer->sent_by(bench.heard[0].flow) == at("10.0.0.1", 5060));
}
