#include "app/ctl_rows.h"

#include <doctest/doctest.h>

namespace tipring::app {
namespace {

TEST_CASE("table: columns line up, numbers to the right, empty columns are left out") {
  const CtlRows rows = {
      {{"name",
        "b\xc3\xb6"
        "b"},
       {"domain", ""},
       {"expires_s", "5", false}},
      {{"name", "101"}, {"domain", ""}, {"expires_s", "3600", false}},
  };
  CHECK(format_table(rows) ==
        "NAME  EXPIRES S\n"
        "b\xc3\xb6"
        "b           5\n"
        "101        3600\n");
  CHECK(format_table({}) == "");
}

TEST_CASE("table and facts: control characters cannot steer the terminal") {
  CHECK(format_table({{{"name", "a\x1b[2J"}}}).find('\x1b') == std::string::npos);
  CHECK(format_facts({{"version", "1\x1b"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("table: characters of two columns and of none line up") {
  const CtlRows rows = {{{"name", "\xe6\x9d\xb1\xe4\xba\xac"}, {"b", "x"}},  // two of two columns
                        {{"name", "e\xcc\x81t"}, {"b", "x"}},                // a combining accent
                        {{"name", "abcde"}, {"b", "x"}}};
  CHECK(format_table(rows) ==
        "NAME   B\n"
        "\xe6\x9d\xb1\xe4\xba\xac   x\n"
        "e\xcc\x81t     x\n"
        "abcde  x\n");
}

TEST_CASE("table: where it is too wide, the widest texts are cut, numbers and short texts never") {
  const CtlRows rows = {{{"name", "short"},
                         {"contact", "sip:somebody@192.0.2.7:5060;ob"},
                         {"agent", "A telephone 1.0"},
                         {"expires_s", "3600", false}}};
  CHECK(format_table(rows, 48) ==
        "NAME   CONTACT         AGENT           EXPIRES S\n"
        "short  sip:somebody@…  A telephone 1…       3600\n");
  CHECK(format_table(rows, 10).find("sip:somebod…  A telephone…") != std::string::npos);
  CHECK(format_table(rows, 0).find("sip:somebody@192.0.2.7:5060;ob") != std::string::npos);
}

TEST_CASE("lists: with commas for people, as arrays in JSON") {
  const CtlRow row = {{"aliases", "1\n2\n", true, true}, {"none", "", true, true}};
  CHECK(format_facts(row) == "aliases  1, 2\nnone     \n");
  CHECK(format_json(row) == R"({"aliases":["1","2"],"none":[]})");
}

TEST_CASE("JSON: texts in quotes, numbers and truth values without") {
  const CtlRow row = {{"name", "a\"b"}, {"n", "7", false}, {"b", "true", false}};
  CHECK(format_json(row) == R"({"name":"a\"b","n":7,"b":true})");
  CHECK(format_json(CtlRows{}) == "[]");
  CHECK(format_json(CtlRows{{}, {}}) == "[{},\n{}]");
}

}  // namespace
}  // namespace tipring::app
