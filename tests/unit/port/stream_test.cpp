// What port/stream.h promises, on both ports.
#include "port/stream.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "worlds.h"

using namespace tipring::port;

namespace {

// One end: reads all it is given, and writes `to_send` as far as the port takes it.
struct End final : StreamHandler {
  void on_connected(Stream&) override { connected = true; }
  void on_readable(Stream& readable) override {
    ++readables;
    if (on_read) return on_read();
    std::string buffer(read_size, '\0');
    const IoResult result = readable.read(buffer);
    if (result.status == IoStatus::Ok) received.append(buffer, 0, result.bytes);
    if (result.status == IoStatus::Eof || result.status == IoStatus::Failed) {
      ended = result.status;
      error = result.error;
      close();
    }
  }
  void on_writable(Stream&) override {
    ++writables;
    pump();
  }
  void on_connect_failed(Stream&, int why) override {
    failed = true;
    error = why;
    close();
  }
  void pump() {
    while (!to_send.empty()) {
      const std::span<const char> half = bytes_of(to_send).first(to_send.size() / 2);
      const std::span<const char> rest = bytes_of(to_send).subspan(half.size());
      const std::array<std::span<const char>, 2> pieces = {half, rest};
      const IoResult result = stream->write(pieces);
      if (result.status != IoStatus::Ok) {
        blocked = blocked || result.status == IoStatus::WouldBlock;
        write_status = result.status;
        break;
      }
      to_send.erase(0, result.bytes);
    }
    stream->want_write(!to_send.empty());
  }
  void close() {
    if (stream != nullptr) stream->close();
    stream = nullptr;
  }

  Stream* stream = nullptr;
  std::string received;
  std::string to_send;
  size_t read_size = 4096;
  std::function<void()> on_read;
  IoStatus ended = IoStatus::Ok;
  IoStatus write_status = IoStatus::Ok;
  int error = 0;
  int readables = 0;
  int writables = 0;
  bool connected = false;
  bool failed = false;
  bool blocked = false;
};

struct Door final : ListenerHandler {
  void on_accept(Listener&, Stream& stream) override {
    accepted.push_back(&stream);
    if (then) then();
    if (next == nullptr) return;
    next->stream = &stream;
    stream.set_handler(next);
  }
  void on_accept_refused(Listener&, int error) override { refused.push_back(error); }
  std::vector<Stream*> accepted;
  std::vector<int> refused;
  End* next = nullptr;
  std::function<void()> then;
};

std::unique_ptr<Listener> listen(Network& network, ListenerHandler& handler,
                                 const char* host = "127.0.0.1") {
  int error = 0;
  auto listener = network.listen(at(host), handler, error);
  CHECK_MESSAGE(error == 0, strerror(error));
  REQUIRE(listener);
  return listener;
}

void connect(Network& network, const SocketAddress& remote, End& end) {
  int error = 0;
  end.stream = network.connect({}, remote, end, error);
  CHECK_MESSAGE(error == 0, strerror(error));
  REQUIRE(end.stream != nullptr);
}

// A listener and one connection to it with both ends.
template <class Port>
struct Pair {
  Pair() {
    door.next = &server;
    listener = listen(port.network(), door);
    connect(port.network(), listener->local(), client);
    REQUIRE(port.run_until([&] { return client.connected && server.stream != nullptr; }));
  }
  ~Pair() {
    client.close();
    server.close();
  }
  Port port;
  Door door;
  End client;
  End server;
  std::unique_ptr<Listener> listener;
};

}  // namespace

TEST_CASE_TEMPLATE(
    "stream: a connection is made, both ends know both addresses, bytes go both ways", Port,
    LinuxPort, SimPort) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    CAPTURE(host);
    Port port;
    Door door;
    End client, server;
    door.next = &server;
    const auto listener = listen(port.network(), door, host);
    connect(port.network(), listener->local(), client);
    CHECK_FALSE(client.connected);
    REQUIRE(port.run_until([&] { return client.connected && server.stream != nullptr; }));
    CHECK(client.stream->remote() == listener->local());
    CHECK(server.stream->local() == listener->local());
    CHECK(server.stream->remote() == client.stream->local());
    client.to_send = "ping";
    client.pump();
    server.to_send = "pong";
    server.pump();
    REQUIRE(port.run_until([&] { return client.received == "pong" && server.received == "ping"; }));
    client.close();
    server.close();
  }
}

