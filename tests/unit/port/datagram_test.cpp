// What port/datagram.h promises, on both ports.
#include "port/datagram.h"

#include <cerrno>
#include <cstring>

#include "port/linux/send_errors.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

struct Received {
  std::string bytes;
  SocketAddress remote;
  SocketAddress local;
  bool truncated;
};

// Keeps all that arrives; `slots_max` and the sizes of its buffers can be made small.
struct Inbox final : DatagramHandler {
  explicit Inbox(size_t buffer = 4096, size_t spill = 65536) {
    buffers.resize(DatagramSocket::kBatchMax, std::string(buffer, '\0'));
    spills.resize(DatagramSocket::kBatchMax, std::string(spill, '\0'));
  }
  void on_readable(DatagramSocket& socket) override {
    if (!reads) return;
    std::vector<DatagramSlot> slots(slots_max);
    for (size_t i = 0; i < slots.size(); ++i) {
      slots[i].buffer = buffers[i];
      slots[i].spill = spills[i];
    }
    const size_t count = socket.receive(slots);
    for (size_t i = 0; i < count; ++i) {
      const DatagramSlot& slot = slots[i];
      const size_t first = std::min(slot.size, slot.buffer.size());
      std::string bytes(slot.buffer.data(), first);
      bytes.append(slot.spill.data(), slot.size - first);
      all.push_back({std::move(bytes), slot.remote, slot.local, slot.truncated});
    }
    if (then) then();
  }
  void on_unreachable(DatagramSocket&, const SocketAddress& remote, int error) override {
    unreachable.push_back(remote);
    last_error = error;
    if (then) then();
  }

  std::vector<std::string> buffers;
  std::vector<std::string> spills;
  size_t slots_max = DatagramSocket::kBatchMax;
  bool reads = true;
  std::vector<Received> all;
  std::vector<SocketAddress> unreachable;
  int last_error = 0;
  std::function<void()> then;
};

std::unique_ptr<DatagramSocket> open(Network& network, const SocketAddress& bind,
                                     DatagramHandler& handler, int receive_buffer = 256 * 1024) {
  int error = 0;
  auto socket = network.open_datagram({bind, receive_buffer}, handler, error);
  CHECK_MESSAGE(error == 0, strerror(error));
  REQUIRE(socket);
  return socket;
}

bool send(DatagramSocket& from, const SocketAddress& to, const std::string& bytes,
          const SocketAddress& local = {}) {
  const OutgoingDatagram datagram{bytes_of(bytes), to, local};
  return from.send(std::span(&datagram, 1)) == 1;
}

}  // namespace

TEST_CASE_TEMPLATE("datagram: what is sent arrives, and the answer goes back to its source", Port,
                   LinuxPort, SimPort) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    CAPTURE(host);
    Port port;
    Inbox inbox_a, inbox_b;
    const auto a = open(port.network(), at(host), inbox_a);
    const auto b = open(port.network(), at(host), inbox_b);
    CHECK(a->local().ip == ip(host));
    CHECK(a->local().port != 0);
    REQUIRE(send(*a, b->local(), "ping"));
    REQUIRE(port.run_until([&] { return inbox_b.all.size() == 1; }));
    CHECK(inbox_b.all[0].bytes == "ping");
    CHECK(inbox_b.all[0].remote == a->local());
    CHECK(inbox_b.all[0].local == b->local());
    CHECK_FALSE(inbox_b.all[0].truncated);
    REQUIRE(send(*b, inbox_b.all[0].remote, "pong"));
    REQUIRE(port.run_until([&] { return inbox_a.all.size() == 1; }));
    CHECK(inbox_a.all[0].bytes == "pong");
  }
}

