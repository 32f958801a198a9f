#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

// How many of `texts` are taken for new requests.
size_t new_requests(const std::vector<SipText>& texts) {
  Bench bench;
  bench.open_all();
  for (const SipText& text : texts) bench.receive(text);
  return static_cast<size_t>(bench.layer->counters().requests);
}

SipText changed(SipText text, std::string SipText::*field, const std::string& value) {
  text.*field = value;
  return text;
}

SipText old_peer() {
  SipText invite;
  invite.branch.clear();
  return invite;
}

}  // namespace

TEST_CASE("matching: branch, sent-by and method make the transaction" *
          doctest::description("RFC 3261 17.2.3; F3 R5.4")) {
  const SipText invite;
  CHECK(new_requests({invite, invite}) == 1);
  CHECK(new_requests({invite, changed(invite, &SipText::branch, "z9hG4bKa2")}) == 2);
  CHECK(new_requests({invite, changed(invite, &SipText::sent_by, "192.0.2.1:5061")}) == 2);
  CHECK(new_requests({invite, changed(invite, &SipText::sent_by, "192.0.2.2:5060")}) == 2);
  CHECK(new_requests({invite, changed(invite, &SipText::method, "MESSAGE")}) == 2);
  // With a unique branch nothing else counts.
  CHECK(new_requests({invite, changed(invite, &SipText::call_id, "other")}) == 1);
  CHECK(new_requests({invite, changed(invite, &SipText::from_tag, "other")}) == 1);
}

TEST_CASE("matching: the host of sent-by compares without case" *
          doctest::description("RFC 3261 17.2.3, 20")) {
  const SipText invite = changed(SipText(), &SipText::sent_by, "PC33.Example.com");
  CHECK(new_requests({invite, changed(invite, &SipText::sent_by, "pc33.example.COM")}) == 1);
}

TEST_CASE("matching: methods that we do not know are told apart by their names" *
          doctest::description("RFC 3261 17.2.3")) {
  const SipText foo = changed(SipText(), &SipText::method, "FOO");
  CHECK(new_requests({foo, foo}) == 1);
  CHECK(new_requests({foo, changed(foo, &SipText::method, "BAR")}) == 2);
}

TEST_CASE("matching: an RFC 2543 peer's request by all that 17.2.3 names" *
          doctest::description("RFC 3261 17.2.3; R5.4")) {
  for (const char* method : {"INVITE", "BYE"}) {
    for (const char* branch : {"", "1"}) {
      SipText text = old_peer();
      text.method = method;
      text.branch = branch;
      CHECK(new_requests({text, text}) == 1);
      CHECK(new_requests({text, changed(text, &SipText::uri, "sip:carol@192.0.2.7")}) == 2);
      CHECK(new_requests({text, changed(text, &SipText::to_tag, "t2")}) == 2);
      CHECK(new_requests({text, changed(text, &SipText::from_tag, "f2")}) == 2);
      CHECK(new_requests({text, changed(text, &SipText::call_id, "c2")}) == 2);
      CHECK(new_requests({text, changed(text, &SipText::cseq, "8")}) == 2);
      CHECK(new_requests({text, changed(text, &SipText::sent_by, "192.0.2.1:5070")}) == 2);
    }
  }
}

TEST_CASE("matching: an RFC 2543 ACK belongs to the INVITE whose response it names" *
          doctest::description("RFC 3261 17.2.3; R5.4 R4.2")) {
  Bench bench;
  bench.open_all();
  const SipText invite = old_peer();
  bench.receive(invite);
  CHECK(bench.respond(changed(invite, &SipText::to_tag, "t1"), 486).has_value());
  bench.on_new = nullptr;
  SipText ack = changed(invite, &SipText::method, "ACK");
  ack.to_tag = "t2";
  bench.receive(ack);
  CHECK(bench.heard == Heard{"INVITE", "ACK"});  // of another response: not for this transaction
  ack.to_tag = "t1";
  bench.receive(ack);
  CHECK(bench.heard == Heard{"INVITE", "ACK"});
  bench.pass(Millis{5000});
  CHECK(bench.heard == Heard{"INVITE", "ACK", "server done"});
}

TEST_CASE("matching: an RFC 2543 CANCEL finds its INVITE" *
          doctest::description("RFC 3261 9.2, 17.2.3; R3.4 R5.4")) {
  Bench bench;
  bench.open_all();
  const SipText invite = old_peer();
  bench.receive(invite);
  bench.receive(changed(changed(invite, &SipText::method, "CANCEL"), &SipText::call_id, "c2"));
  CHECK(bench.last_sent().starts_with("SIP/2.0 481 "));
  bench.receive(changed(invite, &SipText::method, "CANCEL"));
  CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
  CHECK(bench.heard == Heard{"INVITE", "cancel"});
}

TEST_CASE("matching: an ACK on the way of a pending INVITE does nothing" *
          doctest::description("RFC 3261 17.2.1; R4.2")) {
  Bench bench;
  bench.open_all();
  const SipText invite;
  bench.receive(invite);
  bench.receive(changed(invite, &SipText::method, "ACK"));
  CHECK(bench.heard == Heard{"INVITE"});
  CHECK(bench.layer->is_open(bench.server));
}
