// Limits of port/http_server.h against clients that mean harm, and answers that go on.
#include <doctest/doctest.h>

#include <mutex>
#include <vector>

#include "unit/port/http_fixture.h"

using namespace tipring::port;
using namespace tipring::port::test;

namespace {

SocketAddress loopback() { return {*parse_ip("127.0.0.1"), 0}; }

// Answers every request with a stream; on_poll() sends the next piece of `pieces`.
struct StreamHandler final : HttpHandler {
  void on_exchange(HttpExchange& exchange) override {
    id = exchange.id();
    if (!exchange.begin_stream({200, "text/event-stream", "first\n", {}}))
      exchange.reply(503, "text/plain", "no");
  }
  void on_poll() override {
    const std::lock_guard lock(mutex);
    HttpExchange* const stream = server->find(id);
    if (stream == nullptr) return;
    if (piece.empty()) return stream->end();
    if (stream->send(piece)) {
      ++sent;
    } else {
      ++refused;
    }
  }
  void on_stream_ready(uint64_t) override { ++ready; }
  void on_stream_closed(uint64_t closed_id) override { closed = closed_id; }

  HttpServer* server = nullptr;
  std::mutex mutex;
  std::string piece = "next\n";
  std::atomic<uint64_t> id = 0;
  std::atomic<uint64_t> closed = 0;
  std::atomic<int> sent = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> ready = 0;
};

struct StreamServer {
  explicit StreamServer(const HttpOptions& given = {}) : options(given) {
    static std::atomic<int> number = 0;
    options.unix_path =
        (std::filesystem::temp_directory_path() /
         ("tipring-stream-" + std::to_string(getpid()) + "-" + std::to_string(++number)))
            .string();
    options.listen = {{loopback()}};
    int error = 0;
    server = start_http_server(options, handler, error);
    REQUIRE(server);
    handler.server = server.get();
  }
  SocketAddress address() const { return server->addresses()[0]; }

  HttpOptions options;
  StreamHandler handler;
  std::unique_ptr<HttpServer> server;
};

// All that comes within a time of silence.
std::string read_all(Client& client, int patience_ms = 200) {
  std::string text;
  while (client.wait(patience_ms)) {
    const std::string more = client.take();
    if (more.empty()) break;
    text += more;
  }
  return text;
}

}  // namespace

