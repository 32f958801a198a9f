// What port/http_server.h promises, seen by a client on the Unix socket.
#include "port/http_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "port/crypto.h"
#include "port/linux/http_request.h"
#include "unit/port/http_fixture.h"

using namespace tipring::port;
using namespace tipring::port::test;

namespace {

// Looks for a password in the server's heap as the kernel shows it. Keeps and reads it inverted, so
// that it never finds its own copies.
class Secret {
 public:
  std::string body(size_t size) const {
    std::string body(size, 'x');
    for (size_t at = 0; at + inverted_.size() <= size; at += 1000)
      std::transform(inverted_.begin(), inverted_.end(), body.begin() + static_cast<long>(at),
                     [](char c) { return static_cast<char>(~c); });
    return body;
  }
  void send(Client& client, size_t announced, size_t sent) const {
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(announced) +
                "\r\n\r\n");
    std::string bytes = body(sent);
    client.send(bytes);
    wipe(bytes);
  }
  // `address` lies in the heap, of which `reach` bytes before and after it are looked through.
  bool is_near(const char* address, size_t reach) const {
    const auto middle = reinterpret_cast<uintptr_t>(address);
    const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    std::vector<char> page(4096 + inverted_.size());
    bool found = false;
    const uintptr_t first = (middle - reach) / 4096 * 4096;
    for (uintptr_t at = first; at < middle + reach && !found; at += 4096) {
      const ssize_t got = pread(fd, page.data(), page.size(), static_cast<off_t>(at));
      const auto end = page.begin() + std::max<ssize_t>(got, 0);
      found = std::search(page.begin(), end, inverted_.begin(), inverted_.end(),
                          [](char a, char b) { return a == static_cast<char>(~b); }) != end;
    }
    wipe(page);
    close(fd);
    return found;
  }

 private:
  std::string inverted_ = "\x8f\x9e\x8c\x8c\x88\x90\x8d\x9b\x91\x86\x81\x92\x95\x9c\x84\x99";
};

}  // namespace

