#include <doctest/doctest.h>

#include <set>

#include "parsed.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::request_with;
using test::wire;

TEST_CASE("message: what is not SIP is told apart" * doctest::description("RFC 3261 7.1, 7.2")) {
  for (const char* text : {"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "hello\r\n\r\n", "",
                           "\r\n\r\n", "INVITE sip:a@b", "INVITE SIP/2.0x\r\n\r\n"}) {
    CAPTURE(text);
    const Parsed parsed(text);
    CHECK(parsed->status == ParseStatus::Malformed);
    if (parsed.fault() != ParseFault::NotSip) CHECK(parsed.fault() == ParseFault::BadVersion);
  }
  CHECK(Parsed("GET / HTTP/1.1\r\nHost: x\r\n", Framing::Stream).fault() == ParseFault::NotSip);
}

TEST_CASE("message: a foreign first line ends a stream at once" *
          doctest::description("RFC 3261 18.3; slow garbage")) {
  CHECK(Parsed("GET / HTTP/1.1\r\n", Framing::Stream)->status == ParseStatus::Malformed);
  CHECK(Parsed("GET / HTTP/1.1", Framing::Stream)->status == ParseStatus::Incomplete);
}

TEST_CASE("message: another version gives 505 and is still answered" *
          doctest::description("RFC 3261 21.5.6")) {
  const std::string text = request_with("Subject: x\n");
  const Parsed parsed("INVITE sip:a@b SIP/7.0" + text.substr(text.find('\r')));
  CHECK(parsed.fault() == ParseFault::BadVersion);
  CHECK(status_for(parsed.fault()) == status::kVersionNotSupported);
  CHECK(parsed.view().method() == Method::Invite);
  CHECK(parsed.view().request_uri() == "sip:a@b");
  CHECK(parsed.view().header(HeaderId::CallId) == "a84b4c76e66710");
}

TEST_CASE("message: a topmost Via with an empty branch is malformed, and can be answered" *
          doctest::description("RFC 3261 25.1 via-branch; R14.2")) {
  for (const char* via : {"Via: SIP/2.0/UDP h;branch=", "v: SIP/2.0/UDP h;rport;Branch= ;x"}) {
    CAPTURE(via);
    const Parsed parsed(std::string("OPTIONS sip:b SIP/2.0\r\n") + via +
                        "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
                        "CSeq: 1 OPTIONS\r\n\r\n");
    const auto error = check_message(parsed.view());
    REQUIRE(error);
    CHECK(error->fault == ParseFault::BadVia);
    CHECK(error->header == HeaderId::Via);
    CHECK(parsed.view().typed<HeaderId::Via>());
  }
}

TEST_CASE("message: a request line with wrong blanks is malformed" *
          doctest::description("RFC 4475 3.1.2.7 to 3.1.2.9")) {
  for (const char* line : {"INVITE  sip:a@b SIP/2.0", "INVITE sip:a@b  SIP/2.0",
                           "INVITE sip:a; b@c SIP/2.0", "INVITE SIP/2.0", "INVITE\tsip:a@b SIP/2.0",
                           "INV<ITE sip:a@b SIP/2.0", "INVITE sip:a\x7f@b SIP/2.0"}) {
    CAPTURE(line);
    const Parsed parsed(line + request_with("Subject: x\n").substr(37));
    CHECK(parsed->status == ParseStatus::Malformed);
    const ParseFault fault = parsed.fault();
    CHECK((fault == ParseFault::BadStartLine || fault == ParseFault::BadMethod));
    CHECK(parsed.view().has(HeaderId::Via));
  }
}

TEST_CASE("message: a blank behind the request line is forgiven" *
          doctest::description("RFC 4475 3.1.2.10")) {
  CHECK(Parsed("OPTIONS sip:a@b SIP/2.0 \r\nCall-ID: x\r\n\r\n").complete());
}

TEST_CASE("message: a status that is no three digits is malformed" *
          doctest::description("RFC 4475 3.1.2.19")) {
  for (const char* line :
       {"SIP/2.0 4294967301 better", "SIP/2.0 20 OK", "SIP/2.0 099 x", "SIP/2.0 700 x",
        "SIP/2.0 2x0 x", "SIP/2.0 200OK", "SIP/2.0", "SIP/2.0 "}) {
    CAPTURE(line);
    CHECK(Parsed(std::string(line) + "\r\nCall-ID: x\r\n\r\n").fault() == ParseFault::BadStatus);
  }
}

