#include "service/request_log.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "core/line_ring.h"
#include "core/message_slabs.h"
#include "service/log_time.h"
#include "service/request_log_clf.h"

using namespace tipring;
using namespace tipring::service;

namespace {

constexpr Millis kWall{1'000'212'936'250};  // 2001-09-11 12:55:36.250 UTC

struct Case {
  std::string request =
      "INVITE sip:bob@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-77\r\n"
      "From: \"Alice \\\"A\\\"\" <sip:alice@example.com;user=phone>;tag=a1\r\n"
      "To: <sip:bob@example.com>\r\n"
      "Call-ID: c1@192.0.2.1\r\n"
      "CSeq: 7 INVITE\r\n"
      "User-Agent: Phone \"9\"\x01\r\n"
      "Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"secret-nonce\", "
      "uri=\"sip:bob@example.com\", response=\"0123456789abcdef0123456789abcdef\"\r\n"
      "Content-Length: 0\r\n\r\n";
  std::string response =
      "SIP/2.0 486 Busy Here\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-77\r\n"
      "From: <sip:alice@example.com>;tag=a1\r\n"
      "To: <sip:bob@example.com>;tag=b2\r\n"
      "Call-ID: c1@192.0.2.1\r\n"
      "CSeq: 7 INVITE\r\n"
      "Reason: SIP;cause=486\r\n"
      "WWW-Authenticate: Digest realm=\"r\", nonce=\"secret-nonce\"\r\n"
      "Content-Length: 5\r\n\r\nhello";
  uint16_t status = 486;
  port::SocketAddress source{*port::parse_ip("192.0.2.1"), 5070};
  transport::Flow reply;
  bool stateless = false;
  size_t room = LineRing::kEntryMax;

  Case() {
    reply.local = {*port::parse_ip("198.51.100.2"), 5060};
    reply.remote = source;
  }

  template <class Visit>
  void visit(Visit visit) const {
    sip::HeaderIndex request_index;
    sip::HeaderIndex response_index;
    const auto read = [](const std::string& text, sip::HeaderIndex& index) {
      return sip::parse_message(text, index, sip::Framing::Datagram).view;
    };
    const sip::MessageView request_view = read(request, request_index);
    const sip::MessageView response_view = read(response, response_index);
    const MessageRef none;
    const transaction::AnsweredRequest answered{request_view, none,         status,   source,
                                                reply,        Millis{2500}, stateless};
    visit(LoggedRequest{answered, response_view, kWall});
  }

  std::string line(std::string_view format) const {
    RequestLogStyle style;
    const auto fault = style.choose(format);
    REQUIRE_MESSAGE(!fault, fault->text);
    std::string text(room, '\0');
    visit([&](const LoggedRequest& logged) {
      LogEntry entry(text);
      style.format.write(logged, {"example.com", 4711}, entry);
      text.resize(entry.finish());
    });
    return text;
  }

  std::string clf() const {
    std::string text(kClfMax, '\0');
    visit([&](const LoggedRequest& logged) { text.resize(write_clf(logged, text)); });
    return text;
  }
};

std::string fault_of(std::string_view format) {
  RequestLogStyle style;
  const auto fault = style.choose(format);
  return fault ? std::to_string(fault->at) + ": " + fault->text : std::string();
}

std::string time_of(std::string_view format) {
  CHECK_FALSE(find_time_fault(format));
  std::string text(200, '\0');
  LogEntry entry(text);
  write_time(format, kWall, entry);
  text.resize(entry.finish() - 1);
  return text;
}

// The field that the pointer of this number points to, as a reader of RFC 6873 finds it.
std::string field(const std::string& record, size_t number) {
  const size_t at = std::stoul(record.substr(8 + 4 * number, 4), nullptr, 16);
  const size_t next = std::stoul(record.substr(12 + 4 * number, 4), nullptr, 16);
  return record.substr(at, next - at - (number < 11 ? 1 : 0));
}

}  // namespace

TEST_CASE("request log: the classic line" * doctest::description("V29")) {
  CHECK(Case().line("classic") ==
        "192.0.2.1 sip:alice@example.com;user=phone sip:bob@example.com "
        "[11/Sep/2001:12:55:36 +0000] \"INVITE sip:bob@example.com SIP/2.0\" 486\n");
}