TEST_CASE("http: a request arrives whole and decoded, its answer goes back") {
  Server server([](HttpExchange& exchange) {
    CHECK(exchange.method() == HttpMethod::Post);
    CHECK(exchange.path() == "/api/users/a b");
    CHECK(exchange.query("name") == "J\xc3\xb6rg & co");
    CHECK(exchange.query("empty").empty());
    CHECK(exchange.query("none").empty());
    CHECK(exchange.header("x-token") == "secret");
    CHECK(exchange.header("none").empty());
    CHECK(exchange.body() == "{\"x\":1}");
    exchange.reply(201, "application/json", "{\"made\":true}");
  });
  server.start();
  Client client(server.options.unix_path);
  client.send(
      "POST /api/users/a%20b?name=J%C3%B6rg+%26+co&empty= HTTP/1.1\r\nHost: x\r\n"
      "X-Token: secret\r\nContent-Length: 7\r\n\r\n{\"x\":1}");
  const std::string response = client.response();
  CHECK(status_of(response) == "HTTP/1.1 201");
  CHECK(response.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(body_of(response) == "{\"made\":true}");
}

TEST_CASE("http: what it does stands behind the loop that shares its core") {
  const int loops_nice = getpriority(PRIO_PROCESS, 0);
  Server server([&](HttpExchange& exchange) {
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    CHECK(getpriority(PRIO_PROCESS, 0) == std::min(loops_nice + 10, 19));
    say_ok(exchange);
  });
  server.start();
  Client client(server.options.unix_path);
  client.send(kGet);
  CHECK(status_of(client.response()) == "HTTP/1.1 200");
  CHECK(getpriority(PRIO_PROCESS, 0) == loops_nice);
}

TEST_CASE("http: every method is told by its name") {
  std::atomic<HttpMethod> seen = HttpMethod::Other;
  Server server([&](HttpExchange& exchange) {
    seen = exchange.method();
    exchange.reply(200, "text/plain", "ok");
  });
  server.start();
  Client client(server.options.unix_path);
  const std::vector<std::pair<std::string, HttpMethod>> rows = {
      {"GET", HttpMethod::Get},     {"POST", HttpMethod::Post},     {"PUT", HttpMethod::Put},
      {"PATCH", HttpMethod::Patch}, {"DELETE", HttpMethod::Delete}, {"OPTIONS", HttpMethod::Other}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    client.send(row.first + " / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    CHECK(status_of(client.response()) == "HTTP/1.1 200");
    CHECK(seen == row.second);
  }
}

TEST_CASE("http: large bodies pass in both directions, one byte beyond the limit is 413") {
  Server server([](HttpExchange& exchange) { exchange.reply(200, "text/plain", exchange.body()); });
  server.options.local_body_bytes_max = 300'000;
  server.start();
  const std::string body(300'000, 'x');
  const auto post = [&](const std::string& bytes) {
    Client client(server.options.unix_path);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes.size()) +
                "\r\n\r\n" + bytes);
    return client.response();
  };
  CHECK((body_of(post(body)) == body));
  CHECK(server.handler.exchanges == 1);
  CHECK(status_of(post(body + "x")) == "HTTP/1.1 413");
  CHECK(server.handler.exchanges == 1);
}

TEST_CASE("http: an answer may come later, from on_poll()") {
  Server server([](HttpExchange&) {});
  server.handler.then_poll = [&] {
    HttpExchange* const exchange = server.server->find(server.handler.last_id);
    if (exchange != nullptr) exchange->reply(200, "text/plain", "later");
  };
  server.start();
  Client client(server.options.unix_path);
  client.send(kGet);
  REQUIRE(wait_for([&] { return server.handler.exchanges == 1; }));
  CHECK(client.response(50).empty());
  server.server->notify();
  CHECK(body_of(client.response()) == "later");
  // The connection serves on.
  client.send(kGet);
  REQUIRE(wait_for([&] { return server.handler.exchanges == 2; }));
  server.server->notify();
  CHECK(body_of(client.response()) == "later");
}

TEST_CASE("http: an exchange whose client has gone is not found any more") {
  std::atomic<int> found = 0;
  std::atomic<int> missed = 0;
  Server server([](HttpExchange&) {});
  server.handler.then_poll = [&] {
    ++(server.server->find(server.handler.last_id) != nullptr ? found : missed);
  };
  server.start();
  {
    Client client(server.options.unix_path);
    client.send(kGet);
    REQUIRE(wait_for([&] { return server.handler.exchanges == 1; }));
    server.server->notify();
    REQUIRE(wait_for([&] { return found == 1; }));
  }
  CHECK(wait_for([&] {
    server.server->notify();
    return missed > 0;
  }));
}

TEST_CASE("http: a client that ended its own direction still gets its answer") {
  Server server([](HttpExchange&) {});
  server.handler.then_poll = [&] {
    HttpExchange* const exchange = server.server->find(server.handler.last_id);
    if (exchange != nullptr) exchange->reply(200, "text/plain", "later");
  };
  server.start();
  Client client(server.options.unix_path);
  client.send(kGet);
  client.end_sending();
  REQUIRE(wait_for([&] { return server.handler.exchanges == 1; }));
  CHECK(client.response(50).empty());
  server.server->notify();
  CHECK(body_of(client.response()) == "later");
}

TEST_CASE("http: pipelined requests are answered one after the other") {
  Server server([](HttpExchange& exchange) { exchange.reply(200, "text/plain", exchange.path()); });
  server.start();
  Client client(server.options.unix_path);
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(body_of(client.response()) == "/1");
  CHECK(body_of(client.response()) == "/2");
}

TEST_CASE("http: clients that go at any moment harm nobody") {
  Server server(
      [](HttpExchange& exchange) { exchange.reply(200, "text/plain", std::string(200'000, 'x')); });
  server.start();
  const std::string request = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  for (size_t size = 0; size <= request.size(); ++size) {
    Client client(server.options.unix_path);
    client.send(request.substr(0, size));
  }
  Client client(server.options.unix_path);
  client.send(kGet);
  CHECK(status_of(client.response()) == "HTTP/1.1 200");
}

TEST_CASE("http: what is no request is refused, and the server lives on") {
  Server server(say_ok);
  server.start();
  for (const std::string text :
       {"\r\n\r\n\r\n", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken\r\n\r\n", "BREW / HTTP/1.1\r\n\r\n"}) {
    CAPTURE(text);
    Client client(server.options.unix_path);
    client.send(text);
    const std::string response = client.response(200);
    CHECK(status_of(response) != "HTTP/1.1 200");
  }
  Client large(server.options.unix_path);
  large.send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  CHECK(status_of(large.response()) != "HTTP/1.1 200");
  CHECK(server.handler.exchanges == 0);
  Client client(server.options.unix_path);
  client.send(kGet);
  CHECK(status_of(client.response()) == "HTTP/1.1 200");
}

TEST_CASE("http: connections beyond the limit wait until one ends") {
  Server server(say_ok);
  server.options.connections_max = 2;
  server.start();
  auto first = std::make_unique<Client>(server.options.unix_path);
  Client second(server.options.unix_path);
  for (Client* const client : {first.get(), &second}) {
    client->send(kGet);
    CHECK(status_of(client->response()) == "HTTP/1.1 200");
  }
  Client third(server.options.unix_path);
  third.send(kGet);
  CHECK(third.response(100).empty());
  first.reset();
  CHECK(status_of(third.response()) == "HTTP/1.1 200");
  // Many in turn: each place is given back.
  for (int i = 0; i < 50; ++i) {
    Client client(server.options.unix_path);
    if (i == 0) CHECK(client.response(20).empty());
  }
}

TEST_CASE("http: a connection on which nothing moves is closed") {
  Server server(say_ok);
  server.options.timeout = Millis(1000);
  server.start();
  Client silent(server.options.unix_path);
  Client slow(server.options.unix_path);
  slow.send("GET / HT");
  CHECK(silent.closed());
  CHECK(slow.closed());
}

TEST_CASE("http: the socket is its owner's alone, and gone with the server") {
  Server server(say_ok);
  server.start();
  struct stat status {};
  REQUIRE(stat(server.options.unix_path.c_str(), &status) == 0);
  CHECK(S_ISSOCK(status.st_mode));
  CHECK((status.st_mode & 0777) == 0600);
  server.server.reset();
  CHECK(stat(server.options.unix_path.c_str(), &status) != 0);
}

TEST_CASE(
    "http: a live server's socket is in use, a dead one's is replaced, a file is left alone") {
  Server server(say_ok);
  server.start();
  Handler other;
  int error = 0;
  CHECK(start_http_server(server.options, other, error) == nullptr);
  CHECK(error == EADDRINUSE);
  {
    Client client(server.options.unix_path);  // the first is not disturbed
    client.send(kGet);
    CHECK(status_of(client.response()) == "HTTP/1.1 200");
  }
  const std::string path = server.options.unix_path;
  server.server.reset();

  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  close(fd);  // as a killed process leaves it
  server.start();
  server.server.reset();

  std::ofstream(path) << "precious";
  CHECK(start_http_server(server.options, other, error) == nullptr);
  CHECK(error == EADDRINUSE);
  CHECK(std::filesystem::file_size(path) == 8);
  std::filesystem::remove(path);
}

TEST_CASE("http: a path that no socket can have is refused with the reason") {
  Server server(say_ok);
  int error = 0;
  server.options.unix_path = "/tmp/" + std::string(200, 'x');
  CHECK(start_http_server(server.options, server.handler, error) == nullptr);
  CHECK(error == ENAMETOOLONG);
  server.options.unix_path = "/tmp/tipring-no-such-folder/socket";
  CHECK(start_http_server(server.options, server.handler, error) == nullptr);
  CHECK(error == ENOENT);
}

TEST_CASE("http: the server may end while exchanges are open") {
  Server server([](HttpExchange&) {});
  server.start();
  Client one(server.options.unix_path);
  Client two(server.options.unix_path);
  one.send(kGet);
  two.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  REQUIRE(wait_for([&] { return server.handler.exchanges == 1; }));
  server.server.reset();
  CHECK(one.closed());
  CHECK(two.closed());
}

TEST_CASE("http: a heap that is full costs a request and not the server") {
  Server server(say_ok);
  server.options.heap_bytes = 200'000;
  server.start();
  {
    Client client(server.options.unix_path);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" +
                std::string(900'000, 'x'));
    CHECK(status_of(client.response(500)) != "HTTP/1.1 200");
  }
  Client client(server.options.unix_path);
  client.send(kGet);
  CHECK(status_of(client.response()) == "HTTP/1.1 200");
}

TEST_CASE("http: of a body nothing stays in memory when its exchange has ended") {
  const Secret secret;
  std::atomic<const char*> at = nullptr;
  bool seen_while_open = false;
  Server server;
  const auto in_heap = [&] { return secret.is_near(at, server.options.heap_bytes); };
  server.start();
  for (const size_t size : {100UL, 5000UL, 300'000UL}) {
    CAPTURE(size);
    server.handler.then = [&](HttpExchange& exchange) {
      at = exchange.body().data();
      seen_while_open = in_heap();
      say_ok(exchange);
    };
    Client client(server.options.unix_path);
    secret.send(client, size, size);
    CHECK(status_of(client.response()) == "HTTP/1.1 200");
    CHECK(seen_while_open);
    CHECK_FALSE(in_heap());
  }
  // A client that does not fetch its answer keeps the answer waiting, not the password.
  server.handler.then = [&](HttpExchange& exchange) {
    exchange.reply(200, "text/plain", std::string(3'000'000, 'x'));
  };
  Client idle(server.options.unix_path);
  const int before = server.handler.exchanges;
  secret.send(idle, 5000, 5000);
  REQUIRE(wait_for([&] { return server.handler.exchanges > before; }));
  CHECK(wait_for([&] { return !in_heap(); }));
}

TEST_CASE("http: a client that goes leaves no body behind, whole or half") {
  const Secret secret;
  std::atomic<const char*> at = nullptr;
  Server server([&](HttpExchange& exchange) { at = exchange.body().data(); });
  const auto in_heap = [&] { return secret.is_near(at, server.options.heap_bytes); };
  server.start();
  {
    Client client(server.options.unix_path);
    secret.send(client, 5000, 5000);
    REQUIRE(wait_for([&] { return at != nullptr; }));
    CHECK(in_heap());
  }
  CHECK(wait_for([&] { return !in_heap(); }));
  {
    Client client(server.options.unix_path);
    secret.send(client, 50'000, 40'000);
    CHECK(wait_for(in_heap));
  }
  CHECK(wait_for([&] { return !in_heap(); }));
}

TEST_CASE("http: TCP listeners of both families stand beside the socket and tell who asks") {
  Server server([](HttpExchange& exchange) {
    const HttpHeader headers[] = {{"X-Peer", exchange.peer().ip.is_loopback() ? "host" : "local"},
                                  {"ETag", "\"7\""},
                                  {"X-Split", "a\r\nSet-Cookie: b=c"}};
    exchange.answer({200, "text/plain", exchange.cookie("session"), headers});
  });
  server.options.listen = {{{*parse_ip("127.0.0.1"), 0}}, {{*parse_ip("::1"), 0}}};
  server.start();
  REQUIRE(server.server->addresses().size() == 2);
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nCookie: a=b; session=1234; xsession=5\r\n\r\n";
  for (const SocketAddress& address : server.server->addresses()) {
    Client client(address);
    client.send(request);
    const std::string response = client.response();
    CHECK(body_of(response) == "1234");
    CHECK(response.find("X-Peer: host\r\n") != std::string::npos);
    CHECK(response.find("ETag: \"7\"\r\n") != std::string::npos);
    CHECK(response.find("Set-Cookie") == std::string::npos);
  }
  Client local(server.options.unix_path);
  local.send(request);
  CHECK(local.response().find("X-Peer: local\r\n") != std::string::npos);
}

TEST_CASE(
    "http: an address that is taken keeps nobody from the others, and is opened when it is free") {
  Server first(say_ok);
  first.options.listen = {{{*parse_ip("127.0.0.1"), 0}}};
  first.start();
  const SocketAddress taken = first.server->addresses()[0];
  Server second(say_ok);
  second.options.listen = {{taken}, {{*parse_ip("127.0.0.1"), 0}}};
  second.options.listen_again = Millis(20);
  second.start();
  CHECK(second.server->listen_error(0) == EADDRINUSE);
  CHECK(second.server->listen_error(1) == 0);
  const auto is_served = [](const auto& place) {
    Client client(place);
    client.send(kGet);
    return status_of(client.response()) == "HTTP/1.1 200";
  };
  CHECK(is_served(second.server->addresses()[1]));
  CHECK(is_served(second.options.unix_path));
  second.server->open_again();
  CHECK(wait_for([&] { return second.handler.last_listen == EADDRINUSE; }));
  first.server.reset();
  CHECK(wait_for([&] { return second.server->listen_error(0) == 0; }));
  CHECK(wait_for([&] { return second.handler.last_listen == 0; }));
  CHECK(is_served(taken));
  CHECK(second.handler.exchanges == 3);
}

TEST_CASE("http: who asks for it opens what has become free") {
  Server first(say_ok);
  first.options.listen = {{{*parse_ip("127.0.0.1"), 0}}};
  first.start();
  Server second(say_ok);
  second.options.listen = {{first.server->addresses()[0]}};
  second.options.listen_again = Millis(3'600'000);
  second.start();
  CHECK(second.server->listen_error(0) == EADDRINUSE);
  first.server.reset();
  second.server->open_again();
  CHECK(wait_for([&] { return second.server->listen_error(0) == 0; }));
}

TEST_CASE("http: paths with control characters and unknown methods are refused") {
  Server server(say_ok);
  server.start();
  const auto status = [&](const std::string& line) {
    Client client(server.options.unix_path);
    client.send(line + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return status_of(client.response());
  };
  CHECK(status("GET /a%20b") == "HTTP/1.1 200");
  CHECK(status("GET /a%00b") == "HTTP/1.1 400");
  CHECK(status("GET /a%0d%0aSet-Cookie:") == "HTTP/1.1 400");
  CHECK(status("BREW /coffee") == "HTTP/1.1 501");
  CHECK(status("TRACE /") == "HTTP/1.1 501");
  CHECK(status("CONNECT /") == "HTTP/1.1 501");
  CHECK(server.handler.exchanges == 1);
}

TEST_CASE("http: a refused request ends the connection, and what follows it is not looked at") {
  Server server(say_ok);
  server.start();
  for (const std::string bad :
       {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n", "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
        "GET http://other/ HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    CAPTURE(bad);
    Client client(server.options.unix_path);
    client.send(bad + kGet);
    CHECK(status_of(client.response()) == "HTTP/1.1 400");
    CHECK(client.closed());
  }
  CHECK(server.handler.exchanges == 0);
}

TEST_CASE("http: encoded text is decoded, and what is no encoding stays" *
          doctest::description("RFC 3986 2.1")) {
  CHECK(decode_percent("a%41%7a", false) == "aAz");
  CHECK(decode_percent("%00", false) == std::string(1, '\0'));
  CHECK(decode_percent("a+b%2B", false) == "a+b+");
  CHECK(decode_percent("a+b%2B", true) == "a b+");
  for (const char* const text : {"%", "%4", "%4g", "%g4", "a%"})
    CHECK(decode_percent(text, false) == text);
  const auto pairs = parse_query("a=1&b&&=2&c=%3D&a=3=4&");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a", "1"}, {"b", ""}, {"", "2"}, {"c", "="}, {"a", "3=4"}};
  CHECK((pairs == expected));
}