TEST_CASE_TEMPLATE(
    "datagram: a wildcard socket knows the address that the peer sent to, and answers from it" *
        doctest::description("RFC 3581 4; C22"),
    Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_wild, inbox_peer;
  const auto wild = open(port.network(), at("0.0.0.0"), inbox_wild);
  const auto peer = open(port.network(), at("127.0.0.1"), inbox_peer);
  for (const char* const host : {"127.0.0.2", "127.0.0.3", "127.0.0.1"}) {
    CAPTURE(host);
    inbox_wild.all.clear();
    inbox_peer.all.clear();
    REQUIRE(send(*peer, at(host, wild->local().port), "to " + std::string(host)));
    REQUIRE(port.run_until([&] { return inbox_wild.all.size() == 1; }));
    CHECK(inbox_wild.all[0].local == at(host, wild->local().port));
    REQUIRE(send(*wild, inbox_wild.all[0].remote, "back", inbox_wild.all[0].local));
    REQUIRE(port.run_until([&] { return inbox_peer.all.size() == 1; }));
    CHECK(inbox_peer.all[0].remote == at(host, wild->local().port));
  }
}

TEST_CASE_TEMPLATE(
    "datagram: an IPv6 wildcard socket knows the local address and leaves IPv4 alone", Port,
    LinuxPort, SimPort) {
  Port port;
  Inbox inbox_v6, inbox_v4, inbox_peer;
  const auto wild = open(port.network(), at("::"), inbox_v6);
  const auto v4 = open(port.network(), at("0.0.0.0", wild->local().port), inbox_v4);
  const auto peer = open(port.network(), at("::1"), inbox_peer);
  REQUIRE(send(*peer, at("::1", wild->local().port), "six"));
  REQUIRE(port.run_until([&] { return inbox_v6.all.size() == 1; }));
  CHECK(inbox_v6.all[0].local == at("::1", wild->local().port));
  REQUIRE(send(*wild, peer->local(), "back", inbox_v6.all[0].local));
  REQUIRE(port.run_until([&] { return inbox_peer.all.size() == 1; }));
  CHECK(inbox_peer.all[0].remote == at("::1", wild->local().port));
  CHECK(inbox_v4.all.empty());
}

TEST_CASE_TEMPLATE("datagram: a batch leaves and arrives in order, also beyond one system call",
                   Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_b;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back("number " + std::to_string(i));
  std::vector<OutgoingDatagram> batch;
  for (const std::string& text : texts) batch.push_back({bytes_of(text), b->local(), {}});
  REQUIRE(a->send(batch) == 100);
  REQUIRE(port.run_until([&] { return inbox_b.all.size() == 100; }));
  for (size_t i = 0; i < 100; ++i) CHECK(inbox_b.all[i].bytes == texts[i]);
}

TEST_CASE_TEMPLATE("datagram: what the handler leaves unread wakes it again", Port, LinuxPort,
                   SimPort) {
  Port port;
  Inbox inbox_a, inbox_b;
  inbox_b.slots_max = 1;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  for (int i = 0; i < 5; ++i) REQUIRE(send(*a, b->local(), std::to_string(i)));
  REQUIRE(port.run_until([&] { return inbox_b.all.size() == 5; }));
}

TEST_CASE_TEMPLATE("datagram: one larger than the buffer goes on in the spill" *
                       doctest::description("RFC 3261 18.1.1: messages up to 65535 bytes"),
                   Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_b(4096, 65536);
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  for (const size_t size : {0U, 1U, 4095U, 4096U, 4097U, 20'000U, 65'507U}) {
    CAPTURE(size);
    inbox_b.all.clear();
    std::string text(size, 'a');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
    REQUIRE(send(*a, b->local(), text));
    REQUIRE(port.run_until([&] { return inbox_b.all.size() == 1; }));
    CHECK((inbox_b.all[0].bytes == text));
    CHECK_FALSE(inbox_b.all[0].truncated);
  }
}

TEST_CASE_TEMPLATE("datagram: one larger than both is cut and says so", Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_small(10, 5), inbox_none(10, 0);
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto small = open(port.network(), at("127.0.0.1"), inbox_small);
  const auto none = open(port.network(), at("127.0.0.1"), inbox_none);
  REQUIRE(send(*a, small->local(), "0123456789abcdef"));
  REQUIRE(send(*a, small->local(), "0123456789abcde"));
  REQUIRE(send(*a, none->local(), "0123456789a"));
  REQUIRE(
      port.run_until([&] { return inbox_small.all.size() == 2 && inbox_none.all.size() == 1; }));
  CHECK(inbox_small.all[0].bytes == "0123456789abcde");
  CHECK(inbox_small.all[0].truncated);
  CHECK_FALSE(inbox_small.all[1].truncated);
  CHECK(inbox_none.all[0].bytes == "0123456789");
  CHECK(inbox_none.all[0].truncated);
}

