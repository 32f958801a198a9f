#include "service/transfer.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "unit/sip/parsed.h"

using namespace tipring;
using service::Refer;
using service::ReferNotifier;
using service::ReferSubscription;
using service::ReplacedDialog;

namespace {

Millis s(int64_t seconds) { return Millis(seconds * 1000); }

std::string message(const std::string& start, const std::string& method, const std::string& lines,
                    const std::string& body = "") {
  return test::wire("\n" + start + R"(
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>;tag=a6c85cf
Call-ID: a84b4c76e66710
CSeq: 93809823 )" + method +
                    "\n" + lines + "\n") +
         body;
}

struct Read {
  uint16_t status;
  std::string target;
  bool subscribes;
};
Read refer(const std::string& lines) {
  const test::Parsed request(message("REFER sip:bob@h SIP/2.0", "REFER", lines));
  const Refer refer = service::read_refer(request.view());
  if (refer.status == 0) CHECK(refer.cseq == 93809823);
  return {refer.status, std::string(refer.target), refer.subscribes};
}

// The side that was asked, with what it has to tell.
struct Notifier {
  // "state status", as the NOTIFY that is due says; "" when none is.
  std::string send(Millis now = Millis(0)) {
    if (!notifier.is_due()) return "";
    std::array<char, ReferNotifier::kLinesMax> lines_room;
    std::array<char, ReferNotifier::kBodyMax> body_room;
    std::string text(notifier.lines(now, lines_room));
    text += notifier.body(body_room);
    notifier.on_sent();
    return text;
  }
  uint16_t subscribe(const std::string& lines, Millis now) {
    const test::Parsed request(message("SUBSCRIBE sip:bob@h SIP/2.0", "SUBSCRIBE", lines));
    return notifier.on_subscribe(request.view(), now);
  }
  ReferNotifier notifier;
};

const std::string kActive = "Event: refer\r\nSubscription-State: active;expires=300\r\nSIP/2.0 ";
const std::string kOver =
    "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nSIP/2.0 ";

ReferSubscription::Notice notify(ReferSubscription& subscription, const std::string& lines,
                                 const std::string& body) {
  const test::Parsed request(message("NOTIFY sip:bob@h SIP/2.0", "NOTIFY", lines, body));
  REQUIRE(request.complete());
  return subscription.on_notify(request.view());
}

const std::string kNotify =
    "Event: refer\nSubscription-State: active;expires=60\n"
    "Content-Type: message/sipfrag;version=2.0\n";

}  // namespace

TEST_CASE("transfer: a REFER names whom to call, and whether its sender wants to hear of it" *
          doctest::description("RFC 3515 2.4.2; RFC 4488 4; F21")) {
  const Read plain = refer("Refer-To: \"Carol\" <sip:carol@h;user=phone>\n");
  CHECK(plain.status == 0);
  CHECK(plain.target == "sip:carol@h;user=phone");
  CHECK(plain.subscribes);
  CHECK(refer("r: sip:carol@h\nRefer-Sub: true\n").subscribes);
  CHECK_FALSE(refer("r: <sip:carol@h;method=INVITE>\nRefer-Sub: FALSE\n").subscribes);
  const test::Parsed request(message("REFER sip:bob@h SIP/2.0", "REFER",
                                     "Refer-To: sip:carol@h\nReferred-By: <sip:dave@h>\n"));
  CHECK(service::read_refer(request.view()).referred_by == "<sip:dave@h>");
}

TEST_CASE("transfer: a REFER that cannot be followed is refused" *
          doctest::description("RFC 3515 2.4.2; F21")) {
  CHECK(refer("").status == 400);
  CHECK(refer("Refer-To: <sip:a@h>\nRefer-To: <sip:b@h>\n").status == 400);
  CHECK(refer("Refer-To: <sip:@h:port>\n").status == 400);
  CHECK(refer("Refer-To: <http://h/page>\n").status == 416);
  CHECK(refer("Refer-To: <sip:a@h;method=BYE>\n").status == 501);
  CHECK(refer("Refer-To: <sip:a@h?Replaces=1%40h%3Bto-tag%3D1>\n").status == 400);
}

TEST_CASE("transfer: an attended one names the dialog to be replaced" *
          doctest::description("RFC 5589 7.1; RFC 3891 4; F21")) {
  const std::string target =
      "sip:carol@10.0.0.3:5062;transport=tcp?Replaces=090459243588173445%3B"
      "to-tag%3D7743%3Bfrom-tag%3D6472&Require=replaces";
  CHECK(refer("Refer-To: <" + target + ">\n").status == 0);
  std::array<char, service::kReplacesTextMax> room;
  const auto dialog = service::replaced_by_target(target, room);
  REQUIRE(dialog);
  REQUIRE(*dialog);
  CHECK((*dialog)->is("090459243588173445", "7743", "6472"));
  const auto blind = service::replaced_by_target("sip:carol@h?Subject=x", room);
  REQUIRE(blind);
  CHECK_FALSE(*blind);
  CHECK_FALSE(service::replaced_by_target("sip:carol@h?Replaces=", room));
  CHECK_FALSE(service::replaced_by_target("sip:carol@h?Replaces=1&replaces=2", room));
}

