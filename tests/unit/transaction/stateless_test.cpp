#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

std::string to_tag_of(const std::string& message) {
  const size_t at = message.find(";tag=", message.find("\r\nTo: "));
  return message.substr(at + 5, message.find("\r\n", at) - at - 5);
}

void refuse_all(Bench& bench) {
  bench.on_new = [&bench](const Incoming& request) {
    bench.layer->reply_stateless(request, 404, {});
  };
}

}  // namespace

TEST_CASE("stateless reply: a retransmission gets the same answer and nothing is kept" *
          doctest::description("RFC 3261 8.2.7; R2.3")) {
  Bench bench;
  refuse_all(bench);
  SipText invite;
  bench.receive(invite);
  const std::string first = bench.last_sent();
  CHECK(first.starts_with("SIP/2.0 404 "));
  CHECK(to_tag_of(first).size() == 16);
  bench.receive(invite);
  CHECK(bench.last_sent() == first);
  CHECK(bench.all_free());
}

TEST_CASE("stateless reply: its ACK is known by the tag and absorbed" *
          doctest::description("RFC 3261 8.2.7; R4.2")) {
  Bench bench;
  refuse_all(bench);
  SipText invite;
  bench.receive(invite);
  SipText ack = invite;
  ack.method = "ACK";
  ack.to_tag = to_tag_of(bench.last_sent());
  bench.receive(ack);
  CHECK(bench.heard == Heard{"INVITE"});
  CHECK(bench.layer->counters().absorbed_acks == 1);
  CHECK(bench.wire.sent.size() == 1);
}

TEST_CASE("stateless reply: an ACK with another tag, call or branch goes up" *
          doctest::description("RFC 3261 8.2.7; R4.2")) {
  Bench bench;
  refuse_all(bench);
  SipText invite;
  bench.receive(invite);
  SipText ack = invite;
  ack.method = "ACK";
  ack.to_tag = to_tag_of(bench.last_sent());
  SipText other = ack;
  other.to_tag[3] = other.to_tag[3] == '0' ? '1' : '0';
  bench.receive(other);
  other = ack;
  other.to_tag.clear();
  bench.receive(other);
  other = ack;
  other.call_id = "c2";
  bench.receive(other);
  other = ack;
  other.branch = "z9hG4bKa2";
  bench.receive(other);
  other = ack;
  other.cseq = "8";
  bench.receive(other);
  other = ack;
  other.from_tag = "f2";
  bench.receive(other);
  CHECK(bench.heard == Heard{"INVITE", "ACK", "ACK", "ACK", "ACK", "ACK", "ACK"});
  CHECK(bench.layer->counters().absorbed_acks == 0);
  CHECK(bench.wire.sent.size() == 1);  // an ACK is never answered
}

TEST_CASE("malformed: a request is answered with the header and its fault" *
          doctest::description("RFC 3261 8.2.6; R4.5 R14.2")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bye.cseq = "x7";
  bench.receive(bye);
  REQUIRE(bench.wire.sent.size() == 1);
  CHECK(bench.last_sent().starts_with("SIP/2.0 400 "));
  CHECK(bench.last_sent().substr(0, bench.last_sent().find("\r\n")).find("CSeq") !=
        std::string::npos);
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().malformed == 1);
  CHECK(bench.all_free());
}

TEST_CASE("malformed: no answer to an ACK, to a response, or without a Via" *
          doctest::description("RFC 3261 8.2.7, 18.1.2; R14.5")) {
  Bench bench;
  SipText ack;
  ack.method = "ACK";
  ack.cseq = "x7";
  bench.receive(ack);
  SipText answer;
  answer.cseq = "x7";
  bench.receive(answer.response(200));
  bench.receive(
      "OPTIONS sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\nFrom: <sip:b@b>;tag=1\r\nCall-ID: 1\r\n"
      "CSeq: 1 OPTIONS\r\n\r\n");
  CHECK(bench.wire.sent.empty());
  CHECK(bench.layer->counters().malformed == 3);
}

TEST_CASE("stateless branch: the same request gets the same one, another gets another" *
          doctest::description("RFC 3261 16.11")) {
  Bench bench;
  std::vector<std::string> branches;
  bench.on_new = [&](const Incoming& request) {
    std::array<char, TransactionLayer::kBranchMax> out;
    branches.emplace_back(bench.layer->write_stateless_branch(request.message, 0x5, out));
  };
  SipText ack;
  ack.method = "ACK";
  bench.receive(ack);
  bench.receive(ack);
  ack.branch = "z9hG4bKa2";
  bench.receive(ack);
  ack.to_tag = "t2";
  bench.receive(ack);
  REQUIRE(branches.size() == 4);
  CHECK(branches[0] == branches[1]);
  CHECK(branches[1] != branches[2]);
  CHECK(branches[2] != branches[3]);
  CHECK(branches[0].ends_with(".0000000000000005"));
}

