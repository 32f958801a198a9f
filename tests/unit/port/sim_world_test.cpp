// What only the simulated port promises: links that lose, delay, repeat and reorder by seed,
// partitions, crashes, and runs that repeat.
#include "port/sim/sim_world.h"

#include <cerrno>

#include "port/sim/sim_nat.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

struct Log final : DatagramHandler {
  explicit Log(SimWorld& the_world) : world(the_world) {}
  void on_readable(DatagramSocket& socket) override {
    std::string buffer(2048, '\0');
    DatagramSlot slot;
    slot.buffer = buffer;
    while (socket.receive(std::span(&slot, 1)) == 1) {
      texts.push_back(buffer.substr(0, slot.size));
      times.push_back(world.now());
      senders.push_back(slot.remote);
    }
  }
  void on_unreachable(DatagramSocket&, const SocketAddress&, int) override { ++unreachable; }
  SimWorld& world;
  std::vector<std::string> texts;
  std::vector<Millis> times;
  std::vector<SocketAddress> senders;
  int unreachable = 0;
};

struct TwoHosts {
  explicit TwoHosts(uint64_t seed) : world(seed) {
    int error = 0;
    socket_a = a.network().open_datagram({at("10.0.0.1", 5060)}, log_a, error);
    socket_b = b.network().open_datagram({at("0.0.0.0", 5060)}, log_b, error);
    REQUIRE(socket_a);
    REQUIRE(socket_b);
  }
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i);
      const OutgoingDatagram datagram{bytes_of(text), at("10.0.0.2", 5060), {}};
      REQUIRE(socket_a->send(std::span(&datagram, 1)) == 1);
    }
  }
  SimWorld world;
  SimHost& a = world.make_host("a", {ip("10.0.0.1")});
  SimHost& b = world.make_host("b", {ip("10.0.0.2"), ip("2001:db8::2")});
  Log log_a{world};
  Log log_b{world};
  std::unique_ptr<DatagramSocket> socket_a;
  std::unique_ptr<DatagramSocket> socket_b;
};

struct Peer final : StreamHandler, ListenerHandler {
  void on_connected(Stream&) override { connected = true; }
  void on_readable(Stream& readable) override {
    std::string buffer(100, '\0');
    const IoResult result = readable.read(buffer);
    if (result.status == IoStatus::Ok) received.append(buffer, 0, result.bytes);
    if (result.status == IoStatus::Eof || result.status == IoStatus::Failed) end(result.error);
  }
  void on_writable(Stream&) override {}
  void on_connect_failed(Stream&, int why) override { end(why); }
  void on_accept(Listener&, Stream& accepted) override {
    stream = &accepted;
    stream->set_handler(this);
  }
  void on_accept_refused(Listener&, int) override {}
  void end(int why) {
    error = why;
    ended = true;
    stream->close();
    stream = nullptr;
  }
  bool write(const std::string& text) {
    const std::span<const char> piece = bytes_of(text);
    return stream->write(std::span(&piece, 1)).status == IoStatus::Ok;
  }
  Stream* stream = nullptr;
  std::string received;
  int error = 0;
  bool connected = false;
  bool ended = false;
};

