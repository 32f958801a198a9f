#include "sip/multipart.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "parsed.h"
#include "sip/headers.h"

namespace tipring::sip {
namespace {

using test::GuardedText;
using test::Parsed;
using test::wire;

struct Read {
  std::vector<BodyPart> parts;
  PartStatus end = PartStatus::Found;
};

Read read_all(std::string_view body, std::string_view type = "multipart/mixed;boundary=unique-1") {
  Read read;
  auto multipart = Multipart::open(*MediaTypeTraits::parse(type), body);
  REQUIRE(multipart);
  BodyPart part;
  while ((read.end = multipart->next(part)) == PartStatus::Found) read.parts.push_back(part);
  CHECK(multipart->next(part) == read.end);
  return read;
}

TEST_CASE("multipart: parts with and without headers, preamble and epilogue" *
          doctest::description("RFC 2046 5.1.1")) {
  const GuardedText body(wire(R"(
This is the preamble.  It is to be ignored.
--unique-1

This is implicitly typed plain US-ASCII text.
It does NOT end with a linebreak.
--unique-1
Content-type: text/plain; charset=us-ascii
X-Folded: one
 two

This is explicitly typed plain US-ASCII text.
It DOES end with a linebreak.

--unique-1--

This is the epilogue.  It is also to be ignored.
)"));
  const Read read = read_all(body.view());
  REQUIRE(read.parts.size() == 2);
  CHECK(read.end == PartStatus::End);
  CHECK(read.parts[0].head.empty());
  CHECK(read.parts[0].body.ends_with("does NOT end with a linebreak."));
  CHECK(read.parts[1].header("content-TYPE") == "text/plain; charset=us-ascii");
  CHECK(read.parts[1].header("X-Folded") == "one\r\n two");
  CHECK_FALSE(read.parts[1].header("two"));
  CHECK(read.parts[1].body.ends_with("linebreak.\r\n"));
}

TEST_CASE("multipart: octets are octets, and a longer boundary is another one" *
          doctest::description("RFC 2046 5.1.1, 5.1.2; RFC 4475 3.1.1.11")) {
  const std::string inside = std::string("\0\r\n--unique-12\r\n--uniqu\r\n", 25);
  const std::string text =
      "--unique-1 \t\r\n\r\n" + inside + "\r\n--unique-1\r\nA: b\r\n\r\n\r\n--unique-1--";
  const GuardedText body(text);
  const Read read = read_all(body.view());
  REQUIRE(read.parts.size() == 2);
  CHECK(read.parts[0].body == inside);
  CHECK(read.parts[1].header("a") == "b");
  CHECK(read.parts[1].body.empty());
  CHECK(read.end == PartStatus::End);
}

TEST_CASE("multipart: a part may be multipart itself" * doctest::description("RFC 2046 5.1.1")) {
  const GuardedText body(wire(R"(
--unique-1
Content-Type: multipart/alternative;boundary="in ner"

--in ner

a
--in ner--
--unique-1--
)"));
  const Read outer = read_all(body.view());
  REQUIRE(outer.parts.size() == 1);
  const Read inner = read_all(outer.parts[0].body, *outer.parts[0].header("Content-Type"));
  REQUIRE(inner.parts.size() == 1);
  CHECK(inner.parts[0].body == "a");
}

TEST_CASE("multipart: a body without its last boundary is malformed" *
          doctest::description("RFC 2046 5.1.1")) {
  CHECK(read_all("").end == PartStatus::Malformed);
  CHECK(read_all("no boundary at all").end == PartStatus::Malformed);
  CHECK(read_all("--unique-1\r\n\r\nhalf").end == PartStatus::Malformed);
  const Read read = read_all("--unique-1\r\n\r\nwhole\r\n--unique-1\r\n\r\nhalf");
  CHECK(read.parts.size() == 1);
  CHECK(read.end == PartStatus::Malformed);
}

TEST_CASE("multipart: only multipart types with a boundary of 1 to 70 characters" *
          doctest::description("RFC 2046 5.1.1")) {
  const std::string longest(70, 'x');
  const auto opens = [](const std::string& type) {
    return Multipart::open(*MediaTypeTraits::parse(type), "").has_value();
  };
  CHECK(opens("Multipart/Mixed;Boundary=" + longest));
  CHECK_FALSE(opens("multipart/mixed;boundary=" + longest + "x"));
  CHECK_FALSE(opens("multipart/mixed;boundary=\"\""));
  CHECK_FALSE(opens("multipart/mixed"));
  CHECK_FALSE(opens("text/plain;boundary=x"));
}

TEST_CASE("multipart: the MESSAGE of RFC 4475 has a text and a signature" *
          doctest::description("RFC 4475 3.1.1.11")) {
  std::ifstream file(std::string(TIPRING_TORTURE_DIR) + "/rfc4475/mpart01.sip", std::ios::binary);
  const Parsed parsed(std::string{std::istreambuf_iterator<char>(file), {}});
  REQUIRE(parsed.complete());
  auto multipart =
      Multipart::open(*parsed.view().typed<HeaderId::ContentType>(), parsed.view().body());
  REQUIRE(multipart);
  BodyPart part;
  REQUIRE(multipart->next(part) == PartStatus::Found);
  CHECK(part.body == "Hello");
  REQUIRE(multipart->next(part) == PartStatus::Found);
  CHECK(part.header("Content-Type") == "application/octet-stream");
  CHECK(part.body.size() == 342);
  CHECK(part.body.starts_with("0\x82\x01R"));
  CHECK(multipart->next(part) == PartStatus::End);
}

TEST_CASE("multipart: every cut is survived" * doctest::description("guard page")) {
  const std::string whole = "x\r\n--unique-1\r\nA: b\r\n c\r\n\r\nbody\r\n--unique-1--\r\n";
  for (size_t size = 0; size <= whole.size(); ++size) {
    const GuardedText text(std::string_view(whole).substr(0, size));
    for (const BodyPart& part : read_all(text.view()).parts) CHECK(part.header("A"));
  }
}

}  // namespace
}  // namespace tipring::sip