TEST_CASE("request log: the line of web servers" * doctest::description("V29")) {
  CHECK(Case().line("common") ==
        "192.0.2.1 - alice [11/Sep/2001:12:55:36 +0000] "
        "\"INVITE sip:bob@example.com SIP/2.0\" 486 5\n");
}

TEST_CASE("request log: every letter" * doctest::description("V30")) {
  const Case one;
  CHECK(one.line("%h|%s|%>s|%U|%b|%l|%v|%p|%P|%%|") ==
        "192.0.2.1|486|486|sip:bob@example.com|5|-|example.com|5060|4711|%|\n");
  CHECK(one.line("%T %{s}T %{ms}T %{us}T") == "2 2 2500 2500000\n");
  CHECK(one.line("%u \"%r\"") == "alice \"INVITE sip:bob@example.com SIP/2.0\"\n");
  CHECK(one.line("%{Call-ID}i %{i}i %{Reason}o %{Nothing}i") ==
        "c1@192.0.2.1 c1@192.0.2.1 SIP;cause=486 -\n");
  CHECK(one.line("%{uri:From}i %{uri:t}o %{uri:Contact}i") ==
        "sip:alice@example.com;user=phone sip:bob@example.com -\n");
  CHECK(one.line("%t %{%F %T}t") == "[11/Sep/2001:12:55:36 +0000] 2001-09-11 12:55:36\n");
}

TEST_CASE("request log: statuses say for whom there is a value" * doctest::description("V30")) {
  Case one;
  const std::string_view format = "%486,501{Call-ID}i %!486,501{Call-ID}i %400s %!400s";
  CHECK(one.line(format) == "c1@192.0.2.1 - - 486\n");
  one.status = 400;
  CHECK(one.line(format) == "- c1@192.0.2.1 400 -\n");
}

TEST_CASE("request log: what strangers write stays one line" * doctest::description("G3, V30")) {
  CHECK(Case().line("\"%{User-Agent}i\"") == "\"Phone \\\"9\\\"\\x01\"\n");
  CHECK(Case().line("%{From}i") ==
        "\\\"Alice \\\\\\\"A\\\\\\\"\\\" <sip:alice@example.com;user=phone>;tag=a1\n");
}

TEST_CASE("request log: what proves somebody's identity is never written" *
          doctest::description("V30")) {
  const Case one;
  CHECK(one.line("%{Authorization}i %{authorization}i %{WWW-Authenticate}o") ==
        "Digest *** Digest *** Digest ***\n");
  Case two;
  two.request.replace(two.request.find("sip:bob@"), 8, "sip:bob:letmein@");
  CHECK(two.line("%U %r") ==
        "sip:bob:*******@example.com INVITE sip:bob:*******@example.com SIP/2.0\n");
  CHECK(two.clf().find("letmein") == std::string::npos);
  // Nor where the line ends before the sign that makes it a password.
  for (two.room = 12; two.room < 40; ++two.room) {
    const std::string line = two.line("%U");
    for (const char* part : {"letm", ":l", ":le"}) CHECK(line.find(part) == std::string::npos);
  }
}

TEST_CASE("request log: a line that is too long ends in an ellipsis" *
          doctest::description("V30")) {
  Case one;
  one.room = 40;
  CHECK(one.line("%h %{Via}i %s") == "192.0.2.1 SIP/2.0/UDP 192.0.2.1:5070\xe2\x80\xa6\n");
}

TEST_CASE("request log: a bad format is refused with its place" * doctest::description("V30")) {
  CHECK(fault_of("%h %q") == "4: there is no %q");
  CHECK(fault_of("%h %") == "3: \"%\" has no letter");
  CHECK(fault_of("%{From i") == "1: \"{\" has no \"}\"");
  CHECK(fault_of("%i") == "1: %i takes a header: {Name}");
  CHECK(fault_of("%{a b}o") == "6: %o takes a header: {Name}");
  CHECK(fault_of("%40s") == "1: a status has three digits, from 100 to 699");
  CHECK(fault_of("%700s") == "1: a status has three digits, from 100 to 699");
  CHECK(fault_of("%400,s") == "5: a status must follow \",\"");
  CHECK(fault_of("%!s") == "2: a status must follow \"!\"");
  CHECK(fault_of("%{min}T") == "6: %T takes {s}, {ms} or {us}");
  CHECK(fault_of("%{x}h") == "4: %h takes nothing in braces");
  CHECK(fault_of("%{%Q}t") == "5: a time that there is not");
  CHECK(fault_of("a\nb") == "1: a line of the log has no control characters");
  CHECK(fault_of("") == "0: it says nothing");
}

