#include "sip/session_body.h"

#include <doctest/doctest.h>

#include <string>

#include "parsed.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::wire;

// What is found in a request with these headers and this body.
struct Looked {
  SessionBodyStatus status;
  std::string text;
};
Looked look(std::string_view headers, std::string_view body) {
  const Parsed parsed(test::request_with(headers) + std::string(body));
  REQUIRE(parsed.complete());
  const SessionBody found = find_session_body(parsed.view());
  return {found.status, std::string(found.text)};
}
SessionBodyStatus status_of(std::string_view headers, std::string_view body = "v=0\r\n") {
  return look(headers, body).status;
}

constexpr std::string_view kMixed = "Content-Type: multipart/mixed;boundary=b\n";
using enum SessionBodyStatus;

TEST_CASE("session body: the whole body" * doctest::description("RFC 3261 13.2.1; F7")) {
  const Looked plain = look("Content-Type: application/sdp\n", "v=0\r\n");
  CHECK(plain.status == Found);
  CHECK(plain.text == "v=0\r\n");
  CHECK(status_of("c: Application/SDP ;charset=utf-8\n") == Found);
  CHECK(status_of(
            "Content-Type: application/sdp\nContent-Disposition: session;handling=required\n") ==
        Found);
  CHECK(status_of("Content-Type: application/sdp\nContent-Encoding: identity\n") == Found);
}

TEST_CASE("session body: bodies about something else" *
          doctest::description("RFC 3261 13.2.1, 20.11")) {
  CHECK(status_of("Content-Type: application/sdp\n", "") == None);
  CHECK(status_of("Content-Type: text/plain\n") == None);
  CHECK(status_of("Content-Type: application/sdp2\n") == None);
  CHECK(status_of("") == None);
  CHECK(status_of("Content-Type: sdp\n") == None);
  for (const char* other : {"render", "early-session", "by-reference", "session2"}) {
    CAPTURE(other);
    CHECK(status_of(std::string("Content-Type: application/sdp\nContent-Disposition: ") + other +
                    "\n") == None);
  }
}

TEST_CASE("session body: an encoding that we do not undo" *
          doctest::description("RFC 3261 20.12, 8.2.3")) {
  CHECK(status_of("Content-Type: application/sdp\nContent-Encoding: gzip\n") == Encoded);
  CHECK(status_of(kMixed, wire("--b\nContent-Type: application/sdp\n"
                               "Content-Transfer-Encoding: base64\n\ndj0wDQo=\n--b--\n")) ==
        Encoded);
  CHECK(status_of(kMixed, wire("--b\nContent-Type: application/sdp\n"
                               "Content-Transfer-Encoding: 8bit\n\nv=0\n\n--b--\n")) == Found);
}

TEST_CASE("session body: a part of multipart/mixed" *
          doctest::description("RFC 5621 3.1; RFC 2046 5.1.3; F7")) {
  const Looked looked = look(kMixed, wire(R"(
preamble
--b
Content-Type: application/isup;version=nxv3
Content-Disposition: signal;handling=optional

bytes
--b
Content-Type: application/sdp
Content-Disposition: session

v=0
o=- 1 1 IN IP4 192.0.2.1

--b--
)"));
  CHECK(looked.status == Found);
  CHECK(looked.text == "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n");
}

TEST_CASE("session body: a part that is multipart, and one that is too deep" *
          doctest::description("RFC 5621 3.1, 6")) {
  const auto nested = [](const std::string& inner) {
    return wire("--b\nContent-Type: multipart/related;boundary=c\n\n--c\n" + inner +
                "\n--c--\n--b--\n");
  };
  CHECK(look(kMixed, nested("Content-Type: application/sdp\n\nv=0")).text == "v=0");
  CHECK(status_of(kMixed, nested("Content-Type: multipart/mixed;boundary=d\n\n--d\n"
                                 "Content-Type: application/sdp\n\nv=0\n--d--")) == None);
}

TEST_CASE("session body: the last of alternatives" * doctest::description("RFC 2046 5.1.4")) {
  const Looked looked = look("Content-Type: multipart/alternative;boundary=b\n",
                             wire("--b\nContent-Type: application/sdp\n\nv=0\n--b\n"
                                  "Content-Type: application/sdp\n\nv=1\n--b\n"
                                  "Content-Type: application/new\n\nx\n--b--\n"));
  CHECK(looked.status == Found);
  CHECK(looked.text == "v=1");
}

TEST_CASE("session body: two of them, and bodies that cannot be cut" *
          doctest::description("RFC 5621 4; RFC 2046 5.1.1")) {
  const std::string part = "--b\nContent-Type: application/sdp\n\nv=0\n";
  CHECK(status_of(kMixed, wire(part + part + "--b--\n")) == Malformed);
  CHECK(status_of(kMixed, wire(part)) == Malformed);
  CHECK(status_of("Content-Type: multipart/mixed\n", "x") == Malformed);
  // A part before the fault is a part.
  CHECK(status_of(kMixed, wire(part + "--b\nContent-Type: text/plain\n\nhalf")) == Found);
  CHECK(status_of(kMixed, wire("--b\n\nv=0\n--b--\n")) == None);
}

TEST_CASE("session body: every cut of a body is survived" * doctest::description("guard page")) {
  const std::string whole = wire("--b\nContent-Type: application/sdp\n\nv=0\n--b--\n");
  for (size_t size = 0; size <= whole.size(); ++size) {
    const Looked looked = look(kMixed, whole.substr(0, size));
    if (looked.status == Found) CHECK(looked.text == "v=0");
    CHECK((looked.status == None) == (size == 0));
  }
}

}  // namespace
}  // namespace tipring::sip
