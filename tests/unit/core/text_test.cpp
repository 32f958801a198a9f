#include "core/text.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;

TEST_CASE("numbers: digits within the range, and nothing else") {
  CHECK(*parse_u8("255") == 255);
  CHECK(parse_u8("256").error() == Error::OutOfRange);
  CHECK(*parse_u16("00065535") == 65535);
  CHECK(*parse_u32("4294967295") == 4294967295u);
  CHECK(parse_u32("4294967296").error() == Error::OutOfRange);
  CHECK(*parse_u64("18446744073709551615") == UINT64_MAX);
  CHECK(parse_u64("18446744073709551616").error() == Error::OutOfRange);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1a"}) {
    CAPTURE(bad);
    CHECK(parse_u32(bad).error() == Error::Invalid);
  }
}

TEST_CASE("numbers: writing gives back what was read") {
  char out[kNumberTextMax];
  CHECK(write_u64(0, out) == "0");
  for (uint64_t value = 0; value <= 300; ++value)
    CHECK(write_u64(value, out) == std::to_string(value));
  CHECK(write_u64(UINT64_MAX, out) == "18446744073709551615");
  char hex[16];
  CHECK(write_hex_u64(0x0123456789abcdefU, hex) == "0123456789abcdef");
  CHECK(*parse_hex_u64("0123456789ABCDEF") == 0x0123456789abcdefU);
  CHECK_FALSE(parse_hex_u64("0123456789abcdef0"));
  CHECK_FALSE(parse_hex_u64("g"));
  uint64_t value = 0;
  CHECK(read_hex_u64("0123456789ABCdef and more", value));
  CHECK(value == 0x0123456789abcdefU);
  CHECK_FALSE(read_hex_u64("0123456g89abcdef", value));
  CHECK_FALSE(read_hex_u64("0123456789abcde/", value));
}

TEST_CASE("text: begins with a literal") {
  CHECK(starts_with("SIP/2.0 200", "SIP/2.0 "));
  CHECK(starts_with("SIP/2.0 ", "SIP/2.0 "));
  CHECK_FALSE(starts_with("SIP/2.0", "SIP/2.0 "));
  CHECK_FALSE(starts_with("sIP/2.0 200", "SIP/2.0 "));
  CHECK(starts_with("", ""));
}

TEST_CASE("hex: bytes both ways") {
  const uint8_t bytes[] = {0x00, 0xff, 0x5a};
  char text[6];
  CHECK(write_hex(bytes, text) == "00ff5a");
  uint8_t back[3];
  REQUIRE(parse_hex("00FF5a", back));
  CHECK(back[1] == 0xff);
  CHECK_FALSE(parse_hex("00ff5", back));
  CHECK_FALSE(parse_hex("00ff5a00", back));
}

TEST_CASE("hex: the digits of both cases, and no other byte, are digits") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const size_t at = std::string_view("0123456789abcdefABCDEF").find(text);
    const auto value = parse_hex_u64(text);
    REQUIRE(value.has_value() == (at != std::string_view::npos));
    if (value) CHECK(*value == (at < 16 ? at : at - 6));
    // Eight are read at once.
    for (size_t place = 0; place < 9; ++place) {
      std::string nine = "123456789";
      nine[place] = static_cast<char>(byte);
      const auto whole = parse_hex_u64(nine);
      REQUIRE(whole.has_value() == value.has_value());
      const size_t shift = 4 * (8 - place);
      if (whole) CHECK(*whole == ((0x123456789U & ~(uint64_t{0xf} << shift)) | *value << shift));
    }
  }
}

TEST_CASE("hex: of any number of bytes") {
  std::array<uint8_t, 11> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 0x19 + 0x8a);
  std::string expected;
  std::array<char, 22> text;
  for (size_t size = 0; size <= bytes.size(); ++size) {
    CHECK(write_hex(std::span(bytes).first(size), text) == expected);
    if (size == bytes.size()) break;
    expected += "0123456789abcdef"[bytes[size] >> 4];
    expected += "0123456789abcdef"[bytes[size] & 15];
  }
}

TEST_CASE("text: case, blanks and splitting") {
  CHECK(iequals("Call-ID", "CALL-id"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK(istarts_with("SIP:bob", "sip:"));
  CHECK(trim(" \t a b\t ") == "a b");
  CHECK(trim("  ").empty());
  CHECK(split_once("a=b=c", '=') == std::pair<std::string_view, std::string_view>("a", "b=c"));
  CHECK(split_once("abc", '=').second.empty());
}

TEST_CASE("escaping: one harmless line out of any bytes" * doctest::description("G3")) {
  const auto escape = [](std::string_view text) {
    char out[128];
    return std::string(write_escaped(text, out));
  };
  CHECK(escape("a\r\nb\tc\\") == "a\\r\\nb\\tc\\\\");
  CHECK(escape("J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(escape("\x1b[2J\x7f") == "\\x1b[2J\\x7f");
  CHECK(escape("\xc2\x9b"
               "2J") == "\\xc2\\x9b2J");  // U+009B, which terminals obey
  CHECK(escape("\xc3") == "\\xc3");
  CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // surrogate
  CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  char small[3];
  CHECK(write_escaped("a\n\n", small) == "a\\n");
}

TEST_CASE("escaping: a character is the same in a long text as by itself") {
  char alone[8];
  char out[128];
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    const std::string escaped(write_escaped(one, alone));
    for (size_t at = 0; at < 17; ++at) {
      const std::string before = std::string("abcdefghijklmnopq").substr(0, at);
      const std::string behind = std::string("ABCDEFGHIJKLMNOPQ").substr(at);
      CHECK(write_escaped(before + one + behind, out) == before + escaped + behind);
    }
  }
  CHECK(write_escaped("abcdefghijk", std::span(out, 10)) == "abcdefghij");
}

TEST_CASE("UTF-8: overlong forms, surrogates and what lies beyond are none" *
          doctest::description("RFC 3629 3")) {
  CHECK(is_utf8("\xe2\x82\xac\xf4\x8f\xbf\xbf"));
  for (const char* text : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("})
    CHECK_FALSE(is_utf8(text));
}
TEST_CASE("lines: the others stay in their order") {
  std::array<char, 16> out;
  CHECK(without_line("b\na\nab\na", "a", out) == "b\nab");
  CHECK(without_line("a\nb", "a", out) == "b");
  CHECK(without_line("b\nc", "a", out) == "b\nc");
  CHECK(without_line("a", "a", out).empty());
  CHECK(without_line("", "a", out).empty());
}
