#include "admin/import_lines.h"

#include <doctest/doctest.h>

namespace tipring::admin::test {
namespace {

TEST_CASE("import lines: passwords keep their commas and spaces, line ends of any kind") {
  const std::string text =
      "\xef\xbb\xbf"
      "100,a,b\r\n\n  101@Example.org , c \n102,d";
  const ImportLines import = parse_import(text);
  REQUIRE(import.faults.empty());
  REQUIRE(import.lines.size() == 3);
  CHECK(import.lines[0].password == "a,b");
  CHECK(import.lines[1].user.text() == "101@example.org");
  CHECK(import.lines[1].password == " c ");
  CHECK(import.lines[2].user.name == "102");
  CHECK(import.lines[2].line == 4);
}

TEST_CASE("import lines: every fault with its line") {
  const ImportLines import =
      parse_import("100\n101,\n,x\n102,ok\n102,again\n" + std::string(65, 'n') + ",x\n103," +
                   std::string(129, 'p') + "\n");
  const uint32_t lines[] = {1, 2, 3, 5, 6, 7};
  REQUIRE(import.faults.size() == std::size(lines));
  for (size_t i = 0; i < std::size(lines); ++i) CHECK(import.faults[i].line == lines[i]);
  CHECK(import.faults[3].text() == "line 5: user 102 is in line 4 already");
}

TEST_CASE("import lines: a heading and quoted names are what a spreadsheet made of it") {
  const ImportLines import = parse_import("Name,Password\n\"100\",x\nname,password\n");
  REQUIRE(import.faults.size() == 2);
  CHECK(import.faults[0].text().find("line 1: this is a heading") == 0);
  CHECK(import.faults[1].text().find("line 2: the quotes") == 0);
}

TEST_CASE("import lines: a user of the default domain is one user in both forms") {
  const ImportLines import = parse_import("100@Example.org,x\n100,y\n100@other,z\n", "example.org");
  REQUIRE(import.faults.size() == 1);
  CHECK(import.faults[0].text() == "line 2: user 100 is in line 1 already");
}

TEST_CASE("import lines: of very many faults the first are told") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x\n";
  CHECK(parse_import(text).faults.size() == ImportLines::kFaultsMax);
}

}  // namespace
}  // namespace tipring::admin::test
