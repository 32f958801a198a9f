// What a peer on a stream may do, and what it gets: framing over real reads, refusals, pings.
#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

Request numbered(size_t number, const std::string& body = "") {
  Request request;
  request.call_id = "c" + std::to_string(number);
  request.body = body;
  return request;
}

constexpr size_t kLargeClass = MessageSlabs::kClasses - 1;

}  // namespace

TEST_CASE("stream: a request split at every byte is handed up once and whole" *
          doctest::description("RFC 3261 18.3; R13.3")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  const std::string text = numbered(1, "v=0\r\n\r\n").text();
  for (size_t at = 1; at < text.size(); ++at) {
    peer.write(text.substr(0, at));
    bench.settle();
    REQUIRE(bench.heard.empty());
    peer.write(text.substr(at));
    bench.settle();
    REQUIRE(bench.heard.size() == 1);
    REQUIRE(bench.heard[0].text == text);
    REQUIRE_FALSE(bench.heard[0].fault);
    bench.heard.clear();
  }
  CHECK(bench.connections() == 1);
}

TEST_CASE("stream: messages and pings of one write come in order, whatever the reads cut" *
          doctest::description("RFC 3261 18.3, RFC 5626 4.4.1; R13.3")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  std::string all;
  for (size_t i = 0; i < 200; ++i)
    all += numbered(i, std::string(i * 7, 'b')).text() + (i % 10 == 0 ? "\r\n\r\n" : "");
  peer.write(all);
  REQUIRE(bench.until([&] { return bench.heard.size() == 200; }, Millis(20'000)));
  bench.settle();
  for (size_t i = 0; i < 200; ++i)
    REQUIRE(bench.heard[i].text == numbered(i, std::string(i * 7, 'b')).text());
  std::string pongs;
  for (size_t i = 0; i < 20; ++i) pongs += "\r\n";
  CHECK(peer.received == pongs);
  CHECK(bench.layer->counters().received == 200);
  CHECK(bench.layer->counters().keepalives == 20);
}

TEST_CASE("stream: sixty kilobytes are one message, and the large buffer goes back at once" *
          doctest::description("RFC 3261 18.3; R13.3, R5.5")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  const std::string large = numbered(1, std::string(60'000, 'x')).text();
  peer.write(large + numbered(2).text().substr(0, 20));
  REQUIRE(bench.until([&] { return bench.heard.size() == 1; }, Millis(20'000)));
  bench.settle();
  CHECK(bench.heard[0].text == large);
  CHECK(bench.slabs_in_use(kLargeClass) == 0);
  peer.write(numbered(2).text().substr(20));
  bench.settle();
  REQUIRE(bench.heard.size() == 2);
  CHECK(bench.heard[1].text == numbered(2).text());
}

TEST_CASE("stream: a double CRLF is answered by one, a single one by nothing" *
          doctest::description("RFC 5626 4.4.1, RFC 3261 7.5; F43")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write("\r\n");
  bench.settle();
  CHECK(peer.received.empty());
  peer.write("\r\n");
  bench.settle();
  CHECK(peer.received == "\r\n");
  for (const char c : std::string("\r\n\r\n")) {
    peer.write({&c, 1});
    bench.settle();
  }
  CHECK(peer.received == "\r\n\r\n");
  CHECK(bench.slabs_held() == 0);
}

TEST_CASE("stream: an idle connection holds no buffer" * doctest::description("R5.5")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  CHECK(bench.slabs_held() == 0);
  peer.write(numbered(1).text() + "OPTIONS sip:");
  bench.settle();
  CHECK(bench.slabs_held() == 1);
  peer.write(numbered(2).text().substr(12));
  bench.settle();
  CHECK(bench.heard.size() == 2);
  CHECK(bench.slabs_held() == 0);
}

TEST_CASE("stream: a length that cannot be believed is refused, and the peer reads the answer" *
          doctest::description("RFC 3261 18.3, 20.14; R13.5, R4.5")) {
  for (const std::string_view length :
       {"", "-1", "abc", "5, 5", "5\r\nContent-Length: 5", "99999999999999999999"}) {
    CAPTURE(length);
    Bench bench;
    bench.answer_with(400);
    TcpPeer peer(bench);
    peer.connect();
    Request request = numbered(1, "hello");
    request.length = std::string(length);
    // What follows is not believed either, and does not destroy the answer by a RST.
    peer.write(request.text() + numbered(2).text() + std::string(20'000, 'x'));
    REQUIRE(bench.until([&] { return peer.ended; }, Millis(5000)));
    REQUIRE(bench.heard.size() == 1);
    CHECK(bench.heard[0].fault == sip::ParseFault::BadContentLength);
    CHECK(peer.received == response(400));
    CHECK(peer.error == 0);
    bench.settle();
    CHECK(bench.connections() == 0);
    CHECK(bench.layer->counters().malformed == 1);
  }
}

TEST_CASE("stream: a message beyond the limit is refused before its body has come" *
          doctest::description("RFC 3261 18.3, 21.5.7; R13.5")) {
  BenchOptions options;
  options.transport.message_bytes_max = 8000;
  Bench bench(options);
  bench.answer_with(513);
  TcpPeer peer(bench);
  peer.connect();
  Request request = numbered(1);
  request.length = "8000";
  peer.write(request.text());
  REQUIRE(bench.until([&] { return peer.ended; }));
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].fault == sip::ParseFault::TooLarge);
  CHECK(peer.received == response(513));
}

TEST_CASE("stream: headers without an end are refused at the limit" *
          doctest::description("RFC 3261 18.3; R13.5")) {
  BenchOptions options;
  options.transport.message_bytes_max = 8000;
  Bench bench(options);
  bench.answer_with(513);
  TcpPeer peer(bench);
  peer.connect();
  std::string text = numbered(1).text();
  text.resize(text.size() - 2);
  while (text.size() < 30'000) text += "X-Long: 0123456789\r\n";
  peer.write(text);
  REQUIRE(bench.until([&] { return peer.ended; }, Millis(5000)));
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].fault == sip::ParseFault::TooLarge);
  CHECK(peer.received == response(513));
  CHECK(peer.error == 0);
}

TEST_CASE("stream: what is not SIP ends the connection without an answer" *
          doctest::description("R13.5, R14.5")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write("GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n");
  REQUIRE(bench.until([&] { return peer.ended; }));
  CHECK(peer.error == 0);
  CHECK(peer.received.empty());
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().not_sip == 1);
  CHECK(bench.connections() == 0);
}

TEST_CASE("stream: TLS and HTTP are known by their first bytes, and not waited for" *
          doctest::description("R13.5, R14.5")) {
  const std::string_view hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  for (const std::string_view begin :
       {hello, std::string_view("GET / HTTP/1.1\r\nHost: x"), std::string_view("EHLO x\r\n"),
        std::string_view("\x00\x01", 2)}) {
    CAPTURE(begin);
    Bench bench;
    TcpPeer peer(bench);
    peer.connect();
    peer.write(begin);
    REQUIRE(bench.until([&] { return peer.ended; }));
    CHECK(peer.received.empty());
    CHECK(bench.layer->counters().not_sip == 1);
    CHECK(bench.layer->counters().connections_ended[static_cast<size_t>(ConnectionEnd::NotSip)] ==
          1);
    CHECK(bench.connections() == 0);
    CHECK(bench.slabs_held() == 0);
  }
}

TEST_CASE("stream: a first line that may become SIP is waited for, however it is cut" *
          doctest::description("R13.3")) {
  for (const std::string_view line :
       {"OPTIONS sip:bob@10.0.0.1 SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "sip/2.0 200 OK\r\n",
        "X-METHOD\tsip:x SIP/7.0\r\n", "OPTIONS sip:\xc3\xa9 SIP/2.0 \r\n"}) {
    CAPTURE(line);
    Bench bench;
    TcpPeer peer(bench);
    peer.connect();
    for (const char c : line) {
      peer.write(std::string_view(&c, 1));
      bench.pass(Millis(5));
    }
    CHECK_FALSE(peer.ended);
    CHECK(bench.layer->counters().not_sip == 0);
  }
}

TEST_CASE("stream: a response that cannot be framed ends the connection without an answer" *
          doctest::description("RFC 3261 18.3; R14.5")) {
  Bench bench;
  bench.answer_with(400);
  TcpPeer peer(bench);
  peer.connect();
  peer.write("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1\r\n\r\n");
  REQUIRE(bench.until([&] { return peer.ended; }));
  CHECK(peer.received.empty());
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().malformed == 1);
}

TEST_CASE("stream: a faulty message inside sound framing leaves the connection up" *
          doctest::description("RFC 3261 8.2; R13.5")) {
  Bench bench;
  bench.answer_with(400);
  TcpPeer peer(bench);
  peer.connect();
  Request faulty = numbered(1);
  faulty.via = "SIP/2.0/TCP :;;";
  peer.write(faulty.text() + numbered(2).text());
  bench.settle();
  REQUIRE(bench.heard.size() == 2);
  CHECK(bench.heard[0].fault);
  CHECK_FALSE(bench.heard[1].fault);
  CHECK_FALSE(peer.ended);
}

TEST_CASE("stream: a reset in the middle of a message frees all, and a line tells of it" *
          doctest::description("R13.5, R6.2")) {
  Bench bench;
  TcpPeer peer(bench);
  peer.connect();
  peer.write(numbered(1).text().substr(0, 40));
  bench.settle();
  CHECK(bench.slabs_held() == 1);
  bench.log_lines();
  peer.reset();
  bench.settle();
  CHECK(bench.connections() == 0);
  CHECK(bench.slabs_held() == 0);
  CHECK(bench.count_lines("connection_fault") == 1);
}

TEST_CASE("stream: a flood of faults is a line every ten seconds" *
          doctest::description("R6.2, R13.5")) {
  Bench bench;
  for (int i = 0; i < 100; ++i) {
    TcpPeer peer(bench);
    peer.connect();
    peer.write("nonsense\r\n\r\n");
    bench.pass(Millis(200));
  }
  CHECK(bench.connections() == 0);
  CHECK(bench.count_lines("connection_fault") == 2);
}