TEST_CASE("request log: times by strftime" * doctest::description("V30")) {
  CHECK(time_of("%a %A %b %B %d %e %j") == "Tue Tuesday Sep September 11 11 254");
  CHECK(time_of("%D %F %R %T %y %Y %m") == "09/11/01 2001-09-11 12:55 12:55:36 01 2001 09");
  CHECK(time_of("%H %I %p %M %S %s %u %w %z %Z %%") == "12 12 PM 55 36 1000212936 2 2 +0000 UTC %");
  CHECK(time_of("sec") == "1000212936");
  CHECK(time_of("msec") == "1000212936250");
  CHECK(time_of("usec") == "1000212936250000");
  CHECK(time_of("msec_frac") == "250");
  CHECK(time_of("usec_frac") == "250000");
  CHECK(time_of("plain") == "plain");
  CHECK(find_time_fault("%H%") == 2);
  CHECK(find_time_fault("%Ez") == 0);
}

TEST_CASE("request log: two records in the SIP common log format" *
          doctest::description("RFC 6873 4; V29")) {
  const std::string text = Case().clf();
  const size_t size = std::stoul(text.substr(1, 6), nullptr, 16);
  const std::string asked = text.substr(0, size);
  const std::string answered = text.substr(size);
  CHECK(asked.ends_with('\n'));
  CHECK(asked.substr(0, 1) == "A");
  CHECK(asked.substr(7, 1) == ",");
  CHECK(asked.substr(60, 22) == "\n1000212936.250\tRORUU\t");
  const char* const fields[] = {"7 INVITE",
                                "-",
                                "sip:bob@example.com",
                                "198.51.100.2:5060",
                                "192.0.2.1:5070",
                                "sip:bob@example.com",
                                "-",
                                "sip:alice@example.com;user=phone",
                                "a1",
                                "c1@192.0.2.1",
                                "z9hG4bK-77",
                                "-"};
  for (size_t i = 0; i < std::size(fields); ++i) CHECK(field(asked, i) == fields[i]);
  CHECK(std::stoul(asked.substr(56, 4), nullptr, 16) == asked.size() - 1);
  CHECK(std::stoul(answered.substr(1, 6), nullptr, 16) == answered.size());
  CHECK(answered.substr(60, 22) == "\n1000212938.750\trOSUU\t");  // when it was sent
  CHECK(field(answered, 1) == "486");
  CHECK(field(answered, 3) == "192.0.2.1:5070");
  CHECK(field(answered, 6) == "b2");
}

TEST_CASE("request log: dashes, question marks and long fields of a record" *
          doctest::description("RFC 6873 4.3; V29")) {
  Case one;
  const auto replace = [&](const std::string& from, const std::string& to) {
    one.request.replace(one.request.find(from), from.size(), to);
  };
  replace("Call-ID: c1@192.0.2.1", "Call-ID: -");
  replace("tag=a1", "tag=-");
  replace("To: <sip:bob@example.com>", "To: <sip:bob");
  replace("INVITE sip:bob@example.com", "INVITE sip:" + std::string(5000, 'x') + "@example.com");
  one.reply.transport = sip::Transport::Tcp;
  one.stateless = true;
  const std::string text = one.clf();
  const size_t size = std::stoul(text.substr(1, 6), nullptr, 16);
  const std::string asked = text.substr(0, size);
  CHECK(asked.substr(76, 5) == "RSRTU");
  CHECK(field(asked, 9) == "%2D");
  CHECK(field(asked, 8) == "%2D");
  CHECK(field(asked, 5) == "?");
  CHECK(field(asked, 2).size() < 200);
  CHECK(std::stoul(text.substr(size + 1, 6), nullptr, 16) + size == text.size());
}
