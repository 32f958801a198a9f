// The files of RFC 4475 and RFC 5118 before the parser: which of them it finds well-formed, and
// what it names in the others. tests/torture sends them to the running server.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "parsed.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::sip {
namespace {

using test::Parsed;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> read_all() {
  std::map<std::string, std::string> texts;
  for (const char* folder : {"rfc4475", "rfc5118"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(TIPRING_TORTURE_DIR) / folder)) {
      texts[entry.path().stem()] = read_file(entry.path());
    }
  }
  return texts;
}

const std::map<std::string, std::string>& torture() {
  static const std::map<std::string, std::string> kTexts = read_all();
  return kTexts;
}

struct Expected {
  ParseFault fault;
  HeaderId header = HeaderId::Other;
};

// Where the first fault is found as the files stand. What is not here is well-formed: a Request-URI
// is not looked into, nor is a header that no element has to understand.
const std::map<std::string, Expected> kFaults = {
    {"baddn", {ParseFault::NoEndOfHeaders}},
    {"badaspec", {ParseFault::BadNameAddr, HeaderId::To}},
    {"badinv01", {ParseFault::BadVia, HeaderId::Via}},
    {"badvers", {ParseFault::BadVersion}},
    {"bigcode", {ParseFault::BadStatus}},
    {"clerr", {ParseFault::BodyTooShort, HeaderId::ContentLength}},
    {"insuf", {ParseFault::MissingHeader, HeaderId::From}},
    {"ipv6-bug-abnf-3-colons", {ParseFault::NoEndOfHeaders}},
    {"ipv6-correct-abnf-2-colons", {ParseFault::NoEndOfHeaders}},
    {"ipv6-in-sdp", {ParseFault::BodyTooShort, HeaderId::ContentLength}},
    {"lwsruri", {ParseFault::BadStartLine}},
    {"lwsstart", {ParseFault::BadStartLine}},
    {"mcl01", {ParseFault::BadContentLength, HeaderId::ContentLength}},
    {"mismatch01", {ParseFault::MethodMismatch, HeaderId::CSeq}},
    {"mismatch02", {ParseFault::MethodMismatch, HeaderId::CSeq}},
    {"mult-ip-in-sdp", {ParseFault::BodyTooShort, HeaderId::ContentLength}},
    {"multi01", {ParseFault::DuplicateHeader, HeaderId::CSeq}},
    {"ncl", {ParseFault::BadContentLength, HeaderId::ContentLength}},
    {"quotbal", {ParseFault::BadNameAddr, HeaderId::To}},
    {"scalar02", {ParseFault::BadNumber, HeaderId::CSeq}},
    {"scalarlg", {ParseFault::BadNumber, HeaderId::CSeq}},
    {"test", {ParseFault::NotSip}},
};

TEST_CASE("torture: every message is found well-formed or faulty as it is" *
          doctest::description("RFC 4475 3, RFC 5118 4; R14.1, R14.3")) {
  REQUIRE(torture().size() == 62);
  for (const auto& [name, text] : torture()) {
    const std::string_view named = name;  // a binding is nothing that a lambda can hold
    CAPTURE(named);
    const Parsed parsed(text);
    const auto expected = kFaults.find(name);
    const auto error =
        parsed.complete() ? check_message(parsed.view()) : std::optional<ParseError>(parsed->error);
    REQUIRE(error.has_value() == (expected != kFaults.end()));
    if (!error) continue;
    CHECK(to_text(error->fault) == to_text(expected->second.fault));
    CHECK(to_text(error->header) == to_text(expected->second.header));
  }
}

TEST_CASE("torture: over a stream each message ends where its Content-Length says" *
          doctest::description("RFC 3261 18.3; R13.3")) {
  for (const auto& [name, text] : torture()) {
    const std::string_view named = name;  // a binding is nothing that a lambda can hold
    CAPTURE(named);
    const Parsed parsed(text + "INVITE sip:next", Framing::Stream);
    if (!parsed.complete()) continue;
    const auto length = parsed.view().typed<HeaderId::ContentLength>();
    REQUIRE(length);
    CHECK(parsed.view().body().size() == *length);
    CHECK(parsed->used == parsed.view().head().size() + *length);
  }
}

TEST_CASE("torture: what the unusual but legal messages say" *
          doctest::description("RFC 4475 3.1.1; RFC 5118 4.5")) {
  const auto view = [](const char* name) { return Parsed(torture().at(name)); };
  const Parsed wsinv = view("wsinv");
  CHECK(wsinv.view().typed<HeaderId::To>()->tag() == "1918181833n");
  CHECK(wsinv.view().typed<HeaderId::CSeq>()->number == 9);
  CHECK(*wsinv.view().typed<HeaderId::MaxForwards>() == 68);
  CHECK(std::distance(wsinv.view().values(HeaderId::Via).begin(),
                      wsinv.view().values(HeaderId::Via).end()) == 3);
  CHECK(wsinv.view().typed<HeaderId::Contact>()->param("q")->value == "0.33");
  const Parsed semiuri = view("semiuri");
  CHECK(parse_uri(semiuri.view().request_uri())->user == "user;par=u%40example.net");
  const Parsed intmeth = view("intmeth");
  CHECK(parse_uri(intmeth.view().request_uri())->password ==
        "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  CHECK(intmeth.view().typed<HeaderId::From>()->tag() == "_token~1'+`*%!-.");
  const Parsed esc02 = view("esc02");
  CHECK(esc02.view().method() == Method::Other);
  CHECK(std::distance(esc02.view().values(HeaderId::Contact).begin(),
                      esc02.view().values(HeaderId::Contact).end()) == 2);
  const Parsed escnull = view("escnull");
  const auto to = escnull.view().typed<HeaderId::To>();
  char buffer[64];
  CHECK(unescape(parse_uri(to->uri)->user, buffer) == std::string_view("null-\0-null", 11));
  const Parsed unreason = view("unreason");
  CHECK(unreason.view().reason().starts_with("= 2**3 * 5**2 \xd0\xbd\xd0\xbe"));
  CHECK(view("noreason").view().reason().empty());
  const Parsed dblreq = view("dblreq");
  CHECK(dblreq->used < dblreq.text().size());
  CHECK(dblreq.view().body().empty());
  CHECK(view("via-received-param-with-delim").view().typed<HeaderId::Via>()->received ==
        "[2001:db8::9:255]");
  CHECK(view("via-received-param-no-delim").view().typed<HeaderId::Via>()->received ==
        "2001:db8::9:255");
}

}  // namespace
}  // namespace tipring::sip