TEST_CASE_TEMPLATE("datagram: a refused port is told with the address that was sent to" *
                       doctest::description("RFC 3261 18.4; P1"),
                   Port, LinuxPort, SimPort) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    CAPTURE(host);
    Port port;
    Inbox inbox_a, inbox_b, inbox_gone;
    const auto a = open(port.network(), at(host), inbox_a);
    const auto b = open(port.network(), at(host), inbox_b);
    const SocketAddress gone = open(port.network(), at(host), inbox_gone)->local();
    REQUIRE(send(*a, gone, "anyone?"));
    REQUIRE(port.run_until([&] { return !inbox_a.unreachable.empty(); }));
    CHECK(inbox_a.unreachable[0] == gone);
    CHECK(inbox_a.last_error == ECONNREFUSED);
    // The socket goes on as if nothing had been.
    REQUIRE(send(*a, b->local(), "hello"));
    REQUIRE(send(*b, a->local(), "hello"));
    REQUIRE(port.run_until([&] { return inbox_b.all.size() == 1 && inbox_a.all.size() == 1; }));
    CHECK(inbox_a.unreachable.size() == 1);
  }
}

TEST_CASE_TEMPLATE("datagram: refusals stop no batch, and none is taken for another datagram's",
                   Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_b, inbox_gone;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  const SocketAddress gone = open(port.network(), at("127.0.0.1"), inbox_gone)->local();
  const std::string text = "x";
  for (int round = 0; round < 10; ++round) {
    std::vector<OutgoingDatagram> batch;
    for (int i = 0; i < 8; ++i)
      batch.push_back({bytes_of(text), i % 2 == 0 ? gone : b->local(), {}});
    CHECK(a->send(batch) == batch.size());
  }
  REQUIRE(port.run_until([&] { return inbox_b.all.size() == 40; }));
  REQUIRE(port.run_until([&] { return !inbox_a.unreachable.empty(); }));
  port.run_for(Millis(20));
  for (const SocketAddress& remote : inbox_a.unreachable) CHECK(remote == gone);
}

TEST_CASE("datagram: what two others have met is not taken for this datagram's own") {
  SendErrors errors;
  CHECK(errors.is_anothers(ECONNREFUSED));
  CHECK(errors.is_anothers(EHOSTUNREACH));
  CHECK(errors.is_anothers(ECONNREFUSED));
  CHECK_FALSE(errors.is_anothers(EHOSTUNREACH));  // told again
  CHECK_FALSE(SendErrors().is_anothers(EMSGSIZE));
  int refusals = 0;
  for (SendErrors endless; refusals < 1000 && endless.is_anothers(ECONNREFUSED);) ++refusals;
  CHECK(refusals < 1000);
}

TEST_CASE("datagram: an error that is told again is this datagram's own") {
  LinuxPort port;
  Inbox inbox;
  const auto socket = open(port.network(), at("127.0.0.1"), inbox);
  CHECK_FALSE(send(*socket, at("127.255.255.255", 5060), "to all"));
  CHECK(socket->last_error() == EACCES);  // who may not broadcast
}