TEST_CASE("transfer: Refer-To is written so that it is read as it was meant" *
          doctest::description("RFC 3515 2.1; RFC 5589 7.1; F21")) {
  std::array<char, 512> out;
  const auto blind = service::write_refer_to("sip:carol@h;transport=tcp?Subject=x", nullptr, out);
  REQUIRE(blind);
  CHECK(*blind == "<sip:carol@h;transport=tcp>");
  const ReplacedDialog dialog{"a84b@pc33", "ours", "theirs", false};
  const auto attended = service::write_refer_to("sip:carol@h", &dialog, out);
  REQUIRE(attended);
  CHECK(*attended == "<sip:carol@h?Replaces=a84b%40pc33%3Bto-tag%3Dtheirs%3Bfrom-tag%3Dours>");
  const std::string text(*attended);
  std::array<char, service::kReplacesTextMax> room;
  const auto read =
      service::replaced_by_target(std::string_view(text).substr(1, text.size() - 2), room);
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->is("a84b@pc33", "theirs", "ours"));
  CHECK_FALSE(service::write_refer_to("mailto:carol@h", nullptr, out));
  std::array<char, 20> small;
  const auto cut = service::write_refer_to("sip:carol@h", &dialog, small);
  REQUIRE_FALSE(cut);
  CHECK(cut.error() == Error::BufferFull);
}

TEST_CASE("transfer: a sipfrag begins with a status line" *
          doctest::description("RFC 3420 2; RFC 3515 2.4.5; F21")) {
  CHECK(service::read_sipfrag("SIP/2.0 100 Trying\r\n") == 100);
  CHECK(service::read_sipfrag("sip/2.0 603 Declined") == 603);
  CHECK(service::read_sipfrag("SIP/2.0 200\r\nTo: x\r\n") == 200);
  CHECK(service::read_sipfrag("SIP/2.0 486") == 486);
  for (const char* bad : {"", "SIP/2.0", "SIP/2.0 ", "SIP/2.0 20", "SIP/2.0 2000", "SIP/2.0 20x OK",
                          "SIP/2.0 099 x", "SIP/2.0 700 x", "INVITE sip:a@h SIP/2.0"})
    CHECK(service::read_sipfrag(bad) == 0);
}

TEST_CASE("transfer: who was asked tells at once, then of the progress, then the outcome" *
          doctest::description("RFC 3515 2.4.4, 2.4.5, 2.4.7; F21")) {
  Notifier bench;
  CHECK(bench.send() == "");
  bench.notifier.begin(2, false, s(0));
  CHECK(bench.send() == kActive + "100 Trying\r\n");
  bench.notifier.on_answered(200);
  CHECK(bench.send() == "");
  bench.notifier.on_progress(180);
  CHECK(bench.send(s(10)) ==
        "Event: refer\r\nSubscription-State: active;expires=290\r\nSIP/2.0 180 Ringing\r\n");
  bench.notifier.on_answered(200);
  bench.notifier.on_progress(200);
  CHECK(bench.send() == kOver + "200 OK\r\n");
  CHECK_FALSE(bench.notifier.is_active());
  CHECK(bench.notifier.deadline() == kNever);
}

TEST_CASE("transfer: one NOTIFY at a time, and what is out of date is not told" *
          doctest::description("RFC 3515 2.4.5; F21")) {
  Notifier bench;
  bench.notifier.begin(2, false, s(0));
  CHECK(bench.send() != "");
  bench.notifier.on_progress(180);
  bench.notifier.on_progress(183);
  bench.notifier.on_progress(486);
  bench.notifier.on_progress(200);  // nothing comes behind the last word
  CHECK(bench.send() == "");
  bench.notifier.on_answered(200);
  CHECK(bench.send() == kOver + "486 Busy Here\r\n");
}

TEST_CASE("transfer: a further REFER in a dialog is told of by its id" *
          doctest::description("RFC 3515 2.4.6; F21")) {
  Notifier bench;
  bench.notifier.begin(93809824, true, s(0));
  CHECK(bench.send().starts_with("Event: refer;id=93809824\r\n"));
  CHECK(bench.subscribe("Event: refer\nExpires: 0\n", s(1)) == 403);
  CHECK(bench.subscribe("Event: refer;id=93809824\nExpires: 60\n", s(1)) == 200);
}

TEST_CASE("transfer: nobody is told more who does not want to know" *
          doctest::description("RFC 3515 2.4.4; RFC 6665 4.2.2; F21")) {
  Notifier bench;
  bench.notifier.begin(2, false, s(0));
  CHECK(bench.send() != "");
  bench.notifier.on_answered(481);
  CHECK_FALSE(bench.notifier.is_active());
  bench.notifier.on_progress(200);
  CHECK(bench.send() == "");
  bench.notifier.begin(3, false, s(0));
  CHECK(bench.send() != "");
  bench.notifier.on_answered(0);  // nobody there
  CHECK_FALSE(bench.notifier.is_active());
}

