// What port/http_server.h promises, seen by a client on the Unix socket.
#include "port/http_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
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
#include "port/linux/http_exchange.h"

using namespace tipring::port;

namespace {

constexpr int kPatienceMs = 5000;

class Client {
 public:
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) {
    const timeval patience{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t now = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) break;  // the server may refuse before it has read all
      sent += static_cast<size_t>(now);
    }
  }

  // The next response, with a body of its Content-Length. Empty when the server closed or kept
  // silent.
  std::string response(int patience_ms = kPatienceMs) {
    while (!whole()) {
      pollfd wait{fd_, POLLIN, 0};
      char buffer[65536];
      if (poll(&wait, 1, patience_ms) != 1) return {};
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      text_.append(buffer, static_cast<size_t>(got));
    }
    std::string out = text_.substr(0, end());
    text_.erase(0, out.size());
    return out;
  }

  void end_sending() { shutdown(fd_, SHUT_WR); }

  bool closed(int patience_ms = kPatienceMs) {
    pollfd wait{fd_, POLLIN, 0};
    char byte = 0;
    return poll(&wait, 1, patience_ms) == 1 && recv(fd_, &byte, 1, 0) <= 0;
  }

 private:
  size_t end() const {
    const size_t header = text_.find("\r\n\r\n");
    const size_t length = text_.find("Content-Length: ");
    return header + 4 + (length < header ? std::stoul(text_.substr(length + 16)) : 0);
  }
  bool whole() const {
    return text_.find("\r\n\r\n") != std::string::npos && text_.size() >= end();
  }

  int fd_;
  std::string text_;
};

std::string status_of(const std::string& response) { return response.substr(0, 12); }
std::string body_of(const std::string& response) {
  const size_t header = response.find("\r\n\r\n");
  return header == std::string::npos ? "" : response.substr(header + 4);
}

struct Handler final : HttpHandler {
  void on_exchange(HttpExchange& exchange) override {
    ++exchanges;
    last_id = exchange.id();
    if (then) then(exchange);
  }
  void on_poll() override {
    ++polls;
    if (then_poll) then_poll();
  }
  std::atomic<int> exchanges = 0;
  std::atomic<int> polls = 0;
  std::atomic<uint64_t> last_id = 0;
  std::function<void(HttpExchange&)> then;
  std::function<void()> then_poll;
};

bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < kPatienceMs && !condition(); ++i) usleep(1000);
  return condition();
}

struct Server {
  explicit Server(std::function<void(HttpExchange&)> then = {}) {
    static std::atomic<int> number = 0;
    options.unix_path =
        (std::filesystem::temp_directory_path() /
         ("tipring-http-" + std::to_string(getpid()) + "-" + std::to_string(++number)))
            .string();
    handler.then = std::move(then);
  }
  void start() {
    int error = 0;
    server = start_http_server(options, handler, error);
    CHECK(error == 0);
    REQUIRE(server);
  }
  HttpOptions options;
  Handler handler;
  std::unique_ptr<HttpServer> server;
};

void say_ok(HttpExchange& exchange) { exchange.reply(200, "text/plain", "ok"); }

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

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

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
  server.options.body_bytes_max = 300'000;
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
