// Every header of the table with values from its RFC and with values that it may not have.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "sip/headers.h"
#include "support/guard_page.h"
#include "support/typed_views.h"

namespace tipring::sip {
namespace {

using test::GuardedText;
using test::rewrite_value;

struct Values {
  std::vector<std::string> good;  // as they are written anew
  std::vector<std::string> bad;
};

const std::vector<std::string> kBadTokens = {"", "a b", "a,b", "(a)", "\"a\""};
const std::vector<std::string> kBadTokenParams = {"", ";a", "a b", "\"a\"", "a;=b", "a;b=\"c", "/"};
const std::vector<std::string> kBadNumbers = {"", "-1", "4294967296", "1 2", "five", "1.5", "0x10"};
const std::vector<std::string> kBadAddresses = {
    "", "alice", "<sip:a@b", "\"A <sip:a@b>", "<sip:a@b> x", "<sip:a@b>;=", "A, B <sip:a@b>"};
const std::vector<std::string> kBadDialogs = {"", ";to-tag=1", "a b;to-tag=1;from-tag=2", "a;="};

const std::map<HeaderId, Values> kTable = {
    {HeaderId::Accept,
     {{"application/sdp;level=1", "application/x-private", "text/html", "*/*", "text/*;q=0.3"},
      {"", "text", "text/", "/html", "text/html x", "text/html;=1"}}},
    {HeaderId::AcceptEncoding, {{"gzip", "identity;q=0.5", "*"}, kBadTokenParams}},
    {HeaderId::AcceptLanguage, {{"da", "en-gb;q=0.8", "en;q=0.7"}, kBadTokenParams}},
    {HeaderId::AlertInfo,
     {{"<http://www.example.com/sounds/moo.wav>", "<urn:x:y>;info=alert-group"},
      {"", "http://www.example.com/moo.wav", "Moo <http://www.example.com>", "<http://x"}}},
    {HeaderId::Allow, {{"INVITE", "RE%47IST%45R"}, kBadTokens}},
    {HeaderId::AuthenticationInfo,
     {{"nextnonce=\"47364c23432d2e131a5fb210812c\"",
       "qop=\"auth\", rspauth=\"0a4f\", cnonce=\"c\", nc=\"00000001\""},
      {"nextnonce", "nextnonce=\"a", "qop=auth, qop=auth"}}},
    {HeaderId::CallId,
     {{"f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.com", "word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"},
      {"", "a b"}}},
    {HeaderId::CallInfo,
     {{"<http://wwww.example.com/alice/photo.jpg>;purpose=icon",
       "<http://www.example.com/alice/>;purpose=info"},
      {"", "http://www.example.com/", "icon <http://www.example.com/>"}}},
    {HeaderId::Contact,
     {{"\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com>;q=0.7;expires=3600",
       "<sips:bob@192.0.2.4>;expires=60", "sip:caller@u1.example.com"},
      kBadAddresses}},
    {HeaderId::ContentDisposition, {{"session", "session;handling=optional"}, kBadTokenParams}},
    {HeaderId::ContentEncoding, {{"gzip", "tar"}, kBadTokens}},
    {HeaderId::ContentLanguage,
     {{"fr", "en-US", "zh-Hant-TW"}, {"", "f r", "-fr", "fr-", "1r", "abcdefghi", "fr;q=1"}}},
    {HeaderId::ContentLength, {{"349", "0"}, kBadNumbers}},
    {HeaderId::ContentType,
     {{"application/sdp", "text/html;charset=ISO-8859-4", "multipart/mixed;boundary=\"a b\""},
      {"", "application", "application/", "a/b c", "a/b;c=\"d"}}},
    {HeaderId::CSeq,
     {{"4711 INVITE", "1 !interesting-Method0123456789_*+`.%indeed'~"},
      {"", "1", "INVITE", "1INVITE", "2147483648 INVITE", "1 A B", "-1 A"}}},
    {HeaderId::Date, {{"Sat, 13 Nov 2010 23:29:00 GMT"}, {"", "Fri, 01 Jan 2010 16:00:00 EST"}}},
    {HeaderId::ErrorInfo,
     {{"<sip:not-in-service-recording@atlanta.com>"}, {"", "sip:x@y", "<sip:x"}}},
    {HeaderId::Expires, {{"5", "4294967295"}, kBadNumbers}},
    {HeaderId::From,
     {{"\"A. G. Bell\" <sip:agb@bell-telephone.com>;tag=a48s",
       "sip:+12125551212@server.phone2net.com;tag=887s",
       "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8"},
      kBadAddresses}},
    {HeaderId::InReplyTo,
     {{"70710@saturn.bell-tel.com", "17320@saturn.bell-tel.com"}, {"", "a b"}}},
    {HeaderId::MaxForwards, {{"6", "0", "255"}, {"", "256", "-1", "x", "7 0"}}},
    {HeaderId::MinExpires, {{"60"}, kBadNumbers}},
    {HeaderId::MimeVersion, {{"1.0", "10.23"}, {"", "1", "1.", ".0", "1.0.0", "1.x"}}},
    {HeaderId::Organization,
     {{"Boxes by Bob",
       "B\xc3\xbc"
       "cher"},
      {"",
       "a\x01"
       "b",
       "B\xfc"
       "cher",
       "a\x7f"}}},
    {HeaderId::Priority, {{"emergency", "non-urgent"}, kBadTokens}},
    {HeaderId::ProxyAuthenticate,
     {{"Digest realm=\"atlanta.com\", domain=\"sip:ss1.carrier.com\", "
       "nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", opaque=\"\", stale=\"FALSE\", algorithm=\"MD5\", "
       "qop=\"auth\""},
      {"", "Basic realm=\"x\"", "Digest realm=\"x", "Digest realm",
       "Digest realm=\"a\", realm=\"b\""}}},
    {HeaderId::ProxyAuthorization,
     {{"Digest username=\"Alice\", realm=\"atlanta.com\", nonce=\"c60f3082ee1212b402a21831ae\", "
       "response=\"245f23415f11432b3434341c022\""},
      {"", "NoOneKnowsThisScheme opaque-data=here", "Digest username=\"x"}}},
    {HeaderId::ProxyRequire, {{"foo"}, kBadTokens}},
    {HeaderId::RecordRoute,
     {{"<sip:server10.biloxi.com;lr>", "<sip:bigbox3.site3.atlanta.com;lr>"}, kBadAddresses}},
    {HeaderId::ReplyTo, {{"Bob <sip:bob@biloxi.com>"}, kBadAddresses}},
    {HeaderId::Require, {{"100rel"}, kBadTokens}},
    {HeaderId::RetryAfter,
     {{"18000;duration=3600", "120(I'm in a meeting)", "5"},
      {"", "x", "120 x", "120 (x", "-1", "5;="}}},
    {HeaderId::Route,
     {{"<sip:bigbox3.site3.atlanta.com;lr>", "<sip:server10.biloxi.com;lr>"}, kBadAddresses}},
    {HeaderId::Server, {{"HomeServer v2", "SIPimp.org/0.2.5 (curses)"}, {"", "a\x02", "\xff"}}},
    {HeaderId::Subject, {{"Need more boxes", "Tech Support"}, {"", "\x1b[2J", "\xc3("}}},
    {HeaderId::Supported, {{"100rel"}, kBadTokens}},
    {HeaderId::Timestamp,
     {{"54", "54.21", "54. 0.5", "1 2"}, {"", ".5", "1.2.3", "x", "54 x", "1 2 3"}}},
    {HeaderId::To,
     {{"The Operator <sip:operator@cs.columbia.edu>;tag=287447",
       "sip:+12125551212@server.phone2net.com"},
      kBadAddresses}},
    {HeaderId::Unsupported, {{"foo"}, kBadTokens}},
    {HeaderId::UserAgent, {{"Softphone Beta1.5"}, {"", "a\x02"}}},
    {HeaderId::Via,
     {{"SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7",
       "SIP/2.0/UDP 192.0.2.1:5060;received=192.0.2.207;branch=z9hG4bK77asjd",
       "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111"},
      {"", "SIP/2.0/UDP", "SIP/2.0 h", "SIP/2.0/UDP h:x", "SIP/2.0/UDP h;;=", "UDP h"}}},
    {HeaderId::Warning,
     {{"307 isi.edu \"Session parameter 'foo' not understood\"",
       "301 isi.edu:5060 \"Incompatible network address type 'E.164'\"", "399 [::1] \"\""},
      {"", "1812 overture \"In Progress\"", "307 isi.edu", "307 isi.edu x", "307 \"x\"",
       "30x a \"b\""}}},
    {HeaderId::WwwAuthenticate,
     {{"Digest realm=\"atlanta.com\", nonce=\"f84f1cec41e6cbe5aea9c8e88d359\""},
      {"", "Digest realm"}}},
    {HeaderId::Authorization,
     {{"Digest username=\"Alice\", uri=\"sip:a,b\", nc=\"00000001\""}, {"", "Basic QWxhZGRpbg=="}}},
    // Other RFCs.
    {HeaderId::Rack,
     {{"776656 1 INVITE"}, {"", "1 INVITE", "776656 1", "x 1 INVITE", "776656 1 INVITE x"}}},
    {HeaderId::Rseq, {{"988789"}, kBadNumbers}},
    {HeaderId::Privacy,
     {{"id", "header;session;user;critical", "none"}, {"", ";id", "id;", "id,user", "\"id\""}}},
    {HeaderId::PAssertedIdentity,
     {{"\"Cullen Jennings\" <sip:fluffy@cisco.com>", "tel:+14085264000"}, kBadAddresses}},
    {HeaderId::PPreferredIdentity, {{"\"Cullen Jennings\" <sip:fluffy@cisco.com>"}, kBadAddresses}},
    {HeaderId::Reason,
     {{"SIP;cause=200;text=\"Call completed elsewhere\"", "Q.850;cause=16;text=\"Terminated\""},
      kBadTokenParams}},
    {HeaderId::Path,
     {{"<sip:P3.EXAMPLEHOME.COM;lr>", "<sip:P1.EXAMPLEVISITED.COM;lr>"}, kBadAddresses}},
    {HeaderId::SecurityClient, {{"tls", "digest"}, kBadTokenParams}},
    {HeaderId::SecurityServer, {{"ipsec-ike;q=0.1", "tls;q=0.2"}, kBadTokenParams}},
    {HeaderId::SecurityVerify, {{"tls;q=0.2"}, kBadTokenParams}},
    {HeaderId::ReferTo,
     {{"sip:alice@atlanta.example.com",
       "<sip:bob@biloxi.example.net?Accept-Contact=sip:bobsdesk@biloxi.example.net&Call-ID%3D55432%"
       "40alicepc.atlanta.example.com>",
       "http://www.ietf.org"},
      kBadAddresses}},
    {HeaderId::ServiceRoute,
     {{"<sip:P2.HOME.EXAMPLE.COM;lr>", "<sip:HSP.HOME.EXAMPLE.COM;lr>"}, kBadAddresses}},
    {HeaderId::AcceptContact,
     {{"*;mobility=\"mobile\"", "*;methods=\"BYE\";require;explicit"}, kBadTokenParams}},
    {HeaderId::RejectContact, {{"*;actor=\"msg-taker\";video"}, kBadTokenParams}},
    {HeaderId::RequestDisposition, {{"proxy", "fork"}, kBadTokens}},
    {HeaderId::Replaces,
     {{"98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff",
       "12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only"},
      {"", "a", "a;to-tag=1", "a;from-tag=1", "a;to-tag=1;to-tag=2;from-tag=3",
       ";to-tag=1;from-tag=2"}}},
    {HeaderId::ReferredBy,
     {{"<sip:referror@referror.example>;cid=\"20398823.2UWQFN309shb3@referror.example\""},
      kBadAddresses}},
    {HeaderId::SipEtag, {{"dx200xyz"}, kBadTokens}},
    {HeaderId::SipIfMatch, {{"dx200xyz"}, kBadTokens}},
    {HeaderId::Join, {{"12adf2f34456gs5;to-tag=12345;from-tag=54321"}, {"", "a", "a;to-tag=1"}}},
    {HeaderId::SessionExpires,
     {{"4000", "1800;refresher=uac"}, {"", "x", "4000 x", ";refresher=uac", "1;="}}},
    {HeaderId::MinSe, {{"3600", "60;lr"}, {"", "x", "90 90"}}},
    {HeaderId::ResourcePriority, {{"q735.3", "dsn.flash"}, kBadTokens}},
    {HeaderId::AcceptResourcePriority, {{"dsn.flash-override"}, kBadTokens}},
    {HeaderId::ReferSub, {{"false", "true;x"}, kBadTokenParams}},
    {HeaderId::TargetDialog,
     {{"fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544", "a"}, kBadDialogs}},
    {HeaderId::PEarlyMedia, {{"supported", "sendrecv"}, kBadTokenParams}},
    {HeaderId::MaxBreadth, {{"60"}, kBadNumbers}},
    {HeaderId::AnswerMode, {{"Auto", "Manual;require"}, kBadTokenParams}},
    {HeaderId::PrivAnswerMode, {{"Auto"}, kBadTokenParams}},
    {HeaderId::FlowTimer, {{"120"}, kBadNumbers}},
    {HeaderId::Diversion, {{"<sip:UserB@there.com>;reason=user-busy"}, kBadAddresses}},
    {HeaderId::SuppressIfMatch, {{"b4cf7", "*"}, kBadTokens}},
    {HeaderId::InfoPackage, {{"foo", "foo;a=b"}, kBadTokenParams}},
    {HeaderId::RecvInfo, {{"P", "R;x"}, kBadTokenParams}},
    {HeaderId::Geolocation,
     {{"<sips:3sdefrhy2jj7@lis.atlanta.example.com>", "<cid:target123@atlanta.example.com>"},
      {"", "cid:x"}}},
    {HeaderId::GeolocationRouting, {{"yes", "no"}, kBadTokenParams}},
    {HeaderId::GeolocationError, {{"100;code=\"Cannot Process Location\""}, kBadTokenParams}},
    {HeaderId::Event, {{"presence", "refer;id=93809824", "presence.winfo"}, kBadTokenParams}},
    {HeaderId::AllowEvents, {{"spirits-INDPs", "presence"}, kBadTokens}},
    {HeaderId::SubscriptionState,
     {{"active;expires=60", "terminated;reason=noresource;retry-after=5"}, kBadTokenParams}},
    {HeaderId::FeatureCaps, {{"*;+g.3gpp.ics=\"principal\""}, kBadTokenParams}},
    {HeaderId::HistoryInfo, {{"<sip:UserA@ims.example.com>;index=1;foo=bar"}, kBadAddresses}},
    {HeaderId::PAssociatedUri, {{"<sip:user1@home1.net>"}, kBadAddresses}},
    {HeaderId::PCalledPartyId, {{"<sip:user1-business@example.com>"}, kBadAddresses}},
    {HeaderId::PVisitedNetworkId,
     {{"other.net", "\"Visited network number 1\"", "\"x y\";a=b"},
      {"", "a b", "\"x", "\"x\" y", ";a"}}},
    {HeaderId::PAccessNetworkInfo,
     {{"3GPP-UTRAN-TDD;utran-cell-id-3gpp=234151D0FCE11"}, kBadTokenParams}},
    {HeaderId::PChargingVector,
     {{"icid-value=1234bc9876e;icid-generated-at=192.0.6.8;orig-ioi=home1.net"},
      {"", ";", "=x", "a=\"b"}}},
    {HeaderId::PChargingAddresses, {{"ccf=192.1.1.1;ccf=192.1.1.2;ecf=\"x\""}, {"", ";", "=x"}}},
    {HeaderId::UserToUser, {{"56a390f3d2b7310023a2;encoding=hex;purpose=foo"}, {"", "a b", "a;="}}},
    {HeaderId::SessionId,
     {{"ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2"},
      kBadTokenParams}},
    {HeaderId::Identity,
     {{"eyJhbGciOiJFUzI1NiJ9.abc;info=<https://biloxi.example.org/biloxi.cer>;alg=ES256"},
      {"", "a\x01"}}},
    {HeaderId::IdentityInfo,
     {{"<https://atlanta.example.com/atlanta.cer>;alg=rsa-sha1"},
      {"", "https://atlanta.example.com"}}},
};

TEST_CASE("typed headers: every header of the table is read and written anew" *
          doctest::description("RFC 3261 20 and the RFCs named in the table; G1")) {
  for (size_t i = 0; i + 1 < kHeaderIdCount; ++i) {
    const auto id = static_cast<HeaderId>(i);
    CAPTURE(to_text(id));
    const auto row = kTable.find(id);
    REQUIRE(row != kTable.end());
    for (const std::string& value : row->second.good) {
      CAPTURE(value);
      const auto written = rewrite_value(id, GuardedText(value).view());
      REQUIRE(written);
      CHECK(*written == value);
    }
  }
}

TEST_CASE("typed headers: what the grammar does not allow is a fault" *
          doctest::description("RFC 3261 25.1 and the RFCs named in the table; R14.2")) {
  for (const auto& row : kTable) {
    CAPTURE(to_text(row.first));
    for (const std::string& value : row.second.bad) {
      CAPTURE(value);
      CHECK_FALSE(rewrite_value(row.first, GuardedText(value).view()));
    }
  }
}

TEST_CASE("typed headers: blanks and folds between the pieces mean nothing" *
          doctest::description("RFC 3261 25.1 SWS, LWS")) {
  CHECK(rewrite_value(HeaderId::Accept, "text \r\n / html ; q = 0.3") == "text/html;q=0.3");
  CHECK(rewrite_value(HeaderId::Event, "refer\r\n ;id = 1") == "refer;id=1");
  CHECK(rewrite_value(HeaderId::CSeq, "4711 \r\n\tINVITE") == "4711 INVITE");
  CHECK(rewrite_value(HeaderId::RetryAfter, "5 (a) ; x") == "5(a);x");
  CHECK(rewrite_value(HeaderId::Privacy, "header ; user") == "header;user");
  CHECK(rewrite_value(HeaderId::Replaces, "a ; to-tag = 1 ;from-tag=2") == "a;to-tag=1;from-tag=2");
}

TEST_CASE("typed headers: parameters are found by name" *
          doctest::description("RFC 6665 8.2.1; RFC 3326 2; RFC 3891 6.1")) {
  CHECK(TokenParamsTraits::parse("refer;ID=7")->param("id")->value == "7");
  CHECK(TokenParamsTraits::parse("Q.850 ;cause=16")->param("cause")->value == "16");
  CHECK(ReplacesTraits::parse("a;to-tag=1;from-tag=2;early-only")->param("early-only"));
  CHECK(MediaTypeTraits::parse("Text/HTML;charset=utf-8")->is("text", "html"));
  CHECK_FALSE(MediaTypeTraits::parse("text/plain")->is("text", "html"));
}

TEST_CASE("typed headers: q values" * doctest::description("RFC 3261 25.1 qvalue")) {
  CHECK(*parse_q("0.5") == 500);
  CHECK(*parse_q("1.000") == 1000);
  CHECK(*parse_q("0.") == 0);
  for (const char* bad : {"", "2", "1.001", "0.1234", ".5", "0.x", "-0.5"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_q(bad));
  }
}

}  // namespace
}  // namespace tipring::sip