TEST_CASE("transfer: the subscription is prolonged, ended by request, and over in time" *
          doctest::description("RFC 3515 2.4.4; RFC 6665 4.2.1; F21")) {
  Notifier bench;
  CHECK(bench.subscribe("Event: refer\n", s(0)) == 403);
  bench.notifier.begin(2, false, s(0));
  CHECK(bench.send() != "");
  bench.notifier.on_answered(200);
  CHECK(bench.notifier.deadline() == s(300));
  CHECK(bench.subscribe("Event: refer\nExpires: 100\n", s(100)) == 200);
  CHECK(bench.notifier.deadline() == s(400));
  CHECK(bench.send(s(100)) == kActive + "100 Trying\r\n");
  bench.notifier.on_answered(200);
  CHECK(bench.subscribe("Event: presence\nExpires: 0\n", s(100)) == 403);
  CHECK(bench.subscribe("Event: refer\nExpires: 0\n", s(100)) == 200);
  const std::string over = "Event: refer\r\nSubscription-State: terminated;reason=timeout\r\n";
  CHECK(bench.send() == over + "SIP/2.0 100 Trying\r\n");
  CHECK_FALSE(bench.notifier.is_active());
  bench.notifier.begin(3, false, s(0));
  CHECK(bench.send() != "");
  bench.notifier.on_answered(200);
  bench.notifier.on_timer(s(299));
  CHECK(bench.send() == "");
  bench.notifier.on_timer(s(300));
  CHECK(bench.send() == over + "SIP/2.0 100 Trying\r\n");
}

TEST_CASE("transfer: who has asked hears how it goes, until the last word" *
          doctest::description("RFC 3515 2.4.4, 2.4.5; F21")) {
  ReferSubscription subscription;
  CHECK(notify(subscription, kNotify, "SIP/2.0 100 Trying\r\n").answer == 481);
  subscription.begin(93809823);
  // 2.4.4: a NOTIFY may come before the answer to the REFER.
  auto notice = notify(subscription, kNotify, "SIP/2.0 100 Trying\r\n");
  CHECK(notice.answer == 200);
  CHECK(notice.status == 100);
  CHECK_FALSE(notice.terminated);
  const std::string last =
      "Event: refer;id=93809823\nSubscription-State: terminated;reason=noresource\n"
      "c: message/sipfrag\n";
  notice = notify(subscription, last, "SIP/2.0 486 Busy Here\r\n");
  CHECK(notice.status == 486);
  CHECK(notice.terminated);
  CHECK(notify(subscription, kNotify, "").answer == 481);
}

TEST_CASE("transfer: a final status is the last word, also where the state does not say so" *
          doctest::description("RFC 3515 2.4.7; F21")) {
  ReferSubscription subscription;
  subscription.begin(1);
  CHECK(notify(subscription, kNotify, "SIP/2.0 200 OK\r\n").terminated);
  CHECK_FALSE(subscription.is_active());
}

TEST_CASE("transfer: NOTIFYs of something else are refused" *
          doctest::description("RFC 6665 4.1.3; RFC 3515 2.4.6; F21")) {
  ReferSubscription subscription;
  subscription.begin(1);
  CHECK(notify(subscription, "Subscription-State: active\n", "").answer == 400);
  CHECK(notify(subscription, "Event: presence\nSubscription-State: active\n", "").answer == 489);
  CHECK(notify(subscription, "Event: refer;id=2\nSubscription-State: active\n", "").answer == 481);
  const auto other =
      notify(subscription, "Event: refer\nSubscription-State: active\nContent-Type: text/plain\n",
             "SIP/2.0 200 OK\r\n");
  CHECK(other.answer == 200);
  CHECK(other.status == 0);
  CHECK(subscription.is_active());
}

TEST_CASE("transfer: a refused REFER, and one without a subscription, are not heard of" *
          doctest::description("RFC 3515 2.4.4; RFC 4488 4; F21")) {
  const auto answered = [](const std::string& status, const std::string& lines) {
    ReferSubscription subscription;
    subscription.begin(93809823);
    const test::Parsed response(message("SIP/2.0 " + status, "REFER", lines));
    const bool heard = subscription.on_response(&response.view());
    CHECK(subscription.is_active() == heard);
    return heard;
  };
  CHECK(answered("202 Accepted", ""));
  CHECK(answered("200 OK", "Refer-Sub: true\n"));
  CHECK_FALSE(answered("202 Accepted", "Refer-Sub: false\n"));
  CHECK_FALSE(answered("603 Decline", ""));
  ReferSubscription silent;
  silent.begin(1);
  CHECK_FALSE(silent.on_response(nullptr));
}
