// A loop that another loop waits for.
#include <doctest/doctest.h>
#include <poll.h>

#include <string>

#include "port/linux/linux_network.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

// Waits as a program with a loop of its own does; whether there was something to do.
bool wait_for(LinuxLoop& loop, int limit_ms) {
  pollfd waited{loop.descriptor(), POLLIN, 0};
  return poll(&waited, 1, limit_ms) == 1;
}

struct Fired final : TimerHandler {
  void on_timer(Millis) override { ++count; }
  int count = 0;
};

struct Inbox final : DatagramHandler {
  void on_readable(DatagramSocket& socket) override {
    char room[16];
    DatagramSlot slot;
    slot.buffer = room;
    while (socket.receive({&slot, 1}) == 1) text += std::string(room, slot.size);
  }
  void on_unreachable(DatagramSocket&, const SocketAddress&, int) override {}
  std::string text;
};

struct Peer final : StreamHandler, ListenerHandler {
  void on_connected(Stream&) override { connected = true; }
  void on_readable(Stream& stream) override {
    char room[16];
    const IoResult got = stream.read(room);
    if (got.status == IoStatus::Ok) text += std::string(room, got.bytes);
  }
  void on_writable(Stream&) override { ++writable; }
  void on_connect_failed(Stream& stream, int) override { stream.close(); }
  void on_accept(Listener&, Stream& stream) override {
    accepted = &stream;
    stream.set_handler(this);
  }
  void on_accept_refused(Listener&, int) override {}
  bool connected = false;
  Stream* accepted = nullptr;
  int writable = 0;
  std::string text;
};

struct Mirrored {
  LinuxLoop loop{{.descriptors_max = 64, .name_queries = 0, .mirrored = true}};
  LinuxNetwork network{loop, {.stream_capacity = 4}};

  template <class Condition>
  bool serve_until(Condition condition) {
    for (int i = 0; i < 100 && !condition(); ++i) {
      if (wait_for(loop, 1000)) loop.serve();
    }
    return condition();
  }
};

}  // namespace

TEST_CASE("mirrored loop: nothing to do, nothing to read") {
  Mirrored mirrored;
  REQUIRE(mirrored.loop.ok());
  CHECK_FALSE(wait_for(mirrored.loop, 0));
  mirrored.loop.serve();
  CHECK_FALSE(wait_for(mirrored.loop, 0));
}

TEST_CASE("mirrored loop: a timer that is due can be waited for, also one armed between turns") {
  Mirrored mirrored;
  Fired fired;
  const auto timer = mirrored.loop.make_timer(fired);
  timer->arm(mirrored.loop.now() + Millis(30));
  CHECK_FALSE(wait_for(mirrored.loop, 0));
  REQUIRE(mirrored.serve_until([&] { return fired.count == 1; }));
  CHECK_FALSE(wait_for(mirrored.loop, 0));
  timer->arm(mirrored.loop.now() + Millis(1));
  timer->cancel();
  CHECK_FALSE(wait_for(mirrored.loop, 20));
}

TEST_CASE("mirrored loop: a datagram is to be read until it has been") {
  Mirrored mirrored;
  Inbox inbox;
  int error = 0;
  const auto socket = mirrored.network.open_datagram({at("127.0.0.1")}, inbox, error);
  REQUIRE(socket);
  const OutgoingDatagram hello{bytes_of("hello"), socket->local(), {}};
  REQUIRE(socket->send({&hello, 1}) == 1);
  CHECK(wait_for(mirrored.loop, 1000));
  CHECK(wait_for(mirrored.loop, 0));
  REQUIRE(mirrored.serve_until([&] { return inbox.text == "hello"; }));
  CHECK_FALSE(wait_for(mirrored.loop, 0));
}

TEST_CASE("mirrored loop: streams are waited for in both directions") {
  Mirrored mirrored;
  Peer peer;
  int error = 0;
  const auto listener = mirrored.network.listen(at("127.0.0.1"), peer, error);
  REQUIRE(listener);
  Stream* const stream = mirrored.network.connect({}, listener->local(), peer, error);
  REQUIRE(stream != nullptr);
  REQUIRE(mirrored.serve_until([&] { return peer.connected && peer.accepted != nullptr; }));
  CHECK_FALSE(wait_for(mirrored.loop, 0));
  stream->want_write(true);
  REQUIRE(mirrored.serve_until([&] { return peer.writable > 0; }));
  stream->want_write(false);
  CHECK_FALSE(wait_for(mirrored.loop, 0));
  const std::span<const char> pieces[] = {bytes_of("hello")};
  stream->write(pieces);
  REQUIRE(mirrored.serve_until([&] { return peer.text == "hello"; }));
  stream->close();
  peer.accepted->close();
  mirrored.loop.serve();
  CHECK_FALSE(wait_for(mirrored.loop, 0));
}