TEST_CASE_TEMPLATE("datagram: what the socket's buffer cannot hold is counted" *
                       doctest::description("R5.5"),
                   Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_b;
  inbox_b.reads = false;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b, 20'000);
  CHECK(b->receive_buffer_bytes() >= 4096);
  CHECK(b->receive_buffer_bytes() < 200'000);
  const std::string text(1000, 'x');
  for (int i = 0; i < 300; ++i) REQUIRE(send(*a, b->local(), text));
  port.run_until([] { return false; }, Millis(3));
  inbox_b.reads = true;
  // The counter travels with the next datagram that finds room.
  size_t before = 0;
  do {
    before = inbox_b.all.size();
    port.run_for(Millis(5));
  } while (inbox_b.all.size() > before);
  REQUIRE(send(*a, b->local(), "last"));
  REQUIRE(
      port.run_until([&] { return !inbox_b.all.empty() && inbox_b.all.back().bytes == "last"; }));
  CHECK(inbox_b.all.size() < 301);
  CHECK(inbox_b.all.size() + b->kernel_drops() == 301);
}

TEST_CASE_TEMPLATE("datagram: addresses that cannot be bound are refused with the reason", Port,
                   LinuxPort, SimPort) {
  Port port;
  Inbox inbox;
  const auto first = open(port.network(), at("127.0.0.1"), inbox);
  int error = 0;
  CHECK(port.network().open_datagram({first->local()}, inbox, error) == nullptr);
  CHECK(error == EADDRINUSE);
  CHECK(port.network().open_datagram({at("203.0.113.7", 5060)}, inbox, error) == nullptr);
  CHECK(error == EADDRNOTAVAIL);
  CHECK(port.network().open_datagram({SocketAddress{}}, inbox, error) == nullptr);
  CHECK(error == EAFNOSUPPORT);
}

TEST_CASE_TEMPLATE("datagram: a send that cannot be says why and stops there", Port, LinuxPort,
                   SimPort) {
  Port port;
  Inbox inbox_a, inbox_b;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  const auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  const std::string good = "good";
  const std::string large(65'508, 'x');
  const std::vector<OutgoingDatagram> batch = {{bytes_of(good), b->local(), {}},
                                               {bytes_of(large), b->local(), {}},
                                               {bytes_of(good), b->local(), {}}};
  CHECK(a->send(batch) == 1);
  CHECK(a->last_error() == EMSGSIZE);
  CHECK_FALSE(send(*a, at("::1", 5060), "other family"));
  CHECK(a->last_error() != 0);
  CHECK(send(*a, b->local(), "fine"));
  CHECK(a->last_error() == 0);
}

TEST_CASE_TEMPLATE("datagram: a handler may destroy its socket", Port, LinuxPort, SimPort) {
  Port port;
  Inbox inbox_a, inbox_b, inbox_gone;
  const auto a = open(port.network(), at("127.0.0.1"), inbox_a);
  auto b = open(port.network(), at("127.0.0.1"), inbox_b);
  const SocketAddress gone = open(port.network(), at("127.0.0.1"), inbox_gone)->local();
  inbox_b.then = [&] { b.reset(); };
  SUBCASE("while reading") {
    REQUIRE(send(*a, b->local(), "1"));
    REQUIRE(send(*a, b->local(), "2"));
    REQUIRE(port.run_until([&] { return b == nullptr; }));
    CHECK(inbox_b.unreachable.empty());
  }
  SUBCASE("while it is told of a refusal") {
    inbox_b.reads = false;
    REQUIRE(send(*b, gone, "1"));
    REQUIRE(port.run_until([&] { return !inbox_b.unreachable.empty() || b == nullptr; }));
  }
  port.run_for(Millis(5));
  CHECK(b == nullptr);
}

TEST_CASE_TEMPLATE("network: the source address is that of the route", Port, LinuxPort, SimPort) {
  Port port;
  CHECK(port.network().source_for(ip("127.0.0.1")) == ip("127.0.0.1"));
  CHECK(port.network().source_for(ip("::1")) == ip("::1"));
  CHECK(port.network().source_for(ip("127.0.0.1")) == ip("127.0.0.1"));
  CHECK(port.network().source_for(IpAddress{}).family == Family::None);
  std::vector<IpAddress> all(64);
  all.resize(port.network().local_addresses(all));
  CHECK(std::count(all.begin(), all.end(), ip("127.0.0.1")) == 1);
  IpAddress one;
  CHECK(port.network().local_addresses(std::span(&one, 1)) == 1);
}

TEST_CASE("sim datagram: a full socket buffer takes nothing and is no error") {
  SimWorld world(1);
  SimHost& host = world.make_host("a", {});
  Inbox inbox;
  const auto socket = open(host.network(), at("127.0.0.1"), inbox);
  host.network().set_send_blocked(true);
  CHECK_FALSE(send(*socket, socket->local(), "x"));
  CHECK(socket->last_error() == 0);
  host.network().set_send_blocked(false);
  CHECK(send(*socket, socket->local(), "x"));
}
