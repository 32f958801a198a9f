#include "sip/caller_preferences.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;
using namespace tipring::sip;

namespace {

Preference judge(const std::string& lines, std::string_view contact,
                 const std::string& method = "INVITE") {
  const std::string text =
      method +
      " sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\n"
      "To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 " +
      method + "\r\n" + lines + "\r\n";
  HeaderIndex index;
  const ParsedMessage parsed = parse_message(text, index, Framing::Datagram);
  REQUIRE(parsed.status == ParseStatus::Complete);
  return judge_contact(parsed.view, contact);
}

bool drops(const std::string& lines, std::string_view contact) {
  return judge(lines, contact).dropped;
}

}  // namespace

TEST_CASE("caller preferences: the example of the RFC" * doctest::description("RFC 3841 7.2.5")) {
  const std::string lines =
      "Reject-Contact: *;actor=\"msg-taker\";video\r\n"
      "Accept-Contact: *;audio;require\r\n"
      "Accept-Contact: *;video;explicit\r\n"
      "Accept-Contact: *;methods=\"BYE\";class=\"business\";q=1.0\r\n";
  const Preference u1 = judge(lines, ";audio;video;methods=\"INVITE,BYE\";q=0.2");
  CHECK_FALSE(u1.dropped);
  CHECK(u1.score == 833);
  CHECK(drops(lines, ";audio=\"FALSE\";methods=\"INVITE\";actor=\"msg-taker\";q=0.2"));
  CHECK(drops(lines, ";audio;actor=\"msg-taker\";methods=\"INVITE\";video;q=0.3"));
  const Preference u4 = judge(lines, ";audio;methods=\"INVITE,OPTIONS\";q=0.2");
  CHECK_FALSE(u4.dropped);
  CHECK(u4.score == 500);
  const Preference u5 = judge(lines, ";q=0.5");
  CHECK_FALSE(u5.dropped);
  CHECK(u5.score == 1000);
}

TEST_CASE("caller preferences: require drops what does not fit, explicit what says nothing" *
          doctest::description("RFC 3841 7.2.4 Figure 1")) {
  const char* contact = ";audio;mobility=\"fixed\"";
  CHECK_FALSE(drops("Accept-Contact: *;video;require\r\n", contact));
  CHECK(drops("Accept-Contact: *;video;require;explicit\r\n", contact));
  CHECK(drops("a: *;mobility=\"mobile\";require\r\n", contact));
  CHECK_FALSE(drops("a: *;mobility=\"mobile\"\r\n", contact));
  CHECK(judge("a: *;mobility=\"mobile\"\r\n", contact).score == 0);
  CHECK(judge("a: *;video;explicit\r\n", contact).score == 0);
  CHECK(judge("a: *;video;audio\r\n", contact).score == 500);
}

TEST_CASE("caller preferences: what a contact does not say is not held against it" *
          doctest::description("RFC 3841 7.2.4")) {
  CHECK(drops("j: *;automata\r\n", ";automata"));
  CHECK_FALSE(drops("j: *;automata\r\n", ";audio"));
  CHECK_FALSE(drops("j: *;automata;video\r\n", ";automata"));
  CHECK_FALSE(drops("j: *\r\n", ";automata"));
  CHECK_FALSE(drops("j: *;expires=60\r\n", ";automata;expires=60"));  // no feature
}

TEST_CASE("caller preferences: the method and the event are preferences where none are said" *
          doctest::description("RFC 3841 7.2.2")) {
  CHECK_FALSE(drops("", ";methods=\"INVITE,ACK\""));
  CHECK(drops("", ";methods=\"MESSAGE\""));
  CHECK_FALSE(drops("a: *;audio\r\n", ";methods=\"MESSAGE\""));
  CHECK(judge("", ";methods=\"INVITE\"").score == 1000);
  CHECK(judge("", ";audio").score == 0);
  CHECK(judge("", ";q=0.5").score == 1000);
  const auto subscribe = [](const std::string& event, const std::string& events) {
    return judge("Event: " + event + "\r\n", ";methods=\"SUBSCRIBE\";events=\"" + events + "\"",
                 "SUBSCRIBE");
  };
  CHECK(subscribe("dialog;id=1", "presence").dropped);
  CHECK_FALSE(subscribe("dialog;id=1", "presence,dialog").dropped);
  CHECK(judge("Event: x\r\n", ";methods=\"SUBSCRIBE\"", "SUBSCRIBE").score == 500);
  CHECK(judge("", ";events=\"presence\"", "MESSAGE").score == 0);
}

TEST_CASE("caller preferences: values are lists of tokens, strings and numbers, or not these" *
          doctest::description("RFC 3840 9, RFC 3841 8")) {
  const auto fits = [](const std::string& wanted, const std::string& has) {
    return !drops("a: *;" + wanted + ";require\r\n", ";" + has);
  };
  CHECK(fits("language=\"de,fr\"", "language=\"EN,FR\""));
  CHECK_FALSE(fits("language=\"de\"", "language=\"en,fr\""));
  CHECK(fits("language=\"!de\"", "language=\"en\""));
  CHECK_FALSE(fits("language=\"!de\"", "language=\"de\""));
  CHECK_FALSE(fits("language=\"de\"", "language=\"!de\""));
  CHECK(fits("language=\"!de\"", "language=\"!de\""));
  CHECK(fits("description=\"<A b>\"", "description=\"<A b>\""));
  CHECK_FALSE(fits("description=\"<a b>\"", "description=\"<A b>\""));
  CHECK(fits("audio", "audio=\"true\""));
  CHECK(fits("+sip.rate=\"#>=4.5\"", "+sip.rate=\"#=5\""));
  CHECK_FALSE(fits("+sip.rate=\"#>=4.5\"", "+sip.rate=\"#<=4.25\""));
  CHECK(fits("+sip.rate=\"#-2:3\"", "+sip.rate=\"#=-1\""));
  CHECK_FALSE(fits("+sip.rate=\"#-2:3\"", "+sip.rate=\"#4:9\""));
}

TEST_CASE("caller preferences: of very many only the first count" *
          doctest::description("RFC 3261 26.3.2.4")) {
  std::string lines;
  for (size_t i = 0; i < kPredicatesMax; ++i) lines += "Accept-Contact: *;audio\r\n";
  CHECK_FALSE(drops(lines + "Accept-Contact: *;video;require;explicit\r\n", ";audio"));
}
