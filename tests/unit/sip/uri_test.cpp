#include "sip/uri.h"

#include <doctest/doctest.h>

#include <string>

#include "sip/writer.h"
#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

ParseFault fault_of(std::string_view text) {
  const GuardedText guarded(text);
  const auto uri = parse_uri(guarded.view());
  return uri ? ParseFault::NotSip : uri.error().fault;  // NotSip is no fault of a URI
}

bool good(std::string_view text) { return fault_of(text) == ParseFault::NotSip; }

TEST_CASE("uri: all parts" * doctest::description("RFC 3261 19.1.1")) {
  const GuardedText text(
      "sip:alice:secretword@atlanta.example:5070;transport=tcp;lr?subject=project%20x&priority="
      "urgent");
  const auto uri = parse_uri(text.view());
  REQUIRE(uri);
  CHECK(uri->scheme == Scheme::Sip);
  CHECK(uri->user == "alice");
  CHECK(uri->password == "secretword");
  CHECK(uri->host == "atlanta.example");
  CHECK(uri->port == 5070);
  CHECK(uri->params == ";transport=tcp;lr");
  CHECK(uri->headers == "subject=project%20x&priority=urgent");
  CHECK(uri->param("Transport")->value == "tcp");
  CHECK_FALSE(uri->param("lr")->has_value);
  CHECK_FALSE(uri->param("maddr"));
  CHECK_FALSE(uri->param("ttl"));  // its first letter is that of another
}

TEST_CASE("uri: the shortest, and sips" * doctest::description("RFC 3261 19.1.1")) {
  const auto uri = parse_uri("SIPS:h");
  REQUIRE(uri);
  CHECK(uri->scheme == Scheme::Sips);
  CHECK_FALSE(uri->has_user);
  CHECK(uri->host == "h");
  CHECK(uri->port == 0);
}

