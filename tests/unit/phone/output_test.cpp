#include "tools/phone/output.h"

#include <doctest/doctest.h>

using namespace tipring::phone;

TEST_CASE("phone output: one line for people, quoted where it must be") {
  CHECK(write_event(false, "ended", {{"call", int64_t{1}}, {"reason", "Busy Here"}}) ==
        "ended call=1 reason=\"Busy Here\"\n");
  CHECK(write_event(false, "played", {}) == "played\n");
  CHECK(write_event(false, "x", {{"a", ""}}) == "x a=\"\"\n");
}

TEST_CASE("phone output: one object for programs, numbers without quotes") {
  CHECK(write_event(true, "heard", {{"hertz", int64_t{700}}, {"share", 0.5}, {"by", "anna"}}) ==
        "{\"event\":\"heard\",\"hertz\":700,\"share\":0.500,\"by\":\"anna\"}\n");
}

TEST_CASE("phone output: text of strangers stays one line and moves no terminal") {
  CHECK(write_event(false, "x", {{"a", "1\n\x1b[2J\"\\"}}) ==
        "x a=\"1\\u000a\\u001b[2J\\\"\\\\\"\n");
  CHECK(write_event(true, "x", {{"a", "1\n"}}) == "{\"event\":\"x\",\"a\":\"1\\u000a\"}\n");
}

TEST_CASE("phone output: what a terminal would obey, and what is no UTF-8, is written out") {
  CHECK(write_event(false, "x",
                    {{"a",
                      "\xc2\x9b"
                      "2J"}}) == "x a=\"\\u009b2J\"\n");
  CHECK(write_event(false, "x",
                    {{"a",
                      "\xe2\x80\xae"
                      "b"}}) == "x a=\"\\u202eb\"\n");
  CHECK(write_event(true, "x",
                    {{"a",
                      "\x9b"
                      "2J"}}) ==
        "{\"event\":\"x\",\"a\":\"\xef\xbf\xbd"
        "2J\"}\n");
  for (const char* const bad : {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    const std::string line = write_event(true, "x", {{"a", bad}});
    CHECK(line.find(bad) == std::string::npos);
    CHECK(line.find("\xef\xbf\xbd") != std::string::npos);
  }
  CHECK(write_event(false, "x", {{"a", "J\xc3\xb6rg\xf0\x9f\x93\x9e"}}) ==
        "x a=J\xc3\xb6rg\xf0\x9f\x93\x9e\n");
}
