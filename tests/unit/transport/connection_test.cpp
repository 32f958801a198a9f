// How long a connection lives, and what it may hold meanwhile.
#include "transport/connection.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

const std::string kRequest = Request{}.text();
const std::string kFirstHalf = kRequest.substr(0, 60);
const std::string kSecondHalf = kRequest.substr(60);

// Sends one message on each flow, all in one turn: how many had gone after each of them.
std::vector<uint64_t> gone_in_turn(Bench& bench, const std::vector<Flow>& flows,
                                   const std::string& padding = "") {
  std::vector<uint64_t> gone;
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    for (size_t i = 0; i < flows.size(); ++i) {
      const std::string text = response(200, std::to_string(i) + padding);
      CHECK(bench.layer->send(bench.slabs.copy(text), flows[i], &bench, i));
      gone.push_back(bench.layer->counters().sent);
    }
  });
  bench.settle();
  return gone;
}

}  // namespace

TEST_CASE("connection: a message that comes a byte a second is cut off by its own time" *
          doctest::description("R13.4")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  for (size_t second = 0; second < 9; ++second) {
    peer.write(kRequest.substr(second, 1));
    bench.pass(Millis(1000));
  }
  CHECK_FALSE(peer.ended);
  peer.write("x");
  bench.pass(Millis(1500));
  CHECK(peer.ended);
  CHECK(bench.connections() == 0);
}

TEST_CASE("connection: each message has its own time" * doctest::description("R13.4, R13.3")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write(kFirstHalf);
  for (int i = 0; i < 5; ++i) {
    bench.pass(Millis(8000));
    REQUIRE_FALSE(peer.ended);
    peer.write(kSecondHalf + kFirstHalf);
  }
  bench.pass(Millis(8000));
  CHECK(bench.heard.size() == 5);
  CHECK_FALSE(peer.ended);
  bench.pass(Millis(3000));
  CHECK(peer.ended);
}

TEST_CASE("connection: pings do not buy an unfinished message more time" *
          doctest::description("R13.4, RFC 5626 4.4.1")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write("OPTIONS sip:b SIP/2.0");
  for (int i = 0; i < 6; ++i) {
    bench.pass(Millis(2000));
    peer.write("\r\nX: ");
  }
  CHECK(peer.ended);
}