TEST_CASE("http stream: pieces come as they are sent, and the end ends it") {
  StreamServer stream;
  Client client(stream.address());
  client.send(kGet);
  const std::string begin = read_all(client);
  CHECK(begin.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(begin.ends_with("\r\n\r\n6\r\nfirst\n\r\n"));
  stream.server->notify();
  CHECK(read_all(client) == "5\r\nnext\n\r\n");
  {
    const std::lock_guard lock(stream.handler.mutex);
    stream.handler.piece.clear();
  }
  stream.server->notify();
  CHECK(read_all(client) == "0\r\n\r\n");
  CHECK(client.closed());
  CHECK(stream.handler.closed == 0);
}

TEST_CASE("http stream: to a client of HTTP/1.0 it goes as it is, until the connection ends") {
  StreamServer stream;
  Client client(stream.address());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string begin = read_all(client);
  CHECK(begin.find("chunked") == std::string::npos);
  CHECK(begin.ends_with("\r\n\r\nfirst\n"));
}

TEST_CASE("http stream: its handler is told when the client goes") {
  StreamServer stream;
  {
    Client client(stream.address());
    client.send(kGet);
    read_all(client, 50);
  }
  CHECK(wait_for([&] { return stream.handler.closed == stream.handler.id; }));
}

TEST_CASE("http stream: a slow reader is refused more, told when there is room, and then closed") {
  HttpOptions options;
  options.timeout = Millis(1500);
  StreamServer stream(options);
  {
    const std::lock_guard lock(stream.handler.mutex);
    stream.handler.piece = std::string(16'000, 'x');
  }
  Client client(stream.address());
  client.send(kGet);
  REQUIRE(wait_for([&] { return stream.handler.id != 0; }));
  const auto send_until = [&](const std::function<bool()>& condition) {
    return wait_for([&] {
      stream.server->notify();
      return condition();
    });
  };
  REQUIRE(send_until([&] { return stream.handler.refused > 0; }));
  CHECK(stream.handler.ready == 0);
  read_all(client);
  CHECK(wait_for([&] { return stream.handler.ready > 0; }));
  CHECK(stream.handler.closed == 0);
  CHECK(send_until([&] { return stream.handler.closed == stream.handler.id; }));
}

TEST_CASE("http stream: there are no more of them than may be") {
  HttpOptions options;
  options.streams_max = 2;
  StreamServer stream(options);
  Client one(stream.address());
  Client two(stream.address());
  Client three(stream.address());
  for (Client* const client : {&one, &two}) {
    client->send(kGet);
    CHECK(read_all(*client, 100).starts_with("HTTP/1.1 200"));
  }
  three.send(kGet);
  CHECK(status_of(three.response()) == "HTTP/1.1 503");
}

TEST_CASE("http limits: a head that comes too slowly is refused, a silent stranger is closed" *
          doctest::description("RFC 9110 15.5.9")) {
  Server server(say_ok);
  server.options.listen = {{loopback()}};
  server.options.head_timeout = Millis(1000);
  server.start();
  Client slow(server.server->addresses()[0]);
  Client silent(server.server->addresses()[0]);
  std::string answer;
  for (const char byte : std::string(kGet)) {
    slow.send(std::string(1, byte));
    answer = slow.response(100);
    if (!answer.empty()) break;
  }
  CHECK(status_of(answer) == "HTTP/1.1 408");
  CHECK(silent.closed());
  CHECK(server.handler.exchanges == 0);
}

TEST_CASE("http limits: a body that comes too slowly is refused") {
  Server server(say_ok);
  server.options.request_timeout = Millis(1000);
  server.start();
  Client slow(server.options.unix_path);
  slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
  std::string answer;
  for (int i = 0; i < 50 && answer.empty(); ++i) {
    slow.send("x");
    answer = slow.response(100);
  }
  CHECK(status_of(answer) == "HTTP/1.1 408");
}

TEST_CASE("http limits: strangers that hold all connections give way, and never to the socket") {
  Server server(say_ok);
  server.options.listen = {{loopback()}};
  server.options.connections_max = 4;
  server.start();
  const SocketAddress address = server.server->addresses()[0];
  std::vector<std::unique_ptr<Client>> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(std::make_unique<Client>(address));
  Client late(address);
  late.send(kGet);
  CHECK(status_of(late.response()) == "HTTP/1.1 200");
  Client local(server.options.unix_path);
  local.send(kGet);
  CHECK(status_of(local.response()) == "HTTP/1.1 200");
  CHECK(strangers.front()->closed());
}

TEST_CASE("http limits: strangers that take no answers give way when they are many") {
  Server server([](HttpExchange& exchange) {
    const bool large = exchange.path() == "/large";
    exchange.reply(200, "text/plain", large ? std::string(600'000, 'x') : "ok");
  });
  server.options.listen = {{loopback()}};
  server.options.connections_max = 4;
  server.start();
  const SocketAddress address = server.server->addresses()[0];
  std::vector<std::unique_ptr<Client>> strangers;
  for (int i = 0; i < 4; ++i) {
    strangers.push_back(std::make_unique<Client>(address));
    for (int k = 0; k < 10; ++k) strangers.back()->send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  REQUIRE(wait_for([&] { return server.handler.exchanges >= 4; }));
  Client late(address);
  late.send(kGet);
  CHECK(status_of(late.response()) == "HTTP/1.1 200");
}

// Of libevent's own small things some are used without a look at whether there was room for them.
TEST_CASE("http limits: strangers that fill the memory take it from themselves") {
  Server server([](HttpExchange& exchange) {
    exchange.reply(200, "text/plain", std::string(exchange.body().empty() ? 50'000 : 2, 'x'));
  });
  server.options.listen = {{loopback()}};
  server.options.requests_per_second = 0;
  server.options.heap_bytes = 2 << 20;
  server.start();
  const SocketAddress address = server.server->addresses()[0];
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  uint32_t random = 1;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Client>> strangers;
    for (int i = 0; i < 30; ++i) {
      random = random * 1664525 + 1013904223;
      const size_t size = i < 3 ? 600'000 : size_t{64} << (random >> 20) % 12;
      strangers.push_back(std::make_unique<Client>(address));
      strangers.back()->send(head + std::string(size + random % 977, 'x'));
    }
    for (const bool by_tcp : {true, false}) {
      const auto client = by_tcp ? std::make_unique<Client>(address)
                                 : std::make_unique<Client>(server.options.unix_path);
      client->send(kGet);
      REQUIRE(status_of(client->response()) == "HTTP/1.1 200");
    }
  }
  Client whole(server.options.unix_path);
  whole.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" +
             std::string(300'000, 'x'));
  CHECK(status_of(whole.response()) == "HTTP/1.1 200");
}

TEST_CASE("http limits: one source that asks without end gets 429, the socket does not") {
  Server server(say_ok);
  server.options.listen = {{loopback()}};
  server.options.requests_per_second = 5;
  server.start();
  Client client(server.server->addresses()[0]);
  int served = 0;
  std::string answer;
  for (; served < 200; ++served) {
    client.send(kGet);
    answer = client.response();
    if (status_of(answer) != "HTTP/1.1 200") break;
  }
  CHECK(served >= 20);
  CHECK(served < 60);
  CHECK(status_of(answer) == "HTTP/1.1 429");
  CHECK(answer.find("Retry-After: 1\r\n") != std::string::npos);
  Client local(server.options.unix_path);
  for (int i = 0; i < 100; ++i) {
    local.send(kGet);
    REQUIRE(status_of(local.response()) == "HTTP/1.1 200");
  }
}

TEST_CASE("http: HEAD gets the head that GET would get, and no body" *
          doctest::description("RFC 9110 9.3.2")) {
  Server server([](HttpExchange& exchange) {
    CHECK(exchange.method() == HttpMethod::Get);
    say_ok(exchange);
  });
  server.start();
  Client client(server.options.unix_path);
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string text = read_all(client);
  CHECK(text.find("Content-Length: 2\r\n") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n"));
  client.send(kGet);
  CHECK(body_of(client.response()) == "ok");
}

TEST_CASE("http: a client that waits for 100 gets it, then sends its body" *
          doctest::description("RFC 9110 10.1.1")) {
  Server server([](HttpExchange& exchange) { exchange.reply(200, "text/plain", exchange.body()); });
  server.start();
  Client client(server.options.unix_path);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.response() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  CHECK(body_of(client.response()) == "abc");
}

TEST_CASE("http: a hundred pipelined requests are answered in order, from one turn to the next") {
  Server server([](HttpExchange& exchange) { exchange.reply(200, "text/plain", exchange.path()); });
  server.start();
  Client client(server.options.unix_path);
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 100; ++i) CHECK(body_of(client.response()) == "/" + std::to_string(i));
}