TEST_CASE_TEMPLATE("stream: a wildcard listener gives the address that the peer connected to", Port,
                   LinuxPort, SimPort) {
  Port port;
  Door door;
  End client;
  const auto listener = listen(port.network(), door, "0.0.0.0");
  connect(port.network(), at("127.0.0.2", listener->local().port), client);
  REQUIRE(port.run_until([&] { return door.accepted.size() == 1; }));
  CHECK(door.accepted[0]->local() == at("127.0.0.2", listener->local().port));
  door.accepted[0]->close();
  client.close();
}

TEST_CASE_TEMPLATE("stream: a connection leaves from the address asked for", Port, LinuxPort,
                   SimPort) {
  Port port;
  Door door;
  End client;
  const auto listener = listen(port.network(), door);
  int error = 0;
  client.stream = port.network().connect(at("127.0.0.5"), listener->local(), client, error);
  REQUIRE(client.stream != nullptr);
  REQUIRE(port.run_until([&] { return door.accepted.size() == 1; }));
  CHECK(door.accepted[0]->remote().ip == ip("127.0.0.5"));
  door.accepted[0]->close();
  client.close();
  CHECK(port.network().connect(at("203.0.113.7"), listener->local(), client, error) == nullptr);
  CHECK(error == EADDRNOTAVAIL);
}

