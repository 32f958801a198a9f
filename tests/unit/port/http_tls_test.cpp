// port/http_server.h by TLS, seen by a client of the same library.
#include <doctest/doctest.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "port/linux/linux_tls_identity.h"
#include "unit/port/http_fixture.h"

using namespace tipring::port;
using namespace tipring::port::test;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/tipring-tls-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct TlsServer : Server {
  explicit TlsServer(std::function<void(HttpExchange&)> then) : Server(std::move(then)) {
    std::string fault;
    options.identity = own_tls_identity(folder.path, fault);
    REQUIRE(options.identity);
    options.listen = {{{*parse_ip("127.0.0.1"), 0}, true}};
  }
  std::string port() const { return std::to_string(server->addresses()[0].port); }
  Folder folder;
};

class TlsClient {
 public:
  explicit TlsClient(const std::string& port) {
    mbedtls_net_init(&socket_);
    mbedtls_ssl_config_init(&settings_);
    mbedtls_ssl_init(&session_);
    REQUIRE(mbedtls_net_connect(&socket_, "127.0.0.1", port.c_str(), MBEDTLS_NET_PROTO_TCP) == 0);
    REQUIRE(mbedtls_ssl_config_defaults(&settings_, MBEDTLS_SSL_IS_CLIENT,
                                        MBEDTLS_SSL_TRANSPORT_STREAM,
                                        MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_authmode(&settings_, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&settings_, mbedtls_ctr_drbg_random, random_.state());
    REQUIRE(mbedtls_ssl_setup(&session_, &settings_) == 0);
    mbedtls_ssl_set_bio(&session_, &socket_, mbedtls_net_send, mbedtls_net_recv, nullptr);
    REQUIRE(mbedtls_ssl_handshake(&session_) == 0);
  }
  ~TlsClient() {
    mbedtls_net_free(&socket_);
    mbedtls_ssl_free(&session_);
    mbedtls_ssl_config_free(&settings_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void send(const std::string& text) {
    mbedtls_ssl_write(&session_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  std::string some() {
    std::string text(65536, '\0');
    const int got =
        mbedtls_ssl_read(&session_, reinterpret_cast<unsigned char*>(text.data()), text.size());
    ended_in_order = got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;
    text.resize(static_cast<size_t>(std::max(got, 0)));
    return text;
  }
  std::string all() {
    std::string text;
    for (std::string more = some(); !more.empty(); more = some()) text += more;
    return text;
  }
  bool ended_in_order = false;

 private:
  TlsRandom random_;
  mbedtls_net_context socket_;
  mbedtls_ssl_config settings_;
  mbedtls_ssl_context session_;
};

}  // namespace

TEST_CASE("http tls: five megabytes come whole before the connection ends in order" *
          doctest::description("RFC 5246 7.2.1")) {
  const std::string body(5'000'000, 'x');
  TlsServer server([&](HttpExchange& exchange) {
    CHECK(exchange.encrypted());
    CHECK(exchange.peer().ip.is_loopback());
    exchange.reply(200, "text/plain", body);
  });
  server.options.encrypted_headers = {{"X-Encrypted", "yes"}};
  server.options.heap_bytes = 16 << 20;
  server.start();
  TlsClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: a, close\r\n\r\n");
  const std::string answer = client.all();
  CHECK(answer.find("X-Encrypted: yes\r\n") != std::string::npos);
  CHECK(body_of(answer).size() == body.size());
  CHECK(client.ended_in_order);
}

TEST_CASE("http tls: requests follow each other, and large ones come whole") {
  TlsServer server([](HttpExchange& exchange) {
    exchange.reply(200, "text/plain", std::to_string(exchange.body().size()));
  });
  server.start();
  TlsClient client(server.port());
  for (const size_t size : {0UL, 1UL, 15'000UL}) {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                "\r\n\r\n" + std::string(size, 'x'));
    CHECK(body_of(client.some()) == std::to_string(size));
  }
}

TEST_CASE("http tls: a slow reader of a stream is refused more and told when there is room") {
  std::atomic<uint64_t> id = 0;
  std::atomic<int> refused = 0;
  TlsServer server([&](HttpExchange& exchange) {
    CHECK(exchange.begin_stream({200, "text/event-stream", "first\n", {}}));
    id = exchange.id();
  });
  server.handler.then_poll = [&] {
    HttpExchange* const stream = server.server->find(id);
    if (stream != nullptr && !stream->send(std::string(16'000, 'x'))) ++refused;
  };
  server.start();
  TlsClient client(server.port());
  client.send(kGet);
  REQUIRE(wait_for([&] { return id != 0; }));
  REQUIRE(wait_for([&] {
    server.server->notify();
    return refused > 0;
  }));
  std::string text;
  while (text.size() < 60'000) text += client.some();
  CHECK(text.find("first\n") != std::string::npos);
  const int before = refused;
  CHECK(wait_for([&] {
    text += client.some();
    server.server->notify();
    return text.size() > 200'000;
  }));
  CHECK(before > 0);
}

TEST_CASE("http tls: who stalls in the handshake is closed in time, who speaks plainly is told") {
  TlsServer server(say_ok);
  server.options.head_timeout = Millis(700);
  server.start();
  Client stalled(server.server->addresses()[0]);
  stalled.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  Client plain(server.server->addresses()[0]);
  plain.send(kGet);
  CHECK(status_of(plain.response()) == "HTTP/1.1 400");
  CHECK(stalled.closed());
  Client garbage(server.server->addresses()[0]);
  garbage.send(std::string(300, '\xff'));
  CHECK(garbage.closed());
  const auto begin = std::chrono::steady_clock::now();
  Client odd(server.server->addresses()[0]);
  odd.send(std::string("\x16\x03\x01\x00\x05hello", 10));
  CHECK(odd.closed());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(600));
  CHECK(server.handler.exchanges == 0);
}

TEST_CASE("http tls: one source that shakes hands without end waits, who is in goes on") {
  TlsServer server(say_ok);
  server.options.handshakes_per_second = 2;
  server.start();
  const auto begin = std::chrono::steady_clock::now();
  TlsClient first(server.port());
  constexpr int kAtOnce = 8;
  constexpr int kFurther = 4;
  for (int i = 1; i < kAtOnce + kFurther; ++i) {
    TlsClient client(server.port());
    client.send(kGet);
    CHECK(status_of(client.some()) == "HTTP/1.1 200");
  }
  CHECK(std::chrono::steady_clock::now() - begin > std::chrono::seconds(1));
  first.send(kGet);
  CHECK(status_of(first.some()) == "HTTP/1.1 200");
}

TEST_CASE("http tls: what waits for its handshake keeps nobody out, and is closed in time") {
  TlsServer server(say_ok);
  server.options.handshakes_per_second = 1;
  server.options.head_timeout = Millis(1000);
  server.options.connections_max = 4;
  server.start();
  const std::string hello("\x16\x03\x01\x02\x00\x01", 6);
  std::vector<std::unique_ptr<Client>> strangers;
  for (int i = 0; i < 20; ++i) {
    strangers.push_back(std::make_unique<Client>(server.server->addresses()[0]));
    strangers.back()->send(hello);
  }
  Client plain(server.server->addresses()[0]);
  plain.send(kGet);
  CHECK(status_of(plain.response()) == "HTTP/1.1 400");
  for (const auto& stranger : strangers) CHECK(stranger->closed());
}

TEST_CASE("tls identity: where one of its files cannot be written, the old ones stay a pair") {
  const Folder folder;
  std::string fault;
  const auto before = own_tls_identity(folder.path, fault);
  REQUIRE(before);
  std::filesystem::create_directory(folder.path + "/admin.crt.new");  // as if the disk were full
  CHECK(make_tls_files(folder.path + "/admin.crt", folder.path + "/admin.key").find("admin.crt") !=
        std::string::npos);
  const auto after = own_tls_identity(folder.path, fault);
  REQUIRE(after);
  CHECK(tls_fingerprint(*after) == tls_fingerprint(*before));
}

TEST_CASE("tls identity: made once, kept, and not replaced where it is damaged") {
  const Folder folder;
  std::string fault;
  const auto first = own_tls_identity(folder.path, fault);
  REQUIRE(first);
  const auto second = own_tls_identity(folder.path, fault);
  REQUIRE(second);
  CHECK(tls_fingerprint(*first) == tls_fingerprint(*second));
  CHECK(tls_fingerprint(*first).size() == 32 * 3 - 1);
  const std::vector<std::string> names = tls_facts(*first).names;
  for (const char* name : {"localhost", "127.0.0.1"}) {
    CAPTURE(name);
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
  std::ofstream(folder.path + "/admin.key") << "damaged";
  CHECK(own_tls_identity(folder.path, fault) == nullptr);
  CHECK(fault.find("admin.key") != std::string::npos);
  CHECK(own_tls_identity(folder.path + "/none", fault) == nullptr);
  CHECK(fault.find("cannot be written") != std::string::npos);
}