TEST_CASE("uri: the user may hold separators, the first @ ends it" *
          doctest::description("RFC 4475 3.1.1.2")) {
  const auto uri = parse_uri(
      "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/"
      ";;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com");
  REQUIRE(uri);
  CHECK(uri->user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  CHECK(uri->password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  CHECK(uri->host == "example.com");
  const auto phone = parse_uri("sip:+1-212-555-1212;isub=1234:5678@gateway.com;user=phone");
  REQUIRE(phone);
  CHECK(phone->user == "+1-212-555-1212;isub=1234");
  CHECK(phone->param("user")->value == "phone");
}

TEST_CASE("uri: IPv6 references" * doctest::description("RFC 3261 25.1; RFC 5118 4.1")) {
  const auto uri = parse_uri("sip:alice@[2001:db8::10]:5070;x");
  REQUIRE(uri);
  CHECK(uri->is_ipv6);
  CHECK(uri->host == "2001:db8::10");
  CHECK(uri->port == 5070);
  CHECK(fault_of("sip:alice@2001:db8::10") !=
        ParseFault::NotSip);  // RFC 5118 4.2: without brackets
  CHECK(fault_of("sip:[2001:db8::10") == ParseFault::BadHost);
  CHECK(fault_of("sip:[192.0.2.1]") == ParseFault::BadHost);
  CHECK(fault_of("sip:[]") == ParseFault::BadHost);
  CHECK(fault_of("sip:[::1]x") == ParseFault::BadUri);
}

TEST_CASE("uri: escapes are checked, not resolved" *
          doctest::description("RFC 3261 19.1.2; RFC 4475 3.1.1.3")) {
  const auto uri = parse_uri("sip:sips%3Auser%40example.com@example.net");
  REQUIRE(uri);
  CHECK(uri->user == "sips%3Auser%40example.com");
  CHECK(fault_of("sip:a%4@b") == ParseFault::BadEscape);
  CHECK(fault_of("sip:a%@b") == ParseFault::BadEscape);
  CHECK(fault_of("sip:a%zz@b") == ParseFault::BadEscape);
  CHECK(fault_of("sip:a@b;x=%") == ParseFault::BadEscape);
  CHECK(fault_of("sip:a@b?x=%1") == ParseFault::BadEscape);
}

TEST_CASE("uri: faults" * doctest::description("RFC 3261 25.1; R4.5")) {
  CHECK(fault_of("") == ParseFault::BadUri);
  CHECK(fault_of("sip") == ParseFault::BadUri);
  CHECK(fault_of("sip:") == ParseFault::BadHost);
  CHECK(fault_of("sip:@h") == ParseFault::BadUri);
  CHECK(fault_of("sip:a@") == ParseFault::BadHost);
  CHECK(fault_of("sip:a@b@c") != ParseFault::NotSip);
  CHECK(fault_of("sip:a b@c") == ParseFault::BadUri);
  CHECK(fault_of("<sip:a@b>") == ParseFault::BadUri);
  CHECK(fault_of("sip:a@b:") == ParseFault::BadPort);
  CHECK(fault_of("sip:a@b:0") == ParseFault::BadPort);
  CHECK(fault_of("sip:a@b:65536") == ParseFault::BadPort);
  CHECK(fault_of("sip:a@b:50x") == ParseFault::BadUri);
  CHECK(fault_of("sip:a@b;=x") == ParseFault::BadParameter);
  CHECK(fault_of("sip:a@b;;x") == ParseFault::BadParameter);
  CHECK(fault_of("sip:a@b;x=\"y\"") == ParseFault::BadUri);
  CHECK(fault_of("sip:a@b ") == ParseFault::BadUri);
  CHECK(fault_of(std::string("sip:a\0@b", 8)) == ParseFault::BadUri);
  CHECK(fault_of("sip:a@b?x=1&") == ParseFault::BadUri);
  CHECK(fault_of("sip:a@b?=1") == ParseFault::BadUri);
  std::string many = "sip:a@b";
  for (size_t i = 0; i < kParamsMax; ++i) many += ";x" + std::to_string(i);
  CHECK(good(many));
  CHECK(fault_of(many + ";y") == ParseFault::TooManyParameters);
  many = "sip:a@b?x=1";
  for (size_t i = 0; i < kParamsMax; ++i) many += "&x=1";
  CHECK(fault_of(many) == ParseFault::TooManyParameters);
}

TEST_CASE("uri: the fault's offset" * doctest::description("RFC 3261 19.1.1")) {
  CHECK(parse_uri("sip:al^ice@b").error().offset == 6);
  CHECK(parse_uri("sip:a@b;x=%").error().offset == 10);
}

TEST_CASE("uri: what the field sends beyond the grammar" *
          doctest::description("feature codes, container host names")) {
  CHECK(good("sip:*72#@pbx_1.local"));
  CHECK(good("sip:j\xc3\xb6rg@example.org"));
  CHECK(good("sip:a@example.org."));
  CHECK(good("sip:a@b;transport=UDP"));
  CHECK(good("sip:a@b;ob;x="));
}

TEST_CASE("uri: other schemes are told apart from nonsense" *
          doctest::description("RFC 3261 8.2.2.1, 21.4.14")) {
  CHECK(fault_of("tel:+12125551212") == ParseFault::UnknownScheme);
  CHECK(fault_of("http://example.com") == ParseFault::UnknownScheme);
  CHECK(scheme_of("nobodyKnowsThisScheme:totallyopaquecontent") == "nobodyKnowsThisScheme");
  CHECK(scheme_of("1tel:x").empty());
  CHECK(scheme_of("tel").empty());
  CHECK(scheme_of(":x").empty());
}

TEST_CASE("uri: every prefix is read without a step beyond it" *
          doctest::description("guard page")) {
  const std::string whole = "sips:al%69ce:pw@[2001:db8::1]:5061;transport=tls;x=%41?a=b&c=%20";
  CHECK(good(whole));
  for (size_t size = 0; size <= whole.size(); ++size)
    fault_of(std::string_view(whole).substr(0, size));
}

TEST_CASE("uri: equal ones of the RFC" * doctest::description("RFC 3261 19.1.4")) {
  constexpr std::string_view kSame[][2] = {
      {"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"},
      {"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"},
      {"sip:carol@chicago.com", "sip:carol@chicago.com;security=on"},
      {"sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"},
      {"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
       "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"},
      {"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
       "sip:alice@atlanta.com?priority=urgent&subject=project%20x"},
      {"SIP:a@b", "sip:a@b"},
      {"sip:a@b;lr", "sip:a@b"},
      {"sip:a@b?s=x", "sip:a@b?Subject=X"},
      {"sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]"},
      {"sip:a%7Eb@c", "sip:a~b@c"},
      {"sip:a%2bb@c", "sip:a%2Bb@c"},
      {"sip:a@b;x=1;x=2", "sip:a@b;x=1"},  // a fault of 19.1.1: the first counts
  };
  for (const auto& pair : kSame) {
    CAPTURE(pair[0]);
    CHECK(equal_uris(pair[0], pair[1]));
    CHECK(equal_uris(pair[1], pair[0]));
  }
}

TEST_CASE("uri: different ones of the RFC" * doctest::description("RFC 3261 19.1.4")) {
  constexpr std::string_view kDifferent[][2] = {
      {"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"},
      {"sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"},
      {"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"},
      {"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"},
      {"sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"},
      {"sip:a@b", "sips:a@b"},
      {"sip:b", "sip:a@b"},
      {"sip:a@b", "sip:a:@b"},
      {"sip:a:pw@b", "sip:a:PW@b"},
      {"sip:a@b;user=phone", "sip:a@b"},
      {"sip:a@b;ttl=1", "sip:a@b"},
      {"sip:a@b;method=INVITE", "sip:a@b"},
      {"sip:a@b;method=INVITE", "sip:a@b;method=invite"},
      {"sip:a@b;maddr=239.255.255.1", "sip:a@b"},
      {"sip:a@b?x=1&y=2", "sip:a@b?x=1"},
      {"sip:a@b?x=1", "sip:a@b?x=2"},
      {"sip:a@b?x=1&x=1", "sip:a@b?x=1&y=2"},
      {"sip:a@b?Call-ID=x", "sip:a@b?i=X"},
      {"sip:a%2Bb@c", "sip:a+b@c"},
      {"sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]"},
  };
  for (const auto& pair : kDifferent) {
    CAPTURE(pair[0]);
    CAPTURE(pair[1]);
    REQUIRE(parse_uri(pair[0]));
    REQUIRE(parse_uri(pair[1]));
    CHECK_FALSE(equal_uris(pair[0], pair[1]));
    CHECK_FALSE(equal_uris(pair[1], pair[0]));
  }
}

TEST_CASE("uri: other schemes are equal as texts" * doctest::description("uri.h")) {
  CHECK(equal_uris("tel:+1", "tel:+1"));
  CHECK_FALSE(equal_uris("tel:+1", "tel:+2"));
  CHECK_FALSE(equal_uris("tel:+1", "sip:+1@b"));
}

TEST_CASE("uri: what was written reads the same" * doctest::description("write_uri")) {
  for (const char* text : {"sip:h", "sips:alice@[2001:db8::1]:5061;lr;x=y?a=b", "sip:a:@b",
                           "sip:a:pw@b:5060", "sip:a%20b@c;x"}) {
    CAPTURE(text);
    char buffer[128];
    Writer out(buffer);
    write_uri(out, *parse_uri(text));
    CHECK(out.view() == text);
  }
}

TEST_CASE("uri: the canonical address-of-record" * doctest::description("RFC 3261 10.3 step 5")) {
  char buffer[128];
  const auto aor = [&](std::string_view text) {
    const GuardedText guarded(text);
    return std::string(
        write_canonical_aor(*parse_uri(guarded.view()), buffer).value_or("too small"));
  };
  CHECK(aor("sip:%61lice:pw@Atlanta.EXAMPLE;user=phone;x?y=z") == "sip:alice@atlanta.example");
  CHECK(aor("sip:Alice@atlanta.example") == "sip:Alice@atlanta.example");
  CHECK(aor("sip:a%2Bb@c:5070") == "sip:a+b@c:5070");
  CHECK(aor("sips:a@[2001:DB8:0::1]") == "sips:a@[2001:db8::1]");
  CHECK(aor("sip:h") == "sip:h");
  CHECK_FALSE(write_canonical_aor(*parse_uri("sip:alice@atlanta"), std::span(buffer, 10)));
}

TEST_CASE("uri: unescaping" * doctest::description("RFC 3261 19.1.2")) {
  char buffer[16];
  CHECK(unescape("a%20b%2C%zz%4", buffer) == "a b,%zz%4");
  CHECK(unescape("%00", buffer) == std::string_view("\0", 1));
  CHECK_FALSE(unescape("abc", std::span(buffer, 2)));
  CHECK(unescape("", std::span(buffer, 0)) == "");
}

TEST_CASE("uri: a Request-URI is written without method and headers" *
          doctest::description("RFC 3261 19.1.1 table 1, 16.6 step 2")) {
  const auto written = [](std::string_view uri) {
    std::array<char, 200> out;
    Writer writer(out);
    write_request_uri(writer, uri);
    return std::string(writer.view());
  };
  CHECK(written("sip:a:b@c:5070;x=y;METHOD=INVITE;maddr=d;lr?Route=e") ==
        "sip:a:b@c:5070;x=y;maddr=d;lr");
  CHECK(written("sip:[2001:db8::1];method=BYE") == "sip:[2001:db8::1]");
  CHECK(written("SIP:a@C;methods=x;a=method") == "SIP:a@C;methods=x;a=method");
  CHECK(written("tel:+1;method=x") == "tel:+1;method=x");
}

TEST_CASE("uri: what may not stand in a user part is escaped" *
          doctest::description("RFC 3261 25.1, 19.1.6")) {
  std::array<char, 200> out;
  Writer writer(out);
  write_user(writer, "+49-30;ext=7#1[\x7f]%20*");
  CHECK(writer.view() == "+49-30;ext=7#1%5B%7F%5D%20*");
}

}  // namespace
}  // namespace tipring::sip
