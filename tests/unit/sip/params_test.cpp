#include "sip/params.h"

#include <doctest/doctest.h>

#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

// "name=value|name|…!" with a mark where the text is malformed.
std::string read(std::string_view params) {
  const GuardedText text(params);
  std::string_view rest = text.view();
  Param param;
  std::string all;
  while (true) {
    switch (next_param(rest, param)) {
      case ParamStatus::End: return all;
      case ParamStatus::Malformed: return all + "!";
      case ParamStatus::Found: break;
    }
    all += std::string(param.name) + (param.has_value ? "=" + std::string(param.value) : "") + "|";
  }
}

TEST_CASE("params: names, values and flags" * doctest::description("RFC 3261 25.1 generic-param")) {
  CHECK(read(";tag=abc;lr;q=0.7") == "tag=abc|lr|q=0.7|");
  CHECK(read("") == "");
  CHECK(read(";rport;x=") == "rport|x=|");
}

TEST_CASE("params: white space and folds around separators" *
          doctest::description("RFC 3261 25.1 SEMI, EQUAL; RFC 4475 3.1.1.1")) {
  CHECK(read(" ;\r\n tag   = \t1918181833n ; lr ") == "tag=1918181833n|lr|");
}

TEST_CASE("params: quoted values" * doctest::description("RFC 3261 25.1 quoted-string")) {
  CHECK(read(";a=\"x;y=\\\"z\\\"\";b") == "a=x;y=\\\"z\\\"|b|");
  CHECK(read(";a=\"\"") == "a=|");
  CHECK(read(";a=\"open") == "!");
  CHECK(read(";a=\"open\\\"") == "!");
  CHECK(read(";a=\"x\"y") == "!");
}

TEST_CASE("params: superfluous semicolons mean nothing" * doctest::description("what peers send")) {
  CHECK(read(";;a;; b;") == "a|b|");
}

TEST_CASE("params: faults" * doctest::description("RFC 3261 25.1")) {
  CHECK(read(";a b") == "!");
  CHECK(read(";=x") == "!");
  CHECK(read(";a=b c") == "!");
  CHECK(read(";a,b") == "!");
  CHECK(read(";a=<b>") == "!");
}

TEST_CASE("params: found without regard to case, the first of two" *
          doctest::description("RFC 3261 7.3.1")) {
  const GuardedText text(";Expires=60;expires=70;LR");
  REQUIRE(find_param(text.view(), "EXPIRES"));
  CHECK(find_param(text.view(), "expires")->value == "60");
  CHECK_FALSE(find_param(text.view(), "lr")->has_value);
  CHECK_FALSE(find_param(text.view(), "tag"));
}

TEST_CASE("params: the check names the fault's place, and bounds the number" *
          doctest::description("params.h")) {
  CHECK(check_params(";a;b=c"));
  const auto bad = check_params(";a;b c");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().fault == ParseFault::BadParameter);
  CHECK(bad.error().offset == 5);
  std::string many;
  for (size_t i = 0; i < kParamsMax; ++i) many += ";x";
  CHECK(check_params(many));
  CHECK(check_params(many + ";y").error().fault == ParseFault::TooManyParameters);
}

TEST_CASE("params: the first letters of names tell what is not there, in either case" *
          doctest::description("params.h")) {
  CHECK(ParamInitials().may_have("lr"));
  ParamInitials initials = ParamInitials::none();
  CHECK_FALSE(initials.may_have("lr"));
  initials.note("LR");
  initials.note("+sip.instance");
  CHECK(initials.may_have("lr"));
  CHECK(initials.may_have("Line"));
  CHECK(initials.may_have("+sip.ice"));
  CHECK_FALSE(initials.may_have("maddr"));
}

}  // namespace
}  // namespace tipring::sip
