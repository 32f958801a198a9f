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

TEST_CASE("JSON: texts in quotes, numbers and truth values without") {
  const CtlRow row = {{"name", "a\"b"}, {"n", "7", false}, {"b", "true", false}};
  CHECK(format_json(row) == R"({"name":"a\"b","n":7,"b":true})");
  CHECK(format_json(CtlRows{}) == "[]");
  CHECK(format_json(CtlRows{{}, {}}) == "[{},\n{}]");
}

}  // namespace
}  // namespace tipring::app
