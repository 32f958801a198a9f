// UDP: what comes in batches, what is lost and counted, and what ICMP tells.
#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

Request udp_request(const std::string& call_id, const std::string& body = "") {
  Request request;
  request.via = "SIP/2.0/UDP 10.0.0.2:4000;rport;branch=z9hG4bK1";
  request.call_id = call_id;
  request.body = body;
  return request;
}

BenchOptions udp_only() {
  BenchOptions options;
  options.listen = {{sip::Transport::Udp, at("10.0.0.1", 5060)}};
  return options;
}

Flow udp_flow(Bench& bench, uint16_t port) {
  const auto flow = bench.layer->flow_to(sip::Transport::Udp, at("10.0.0.2", port));
  REQUIRE(flow);
  return *flow;
}

// Takes all slabs while it lives.
struct AllSlabs {
  explicit AllSlabs(Bench& bench) {
    for (const size_t size : {size_t{1}, size_t{65'536}}) {
      while (MessageRef taken = bench.slabs.acquire(size)) held.push_back(std::move(taken));
    }
  }
  std::vector<MessageRef> held;
};

}  // namespace

TEST_CASE("datagram: a burst larger than a batch is handed up in order" *
          doctest::description("RFC 3261 18.1.2; R7.2, R5.1")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  for (size_t i = 0; i < 200; ++i) peer.write(udp_request("c" + std::to_string(i)).text());
  bench.settle();
  REQUIRE(bench.heard.size() == 200);
  for (size_t i = 0; i < 200; ++i) CHECK(bench.heard[i].call_id == "c" + std::to_string(i));
  CHECK(bench.heard[7].flow.remote == at("10.0.0.2", 4000));
  CHECK(bench.heard[7].flow.local == at("10.0.0.1", 5060));
  CHECK(bench.layer->counters().received == 200);
}

TEST_CASE("datagram: what a turn sends leaves in order, also beyond one batch" *
          doctest::description("RFC 3261 18.1.1")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  bench.on_heard = [&](const Incoming& incoming) {
    for (int i = 0; i < 150; ++i)
      REQUIRE(bench.layer->send(bench.slabs.copy(std::to_string(i)), incoming.flow, &bench, 1));
  };
  peer.write(udp_request("c1").text());
  bench.settle();
  REQUIRE(peer.received.size() == 150);
  for (size_t i = 0; i < 150; ++i) CHECK(peer.received[i].text == std::to_string(i));
  CHECK(bench.layer->counters().sent == 150);
  CHECK(bench.slabs_held() <= kTinyLimits.receive_batch);
}

TEST_CASE("datagram: bytes behind the body are cut off, a body that is too short is faulty" *
          doctest::description("RFC 3261 18.3; R7.2")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  const std::string text = udp_request("c1", "hello").text();
  peer.write(text + "and more");
  peer.write(text.substr(0, text.size() - 1));
  Request without = udp_request("c2", "to the end");
  without.length = "";
  peer.write(without.text());
  bench.settle();
  REQUIRE(bench.heard.size() == 3);
  CHECK(bench.heard[0].text == text);
  CHECK(bench.heard[1].fault == sip::ParseFault::BodyTooShort);
  CHECK(bench.heard[2].text == without.text());
}

TEST_CASE("datagram: line ends alone are a keepalive without an answer, and in front are skipped" *
          doctest::description("RFC 5626 3.5.1, RFC 3261 7.5; F43")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  const std::string text = udp_request("c1").text();
  peer.write("\r\n\r\n");
  peer.write("\r\n" + text);
  peer.write("");
  bench.settle();
  CHECK(peer.received.empty());
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].text == text);
  CHECK(bench.layer->counters().keepalives == 2);
}

TEST_CASE("datagram: more line ends than a buffer holds are dropped with what follows them" *
          doctest::description("R14.5")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(std::string(6000, '\n') + udp_request("c1").text());
  bench.settle();
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().not_sip == 1);
}

TEST_CASE("datagram: what is not SIP is counted and dropped" * doctest::description("R14.5")) {
  Bench bench;
  bench.answer_with(400);
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1, '\0'),
                                  std::string(3000, '\xff'), std::string("\x80\x00\x01\x02", 4)})
    peer.write(text);
  bench.settle();
  CHECK(bench.heard.empty());
  CHECK(peer.received.empty());
  CHECK(bench.layer->counters().not_sip == 4);
  CHECK(bench.layer->counters().malformed == 0);
}