TEST_CASE_TEMPLATE(
    "stream: more than the peer reads is written as it makes room, whole and in order" *
        doctest::description("R13.1"),
    Port, LinuxPort, SimPort) {
  Pair<Port> pair;
  std::string text(9'000'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 + (i >> 12));
  if (std::is_same_v<Port, SimPort>) text.resize(900'000);  // one byte per read is slow
  pair.server.stream->want_read(false);
  pair.client.to_send = text;
  pair.client.pump();
  pair.port.run_for(Millis(20));
  CHECK(pair.client.blocked);
  CHECK(pair.server.received.empty());
  pair.server.stream->want_read(true);
  REQUIRE(pair.port.run_until([&] { return pair.server.received.size() == text.size(); },
                              Millis(20'000)));
  CHECK((pair.server.received == text));
  CHECK(pair.client.writables > 0);
  // Satisfied, it is not told again.
  const int writables = pair.client.writables;
  pair.port.run_for(Millis(10));
  CHECK(pair.client.writables == writables);
}

TEST_CASE_TEMPLATE("stream: bytes that a read leaves make it readable again", Port, LinuxPort,
                   SimPort) {
  Pair<Port> pair;
  pair.server.read_size = 1;
  pair.client.to_send = "12345";
  pair.client.pump();
  REQUIRE(pair.port.run_until([&] { return pair.server.received == "12345"; }));
  CHECK(pair.server.readables >= 5);
}

TEST_CASE_TEMPLATE("stream: a closed peer is the end of the stream, after all that it sent", Port,
                   LinuxPort, SimPort) {
  Pair<Port> pair;
  pair.client.to_send = "last words";
  pair.client.pump();
  REQUIRE(pair.port.run_until([&] { return pair.client.to_send.empty(); }));
  pair.client.close();
  REQUIRE(pair.port.run_until([&] { return pair.server.stream == nullptr; }));
  CHECK(pair.server.received == "last words");
  CHECK(pair.server.ended == IoStatus::Eof);
}

TEST_CASE_TEMPLATE("stream: after the peer's end of the stream its own direction goes on", Port,
                   LinuxPort, SimPort) {
  Pair<Port> pair;
  IoStatus status = IoStatus::Ok;
  pair.server.on_read = [&] {
    std::string buffer(10, '\0');
    status = pair.server.stream->read(buffer).status;
    pair.server.stream->want_read(false);
  };
  pair.client.close();
  REQUIRE(pair.port.run_until([&] { return status == IoStatus::Eof; }));
  const std::string text = "into the void";
  const std::span<const char> piece = bytes_of(text);
  CHECK(pair.server.stream->write({}).status == IoStatus::Ok);
  CHECK(pair.server.stream->write(std::span(&piece, 1)).status == IoStatus::Ok);
  CHECK(pair.port.run_until(
      [&] { return pair.server.stream->write({}).status == IoStatus::Failed; }, Millis(1000)));
  // The peer is gone for good and says so; from then on writing fails.
  const bool failed = pair.port.run_until(
      [&] { return pair.server.stream->write(std::span(&piece, 1)).status == IoStatus::Failed; },
      Millis(1000));
  if (!failed) pair.port.run_for(Millis(5));
  CHECK(pair.server.stream->write(std::span(&piece, 1)).status == IoStatus::Failed);
}

TEST_CASE_TEMPLATE("stream: a reset shows in read() as an error", Port, LinuxPort, SimPort) {
  Pair<Port> pair;
  pair.client.stream->reset();
  pair.client.stream = nullptr;
  REQUIRE(pair.port.run_until([&] { return pair.server.stream == nullptr; }));
  CHECK(pair.server.ended == IoStatus::Failed);
  CHECK(pair.server.error == ECONNRESET);
}

TEST_CASE_TEMPLATE("stream: a port where nobody listens refuses", Port, LinuxPort, SimPort) {
  Port port;
  Door door;
  const SocketAddress gone = listen(port.network(), door)->local();
  End client;
  int error = 0;
  client.stream = port.network().connect({}, gone, client, error);
  if (client.stream == nullptr) {
    CHECK(error == ECONNREFUSED);  // told at once, which a kernel may do on loopback
  } else {
    REQUIRE(port.run_until([&] { return client.failed; }));
    CHECK(client.error == ECONNREFUSED);
  }
  CHECK_FALSE(client.connected);
}

TEST_CASE_TEMPLATE("stream: the pool runs dry for connecting and for accepting, and fills again" *
                       doctest::description("R5.5"),
                   Port, LinuxPort, SimPort) {
  Port port;
  Door door;
  const auto listener = listen(port.network(), door);
  std::vector<End> ends(kTestStreams);
  for (size_t i = 0; i < kTestStreams / 2; ++i) connect(port.network(), listener->local(), ends[i]);
  REQUIRE(port.run_until([&] { return door.accepted.size() == kTestStreams / 2; }));
  // All streams are in use now, half of them by either side.
  End late;
  int error = 0;
  CHECK(port.network().connect({}, listener->local(), late, error) == nullptr);
  CHECK(error == ENOBUFS);
  // One is given back: the client gets it, and nothing is left for the side that accepts.
  ends[0].close();
  connect(port.network(), listener->local(), late);
  REQUIRE(port.run_until([&] { return door.refused.size() == 1; }));
  CHECK(door.refused[0] == ENOBUFS);
  REQUIRE(port.run_until([&] { return late.stream == nullptr; }));
  CHECK((late.failed || late.ended == IoStatus::Failed));
  // After it has been closed, there is room for a new one.
  door.accepted[0]->close();
  connect(port.network(), listener->local(), late);
  REQUIRE(port.run_until([&] { return door.accepted.size() == kTestStreams / 2 + 1; }));
  for (size_t i = 1; i < door.accepted.size(); ++i) door.accepted[i]->close();
  for (End& end : ends) end.close();
  late.close();
}

TEST_CASE_TEMPLATE("stream: every handler call may close its stream", Port, LinuxPort, SimPort) {
  struct Closer final : StreamHandler {
    void on_connected(Stream& stream) override { end(stream); }
    void on_readable(Stream& stream) override { end(stream); }
    void on_writable(Stream& stream) override { end(stream); }
    void on_connect_failed(Stream& stream, int) override { end(stream); }
    void end(Stream& stream) {
      CHECK_FALSE(ended);
      ended = true;
      stream.close();
    }
    bool ended = false;
  };
  Port port;
  Door door;
  const auto listener = listen(port.network(), door);
  int error = 0;
  Closer client;
  SUBCASE("when connected") {
    REQUIRE(port.network().connect({}, listener->local(), client, error) != nullptr);
    REQUIRE(port.run_until([&] { return client.ended && door.accepted.size() == 1; }));
    door.accepted[0]->close();
  }
  SUBCASE("when accepted") {
    door.then = [&] { door.accepted.back()->close(); };
    End end;
    connect(port.network(), listener->local(), end);
    REQUIRE(port.run_until([&] { return end.stream == nullptr; }));
    CHECK((end.ended == IoStatus::Eof));
    client.ended = true;
  }
  SUBCASE("when readable and writable") {
    End end;
    connect(port.network(), listener->local(), end);
    REQUIRE(port.run_until([&] { return end.connected && door.accepted.size() == 1; }));
    end.to_send = "x";
    end.pump();
    port.run_for(Millis(5));
    door.accepted[0]->set_handler(&client);
    door.accepted[0]->want_write(true);
    REQUIRE(port.run_until([&] { return client.ended; }));
    end.close();
  }
  port.run_for(Millis(5));
  CHECK(client.ended);
}

TEST_CASE_TEMPLATE("stream: without a handler nothing is lost, and it gets all that waited", Port,
                   LinuxPort, SimPort) {
  Port port;
  Door door;
  End client, server;
  const auto listener = listen(port.network(), door);
  connect(port.network(), listener->local(), client);
  REQUIRE(port.run_until([&] { return client.connected && door.accepted.size() == 1; }));
  client.to_send = "early";
  client.pump();
  port.run_for(Millis(5));
  server.stream = door.accepted[0];
  server.stream->set_tag(42);
  server.stream->set_handler(&server);
  REQUIRE(port.run_until([&] { return server.received == "early"; }));
  CHECK(server.stream->tag() == 42);
  client.close();
  server.close();
}

TEST_CASE_TEMPLATE("stream: a listener's address in use is refused, and free when it is gone", Port,
                   LinuxPort, SimPort) {
  Port port;
  Door door;
  auto listener = listen(port.network(), door);
  const SocketAddress address = listener->local();
  int error = 0;
  CHECK(port.network().listen(address, door, error) == nullptr);
  CHECK(error == EADDRINUSE);
  listener.reset();
  CHECK(port.network().listen(address, door, error) != nullptr);
  CHECK(port.network().listen(at("203.0.113.7"), door, error) == nullptr);
  CHECK(error == EADDRNOTAVAIL);
}

TEST_CASE_TEMPLATE("stream: accepted streams live on without their listener", Port, LinuxPort,
                   SimPort) {
  Pair<Port> pair;
  pair.listener.reset();
  pair.client.to_send = "still here";
  pair.client.pump();
  REQUIRE(pair.port.run_until([&] { return pair.server.received == "still here"; }));
}

TEST_CASE("linux stream: without descriptors connections are refused and the loop does not spin" *
          doctest::description("R5.5")) {
  LinuxPort port;
  Door door;
  const auto listener = listen(port.network(), door);
  End client;
  connect(port.network(), listener->local(), client);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // Nothing above what is open now, so that accept() fails with EMFILE.
  const int lowest_free = dup(0);
  close(lowest_free);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest_free);
  setrlimit(RLIMIT_NOFILE, &tight);
  const bool refused = port.run_until([&] { return !door.refused.empty(); });
  int turns = 0;
  port.run_until([&] { return ++turns < 0; }, Millis(50));
  setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(refused);
  CHECK(door.refused[0] == EMFILE);
  CHECK(turns < 10);
  REQUIRE(port.run_until([&] { return client.stream == nullptr; }));
  // With descriptors again it accepts.
  End again;
  connect(port.network(), listener->local(), again);
  REQUIRE(port.run_until([&] { return door.accepted.size() == 1; }));
  door.accepted[0]->close();
  again.close();
}

TEST_CASE("linux stream: streams that are still open are closed with their network") {
  LinuxLoop loop;
  Door door;
  End client;
  {
    LinuxNetwork network(loop, {.stream_capacity = 4});
    const auto listener = listen(network, door);
    connect(network, listener->local(), client);
    LoopRunner runner(loop);
    REQUIRE(runner.run_until([&] { return client.connected && door.accepted.size() == 1; },
                             Millis(1000)));
    CHECK(network.streams_in_use() == 2);
  }
  CHECK(client.ended == IoStatus::Ok);
}
