#include "sip/name_addr.h"

#include <doctest/doctest.h>

#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

std::string read(std::string_view value) {
  const GuardedText text(value);
  const auto address = parse_name_addr(text.view());
  if (!address) return "!" + std::string(to_text(address.error().fault));
  return std::string(address->display) + "|" + std::string(address->uri) + "|" +
         std::string(address->params) + (address->in_brackets ? "|<>" : "|");
}

TEST_CASE("name-addr: display name, URI and parameters" *
          doctest::description("RFC 3261 20.10, 20.20, 20.31")) {
  CHECK(read("\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s") ==
        "\"A. G. Bell\"|sip:agb@bell-telephone.com|;tag=a48s|<>");
  CHECK(read("Alice Smith <sip:a@b;lr>") == "Alice Smith|sip:a@b;lr||<>");
  CHECK(read("<sip:a@b;lr>;q=0.7") == "|sip:a@b;lr|;q=0.7|<>");
  CHECK(read("\"\" <sip:a@b>") == "\"\"|sip:a@b||<>");
}

TEST_CASE("name-addr: without brackets parameters belong to the header" *
          doctest::description("RFC 3261 20; 20.10")) {
  CHECK(read("sip:a@b;tag=887s") == "|sip:a@b|;tag=887s|");
  CHECK(read("sip:a@b ; expires = 3600") == "|sip:a@b|; expires = 3600|");
  CHECK(read("sip:a@b?Route=%3Csip:c%3E") == "!bad address");  // RFC 4475 3.1.2.13
  CHECK(read("sip:a@b, sip:c@d") == "!bad address");
}

TEST_CASE("name-addr: blanks and folds" * doctest::description("RFC 4475 3.1.1.1")) {
  CHECK(read("<sip:a@b> ;   tag    = 1918181833n") == "|sip:a@b|;   tag    = 1918181833n|<>");
  CHECK(read("\"J Rosenberg \\\\\\\"\"       <sip:a@b>\r\n  ;\r\n  tag = 98asjd8") ==
        "\"J Rosenberg \\\\\\\"\"|sip:a@b|;\r\n  tag = 98asjd8|<>");
  CHECK(read("caller<sip:a@b>;tag=323") == "caller|sip:a@b|;tag=323|<>");  // RFC 4475 3.1.1.6
}

TEST_CASE("name-addr: brackets and semicolons inside quotes are text" *
          doctest::description("RFC 3261 25.1")) {
  CHECK(read("\"<a;b>\" <sip:c@d>") == "\"<a;b>\"|sip:c@d||<>");
}

TEST_CASE("name-addr: other schemes stay text" *
          doctest::description("RFC 3261 20.31; RFC 4475 3.3.4")) {
  CHECK(read("<tel:+12125551212>;tag=x") == "|tel:+12125551212|;tag=x|<>");
  CHECK(read("isbn:2983792873") == "|isbn:2983792873||");
}

TEST_CASE("name-addr: a name in UTF-8 may stand without quotes" *
          doctest::description("RFC 3261 25.1: more than display-name allows, as phones send it")) {
  CHECK(read("J\xc3\xbcrgen <sip:a@b>") == "J\xc3\xbcrgen|sip:a@b||<>");
  CHECK(read("token1~` token2'+_ token3*%!.- <sip:a@b>") ==
        "token1~` token2'+_ token3*%!.-|sip:a@b||<>");  // RFC 4475 3.1.1.2
}

TEST_CASE("name-addr: faults" * doctest::description("RFC 3261 25.1; RFC 4475 3.1.2.6; R4.5")) {
  CHECK(read("\"Mr. J. User <sip:j.user@example.com>") == "!bad address");
  CHECK(read("<sip:a@b") == "!bad address");
  CHECK(read("<>") == "!bad address");
  CHECK(read("") == "!bad address");
  CHECK(read("*") == "!bad address");
  CHECK(read("alice") == "!bad address");
  CHECK(read("<sip:a@b> x") == "!bad address");
  CHECK(read("a\" <sip:a@b>") == "!bad address");
  CHECK(read("\"a\" b <sip:a@b>") == "!bad address");
  CHECK(read("Bell, Alexander <sip:a@b>") == "!bad address");  // RFC 4475 3.1.2.15
  CHECK(read("bell@home <sip:a@b>") == "!bad address");
  CHECK(read("\"W\" < sip:a@b >") == "!bad address");  // RFC 4475 3.1.2.14
  CHECK(read("<sip:a@b >") == "!bad address");
  CHECK(read("<sip:a@b>;=x") == "!bad parameter");
  CHECK(read("<sip:a@b>;tag=a b") == "!bad parameter");
  CHECK(parse_name_addr("<sip:a@b>;x;=y").error().offset == 12);
}

TEST_CASE("name-addr: tag" * doctest::description("RFC 3261 19.3")) {
  CHECK(parse_name_addr("<sip:a@b>;Tag=88s")->tag() == "88s");
  CHECK(parse_name_addr("<sip:a@b;tag=no>")->tag().empty());
  CHECK(parse_name_addr("sip:a@b;tag=yes")->tag() == "yes");
  CHECK(parse_name_addr("<sip:a@b>;tag=\"1\";x=y;tag=2")->tag() == "1");
  CHECK(parse_name_addr("<sip:a@b>;tag=1;x=y;tag=2")->tags == 2);
  CHECK(parse_name_addr("<sip:a@b>;tag;tag=2")->tag().empty());
}

TEST_CASE("name-addr: every prefix is read without a step beyond it" *
          doctest::description("guard page")) {
  const std::string whole = "\"A \\\" B\" <sip:a@b;lr>;tag=\"x\\\\\";q=0.5";
  for (size_t size = 0; size <= whole.size(); ++size) read(std::string_view(whole).substr(0, size));
}

TEST_CASE("display names: quotes and escapes go away" *
          doctest::description("RFC 3261 25.1 quoted-pair")) {
  char buffer[32];
  CHECK(unquote("\"A \\\"B\\\" \\\\ C\"", buffer) == "A \"B\" \\ C");
  CHECK(unquote("Alice", buffer) == "Alice");
  CHECK(unquote("a\\b", buffer) == "a\\b");
  CHECK(unquote("\"", buffer) == "\"");
  CHECK(unquote("", buffer) == "");
  CHECK_FALSE(unquote("\"abc\"", std::span(buffer, 2)));
}

}  // namespace
}  // namespace tipring::sip