TEST_CASE("message: a header without colon or name is named, the rest is read" *
          doctest::description("RFC 3261 7.3.1; R4.5")) {
  const Parsed parsed(request_with("Subject lunch\nK: timer\n"));
  CHECK(parsed->status == ParseStatus::Malformed);
  CHECK(parsed.fault() == ParseFault::BadHeaderSyntax);
  CHECK(parsed->error.header == HeaderId::Subject);
  CHECK(parsed.text().substr(parsed->error.offset).starts_with("Subject lunch"));
  CHECK(parsed.view().header(HeaderId::Supported) == "timer");
  CHECK(Parsed(request_with(": x\n")).fault() == ParseFault::BadHeaderName);
  CHECK(Parsed(request_with("B@d: x\n")).fault() == ParseFault::BadHeaderSyntax);
  CHECK(Parsed(request_with(std::string(256, 'n') + ": x\n")).fault() == ParseFault::BadHeaderName);
  CHECK(Parsed(request_with(std::string(255, 'n') + ": x\n")).complete());
}

TEST_CASE("message: a fold behind the start line is malformed" *
          doctest::description("RFC 3261 7.3.1")) {
  const Parsed parsed(wire("OPTIONS sip:a@b SIP/2.0\n lost\nCall-ID: x\n\n"));
  CHECK(parsed.fault() == ParseFault::BadHeaderSyntax);
  CHECK(parsed.view().header(HeaderId::CallId) == "x");
}

TEST_CASE("message: a bare CR ends no line and is refused wherever it stands" *
          doctest::description("RFC 3261 25.1")) {
  for (const char* line : {"Subject: a\rEvil: b\n", "Subject: a\r\n b\rEvil: c\n",
                           "Subject: a\r\r\n", "Subject\r: a\n"}) {
    CAPTURE(line);
    std::string text = request_with("K: x\n");
    text.resize(text.size() - 2);
    const Parsed parsed(text + line + "\r\n");
    CHECK(parsed->status == ParseStatus::Malformed);
    CHECK(parsed.fault() == ParseFault::BadHeaderSyntax);
    CHECK_FALSE(parsed.view().has(HeaderId::Subject));
    CHECK_FALSE(parsed.view().find_header("Evil"));
  }
  CHECK(Parsed("OPTIONS sip:a\r@b SIP/2.0\r\nCall-ID: x\r\n\r\n").fault() ==
        ParseFault::BadStartLine);
  CHECK(Parsed("SIP/2.0 200 O\rK\r\nCall-ID: x\r\n\r\n").fault() == ParseFault::BadStartLine);
}

TEST_CASE("message: a datagram without the empty line is malformed" *
          doctest::description("RFC 3261 7")) {
  CHECK(Parsed("OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n").fault() == ParseFault::NoEndOfHeaders);
  CHECK(Parsed("OPTIONS sip:a@b SIP/2.0").fault() == ParseFault::NoEndOfHeaders);
}

TEST_CASE("message: a body shorter than said is malformed on a datagram" *
          doctest::description("RFC 3261 18.3; R7.2")) {
  const Parsed parsed(request_with("Content-Length: 9999\n") + "short");
  CHECK(parsed.fault() == ParseFault::BodyTooShort);
  CHECK(parsed->error.header == HeaderId::ContentLength);
  CHECK(parsed.view().has(HeaderId::Via));
}

TEST_CASE("message: a length that is no number is malformed" *
          doctest::description("RFC 4475 3.1.2.2; R13.5")) {
  for (const char* value : {"-999", "abc", "", "1 2", "99999999999999999999", "0x10"}) {
    CAPTURE(value);
    const std::string text = request_with("Content-Length: " + std::string(value) + "\n");
    CHECK(Parsed(text).fault() == ParseFault::BadContentLength);
    CHECK(Parsed(text, Framing::Stream).fault() == ParseFault::BadContentLength);
  }
}

TEST_CASE("message: two lengths are refused even when equal" *
          doctest::description("RFC 3261 20.14; framing")) {
  CHECK(Parsed(request_with("Content-Length: 0\nl: 0\n"), Framing::Stream).fault() ==
        ParseFault::BadContentLength);
}