TEST_CASE("connection: one that never says anything is closed soon, another after an hour" *
          doctest::description("R13.4")) {
  Bench bench;
  TcpPeer silent(bench), active(bench);
  silent.connect();
  active.connect();
  active.write(kRequest);
  bench.pass(Millis(29'000));
  CHECK(bench.connections() == 2);
  bench.pass(Millis(2000));
  CHECK(silent.ended);
  CHECK(silent.error == 0);
  bench.pass(Millis(3'560'000));
  CHECK_FALSE(active.ended);
  active.write("\r\n\r\n");
  bench.pass(Millis(3'590'000));
  CHECK_FALSE(active.ended);
  bench.pass(Millis(20'000));
  CHECK(active.ended);
}

TEST_CASE("connection: a peer that does not read fills a queue of its own, and is cut off" *
          doctest::description("R5.5, R13.4")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  peer.read_nothing();
  const std::string large = response(200, std::string(1500, 'x'));
  // What the kernels of both sides take, and the queue.
  uint64_t taken = 0;
  Result<void> outcome;
  while (taken < 200 && outcome) {
    outcome = bench.send(large, flow, taken);
    if (outcome) ++taken;
  }
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error() == Error::PoolExhausted);
  CHECK(taken > 32);
  CHECK(taken < 100);
  bench.pass(Millis(9000));
  CHECK(bench.connections() == 1);
  bench.pass(Millis(2000));
  CHECK(bench.connections() == 0);
  CHECK(bench.failed.size() == 32);
  CHECK(failed_tags(bench).back() == taken - 1);
  CHECK(bench.layer->counters().send_failed == 32);
}

TEST_CASE("connection: a peer that reads slowly gets everything, in order" *
          doctest::description("RFC 3261 18.2.2; R13.3")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  peer.read_nothing();
  std::string sent;
  for (uint64_t i = 0; i < 60; ++i) {
    const std::string text = response(200, std::to_string(i) + std::string(1500, 'x'));
    REQUIRE(bench.send(text, flow, i));
    sent += text;
  }
  bench.pass(Millis(8000));
  peer.read_again();
  REQUIRE(bench.until([&] { return peer.received.size() == sent.size(); }, Millis(8000)));
  CHECK(peer.received == sent);
  CHECK(bench.failed.empty());
}

TEST_CASE("connection: a peer that reads a little now and then is cut off as well" *
          doctest::description("R13.4, R5.5")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  peer.read_nothing();
  // The first fills the window; how long the second takes is what counts.
  for (uint64_t tag = 1; tag <= 2; ++tag)
    REQUIRE(bench.send(response(200, std::string(60'000, 'x')), flow, tag));
  for (int i = 0; i < 8; ++i) {
    bench.pass(Millis(2000));
    peer.read_a_little();
  }
  CHECK_FALSE(peer.received.empty());
  CHECK(peer.received.size() < 60'000);
  CHECK(bench.connections() == 0);
  CHECK(failed_tags(bench) == std::vector<uint64_t>{2});
}

TEST_CASE("connection: beyond the share of unfinished messages the oldest has to go" *
          doctest::description("R5.5, R13.4")) {
  Bench bench;
  const uint32_t most = stream_messages_unfinished_max(kTinyLimits);
  std::vector<std::unique_ptr<TcpPeer>> peers;
  for (uint32_t i = 0; i <= most; ++i) {
    peers.push_back(std::make_unique<TcpPeer>(bench));
    peers.back()->connect();
    if (i == most) CHECK(bench.connections() == most + 1);
    peers.back()->write(kFirstHalf);
    bench.settle();
  }
  CHECK(peers[0]->ended);
  CHECK(bench.connections() == most);
  for (uint32_t i = 1; i <= most; ++i) peers[i]->write(kSecondHalf);
  bench.settle();
  CHECK(bench.heard.size() == most);
  // Who has finished takes nobody's share.
  for (uint32_t i = 0; i < most; ++i) {
    peers.push_back(std::make_unique<TcpPeer>(bench));
    peers.back()->connect();
    peers.back()->write(kFirstHalf);
    bench.settle();
  }
  CHECK(bench.connections() == 2 * most);
}

TEST_CASE("connection: large unfinished messages leave large buffers to others" *
          doctest::description("R5.5")) {
  Bench bench;
  const uint32_t most = bench.slabs.stats(MessageSlabs::kClasses - 1).capacity / 2;
  Request large;
  large.body = std::string(20'000, 'x');
  const std::string text = large.text();
  std::vector<std::unique_ptr<TcpPeer>> peers;
  for (uint32_t i = 0; i <= most; ++i) {
    peers.push_back(std::make_unique<TcpPeer>(bench));
    peers.back()->connect();
    peers.back()->write(text.substr(0, 10'000));
    bench.pass(Millis(200));
  }
  CHECK(peers[0]->ended);
  CHECK(bench.connections() == most);
  CHECK(bench.slabs_in_use(MessageSlabs::kClasses - 1) == most);
  peers[1]->write(text.substr(10'000));
  REQUIRE(bench.until([&] { return bench.heard.size() == 1; }));
  CHECK(bench.heard[0].text == text);
}

TEST_CASE("connection: without a buffer the peer waits, nothing is lost, and one line tells" *
          doctest::description("R5.5, R6.2")) {
  BenchOptions options;
  options.listen = {{sip::Transport::Tcp, at("10.0.0.1", 5060)}};
  options.slabs = MessageSlabs::Counts{4, 4, 4, 4, 2};
  Bench bench(options);
  std::vector<MessageRef> taken;
  for (size_t i = 0; i < 16; ++i) taken.push_back(bench.slabs.acquire(1));
  TcpPeer peer(bench);
  peer.connect();
  peer.write(kRequest + kRequest);
  bench.pass(Millis(3000));
  CHECK(bench.heard.empty());
  CHECK_FALSE(peer.ended);
  CHECK(bench.count_lines("no_message_buffer") == 1);
  taken.clear();
  bench.settle();
  CHECK(bench.heard.size() == 2);
}

TEST_CASE("connection: one that waits for a buffer too long is cut off" *
          doctest::description("R5.5")) {
  BenchOptions options;
  options.listen = {{sip::Transport::Tcp, at("10.0.0.1", 5060)}};
  options.slabs = MessageSlabs::Counts{4, 4, 4, 4, 2};
  Bench bench(options);
  std::vector<MessageRef> taken;
  for (size_t i = 0; i < 16; ++i) taken.push_back(bench.slabs.acquire(1));
  TcpPeer peer(bench);
  peer.connect();
  peer.write(kRequest);
  bench.pass(Millis(11'000));
  CHECK(peer.ended);
  CHECK(bench.connections() == 0);
}

TEST_CASE(
    "connection: a peer that resets while it is answered ends the connection in the callback" *
    doctest::description("RFC 3261 18.4; R13.5")) {
  Bench bench;
  bench.answer_with(200);
  for (size_t late = 0; late < 4; ++late) {
    TcpPeer peer(bench);
    peer.connect();
    peer.write(kRequest + kRequest + kRequest);
    bench.pass(Millis(static_cast<int64_t>(late)));
    peer.reset();
    bench.settle();
    CHECK(bench.connections() == 0);
  }
  CHECK(bench.slabs_held() == 0);
}

TEST_CASE("connection: one that cannot be opened tells all that waited for it" *
          doctest::description("RFC 3261 18.4, 8.1.3.1")) {
  Bench bench;
  for (uint64_t tag = 1; tag <= 3; ++tag) REQUIRE(bench.send(kRequest, tcp_flow(bench, 6000), tag));
  CHECK(bench.connections() == 1);
  bench.settle();
  CHECK(bench.failed == std::vector<std::pair<uint64_t, Error>>{{1, Error::Unreachable},
                                                                {2, Error::Unreachable},
                                                                {3, Error::Unreachable}});
  CHECK(bench.connections() == 0);
}

TEST_CASE("connection: one that is not answered is given up after the connect timeout" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench;
  bench.world.partition(bench.host, bench.far, true);
  REQUIRE(bench.send(kRequest, tcp_flow(bench, 6000), 7));
  bench.pass(Millis(4900));
  CHECK(bench.failed.empty());
  bench.pass(Millis(200));
  CHECK(bench.failed == std::vector<std::pair<uint64_t, Error>>{{7, Error::Unreachable}});
}

TEST_CASE("connection: however many messages fail in one turn, each is told of" *
          doctest::description("RFC 3261 18.4")) {
  BenchOptions options;
  options.slabs = MessageSlabs::Counts{700, 4, 4, 4, 2};
  Bench bench(options);
  bench.world.partition(bench.host, bench.far, true);
  std::vector<uint64_t> tags;
  bench.host.loop().schedule(bench.host.loop().now(), [&] {
    for (uint16_t port = 6000; port < 6020; ++port) {
      const Flow flow = tcp_flow(bench, port);
      for (int i = 0; i < 30; ++i) {
        tags.push_back(tags.size());
        const auto sent = bench.layer->send(bench.slabs.copy(kRequest), flow, &bench, tags.back());
        if (!sent) tags.pop_back();
      }
    }
  });
  bench.settle();
  REQUIRE(tags.size() == 600);
  bench.pass(Millis(5100));
  CHECK(failed_tags(bench) == tags);
  CHECK(bench.layer->counters().send_failed == tags.size());
  CHECK(bench.connections() == 0);
}

TEST_CASE("connection: a reset right behind requests tells who sent them, and no one else" *
          doctest::description("RFC 3261 18.4, 17.1.4")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  bench.pass(Millis(60'000));
  for (uint64_t tag = 1; tag <= 12; ++tag) REQUIRE(bench.send(kRequest, flow, tag));
  REQUIRE(bench.send(response(200), flow, 13));
  bench.settle();
  peer.reset();
  bench.settle();
  CHECK(failed_tags(bench) == std::vector<uint64_t>{5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(bench.failed[0].second == Error::Closed);
}

TEST_CASE("connection: the end of a peer that has had time to answer is no failure" *
          doctest::description("RFC 3261 18.4")) {
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    Bench bench;
    bench.answer_with(200);
    TcpPeer peer(bench);
    const Flow flow = speak(bench, peer);
    REQUIRE(bench.send(kRequest, flow, 1));
    bench.pass(reset ? Millis(5100) : Millis(10));
    if (reset) peer.reset();
    peer.close();
    bench.settle();
    CHECK(bench.connections() == 0);
    CHECK(bench.failed.empty());
  }
}

TEST_CASE("connection: who hears of a failure can send again, and fail again, without end" *
          doctest::description("RFC 3261 18.4")) {
  Bench bench;
  uint64_t count = 0;
  bench.on_failed = [&](uint64_t) {
    if (++count == 50) return;
    static_cast<void>(
        bench.layer->send(bench.slabs.copy(kRequest), tcp_flow(bench, 6000), &bench, count)
            .has_value());
  };
  REQUIRE(bench.send(kRequest, tcp_flow(bench, 6000)));
  bench.pass(Millis(2000));
  CHECK(count == 50);
  CHECK(bench.connections() == 0);
}

TEST_CASE("connection: one by which somebody is registered stays for that long without traffic" *
          doctest::description("R13.4, RFC 5626 4.2.2")) {
  BenchOptions options;
  options.transport.idle_timeout = Millis(60'000);
  Bench bench(options);
  TcpPeer registered(bench), other(bench);
  for (TcpPeer* peer : {&registered, &other}) {
    peer->connect();
    peer->write(kRequest);
    bench.settle();
  }
  bench.layer->keep(bench.heard[0].flow, bench.host.loop().now() + Millis(600'000));
  bench.pass(Millis(61'000));
  CHECK_FALSE(registered.ended);
  CHECK(other.ended);
  bench.pass(Millis(530'000));
  CHECK_FALSE(registered.ended);
  // A shorter promise does not take back a longer one.
  bench.layer->keep(bench.heard[0].flow, bench.host.loop().now());
  bench.pass(Millis(8'000));
  CHECK_FALSE(registered.ended);
  bench.pass(Millis(3'000));
  CHECK(registered.ended);
  CHECK(registered.error == 0);
}

TEST_CASE("connection: a promise to one that has gone, or over UDP, is nothing" *
          doctest::description("R13.4")) {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  peer.reset();
  bench.settle();
  bench.layer->keep(flow, bench.host.loop().now() + Millis(600'000));
  Flow datagram = flow;
  datagram.transport = sip::Transport::Udp;
  bench.layer->keep(datagram, bench.host.loop().now() + Millis(600'000));
  CHECK(bench.connections() == 0);
}

TEST_CASE("connection: pings alone are not a message, and buy a silent peer no time" *
          doctest::description("R13.4, RFC 5626 4.4.1")) {
  Bench bench;
  TcpPeer pinging(bench), silent(bench);
  pinging.connect();
  silent.connect();
  for (int i = 0; i < 29; ++i) {
    pinging.write("\r\n\r\n");
    bench.pass(Millis(1000));
    REQUIRE_FALSE(pinging.ended);
  }
  bench.pass(Millis(1500));
  CHECK(pinging.ended);
  CHECK(bench.layer->counters().keepalives == 29);
  CHECK(bench.layer->counters().connections_ended[static_cast<size_t>(ConnectionEnd::Silent)] == 2);
}

TEST_CASE("connection: what a peer does not read of our answers holds his requests back, not away" *
          doctest::description("R5.5, R13.3")) {
  Bench bench;
  const std::string answer = response(200, std::string(1500, 'x'));
  bench.answer_with(200, std::string(1500, 'x'));
  TcpPeer peer(bench);
  peer.connect();
  peer.read_nothing();
  constexpr size_t kRequests = 400;
  std::string all;
  for (size_t i = 0; i < kRequests; ++i) all += kRequest;
  peer.write(all);
  bench.pass(Millis(5000));
  // As many as the window takes, and part of the queue.
  CHECK(bench.heard.size() < 80);
  CHECK(bench.connections() == 1);
  peer.read_again();
  REQUIRE(
      bench.until([&] { return peer.received.size() >= kRequests * answer.size(); }, Millis(8000)));
  CHECK(bench.heard.size() == kRequests);
  CHECK(bench.failed.empty());
  CHECK(bench.slabs_held() == 0);
}

TEST_CASE("connection: whoever sends without pause is read a little of in each turn" *
          doctest::description("D1, R5.5")) {
  Bench bench;
  bench.world.default_link().splits_reads = false;
  bench.answer_with(200);
  TcpPeer peer(bench);
  peer.connect();
  constexpr size_t kRequests = 400;
  std::string all;
  for (size_t i = 0; i < kRequests; ++i) all += kRequest;
  peer.write(all);
  REQUIRE(bench.until([&] { return bench.heard.size() == kRequests; }, Millis(8000)));
  // The last read of a turn may go beyond by its buffer.
  CHECK(bench.heard_in_turn_max <= (Connection::kBytesPerEvent + 4096) / kRequest.size() + 1);
  CHECK(bench.heard_in_turn_max > 10);
}

TEST_CASE("connection: who never reads while he asks is cut off by the time for writing" *
          doctest::description("R13.4, R5.5")) {
  Bench bench;
  bench.answer_with(200, std::string(1500, 'x'));
  TcpPeer peer(bench);
  peer.connect();
  peer.read_nothing();
  std::string all;
  for (size_t i = 0; i < 400; ++i) all += kRequest;
  peer.write(all);
  bench.pass(Millis(9500));
  CHECK(bench.connections() == 1);
  bench.pass(Millis(1500));
  CHECK(bench.connections() == 0);
  CHECK(
      bench.layer->counters().connections_ended[static_cast<size_t>(ConnectionEnd::WriteTimeout)] ==
      1);
}

TEST_CASE("connection: times that change count for what begins anew" *
          doctest::description("R11.2, R13.4")) {
  BenchOptions options;
  Bench bench(options);
  TransportOptions later = options.transport;
  later.silence_timeout = Millis(5'000);
  later.message_timeout = Millis(2'000);
  bench.layer->set_options(later);
  TcpPeer silent(bench), slow(bench);
  silent.connect();
  slow.connect();
  slow.write(kFirstHalf);
  bench.pass(Millis(1'900));
  CHECK_FALSE(slow.ended);
  bench.pass(Millis(200));
  CHECK(slow.ended);
  bench.pass(Millis(2'500));
  CHECK_FALSE(silent.ended);
  bench.pass(Millis(600));
  CHECK(silent.ended);
}

TEST_CASE("connection: messages of one turn leave together at its end, and eight before it" *
          doctest::description("PERF1")) {
  Bench bench;
  bench.world.default_link().splits_reads = false;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  const std::vector<uint64_t> gone = gone_in_turn(bench, std::vector<Flow>(11, flow));
  CHECK(gone == std::vector<uint64_t>{0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8});
  CHECK(bench.layer->counters().sent == 11);
  std::string all;
  for (int i = 0; i < 11; ++i) all += response(200, std::to_string(i));
  CHECK(peer.received == all);
}

TEST_CASE("connection: on all of them together no more than 32 messages wait for a turn's end" *
          doctest::description("PERF1, R5.5")) {
  BenchOptions options;
  options.limits.tcp_connections = 80;  // half of them for one source
  Bench bench(options);
  bench.world.default_link().splits_reads = false;
  Crowd crowd(bench);
  std::vector<Flow> flows;
  for (int i = 0; i < 40; ++i) flows.push_back(speak(bench, crowd.join()));
  const std::vector<uint64_t> gone = gone_in_turn(bench, flows);
  CHECK(gone[30] == 0);
  CHECK(gone[31] == 32);
  CHECK(gone[39] == 32);
  CHECK(bench.layer->counters().sent == 40);
  CHECK(bench.slabs_held() == 0);
}

TEST_CASE("connection: what needs a large buffer does not wait for a turn's end" *
          doctest::description("R5.5")) {
  Bench bench;
  bench.world.default_link().splits_reads = false;
  TcpPeer first(bench), second(bench);
  const std::vector<Flow> flows = {speak(bench, first), speak(bench, second)};
  CHECK(gone_in_turn(bench, flows, std::string(5000, 'x')) == std::vector<uint64_t>{1, 2});
}

TEST_CASE("connection: what was sent in the turn in which we close it still arrives") {
  Bench bench;
  TcpPeer peer(bench);
  const Flow flow = speak(bench, peer);
  REQUIRE(bench.layer->send(bench.slabs.copy(response(503)), flow, nullptr, 0));
  bench.host.loop().set_turn_handler(nullptr);
  bench.layer.reset();
  bench.settle();
  CHECK(peer.received == response(503));
  CHECK(peer.ended);
  CHECK(peer.error == 0);
}
