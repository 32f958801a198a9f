// Traced messages as an operator asks for them: filtered, as a ladder, as a capture file.
#include "admin/trace_messages.h"

#include <doctest/doctest.h>

#include "transport/decision.h"

namespace tipring::admin::test {
namespace {

std::string bye(const std::string& fields) {
  return "BYE sip:bob@192.0.2.7 SIP/2.0\r\n" + fields + "\r\n";
}

TracedMessage message(uint64_t number, bool sent, const std::string& start_line,
                      const std::string& call_id, const std::string& fields = "",
                      const std::string& remote = "192.0.2.1:5060") {
  const std::string text = start_line + "\r\nCall-ID: " + call_id + "\r\n" + fields + "\r\n";
  return {number, 1000 + number, sent, "udp", "192.0.2.9:5060", remote, text.size(), text};
}

TracedDecision decision(uint64_t number, const std::string& call_id, const std::string& joins) {
  return {number, 1000 + number, transport::Decision::TimerC, {}, call_id, joins};
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<uint64_t> numbers(const TracedMessages& messages) {
  std::vector<uint64_t> all;
  for (const TracedMessage& one : messages) all.push_back(one.number);
  return all;
}

TEST_CASE("trace: a header is found by both its names, the first counts, and none in the body") {
  TracedMessage traced;
  traced.text =
      bye("i : first\r\nCall-ID: second\r\nFROM:\t<sip:a@b>\r\n") + "To: <sip:body@b>\r\n";
  CHECK(traced.call_id() == "first");
  CHECK(traced.header("From", "f") == "<sip:a@b>");
  CHECK(traced.header("To", "t") == "");
  CHECK(traced.header("Call") == "");
  CHECK(traced.start_line() == "BYE sip:bob@192.0.2.7 SIP/2.0");
  CHECK(traced.status() == "");
  traced.text = "SIP/2.0 486 Busy Here\nTo: x\n\n";
  CHECK(traced.status() == "486");
  CHECK(traced.header("To") == "x");
  traced.text = "";
  CHECK(traced.start_line() == "");
  CHECK(traced.header("To") == "");
}

TEST_CASE(
    "trace: a number is asked for in Request-URI, From and To, an address with its port or "
    "without") {
  struct Row {
    TraceFilter filter;
    bool matches;
  };
  const Row rows[] = {
      {{}, true},
      {{"bob", "", {}, false}, true},     // Request-URI
      {{"alice", "", {}, false}, true},   // f
      {{"600", "", {}, false}, true},     // To
      {{"Alice", "", {}, false}, false},  // the user part has a case: RFC 3261 19.1.4
      {{"carol", "", {}, false}, false},  // a display name is none
      {{"ali", "", {}, false}, false},
      {{"", "2001:db8::1", {}, false}, false},
      {{"", "[2001:db8::1]", {}, false}, true},
      {{"", "[2001:db8::1]:5070", {}, false}, true},
      {{"", "[2001:db8::1]:507", {}, false}, false},
      {{"alice", "192.0.2.1", {}, false}, false},
  };
  const TracedMessage traced =
      message(1, false, "BYE sip:bob@192.0.2.7 SIP/2.0", "c",
              "f: \"carol\" <sip:alice@example.com>;tag=1\r\nTo: sip:600@example.com\r\n",
              "[2001:db8::1]:5070");
  for (const Row& row : rows) {
    CAPTURE(row.filter.number);
    CAPTURE(row.filter.address);
    CHECK(row.filter.matches(traced) == row.matches);
  }
}

TEST_CASE("trace: a call has all legs that decisions join, whichever of them is asked for") {
  for (const std::string asked : {"a", "b", "c", "d"}) {
    CAPTURE(asked);
    Traced traced;
    uint64_t number = 0;
    for (const std::string call_id : {"a", "b", "x", "c", "d", "y"})
      traced.messages.push_back(message(++number, false, "BYE sip:b@c SIP/2.0", call_id));
    // From the last of them to the first, against the order in which they are read.
    traced.decisions = {decision(7, "c", "d"), decision(8, "x", ""), decision(9, "b", "c"),
                        decision(10, "a", "b"), decision(11, "x", "y")};
    TraceFilter filter{"", "", {asked}, true};
    filter.apply(traced);
    CHECK(numbers(traced.messages) == std::vector<uint64_t>{1, 2, 4, 5});
    CHECK(traced.decisions.size() == 3);
  }
  Traced traced;
  traced.messages = {message(1, false, "BYE sip:b@c SIP/2.0", "a"),
                     message(2, false, "BYE sip:b@c SIP/2.0", "b")};
  traced.decisions = {decision(3, "a", "b")};
  TraceFilter({"", "", {"a"}, false}).apply(traced);
  CHECK(numbers(traced.messages) == std::vector<uint64_t>{1});
}

TEST_CASE(
    "trace: what the server answers of its own accord is a decision, what it passes on is none") {
  Traced traced;
  traced.messages = {
      message(1, false, "INVITE sip:b@c SIP/2.0", "a", "CSeq: 1 INVITE\r\n"),
      message(2, true, "SIP/2.0 100 Trying", "a", "CSeq: 1 INVITE\r\n"),
      message(3, true, "INVITE sip:b@c SIP/2.0", "a", "CSeq: 1 INVITE\r\n", "192.0.2.2:5060"),
      message(4, false, "SIP/2.0 486 Busy", "a", "CSeq: 1 INVITE\r\n", "192.0.2.2:5060"),
      message(5, true, "SIP/2.0 486 Busy", "a", "CSeq: 1 INVITE\r\n"),
      message(6, true, "SIP/2.0 422 Small", "a", "CSeq: 2 INVITE\r\nMin-SE: 90\r\n"),
      message(7, false, "BYE sip:b@c SIP/2.0", "a", "Reason: Q.850;cause=16\r\n"),
      message(8, true, "BYE sip:b@c SIP/2.0", "a", "Reason: Q.850;cause=16\r\n"),
      message(9, true, "CANCEL sip:b@c SIP/2.0", "a", "Reason: SIP;cause=200\r\n"),
      message(11, true, "SIP/2.0 408 Timeout", "b", "CSeq: 3 INVITE\r\n"),
  };
  traced.decisions = {decision(10, "b", "a")};
  const std::string text = ladder_text(traced);
  CHECK(has(text, R"("call_ids":["a","b"])"));
  CHECK(has(text, R"([{"id":"server"},{"id":"192.0.2.1:5060"},{"id":"192.0.2.2:5060"}])"));
  CHECK(has(text, R"("number":1,"time_ms":1001,"from":1,"to":0,"summary":"INVITE)"));
  CHECK(has(text, R"("number":3,"time_ms":1003,"from":0,"to":2,)"));
  const std::string decisions = text.substr(text.find("\"decisions\""));
  CHECK(
      decisions ==
      R"("decisions":[{"number":6,"time_ms":1006,"text":"the server answers 422 Small; Min-SE: 90"},)"
      R"({"number":9,"time_ms":1009,"text":"the server sends CANCEL: SIP;cause=200"},)"
      R"({"number":10,"time_ms":1010,"text":"it has rung for too long: Timer C fired",)"
      R"("decision":"timer_c","values":[],"call_id":"b","joins":"a"}]})");
  CHECK(ladder_text({}) ==
        R"({"call_ids":[],"participants":[{"id":"server"}],"messages":[],"decisions":[]})");
}

struct OneExchange final : port::HttpExchange {
  port::HttpMethod method() const override { return port::HttpMethod::Get; }
  std::string_view path() const override { return {}; }
  std::string_view query(std::string_view) const override { return {}; }
  std::string_view header(std::string_view) const override { return {}; }
  std::string_view cookie(std::string_view) const override { return {}; }
  std::string_view body() const override { return {}; }
  uint64_t id() const override { return 1; }
  port::SocketAddress peer() const override { return {}; }
  bool encrypted() const override { return false; }
  void answer(const port::HttpAnswer&) override {}
  bool begin_stream(const port::HttpAnswer&) override { return false; }
  bool send(std::string_view) override { return false; }
  void end() override {}
};

struct OneDesk final : Desk {
  uint64_t send(Command command, const std::shared_ptr<Job>&) override {
    cursor = command.cursor;
    return 1;
  }
  port::HttpExchange* find(uint64_t) override { return &exchange; }
  void note_done(uint64_t) override {}
  OneExchange exchange;
  uint64_t cursor = 0;
};

TEST_CASE("trace: pieces make a whole over pages; what was pushed out in the middle is left out") {
  TracedMessages seen;
  int calls = 0;
  const auto job =
      std::make_shared<TraceJob>(1, TraceFilter{}, [&](port::HttpExchange&, const Traced& traced) {
        seen = traced.messages;
        ++calls;
      });
  OneDesk desk;
  const auto answer = std::make_unique<Answer>();
  const auto give = [&](uint64_t number, uint64_t offset, uint64_t kept, std::string_view text) {
    TraceRow row;
    row.number = number;
    row.offset = offset;
    row.kept = kept;
    row.size = kept;
    row.text = text;
    answer->page.add(row);
  };
  give(4, 4, 8, "tail");  // of one whose begin has gone
  give(5, 0, 8, "SIP/");
  answer->next = 55;
  job->on_answer(desk, job, *answer);
  CHECK(desk.cursor == 55);
  CHECK(calls == 0);
  answer->page.clear();
  answer->next = 0;
  give(5, 4, 8, "2.0 ");
  give(6, 0, 8, "lost");
  give(7, 0, 3, "ACK");
  give(6, 4, 8, "gone");
  job->on_answer(desk, job, *answer);
  CHECK(calls == 1);
  REQUIRE(numbers(seen) == std::vector<uint64_t>{5, 7});
  CHECK(seen[0].text == "SIP/2.0 ");
}

unsigned u16(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]) * 256u + static_cast<uint8_t>(bytes[at + 1]);
}
uint32_t little32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}
// 0xffff where the checksum in it is right: RFC 1071 1.
uint32_t sum_of(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

std::vector<std::string> packets_of(const TracedMessages& messages) {
  const std::string file = pcap_bytes(messages);
  REQUIRE(file.size() >= 24);
  CHECK(little32(file, 0) == 0xa1b2c3d4);
  CHECK(little32(file, 20) == 101);
  std::vector<std::string> packets;
  for (size_t at = 24; at < file.size();) {
    const size_t size = little32(file, at + 8);
    CHECK(little32(file, at + 12) == size);
    packets.push_back(file.substr(at + 16, size));
    at += 16 + size;
  }
  return packets;
}

TracedMessage packet(bool sent, const std::string& transport, const std::string& local,
                     const std::string& remote, const std::string& text) {
  return {1, 1500, sent, transport, local, remote, text.size(), text};
}

TEST_CASE("pcap: UDP over IPv4, from whom it came to whom, with sums that are right" *
          doctest::description("RFC 768, RFC 791")) {
  const auto packets = packets_of({packet(true, "udp", "192.0.2.9:5060", "192.0.2.1:5070", "odd"),
                                   packet(false, "udp", "0.0.0.0:5060", "192.0.2.1:5070", "")});
  REQUIRE(packets.size() == 2);
  const std::string& first = packets[0];
  REQUIRE(first.size() == 20 + 8 + 3);
  CHECK(u16(first, 2) == first.size());
  CHECK(sum_of(first.substr(0, 20)) == 0xffff);
  CHECK(first.substr(12, 8) == std::string("\xc0\x00\x02\x09\xc0\x00\x02\x01", 8));
  CHECK(u16(first, 20) == 5060);
  CHECK(u16(first, 22) == 5070);
  CHECK(u16(first, 24) == 11);
  CHECK(first.substr(28) == "odd");
  const std::string pseudo = first.substr(12, 8) + std::string("\0\x11\0\x0b", 4);
  CHECK(sum_of(pseudo + first.substr(20)) == 0xffff);
  CHECK(u16(packets[1], 20) == 5070);
}

TEST_CASE("pcap: TCP over IPv6 goes on where each side was; what has no peer is left out" *
          doctest::description("RFC 8200 3, RFC 9293 3.1")) {
  const std::string here = "[2001:db8::9]:5060";
  const std::string there = "[2001:db8::1]:5070";
  const auto packets = packets_of(
      {packet(false, "tcp", here, there, "12345"), packet(true, "tcp", here, there, "abc"),
       packet(false, "tcp", here, there, "6"), packet(true, "tcp", here, "example.com:5060", "x")});
  REQUIRE(packets.size() == 3);
  CHECK(packets[0].substr(0, 1) == "\x60");
  CHECK(u16(packets[0], 4) == 20 + 5);
  CHECK(packets[0].substr(6, 1) == "\x06");
  const auto sequence = [&](size_t i) { return u16(packets[i], 46); };
  const auto acknowledged = [&](size_t i) { return u16(packets[i], 50); };
  CHECK(sequence(0) == 1);
  CHECK(sequence(1) == 1);
  CHECK(acknowledged(1) == 6);
  CHECK(sequence(2) == 6);
  CHECK(acknowledged(2) == 4);
  for (const std::string& one : packets) {
    const auto size = static_cast<char>(one.size() - 40);
    const std::string pseudo =
        one.substr(8, 32) + std::string("\0\0\0", 3) + size + std::string("\0\0\0\x06", 4);
    CHECK(sum_of(pseudo + one.substr(40)) == 0xffff);
  }
}

TEST_CASE(
    "pcap: no packet is longer than IP allows, and a socket without an address has its family's") {
  const auto packets = packets_of(
      {packet(true, "udp", "0.0.0.0:5060", "[2001:db8::1]:5060", std::string(70000, 'x'))});
  REQUIRE(packets.size() == 1);
  CHECK(packets[0].substr(0, 1) == "\x60");
  CHECK(packets[0].substr(8, 16) == std::string(16, '\0'));
  CHECK(packets[0].size() <= 65535);
  CHECK(u16(packets[0], 4) == packets[0].size() - 40);
}

}  // namespace
}  // namespace tipring::admin::test