TEST_CASE("message: a stream needs Content-Length" * doctest::description("RFC 3261 20.14; R7.3")) {
  const Parsed parsed(request_with("Subject: x\n"), Framing::Stream);
  CHECK(parsed.fault() == ParseFault::BadContentLength);
  CHECK(parsed.view().has(HeaderId::Via));
}

TEST_CASE("message: more than 64 KiB is refused before it has come" *
          doctest::description("RFC 3261 21.5.7; F: TCP caps")) {
  for (const char* length : {"65535", "4294967295"}) {
    CAPTURE(length);
    const Parsed parsed(request_with("Content-Length: " + std::string(length) + "\n"),
                        Framing::Stream);
    CHECK(parsed.fault() == ParseFault::TooLarge);
    CHECK(status_for(parsed.fault()) == status::kMessageTooLarge);
  }
  const std::string endless = "OPTIONS sip:a@b SIP/2.0\r\nSubject: " + std::string(70000, 'x');
  CHECK(Parsed(endless, Framing::Stream).fault() == ParseFault::TooLarge);
  CHECK(Parsed(endless).fault() == ParseFault::TooLarge);
}

TEST_CASE("message: the 129th header line is refused" * doctest::description("RFC 3261 26.3.2.4")) {
  std::string lines;
  for (size_t i = 0; i < kHeadersMax; ++i) lines += "X-H: y\n";
  const Parsed parsed(request_with(lines));
  CHECK(parsed.fault() == ParseFault::TooManyHeaders);
  CHECK(parsed.view().header_count() == kHeadersMax);
  CHECK(parsed.view().has(HeaderId::CSeq));
}

TEST_CASE("check: a good request passes" * doctest::description("RFC 3261 8.1.1")) {
  CHECK_FALSE(check_message(Parsed(request_with("Max-Forwards: 70\n")).view()));
}

TEST_CASE("check: each mandatory header is missed" * doctest::description("RFC 3261 8.1.1; R4.5")) {
  constexpr HeaderId kMandatory[] = {HeaderId::Via, HeaderId::From, HeaderId::To, HeaderId::CallId,
                                     HeaderId::CSeq};
  for (const HeaderId id : kMandatory) {
    CAPTURE(to_text(id));
    std::string text = request_with("Max-Forwards: 70\n");
    const size_t start = text.find("\r\n" + std::string(to_text(id)) + ":");
    REQUIRE(start != std::string::npos);
    text.erase(start, text.find("\r\n", start + 2) - start);
    const auto error = check_message(Parsed(text).view());
    REQUIRE(error);
    CHECK(error->fault == ParseFault::MissingHeader);
    CHECK(error->header == id);
  }
}

TEST_CASE("check: headers that may appear once only" *
          doctest::description("RFC 3261 7.3.1; RFC 4475 3.3.8; R4.5")) {
  for (const char* line :
       {"From: <sip:x@y>;tag=2\n", "t: <sip:x@y>\n", "i: other\n", "CSeq: 314159 INVITE\n"}) {
    CAPTURE(line);
    const auto error = check_message(Parsed(request_with(line)).view());
    REQUIRE(error);
    CHECK(error->fault == ParseFault::DuplicateHeader);
  }
  CHECK_FALSE(check_message(
      Parsed(request_with("Via: SIP/2.0/UDP b\nRoute: <sip:a>\nRoute: <sip:b>\n"
                          "Authorization: Basic x\nAuthorization: Digest realm=\"x\"\n"))
          .view()));
}

TEST_CASE("check: the CSeq method must be the request's" *
          doctest::description("RFC 4475 3.1.2.17")) {
  std::string text = request_with("K: x\n");
  text.replace(text.find("314159 INVITE"), 13, "314159 OPTIONS");
  const Parsed parsed(text);
  const auto error = check_message(parsed.view());
  REQUIRE(error);
  CHECK(error->fault == ParseFault::MethodMismatch);
  CHECK(text.substr(error->offset, 7) == "OPTIONS");
}