TEST_CASE("datagram: a faulty request is handed up for a 400, a faulty response is dropped" *
          doctest::description("RFC 3261 8.1.3.1, 16.3; R14.5")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  Request faulty = udp_request("c1");
  faulty.length = "-5";
  peer.write(faulty.text());
  peer.write("SIP/2.0 200 OK\r\nVia: x\r\n\r\n");
  peer.write("OPTIONS sip:b SIP/2.0\r\nTo: x\r\nno header\r\n\r\n");  // whom to answer?
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].fault == sip::ParseFault::BadContentLength);
  CHECK(bench.layer->counters().malformed == 3);
}

TEST_CASE("datagram: one beyond four kilobytes moves to a large buffer" *
          doctest::description("R7.2, G2")) {
  Bench bench;
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  for (const size_t size :
       {size_t{3500}, size_t{3900}, size_t{4000}, size_t{20'000}, size_t{65'000}}) {
    CAPTURE(size);
    const std::string text = udp_request("c1", std::string(size, 'x')).text();
    peer.write("\r\n" + text);
    bench.settle();
    REQUIRE(bench.heard.size() == 1);
    CHECK(bench.heard[0].text == text);
    CHECK(bench.heard[0].buffer_bytes == (text.size() + 2 > 4096 ? 65'536 : 4096));
    bench.heard.clear();
  }
  CHECK(bench.slabs_in_use(MessageSlabs::kClasses - 1) == 0);
}

TEST_CASE("datagram: one beyond the limit is too large" * doctest::description("RFC 3261 21.5.7")) {
  BenchOptions options;
  options.transport.message_bytes_max = 8000;
  Bench bench(options);
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(udp_request("c1", std::string(8000, 'x')).text());
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].fault == sip::ParseFault::TooLarge);
}

TEST_CASE("datagram: without a buffer what comes is dropped and counted, with one line per burst" *
          doctest::description("R5.5, R6.2")) {
  BenchOptions options = udp_only();
  options.slabs = MessageSlabs::Counts{4, 4, 4, 4, 2};
  Bench bench(options);
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  {
    const AllSlabs taken(bench);
    for (int i = 0; i < 100; ++i) peer.write(udp_request("c1").text());
    bench.settle();
  }
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().dropped_no_buffer == 100);
  CHECK(bench.count_lines("no_message_buffer") == 1);
  peer.write(udp_request("c2").text());
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].call_id == "c2");
  bench.pass(Millis(10'000));
  {
    const AllSlabs taken(bench);
    peer.write(udp_request("c3", std::string(9000, 'x')).text());
    bench.settle();
  }
  const auto lines = bench.log_lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("events=") != std::string::npos);
}

TEST_CASE("datagram: a large one is dropped when no large buffer is free, small ones go on" *
          doctest::description("R5.5")) {
  Bench bench(udp_only());
  std::vector<MessageRef> taken;
  while (MessageRef large = bench.slabs.acquire(65'536)) taken.push_back(std::move(large));
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  peer.write(udp_request("c1", std::string(9000, 'x')).text());
  peer.write(udp_request("c2").text());
  bench.settle();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].call_id == "c2");
  CHECK(bench.layer->counters().dropped_no_buffer == 1);
}

TEST_CASE("datagram: a buffer that a handler keeps stays his, and the next one comes in another" *
          doctest::description("R5.5")) {
  Bench bench(udp_only());
  std::vector<MessageRef> kept;
  bench.on_heard = [&](const Incoming& incoming) { kept.push_back(incoming.buffer); };
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  for (int i = 0; i < 10; ++i) peer.write(udp_request("c" + std::to_string(i)).text());
  bench.settle();
  REQUIRE(kept.size() == 10);
  for (size_t i = 0; i < 10; ++i)
    CHECK(kept[i].view() == udp_request("c" + std::to_string(i)).text());
}

TEST_CASE("datagram: four megabytes are asked of the kernel, and what it gave is logged" *
          doctest::description("R7.2, R6.3")) {
  Bench plenty(udp_only());
  const auto lines = plenty.log_lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "udp_receive_buffer address=10.0.0.1:5060 asked=4194304 given=4194304");

  BenchOptions options = udp_only();
  options.receive_buffer_max = 212'992;
  Bench little(options);
  const auto warned = little.log_lines();
  REQUIRE(warned.size() == 1);
  CHECK(warned[0].find("asked=4194304 given=212992 help=") != std::string::npos);
  CHECK(warned[0].find("net.core.rmem_max") != std::string::npos);
}

