#include "port/linux/http_head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "port/linux/http_rate.h"
#include "support/guard_page.h"

using namespace tipring::port;

namespace {

int status_of(const std::string& text) {
  const tipring::test::GuardedText bytes(text);
  return check_http_head(bytes.view()).status;
}

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("http head: its end is found, and how long the body is" *
          doctest::description("RFC 9112 2.1, 6.2")) {
  const std::string text =
      "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length:7 \r\nX-Empty:\r\n\r\n";
  const HttpHead head = check_http_head(text + "{\"x\":1}");
  CHECK(head.status == 200);
  CHECK(head.bytes == text.size());
  CHECK(head.body_bytes == 7);
  CHECK_FALSE(head.expects_continue);
}

TEST_CASE("http head: every piece of a good one asks for more, none reads beyond it") {
  const std::string text = "\r\n" + get("Accept: */*\r\nContent-Length: 0\r\n");
  for (size_t size = 0; size < text.size(); ++size) CHECK(status_of(text.substr(0, size)) == 0);
  CHECK(status_of(text) == 200);
}

TEST_CASE("http head: what two readers may understand in two ways is refused" *
          doctest::description("RFC 9112 3.2, 5.1, 5.2, 6.3, 11.2")) {
  struct Row {
    std::string text;
    int status;
  };
  const std::vector<Row> rows = {
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get("Host: y\r\n"), 400},
      {get("Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
      {get("Content-Length: 1, 1\r\n"), 400},
      {get("Content-Length: +1\r\n"), 400},
      {get("Content-Length: -1\r\n"), 400},
      {get("Content-Length: 0x1\r\n"), 400},
      {get("Content-Length:\r\n"), 400},
      {get("Content-Length: 99999999999999999999\r\n"), 413},
      {get("Transfer-Encoding: chunked\r\n"), 411},
      {get("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
      {get("Accept : x\r\n"), 400},
      {get("Accept: x\r\n folded\r\n"), 400},
      {get("Accept\r\n"), 400},
      {get(": x\r\n"), 400},
      {get(std::string("Accept: a\0b\r\n", 13)), 400},
      {get("Accept: a\rb\r\n"), 400},
      {get("Accept: a\nb: c\r\n"), 400},
      {get("Expect: cookies\r\n"), 417},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http://xy/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"GET http:/// HTTP/1.0\r\n\r\n", 400},
      {"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", 400},
      {"CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
      {"GET\r\n", 400},
      {" GET / HTTP/1.1\r\n", 400},
      {"G(T / HTTP/1.1\r\n", 400},
      {"\r\n\r\n", 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(status_of(row.text) == row.status);
  }
}

TEST_CASE("http head: length of the target, size and number of fields have limits" *
          doctest::description("RFC 9110 15.5.15, RFC 6585 5")) {
  CHECK(status_of("GET /" + std::string(kHttpHeadMax, 'a')) == 414);
  CHECK(status_of(get("A: " + std::string(kHttpHeadMax, 'a'))) == 431);
  std::string fields;
  for (size_t i = 0; i < kHttpFieldsMax - 1; ++i) fields += "A: b\r\n";
  CHECK(status_of(get(fields)) == 200);
  CHECK(status_of(get(fields + "A: b\r\n")) == 431);
}

TEST_CASE(
    "http head: who waits for 100 is told, and pages of the host asked in full form are ours" *
    doctest::description("RFC 9110 10.1.1; RFC 9112 3.2.2")) {
  CHECK(check_http_head(get("Expect: 100-Continue\r\n")).expects_continue);
  CHECK(status_of("GET http://X:80/a?b HTTP/1.1\r\nHost: x:80\r\n\r\n") == 200);
  CHECK(status_of("GET https://x HTTP/1.1\r\nHost: x\r\n\r\n") == 200);
  CHECK(has_http_token("a, Close", "close"));
  CHECK_FALSE(has_http_token("a, closed", "close"));
}

TEST_CASE("http rate: a source gets its burst, then its rate; another is not touched") {
  HttpRate rate(10);
  const IpAddress one = *parse_ip("192.0.2.1");
  const auto asks = [&](const char* ip, Millis now) { return rate.take(*parse_ip(ip), now); };
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += rate.take(one, Millis(5000)) ? 1 : 0;
  CHECK(taken == 40);
  CHECK(asks("192.0.2.2", Millis(5000)));
  CHECK_FALSE(rate.take(one, Millis(5050)));
  CHECK(rate.take(one, Millis(5100)));
  CHECK_FALSE(rate.take(one, Millis(5100)));
  for (int i = 0; i < 40; ++i) CHECK(asks("2001:db8::1", Millis(5000)));
  CHECK_FALSE(asks("2001:db8::2", Millis(5000)));
  CHECK(asks("2001:db8:0:1::2", Millis(5000)));
}