TEST_CASE("check: a request's Vias are all good" *
          doctest::description("RFC 3261 16.7 step 3; RFC 4475 3.1.2.1")) {
  for (const char* line : {"Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n", "v: SIP/3.0/UDP h\n",
                           "Via: SIP/2.0/UDP a, nonsense\n"}) {
    CAPTURE(line);
    const Parsed parsed(request_with(line));
    const auto error = check_message(parsed.view());
    REQUIRE(error);
    CHECK(error->header == HeaderId::Via);
    // A response is not held up by what is its receiver's affair.
    std::string response = request_with(line);
    response.replace(0, response.find("\r\n"), "SIP/2.0 200 OK");
    CHECK_FALSE(check_message(Parsed(response).view()));
  }
}

TEST_CASE("check: the URIs of From and To are good where they are SIP's" *
          doctest::description("RFC 3261 16.3 step 1; R14.2")) {
  for (const HeaderId id : {HeaderId::From, HeaderId::To}) {
    for (const auto& [uri, good] :
         std::initializer_list<std::pair<const char*, bool>>{{"sip:a@b:99999", false},
                                                             {"sip:50%@b", false},
                                                             {"sips:", false},
                                                             {"sip:@b", false},
                                                             {"tel:+12125551", true},
                                                             {"urn:service:sos", true}}) {
      const std::string_view named = uri;  // a binding is nothing that a lambda can hold
      CAPTURE(named);
      std::string text = request_with("Max-Forwards: 70\n");
      const size_t start = text.find("\r\n" + std::string(to_text(id)) + ":") + 2;
      const std::string line = std::string(to_text(id)) + ": <" + uri + ">;tag=1";
      text.replace(start, text.find("\r\n", start) - start, line);
      const auto error = check_message(Parsed(text).view());
      CHECK(good == !error.has_value());
      if (error) CHECK(error->header == id);
    }
  }
}

TEST_CASE("check: a fault names its header and place in the message" *
          doctest::description("R4.5")) {
  const Parsed parsed(request_with("Max-Forwards: 300\n"));
  const auto error = check_message(parsed.view());
  REQUIRE(error);
  CHECK(error->header == HeaderId::MaxForwards);
  CHECK(parsed.text().substr(error->offset, 3) == "300");
  char reason[kErrorReasonMax];
  CHECK(write_error_reason(*error, reason) == "Bad Request - Max-Forwards: bad number");
  char warning[kErrorWarningMax];
  CHECK(write_error_warning("Max-Forwards", "bad number", warning) ==
        "Warning: 399 tipring \"Max-Forwards: bad number\"\r\n");
}

TEST_CASE("check: all that is missing is named at once" *
          doctest::description("RFC 4475 3.3.1; R14.3")) {
  char part[kFaultyPartMax];
  const Parsed none("INVITE sip:bob@biloxi.example SIP/2.0\r\nCSeq:\r\n\r\n");
  const auto all = check_message(none.view());
  REQUIRE(all);
  CHECK(write_faulty_part(none.view(), *all, part) == "Via, From, To, Call-ID, CSeq");
  char reason[kErrorReasonMax];
  CHECK(write_error_reason(*all, write_faulty_part(none.view(), *all, part), reason) ==
        "Bad Request - Via, From, To, Call-ID, CSeq: missing");
  const Parsed other(request_with("Max-Forwards: x\n"));
  CHECK(write_faulty_part(other.view(), *check_message(other.view()), part) == "Max-Forwards");
}

TEST_CASE("faults: all have texts that fit into a reason" * doctest::description("parse_error.h")) {
  std::set<std::string_view> texts;
  for (int i = 0; i <= static_cast<int>(ParseFault::UnknownAuthScheme); ++i) {
    const auto fault = static_cast<ParseFault>(i);
    CHECK(to_text(fault).size() > 3);
    texts.insert(to_text(fault));
    char reason[kErrorReasonMax];
    const std::string_view written =
        write_error_reason({fault, HeaderId::AcceptResourcePriority, 0}, reason);
    CHECK(written.ends_with(to_text(fault)));
    char warning[kErrorWarningMax];
    CHECK_FALSE(write_error_warning(to_text(HeaderId::PChargingAddresses), to_text(fault), warning)
                    .empty());
  }
  CHECK(texts.size() >= static_cast<size_t>(ParseFault::UnknownAuthScheme));
  char small[8];
  CHECK(write_error_reason({ParseFault::BadUri, HeaderId::To, 0}, small) == "Bad Requ");
}

}  // namespace
}  // namespace tipring::sip