TEST_CASE("datagram: what the kernel had no room for is counted, and told once" *
          doctest::description("R7.2, R6.2")) {
  BenchOptions options = udp_only();
  options.receive_buffer_max = 8000;
  Bench bench(options);
  bench.log_lines();
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  for (int i = 0; i < 100; ++i) peer.write(udp_request("c1").text());
  bench.settle();
  CHECK(bench.heard.size() < 100);
  CHECK(bench.heard.size() + bench.layer->counters().kernel_drops == 100);
  const auto lines = bench.log_lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("udp_kernel_drops events=" +
                      std::to_string(bench.layer->counters().kernel_drops)) == 0);
}

TEST_CASE("datagram: what the kernel cannot take now is lost, counted, and no one is told" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench(udp_only());
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  bench.host.network().set_send_blocked(true);
  REQUIRE(bench.send("one", udp_flow(bench, 4000), 1));
  bench.settle();
  bench.host.network().set_send_blocked(false);
  REQUIRE(bench.send("two", udp_flow(bench, 4000), 2));
  bench.settle();
  REQUIRE(peer.received.size() == 1);
  CHECK(peer.received[0].text == "two");
  CHECK(bench.failed.empty());
  CHECK(bench.layer->counters().send_failed == 1);
}

TEST_CASE("datagram: one that the kernel refuses fails alone" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench(udp_only());
  UdpPeer peer(bench, at("10.0.0.2", 4000));
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    const Flow flow = udp_flow(bench, 4000);
    REQUIRE(bench.layer->send(bench.slabs.copy("one"), flow, &bench, 1));
    REQUIRE(bench.layer->send(bench.slabs.copy(std::string(65'530, 'x')), flow, &bench, 2));
    REQUIRE(bench.layer->send(bench.slabs.copy("three"), flow, &bench, 3));
  });
  bench.settle();
  REQUIRE(peer.received.size() == 2);
  CHECK(peer.received[0].text == "one");
  CHECK(peer.received[1].text == "three");
  CHECK(bench.failed == std::vector<std::pair<uint64_t, Error>>{{2, Error::Unreachable}});
}

TEST_CASE("datagram: ICMP's word that nobody listens is told to the last who sent there, once" *
          doctest::description("RFC 3261 18.4, 17.1.4; P1")) {
  Bench bench(udp_only());
  UdpPeer other(bench, at("10.0.0.2", 4000));
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    for (const auto& [tag, port] :
         {std::pair<uint64_t, uint16_t>{1, 4001}, {2, 4001}, {3, 4002}, {4, 4000}})
      REQUIRE(bench.layer->send(bench.slabs.copy("x"), udp_flow(bench, port), &bench, tag));
  });
  bench.settle();
  CHECK(bench.failed ==
        std::vector<std::pair<uint64_t, Error>>{{2, Error::Unreachable}, {3, Error::Unreachable}});
}

TEST_CASE("datagram: ICMP that comes too late is nobody's" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench(udp_only());
  bench.world.link(bench.far, bench.host).delay_min = Millis(6000);
  bench.world.link(bench.far, bench.host).delay_max = Millis(6000);
  REQUIRE(bench.send("x", udp_flow(bench, 4001), 1));
  bench.pass(Millis(8000));
  CHECK(bench.failed.empty());
}

TEST_CASE("datagram: ICMP for what was sent without an observer tells no one" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench(udp_only());
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    REQUIRE(bench.layer->send(bench.slabs.copy("x"), udp_flow(bench, 4001), nullptr, 1));
  });
  bench.settle();
  CHECK(bench.failed.empty());
}

TEST_CASE("datagram: a flow of a transport that has no listener is unsupported" *
          doctest::description("RFC 3261 18.1.1")) {
  BenchOptions options;
  options.listen = {{sip::Transport::Tcp, at("10.0.0.1", 5060)}};
  Bench bench(std::move(options));
  CHECK_FALSE(bench.layer->flow_to(sip::Transport::Udp, at("10.0.0.2", 5060)));
  const Flow flow{at("10.0.0.1", 5060), at("10.0.0.2", 4000), {}, sip::Transport::Udp, 0};
  const auto outcome = bench.send("x", flow);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Error::Unsupported);
}
