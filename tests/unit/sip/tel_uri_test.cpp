#include "sip/tel_uri.h"

#include <doctest/doctest.h>

#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

bool same(std::string_view a, std::string_view b) {
  return equal(*parse_tel_uri(a), *parse_tel_uri(b)) && equal(*parse_tel_uri(b), *parse_tel_uri(a));
}

ParseFault fault_of(std::string_view text) {
  const GuardedText guarded(text);
  const auto uri = parse_tel_uri(guarded.view());
  return uri ? ParseFault::NotSip : uri.error().fault;
}

TEST_CASE("tel: global and local numbers" * doctest::description("RFC 3966 3, 6")) {
  const auto global = parse_tel_uri("tel:+1-201-555-0123");
  REQUIRE(global);
  CHECK(global->is_global);
  CHECK(global->number == "+1-201-555-0123");
  const auto local = parse_tel_uri("tel:7042;phone-context=example.com");
  REQUIRE(local);
  CHECK_FALSE(local->is_global);
  CHECK(local->number == "7042");
  CHECK(local->param("phone-context")->value == "example.com");
  CHECK(parse_tel_uri("tel:863-1234;phone-context=+1-914-555"));
  CHECK(parse_tel_uri("TEL:*21#;phone-context=example.com")->number == "*21#");
  CHECK(parse_tel_uri("tel:+12125551212;ext=15")->param("ext")->value == "15");
}

TEST_CASE("tel: numbers are equal without their separators, parameters in any order" *
          doctest::description("RFC 3966 4")) {
  CHECK(same("tel:+1-201-555-0123", "tel:+1(201)555.0123"));
  CHECK(same("tel:7042;phone-context=Example.com", "tel:7042;PHONE-context=example.COM"));
  CHECK(same("tel:1;phone-context=+1-914;x=y", "tel:1;x=Y;phone-context=+1914"));
  CHECK(same("tel:a1;phone-context=b", "tel:A1;phone-context=b"));
  CHECK_FALSE(same("tel:+12015550123", "tel:12015550123;phone-context=+1"));
  CHECK_FALSE(same("tel:+12015550123", "tel:+12015550123;ext=1"));
  CHECK_FALSE(same("tel:+12015550123;ext=1", "tel:+12015550123;ext=2"));
  CHECK_FALSE(same("tel:+1201", "tel:+12015"));
}

TEST_CASE("tel: faults" * doctest::description("RFC 3966 3, 5.1.4, 5.3")) {
  CHECK(fault_of("sip:+1212@h") == ParseFault::UnknownScheme);
  CHECK(fault_of("") == ParseFault::BadUri);
  CHECK(fault_of("tel:") == ParseFault::BadUri);
  CHECK(fault_of("tel:+") == ParseFault::BadUri);
  CHECK(fault_of("tel:+-") == ParseFault::BadUri);
  CHECK(fault_of("tel:+1a") == ParseFault::BadUri);
  CHECK(fault_of("tel:+1 2") == ParseFault::BadUri);
  CHECK(fault_of("tel:+1;x=a b") == ParseFault::BadUri);
  CHECK(fault_of("tel:7042") == ParseFault::NoPhoneContext);
  CHECK(fault_of("tel:7042;phone-context") == ParseFault::BadParameter);
  CHECK(fault_of("tel:+1;phone-context=a") == ParseFault::BadParameter);
  CHECK(fault_of("tel:+1;ext=1;ext=2") == ParseFault::BadParameter);
  CHECK(fault_of("tel:+1;ext=1;isub=2") == ParseFault::BadParameter);
  CHECK(fault_of("tel:+1;=2") == ParseFault::BadParameter);
  CHECK(fault_of("tel:+1;x=1;X=2") == ParseFault::BadParameter);
  CHECK(fault_of("tel:1;phone-context;phone-context=a") == ParseFault::BadParameter);
}

TEST_CASE("tel: the number that is dialled" * doctest::description("RFC 3261 19.1.6")) {
  char out[16];
  CHECK(write_number(*parse_tel_uri("tel:+1-(201)-555.0123"), out) == "+12015550123");
  CHECK_FALSE(write_number(*parse_tel_uri("tel:+12"), std::span(out, 2)));
}

TEST_CASE("tel: every cut is survived" * doctest::description("guard page")) {
  const std::string whole = "tel:+1-201;ext=\"1\";x";
  for (size_t size = 0; size <= whole.size(); ++size)
    fault_of(std::string_view(whole).substr(0, size));
}

}  // namespace
}  // namespace tipring::sip
