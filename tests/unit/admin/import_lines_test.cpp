#include "admin/import_lines.h"

#include <doctest/doctest.h>

#include "admin/csv.h"

namespace tipring::admin::test {
namespace {

TEST_CASE("import lines: passwords keep their commas and spaces, line ends of any kind") {
  const std::string text =
      "\xef\xbb\xbf"
      "100,a,b\r\n\n  101@Example.org , c \n102,d";
  const ImportLines import = parse_import(text);
  REQUIRE(import.faults.empty());
  REQUIRE(import.lines.size() == 3);
  CHECK(import.lines[0].password.view() == "a,b");
  CHECK(import.lines[1].user.text() == "101@example.org");
  CHECK(import.lines[1].password.view() == " c ");
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

TEST_CASE("import lines: quoted names without a heading are what a spreadsheet made of it") {
  const ImportLines import = parse_import("\"100\",x\nname,password\n");
  REQUIRE(import.faults.size() == 1);
  CHECK(import.faults[0].text().find("line 1: the quotes") == 0);
}

TEST_CASE("import lines: a heading names the columns, values may stand in quotes" *
          doctest::description("RFC 4180 2")) {
  const std::string text =
      "Name,password,display_name,aliases,session_timer\r\n"
      "100,\"a,\"\"b\",\"Bell, Anna\",\"200,201\",exempt\r\n"
      "101@example.org,,,,\r\n";
  const ImportLines import = parse_import(text);
  REQUIRE(describe(import.faults) == "");
  CHECK(import.heading == "Name,password,display_name,aliases,session_timer");
  REQUIRE(import.lines.size() == 2);
  const ImportLine& first = import.lines[0];
  CHECK(first.password.view() == "a,\"b");
  CHECK(first.fields.display_name.view() == "Bell, Anna");
  CHECK(first.fields.aliases.view() == "200\n201");
  CHECK(first.fields.session_timer == store::SessionTimerRule::Exempt);
  CHECK(first.fields.present == (store::kDisplayName | store::kAliases | store::kSessionTimer));
  CHECK(import.lines[1].password.view().empty());
  CHECK(import.lines[1].text == "101@example.org,,,,");
}

TEST_CASE("import lines: hashes instead of a password" * doctest::description("RFC 7616 3.4.2")) {
  const std::string heading = "name,auth_name,password,realm,ha1_md5,ha1_sha256\n";
  const std::string md5(32, 'B');
  const std::string sha256(64, '7');
  const auto fault = [&](const std::string& line) {
    const std::string text = heading + line + "\n";
    return describe(parse_import(text).faults);
  };
  const std::string good = heading + "100,phone,,home," + md5 + "," + sha256 + "\n";
  const ImportLines import = parse_import(good);
  REQUIRE(describe(import.faults) == "");
  const ImportLine& line = import.lines.front();
  CHECK(line.ha1.present == (store::kAlgorithmMd5 | store::kAlgorithmSha256));
  CHECK(line.ha1.md5.back() == 0xbb);
  CHECK(line.ha1.sha256.back() == 0x77);
  CHECK(line.fields.auth_name.view() == "phone");
  CHECK(fault_of_realm(line, "home") == "");
  CHECK(fault_of_realm(line, "away").find("realm \"home\" and of no use for \"away\"") !=
        std::string::npos);
  CHECK(fault("100,,x,home," + md5 + ",") ==
        "line 2: give a password or the hashes of one, not both");
  for (const std::string& bad : {md5 + "b", md5.substr(1), md5.substr(1) + "g"})
    CHECK(fault("100,,,home," + bad + ",").find("line 2: ha1_md5 must be 32 hexadecimal digits") ==
          0);
  CHECK(fault("100,,,home,," + md5).find("line 2: ha1_sha256 must be 64 hexadecimal") == 0);
  CHECK(describe(parse_import("name,ha1_md5,realm\n").faults).find("need the columns") !=
        std::string::npos);
  CHECK(describe(parse_import("name,ha1_md5,auth_name\n").faults).find("need the columns") !=
        std::string::npos);
}

TEST_CASE("import lines: a heading in another order is no user called password") {
  const ImportLines import = parse_import("Password, Name\nsecretive,100\n");
  REQUIRE(describe(import.faults) == "");
  REQUIRE(import.lines.size() == 1);
  CHECK(import.lines[0].user.name == "100");
}

TEST_CASE("import lines: faults under a heading name the column, and no password") {
  const ImportLines import = parse_import(
      "name,algorithms,password\n1,MD4,secretive\n2,MD5,\"secretive\n3,,a,secretive\n4\n5,,a\"b\n");
  REQUIRE(import.faults.size() == 4);
  CHECK(import.faults[0].text().find("line 2: algorithms must be MD5") == 0);
  CHECK(import.faults[1].text().find("line 3: password has a quote") == 0);
  CHECK(import.faults[2].text().find("line 4: there are more values") == 0);
  CHECK(import.faults[3].line == 6);
  CHECK(describe(import.faults).find("secretive") == std::string::npos);
  CHECK(parse_import("name,pass word\n1,x").faults.size() == 1);
  CHECK(parse_import("name,aliases,aliases\n").faults.size() == 1);
}

TEST_CASE("import lines: a value that needs quotes gets them, and is read back") {
  for (const char* value : {"plain", "", "a,b", "say \"hi\"", "\""}) {
    std::string text = "name,display_name\n1,";
    append_value(text, value);
    const ImportLines import = parse_import(text);
    REQUIRE(describe(import.faults) == "");
    CHECK(import.lines[0].fields.display_name.view() == value);
  }
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