TEST_CASE("memory: the layer takes what it has planned" * doctest::description("R5.5")) {
  for (const uint32_t transactions : {1u, 16u, 100u}) {
    const Limits limits = small_limits(transactions);
    MemoryPlan plan;
    TransactionLayer::plan(limits, plan);
    Bench bench(limits);
    CHECK(bench.layer_bytes == plan.arena_bytes());
  }
}

TEST_CASE("responses of our own: the top Via tells where the request came from" *
          doctest::description("RFC 3261 18.2.1, RFC 3581 4; R7.2")) {
  Bench bench;
  bench.flow.remote = {*port::parse_ip("198.51.100.9"), 40000};
  bench.open_all(true);
  SipText invite;
  invite.branch += ";rport";
  bench.receive(invite);
  CHECK(bench.layer->respond(bench.server, 486, {}).has_value());
  invite.branch = "z9hG4bKa2;rport";
  refuse_all(bench);
  bench.receive(invite);
  REQUIRE(bench.wire.sent.size() == 3);  // 100, 486 and 404
  for (const Sent& response : bench.wire.sent) {
    CHECK(response.text.find(";received=198.51.100.9") != std::string::npos);
    CHECK(response.text.find(";rport=40000") != std::string::npos);
  }
}

namespace {

// The answer to `request` with these lines and this phrase; empty when there is none.
std::string answer(Bench& bench, const SipText& request, uint16_t status, const std::string& lines,
                   const std::string& reason = "") {
  bench.on_new = [&](const Incoming& incoming) {
    sip::ResponseParts parts;
    parts.headers = lines;
    parts.reason = reason;
    bench.layer->reply_stateless(incoming, status, parts);
  };
  const size_t before = bench.wire.sent.size();
  bench.receive(request);
  return bench.wire.sent.size() == before ? "" : bench.last_sent();
}

const std::string kAllow = "Allow: " + std::string(150, 'A') + "\r\n";
const std::string kChallenge = "WWW-Authenticate: " + std::string(90, 'D') + "\r\n";

}  // namespace

TEST_CASE("stateless reply: to a datagram at most twice its size, without what is optional" *
          doctest::description("RFC 3261 26.3.2.4; C23")) {
  Bench bench;
  SipText options;
  options.method = "OPTIONS";
  const size_t most = 2 * options.request().size();
  const std::string unsupported = "Unsupported: 100rel\r\n";
  const std::string whole = answer(bench, options, 420, kAllow + unsupported);
  CHECK(whole.find("\r\nAllow: ") != std::string::npos);
  const std::string more = answer(bench, options, 420, kAllow + kAllow + unsupported);
  CHECK(more.size() <= most);
  CHECK(more.find("\r\nAllow: ") == std::string::npos);
  CHECK(more.find(unsupported) != std::string::npos);
  const std::string wordy = answer(bench, options, 400, kAllow, std::string(300, 'x'));
  CHECK(wordy.starts_with("SIP/2.0 400 Bad Request\r\n"));
  CHECK(wordy.size() <= most);
  CHECK(bench.layer->counters().replies_too_large == 0);
  CHECK(answer(bench, options, 420, "Unsupported: " + std::string(400, 'x') + "\r\n").empty());
  CHECK(bench.layer->counters().replies_too_large == 1);
}

TEST_CASE("stateless reply: of several challenges the first ones that fit, and no 401 without any" *
          doctest::description("C13, C23")) {
  Bench bench;
  SipText request;
  request.method = "REGISTER";
  const auto challenges = [&](int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += kChallenge;
    const std::string text = answer(bench, request, 401, lines);
    int found = 0;
    for (size_t at = 0; (at = text.find("WWW-Auth", at)) != std::string::npos; ++at) ++found;
    CHECK(text.size() <= 2 * request.request().size());
    return found;
  };
  CHECK(challenges(1) == 1);
  CHECK(challenges(2) == 2);
  CHECK(challenges(5) == 2);
  request = {};
  request.method = "REGISTER";
  request.extra = "Contact: <sip:alice@192.0.2.1:5060>\r\nExpires: 3600\r\n";
  CHECK(challenges(5) == 3);
  CHECK(answer(bench, request, 401, "WWW-Authenticate: " + std::string(600, 'D') + "\r\n").empty());
}

TEST_CASE("stateless reply: over a connection it is as long as it likes" *
          doctest::description("C23")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  SipText options;
  options.method = "OPTIONS";
  CHECK(answer(bench, options, 200, kAllow + kAllow + kAllow).size() > 3 * kAllow.size());
}

TEST_CASE("stateless reply: who is ignored is not told of malformed and stray requests either" *
          doctest::description("C6")) {
  Bench bench;
  SipText cancel;
  cancel.method = "CANCEL";
  SipText broken;
  broken.cseq = "x";
  for (const bool ignored : {false, true}) {
    bench.ignored = ignored;
    const size_t before = bench.wire.sent.size();
    bench.receive(cancel);
    bench.receive(broken);
    CHECK(bench.wire.sent.size() - before == (ignored ? 0 : 2));
  }
}
