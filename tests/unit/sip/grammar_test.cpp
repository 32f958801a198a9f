// Messages by chance from RFC 3261 section 25: whatever the grammar can say is read, and what was
// read and written anew says the same; whatever is damaged is survived.
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <string>

#include "grammar_rules.h"
#include "parsed.h"
#include "sip/message_edit.h"
#include "sip/multipart.h"
#include "sip/uri.h"
#include "sip/writer.h"
#include "support/sip_messages.h"
#include "support/typed_views.h"

namespace tipring::sip {
namespace {

using test::Chance;
using test::GuardedText;
using test::Parsed;
using test::rewrite_value;
using test::SipMessages;

const SipMessages& messages() {
  static const SipMessages kAll(test::kSipRules);
  return kAll;
}

// How many messages: a soak says more.
uint64_t rounds(uint64_t usual) {
  const char* const text = std::getenv("TIPRING_GRAMMAR_ROUNDS");
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

// All values of one line, read and written anew.
std::string rewrite_line(const HeaderView& line) {
  std::string out;
  std::string_view rest = line.value();
  std::string_view value = rest;
  if (header_kind(line.id()) != HeaderKind::List) {
    if (rest.empty()) return out;
    const auto written = rewrite_value(line.id(), rest);
    if (!written) FAIL("cannot read " << to_text(line.id()) << ": " << std::string(rest));
    return *written;
  }
  while (next_list_value(rest, value, line.id() == HeaderId::Via)) {
    const auto written = rewrite_value(line.id(), value);
    if (!written) FAIL("cannot read " << to_text(line.id()) << ": " << std::string(value));
    out += (out.empty() ? "" : ", ") + *written;
  }
  return out;
}

std::string rewrite_uri(std::string_view text) {
  std::array<char, 4096> room;
  Writer out(room);
  if (const auto uri = parse_uri(text)) write_uri(out, *uri);
  return std::string(out.view());
}

std::string rewrite_message(const MessageView& view) {
  std::array<char, kMessageSizeMax> room;
  Writer out(room);
  if (view.is_request()) {
    const std::string uri = rewrite_uri(view.request_uri());
    REQUIRE(equal_uris(uri, view.request_uri()));
    out.text(view.method_text()).text(" ").text(uri).text(" SIP/2.0\r\n");
  } else {
    out.text("SIP/2.0 ").number(view.status()).text(" ").text(view.reason()).crlf();
  }
  for (const HeaderView line : view.headers()) {
    const std::string value = rewrite_line(line);
    if (line.id() == HeaderId::Other) {
      out.header(line.name(), value);
    } else {
      out.header(line.id(), value);
    }
  }
  out.crlf().text(view.body());
  REQUIRE_FALSE(out.full());
  return std::string(out.view());
}

void check_same(const MessageView& a, const MessageView& b) {
  CHECK(a.method_text() == b.method_text());
  CHECK(rewrite_uri(a.request_uri()) == rewrite_uri(b.request_uri()));
  CHECK(a.status() == b.status());
  CHECK(a.reason() == b.reason());
  CHECK(a.body() == b.body());
  REQUIRE(a.header_count() == b.header_count());
  auto other = b.headers().begin();
  for (const HeaderView line : a.headers()) {
    const HeaderView same = *other;
    ++other;
    CHECK(line.id() == same.id());
    CHECK(rewrite_line(line) == rewrite_line(same));
  }
}

TEST_CASE("grammar: every header of the table has a rule" * doctest::description("RFC 3261 25")) {
  for (size_t i = 0; i + 1 < kHeaderIdCount; ++i) {
    const auto id = static_cast<HeaderId>(i);
    if (id == HeaderId::CSeq || id == HeaderId::ContentLength) continue;  // they must fit the rest
    CAPTURE(to_text(id));
    CHECK(messages().grammar().has(std::string(to_text(id))));
  }
}

TEST_CASE("grammar: what the rule of a header says, its view reads and says again" *
          doctest::description("RFC 3261 20 and 25.1; G1")) {
  for (size_t i = 0; i + 1 < kHeaderIdCount; ++i) {
    const auto id = static_cast<HeaderId>(i);
    const std::string rule(to_text(id));
    if (!messages().grammar().has(rule)) continue;
    CAPTURE(rule);
    for (uint64_t seed = 0; seed < rounds(100); ++seed) {
      CAPTURE(seed);
      Chance chance(seed);
      const std::string value = messages().grammar().generate(rule, chance);
      CAPTURE(value);
      const GuardedText text(trim_lws(value));
      const auto written = rewrite_value(id, text.view());
      REQUIRE(written);
      CHECK(rewrite_value(id, *written) == *written);
    }
  }
}

TEST_CASE("grammar: messages are read, written anew and read as the same" *
          doctest::description("RFC 3261 25; R14.1, G1")) {
  for (uint64_t seed = 0; seed < rounds(2000); ++seed) {
    CAPTURE(seed);
    Chance chance(seed);
    const std::string text =
        chance.one_in(3) ? messages().response(chance) : messages().request(chance);
    CAPTURE(text);
    const Parsed first(text, Framing::Stream);
    REQUIRE(first.complete());
    CHECK(first->used == text.size());
    const auto fault = check_message(first.view());
    if (fault) FAIL(to_text(fault->header) << ": " << to_text(fault->fault));
    const std::string written = rewrite_message(first.view());
    CAPTURE(written);
    const Parsed second(written, Framing::Stream);
    REQUIRE(second.complete());
    CHECK_FALSE(check_message(second.view()));
    check_same(first.view(), second.view());
  }
}

// Everything that anybody does with a message from outside. The sum keeps it from being left out.
size_t use(const MessageView& view) {
  size_t sum = check_message(view).has_value() ? 1U : 0U;
  for (const HeaderView line : view.headers()) {
    for (const std::string_view value : view.values(line.id())) {
      sum += rewrite_value(line.id(), value).value_or("").size();
      const auto address = parse_name_addr(value);
      if (address) sum += parse_uri(address->uri) ? 1U : 0U;
    }
  }
  sum += parse_uri(view.request_uri()) ? 1U : 0U;
  const auto type = view.typed<HeaderId::ContentType>();
  auto parts = type ? Multipart::open(*type, view.body())
                    : Multipart::open({"multipart", "mixed", ";boundary=x"}, view.body());
  BodyPart part;
  while (parts && parts->next(part) == PartStatus::Found) sum += part.body.size();
  std::array<char, 1 << 16> room;
  ResponseParts answer;
  answer.to_tag = "1";
  if (const auto size = write_response(view, 400, answer, room)) sum += *size;
  if (const auto size = write_forwarded_response(view, {}, room)) sum += *size;
  RequestEdit edit;
  edit.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1";
  if (const auto size = write_forwarded_request(view, edit, room)) sum += *size;
  return sum;
}

TEST_CASE("grammar: damaged messages are survived, and what passes can be answered" *
          doctest::description("guard page; R14.5, R4.5")) {
  size_t sum = 0;
  size_t passed = 0;
  for (uint64_t seed = 0; seed < rounds(4000); ++seed) {
    CAPTURE(seed);
    Chance chance(seed);
    const std::string text = SipMessages::damage(messages().request(chance), chance);
    for (const Framing framing : {Framing::Datagram, Framing::Stream}) {
      const Parsed parsed(text, framing);
      sum += use(parsed.view());
      if (!parsed.complete() || check_message(parsed.view())) continue;
      ++passed;
      std::array<char, 1 << 16> room;
      const auto size = write_response(parsed.view(), 400, {}, room);
      REQUIRE(size);
      const Parsed answer(std::string_view(room.data(), *size), Framing::Stream);
      CHECK(answer.complete());
      CHECK_FALSE(check_message(answer.view()));
    }
  }
  CHECK(sum > 0);
  CHECK(passed > 100);
}

}  // namespace
}  // namespace tipring::sip