struct Connected : TwoHosts {
  explicit Connected(uint64_t seed) : TwoHosts(seed) {
    int error = 0;
    listener = b.network().listen(at("10.0.0.2", 5060), server, error);
    client.stream = a.network().connect({}, at("10.0.0.2", 5060), client, error);
    REQUIRE(world.run_until([&] { return client.connected && server.stream != nullptr; },
                            Millis(20'000)));
  }
  Peer client;
  Peer server;
  std::unique_ptr<Listener> listener;
};

}  // namespace

TEST_CASE("sim world: a link delays within its range and a range reorders") {
  TwoHosts hosts(11);
  hosts.world.default_link().delay_min = Millis(10);
  hosts.world.default_link().delay_max = Millis(30);
  const Millis start = hosts.world.now();
  hosts.send(100);
  hosts.world.run_for(Millis(100));
  REQUIRE(hosts.log_b.texts.size() == 100);
  std::vector<std::string> sorted;
  for (int i = 0; i < 100; ++i) sorted.push_back(std::to_string(i));
  CHECK(hosts.log_b.texts != sorted);
  CHECK(hosts.log_b.times.front() >= start + Millis(10));
  CHECK(hosts.log_b.times.back() <= start + Millis(30));
}

TEST_CASE("sim world: a link loses and repeats about as many as it was told") {
  TwoHosts lossy(12);
  lossy.world.default_link().loss_per_mille = 100;
  lossy.send(2000);
  lossy.world.run_for(Millis(100));
  CHECK(lossy.log_b.texts.size() > 1700);
  CHECK(lossy.log_b.texts.size() < 1900);

  TwoHosts repeating(13);
  repeating.world.link(repeating.a, repeating.b).duplicate_per_mille = 100;
  repeating.send(2000);
  repeating.world.run_for(Millis(100));
  CHECK(repeating.log_b.texts.size() > 2100);
  CHECK(repeating.log_b.texts.size() < 2300);
}

TEST_CASE("sim world: a router lets in what was asked for, at the address that was asked") {
  SimWorld world(14);
  SimNat& nat = world.make_nat(ip("203.0.113.9"));
  SimHost& inner = world.make_host_behind(nat, "inner", {ip("192.168.1.2")});
  SimHost& outer = world.make_host("outer", {ip("203.0.113.1")});
  Log inner_log(world);
  Log outer_log(world);
  int error = 0;
  const auto inside = inner.network().open_datagram({at("192.168.1.2", 5060)}, inner_log, error);
  const auto outside = outer.network().open_datagram({at("203.0.113.1", 5060)}, outer_log, error);
  const auto other = outer.network().open_datagram({at("203.0.113.1", 5070)}, outer_log, error);
  const auto send = [&](DatagramSocket& socket, const std::string& text, const SocketAddress& to) {
    const OutgoingDatagram datagram{bytes_of(text), to, {}};
    REQUIRE(socket.send(std::span(&datagram, 1)) == 1);
    world.run_for(Millis(10));
  };
  send(*outside, "nobody has asked", at("203.0.113.9", 20000));
  send(*outside, "nobody knows the way", at("192.168.1.2", 5060));
  send(*inside, "question", at("203.0.113.1", 5060));
  REQUIRE(outer_log.texts.size() == 1);
  CHECK(outer_log.senders.front() == at("203.0.113.9", 20000));
  send(*outside, "answer", outer_log.senders.front());
  send(*other, "from another port", outer_log.senders.front());
  CHECK(inner_log.texts == std::vector<std::string>{"answer"});
  nat.reboot();
  send(*outside, "too late", outer_log.senders.front());
  send(*inside, "question", at("203.0.113.1", 5060));
  CHECK(outer_log.senders.back() == at("203.0.113.9", 20001));
  CHECK(inner_log.texts.size() == 1);
}

TEST_CASE("sim world: the same seed repeats a run, another seed does not") {
  const auto run = [](uint64_t seed) {
    TwoHosts hosts(seed);
    hosts.world.default_link().loss_per_mille = 300;
    hosts.world.default_link().duplicate_per_mille = 300;
    hosts.world.default_link().delay_max = Millis(50);
    hosts.send(200);
    hosts.world.run_for(Millis(100));
    return hosts.log_b.texts;
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}

TEST_CASE("sim world: nothing passes a partition, and all passes when it is healed") {
  TwoHosts hosts(14);
  hosts.world.partition(hosts.a, hosts.b, true);
  hosts.send(5);
  hosts.world.run_for(Millis(100));
  CHECK(hosts.log_b.texts.empty());
  hosts.world.partition(hosts.a, hosts.b, false);
  hosts.send(5);
  hosts.world.run_for(Millis(100));
  CHECK(hosts.log_b.texts.size() == 5);
}

TEST_CASE("sim world: unreachable is told unless the link swallows it") {
  TwoHosts hosts(15);
  hosts.socket_b.reset();
  hosts.send(1);
  hosts.world.run_for(Millis(10));
  CHECK(hosts.log_a.unreachable == 1);
  hosts.world.link(hosts.b, hosts.a).tells_unreachable = false;
  hosts.send(1);
  hosts.world.run_for(Millis(10));
  CHECK(hosts.log_a.unreachable == 1);
}

TEST_CASE("sim world: a crashed host is silent, and after a restart it answers again") {
  TwoHosts hosts(16);
  hosts.b.crash();
  hosts.send(1);
  hosts.world.run_for(Millis(10));
  CHECK(hosts.log_a.unreachable == 0);
  hosts.socket_b.reset();
  hosts.b.restart();
  hosts.send(1);
  hosts.world.run_for(Millis(10));
  CHECK(hosts.log_a.unreachable == 1);
  int error = 0;
  hosts.socket_b = hosts.b.network().open_datagram({at("0.0.0.0", 5060)}, hosts.log_b, error);
  REQUIRE(hosts.socket_b);
  hosts.send(1);
  hosts.world.run_for(Millis(10));
  CHECK(hosts.log_b.texts.size() == 1);
}

TEST_CASE("sim world: a crash drops the timers of the host") {
  struct Never final : TimerHandler {
    void on_timer(Millis) override { fired = true; }
    bool fired = false;
  } never;
  TwoHosts hosts(17);
  const auto timer = hosts.b.loop().make_timer(never);
  timer->arm(hosts.world.now() + Millis(5));
  hosts.b.crash();
  hosts.b.restart();
  hosts.world.run_for(Millis(10));
  CHECK_FALSE(never.fired);
}

TEST_CASE("sim stream: loss and delay keep bytes whole and in order") {
  Connected hosts(18);
  hosts.world.default_link().loss_per_mille = 200;
  hosts.world.default_link().delay_max = Millis(40);
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::to_string(i) + " ";
    const std::span<const char> piece = bytes_of(text);
    const IoResult result = hosts.client.stream->write(std::span(&piece, 1));
    REQUIRE(result.status == IoStatus::Ok);
    sent.append(text, 0, result.bytes);
    hosts.world.run_for(Millis(1));
  }
  hosts.world.run_for(Millis(60'000));
  CHECK(hosts.server.received == sent);
}

TEST_CASE("sim stream: a partition holds bytes back until it heals") {
  Connected hosts(19);
  hosts.world.partition(hosts.a, hosts.b, true);
  CHECK(hosts.client.write("x"));
  hosts.world.run_for(Millis(30'000));
  CHECK(hosts.server.received.empty());
  CHECK_FALSE(hosts.client.ended);
  hosts.world.partition(hosts.a, hosts.b, false);
  hosts.world.run_for(Millis(5'000));
  CHECK(hosts.server.received == "x");
}

TEST_CASE("sim stream: a partition that does not heal ends in a timeout") {
  Connected hosts(20);
  hosts.world.partition(hosts.a, hosts.b, true);
  CHECK(hosts.client.write("x"));
  hosts.world.run_for(Millis(1'000'000));
  CHECK(hosts.client.ended);
  CHECK(hosts.client.error == ETIMEDOUT);
}

TEST_CASE("sim stream: a peer that crashed leaves the stream half open until it is written to") {
  Connected hosts(21);
  hosts.b.crash();
  hosts.world.run_for(Millis(60'000));
  CHECK_FALSE(hosts.client.ended);
  hosts.server.stream->close();  // by the application that is gone: nothing comes of it
  hosts.server.stream = nullptr;
  hosts.listener.reset();
  hosts.b.restart();
  hosts.world.run_for(Millis(10));
  CHECK_FALSE(hosts.client.ended);
  CHECK(hosts.client.write("are you there?"));
  hosts.world.run_for(Millis(10));
  CHECK(hosts.client.ended);
  CHECK(hosts.client.error == ECONNRESET);
}

TEST_CASE("sim stream: connecting to nobody times out after about two minutes") {
  TwoHosts hosts(22);
  Peer client;
  int error = 0;
  client.stream = hosts.a.network().connect({}, at("10.0.0.99", 5060), client, error);
  REQUIRE(client.stream != nullptr);
  const Millis start = hosts.world.now();
  REQUIRE(hosts.world.run_until([&] { return client.ended; }, Millis(300'000)));
  CHECK(client.error == ETIMEDOUT);
  CHECK(hosts.world.now() - start == Millis(127'000));
}

TEST_CASE("sim network: there is no route to a family that the host does not have") {
  TwoHosts hosts(23);
  Peer client;
  int error = 0;
  CHECK(hosts.a.network().connect({}, at("2001:db8::2", 5060), client, error) == nullptr);
  CHECK(error == ENETUNREACH);
  CHECK(hosts.b.network().source_for(ip("2001:db8::1")) == ip("2001:db8::2"));
  CHECK(hosts.a.network().source_for(ip("2001:db8::1")).family == Family::None);
}
