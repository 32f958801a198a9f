#include <doctest/doctest.h>

#include "bench.h"
#include "dialog/cookie.h"

using namespace tipring;
using namespace tipring::dialog;

TEST_CASE("calls: a call rings, is answered, and ends with its BYE" *
          doctest::description("RFC 3261 12.1, 12.3; R2.5, R3.3")) {
  Bench bench;
  const CallHandle call = *bench.invite("Record-Route: <sip:p;lr>\r\n");
  CHECK(bench.calls.dialog_stats().in_use == 1);
  CHECK(bench.answer(call, "180", "").dialog == nullptr);  // no tag, no dialog
  const Answer ringing = bench.answer(call, "180");
  REQUIRE(ringing.dialog != nullptr);
  CHECK(ringing.dialog->state == DialogState::Early);
  CHECK_FALSE(ringing.confirmed);
  const Answer answered = bench.answer(call, "200");
  CHECK(answered.dialog == ringing.dialog);
  CHECK(answered.confirmed);
  CHECK_FALSE(bench.answer(call, "200").confirmed);  // it came again
  const Dialog& dialog = *answered.dialog;
  CHECK(dialog.state == DialogState::Confirmed);
  CHECK(dialog.address(Side::Caller) == kAlice);
  CHECK(dialog.address(Side::Callee) == "<sip:bob@h>;tag=b");
  CHECK(dialog.target(Side::Caller) == "sip:alice@10.0.0.2");
  CHECK(dialog.target(Side::Callee) == "sip:bob@10.0.0.3");
  CHECK(dialog.routes(Side::Caller) == "<sip:p;lr>");
  CHECK(dialog.caller.cseq == 5);
  CHECK(dialog.callee.cseq == 0);
  bench.calls.close(call);
  CHECK(bench.calls.stands(call));
  bench.calls.end(*answered.dialog);
  CHECK_FALSE(bench.calls.stands(call));
  CHECK(bench.is_empty());
}

TEST_CASE("calls: Call-ID and both tags find a dialog, from either side, and nothing else does" *
          doctest::description("RFC 3261 12; SPEC C21, DESIGN: Handles")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  CHECK_FALSE(bench.match(call, "a", ""));  // nobody has answered
  bench.answer(call, "183", "b");
  bench.answer(call, "200", "c");
  CHECK(bench.match(call, "a", "b").from == Side::Caller);
  CHECK(bench.match(call, "a", "b").dialog->state == DialogState::Early);
  CHECK(bench.match(call, "c", "a").from == Side::Callee);
  CHECK(bench.match(call, "c", "a").dialog->state == DialogState::Confirmed);
  CHECK_FALSE(bench.match(call, "a", "d"));
  CHECK_FALSE(bench.match(call, "b", "c"));
  CHECK_FALSE(bench.match(call, "a", ""));
  CHECK_FALSE(bench.match(call, "a", "b", "2"));
  CHECK_FALSE(bench.match({call.index, call.generation + 1}, "a", "b"));
  CHECK_FALSE(bench.match({call.index + 1, call.generation}, "a", "b"));
}

TEST_CASE("calls: a 2xx gives the route set and the target, whatever was said when it rang" *
          doctest::description("RFC 3261 13.2.2.4")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  std::array<char, kCookieSize> room;
  const std::string own =
      "<sip:10.0.0.1;lr;tc=" + std::string(write_cookie({call, 0, 0}, room)) + ">";
  bench.answer(call, "180", "b", "Record-Route: <sip:x;lr>, " + own + "\r\n");
  const Dialog& dialog = *bench.match(call, "a", "b").dialog;
  CHECK(dialog.routes(Side::Callee) == "<sip:x;lr>");
  CHECK(dialog.target(Side::Callee).empty());
  bench.answer(call, "200", "b",
               "Record-Route: <sip:y;lr>, " + own + "\r\nContact: <sip:bob@10.0.0.3>\r\n");
  CHECK(dialog.routes(Side::Callee) == "<sip:y;lr>");
  CHECK(dialog.target(Side::Callee) == "sip:bob@10.0.0.3");
}

TEST_CASE("calls: forks are dialogs of one call, and those that only rang go with its answer" *
          doctest::description("RFC 3261 12.1, 13.2.2.4, 16.7; F13")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  for (const char* tag : {"b", "c", "d"}) bench.answer(call, "180", tag);
  CHECK(bench.calls.dialog_stats().in_use == 3);
  CHECK(bench.answer(call, "200", "c").confirmed);
  CHECK(bench.answer(call, "200", "e").confirmed);  // a second answer
  CHECK(bench.match(call, "a", "e").dialog->texts.get(Text::CallId) == "1");
  bench.calls.close(call);
  CHECK(bench.calls.dialog_stats().in_use == 2);
  CHECK_FALSE(bench.match(call, "a", "b"));
  bench.calls.end(*bench.match(call, "a", "c").dialog);
  CHECK(bench.calls.stands(call));
  bench.calls.end(*bench.match(call, "a", "e").dialog);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: one that comes to nothing leaves nothing" *
          doctest::description("RFC 3261 16.7; R3.3, R3.4")) {
  Bench bench;
  const CallHandle unanswered = *bench.invite();
  bench.calls.close(unanswered);
  CHECK(bench.is_empty());
  const CallHandle rang = *bench.invite();
  bench.answer(rang, "180", "b");
  bench.answer(rang, "180", "c");
  bench.calls.close(rang);
  CHECK(bench.is_empty());
  CHECK(bench.answer(rang, "200").dialog == nullptr);
}

TEST_CASE("calls: who has rung and failed is no dialog any more, while others ring" *
          doctest::description("RFC 3261 12.3")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  bench.answer(call, "180", "b");
  bench.answer(call, "180", "c");
  bench.calls.give_up(call, "b");
  CHECK_FALSE(bench.match(call, "a", "b"));
  CHECK(bench.match(call, "a", "c"));
  CHECK(bench.calls.dialog_stats().in_use == 1);
  bench.calls.give_up(call, "c");  // the last one leaves its place to who may still ring
  CHECK_FALSE(bench.match(call, "a", "c"));
  CHECK(bench.answer(call, "200", "d").confirmed);
  bench.calls.give_up(call, "d");  // it stands
  CHECK(bench.match(call, "a", "d"));
}

TEST_CASE("calls: a BYE while others still ring ends its own dialog only" *
          doctest::description("RFC 3261 15: a caller may send it on an early dialog")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog* const first = bench.answer(call, "180", "b").dialog;
  bench.calls.end(*first);
  CHECK_FALSE(bench.match(call, "a", "b"));
  CHECK(bench.answer(call, "180", "c").dialog != nullptr);
  CHECK(bench.match(call, "a", "c").dialog->target(Side::Callee) == "sip:bob@10.0.0.3");
  CHECK(bench.calls.dialog_stats().in_use == 1);
  bench.calls.close(call);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: what was under way for a dialog that has ended finds it no more" *
          doctest::description("DESIGN: handles, not pointers, cross turns")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  bench.answer(call, "180", "c");
  bench.calls.end(*bench.match(call, "a", "c").dialog);
  Dialog* const answered = bench.answer(call, "200", "b").dialog;
  const DialogHandle ending = bench.calls.handle_of(*answered);
  answered->byes = 2;
  answered->by_operator = true;
  bench.calls.end(*answered);
  CHECK(bench.calls.get(ending) == nullptr);
  const Dialog& next = *bench.answer(call, "200", "d").dialog;
  CHECK(next.byes == 0);
  CHECK_FALSE(next.by_operator);
  CHECK(next.tag(Side::Caller) == "a");
  CHECK(next.target(Side::Caller) == "sip:alice@10.0.0.2");
}

TEST_CASE("calls: every call keeps a dialog, whatever becomes of those that ring" *
          doctest::description("R5.5: no order of events takes another call's place")) {
  Bench bench;
  for (int round = 0; round < 50; ++round) {
    const CallHandle one = *bench.invite();
    bench.calls.end(*bench.answer(one, "180", "b").dialog);
    const CallHandle forking = *bench.invite();
    for (char tag = 'b'; tag < 'z'; ++tag) bench.answer(forking, "180", std::string(1, tag));
    std::vector<CallHandle> others;
    for (uint32_t i = 2; i < kTinyLimits.calls; ++i) others.push_back(*bench.invite());
    CHECK(bench.invite().error() == Error::PoolExhausted);
    bench.calls.close(one);
    CHECK(bench.invite());
    for (const CallHandle other : others) bench.calls.close(other);
    bench.calls.close(forking);
    bench.calls.for_each(
        [&](Dialog& dialog) { bench.calls.close(bench.calls.handle_of(dialog.call)); });
    CHECK(bench.is_empty());
  }
}

TEST_CASE("calls: who answers where no room is left takes the place of one who rings" *
          doctest::description("RFC 3261 13.2.2.4; R5.5")) {
  Limits limits = kTinyLimits;
  limits.calls = 64;
  Bench bench(limits);
  const CallHandle call = *bench.invite();
  for (char tag = 'b'; tag < 'z'; ++tag) bench.answer(call, "180", std::string(1, tag));
  REQUIRE_FALSE(bench.match(call, "a", "y"));
  CHECK(bench.answer(call, "200", "y").confirmed);
  const Match found = bench.match(call, "a", "y");
  REQUIRE(found);
  CHECK(found.dialog->address(Side::Callee) == "<sip:bob@h>;tag=y");
  CHECK(bench.calls.dialog_stats().in_use == Calls::kForksMax);
}

TEST_CASE("calls: a fork without room for its callee is not taken for another one" *
          doctest::description("SPEC C4: no BYE goes to the wrong phone")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  bench.answer(call, "200", "b");
  const std::string too_long(DialogTexts::kBytesMax, 'h');
  bench.answer(call, "200", "c", "Contact: <sip:" + too_long + ">\r\n");
  CHECK(bench.match(call, "a", "b").dialog->target(Side::Callee) == "sip:bob@10.0.0.3");
  CHECK(bench.match(call, "a", "c").dialog->target(Side::Callee).empty());
}

TEST_CASE("calls: a 2xx that crosses the BYE of its caller confirms the dialog" *
          doctest::description("RFC 3261 15, 13.2.2.4")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog& dialog = *bench.answer(call, "180").dialog;
  dialog.state = DialogState::Ending;
  CHECK(bench.answer(call, "200").confirmed);
  CHECK(dialog.state == DialogState::Ending);
  CHECK(dialog.confirmed);
}

TEST_CASE("calls: one is free with its BYE, unless other branches may still answer" *
          doctest::description("RFC 3261 16.7; R3.3")) {
  Bench bench;
  const CallHandle forked = *bench.invite();
  bench.answer(forked, "180", "c");
  bench.calls.end(*bench.answer(forked, "200", "b").dialog);
  CHECK(bench.answer(forked, "200", "c").confirmed);  // it was late
  bench.calls.close(forked);
  bench.calls.end(*bench.match(forked, "a", "c").dialog);
  CHECK(bench.is_empty());
  const CallHandle single = *bench.invite();
  Dialog* const dialog = bench.answer(single, "200").dialog;
  bench.calls.close(single);
  bench.calls.end(*dialog);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: the 2xx of a dialog that is over makes no other while its call goes on" *
          doctest::description("RFC 3261 13.3.1.4, 16.7 step 5; R3.3, R5.5")) {
  Bench bench;
  const CallHandle forked = *bench.invite();
  bench.calls.end(*bench.answer(forked, "200", "b").dialog);
  CHECK_FALSE(bench.answer(forked, "200", "b").confirmed);  // it has crossed its BYE
  bench.answer(forked, "200", "c");
  bench.calls.end(*bench.answer(forked, "200", "d").dialog);
  CHECK_FALSE(bench.answer(forked, "200", "d").confirmed);
  CHECK(bench.answer(forked, "183", "b").dialog == nullptr);
  CHECK_FALSE(bench.match(forked, "a", "b"));
  bench.answer(forked, "200", "e");
  CHECK(bench.calls.figures().talking() == 2);
  bench.calls.close(forked);
  bench.calls.end(*bench.match(forked, "a", "c").dialog);
  CHECK_FALSE(bench.answer(forked, "200", "c").confirmed);
  bench.calls.end(*bench.match(forked, "a", "e").dialog);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: a 2xx that comes after the BYE of its caller was answered makes no dialog" *
          doctest::description("RFC 3261 15; R3.3")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog& dialog = *bench.answer(call, "180").dialog;
  dialog.state = DialogState::Ending;
  bench.calls.end(dialog);
  CHECK_FALSE(bench.answer(call, "200").confirmed);
  CHECK_FALSE(bench.match(call, "a", "b"));
  bench.calls.close(call);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: the cap refuses the next one, and every call has its first dialog" *
          doctest::description("R5.3, R5.5, C7")) {
  Bench bench;
  std::vector<CallHandle> calls;
  for (uint32_t i = 0; i < kTinyLimits.calls; ++i) {
    calls.push_back(*bench.invite());
    // Forks take what they can.
    for (char tag = 'b'; tag < 'z'; ++tag) bench.answer(calls.back(), "180", std::string(1, tag));
  }
  CHECK(bench.calls.dialog_stats().in_use ==
        dialogs_max(kTinyLimits) - emergency_calls_max(kTinyLimits));
  CHECK(bench.calls.counters().untracked > 0);
  CHECK(bench.invite().error() == Error::PoolExhausted);
  bench.calls.close(calls.front());
  CHECK(bench.invite());
}

TEST_CASE("calls: a call for help finds a place when ordinary ones find none" *
          doctest::description("R5.3, C1")) {
  Bench bench;
  std::vector<CallHandle> calls;
  for (uint32_t i = 0; i < kTinyLimits.calls; ++i) calls.push_back(*bench.invite());
  CHECK(bench.invite().error() == Error::PoolExhausted);
  Terms help;
  help.emergency = true;
  for (uint32_t i = 0; i < emergency_calls_max(kTinyLimits); ++i) {
    const Result<CallHandle> call = bench.invite("", "1", help);
    REQUIRE(call);
    CHECK(bench.answer(*call, "200").confirmed);  // it has a dialog too
    bench.calls.close(*call);
  }
  CHECK(bench.invite("", "1", help).error() == Error::PoolExhausted);
}

TEST_CASE("calls: who holds his share gets no more, but help, until one of his has ended" *
          doctest::description("R5.3")) {
  Bench bench;
  Terms terms;
  terms.holder = 7;
  terms.held_max = 2;
  const CallHandle first = *bench.invite("", "1", terms);
  REQUIRE(bench.invite("", "2", terms));
  CHECK(bench.invite("", "3", terms).error() == Error::OverShare);
  CHECK(bench.calls.held_by(7) == 2);
  Terms other = terms;
  other.holder = 8;
  const CallHandle others = *bench.invite("", "4", other);
  Terms help = terms;
  help.emergency = true;
  const CallHandle helped = *bench.invite("", "5", help);
  REQUIRE(bench.invite("", "6", help));
  CHECK(bench.invite("", "7", help).error() == Error::OverShare);  // not without end
  for (const CallHandle call : {first, others, helped}) bench.calls.close(call);
  CHECK(bench.calls.held_by(7) == 2);
  CHECK(bench.calls.held_by(8) == 0);
  CHECK(bench.invite("", "8", terms).error() == Error::OverShare);
  for (const char* id : {"9", "10", "11", "12", "13"}) REQUIRE(bench.invite("", id));  // nobody's
}

TEST_CASE("calls: one call can't take all the room by forking" *
          doctest::description("RFC 5393; R5.5")) {
  Limits limits = kTinyLimits;
  limits.calls = 64;
  Bench bench(limits);
  const CallHandle call = *bench.invite();
  for (char tag = 'b'; tag < 'z'; ++tag) bench.answer(call, "180", std::string(1, tag));
  CHECK(bench.calls.dialog_stats().in_use == Calls::kForksMax);
}

TEST_CASE("calls: without buffers an INVITE is refused and nothing is left of it" *
          doctest::description("R5.5")) {
  Bench bench;
  std::vector<MessageRef> taken;
  for (;;) {
    MessageRef buffer = bench.slabs.acquire(1);
    if (!buffer) break;
    taken.push_back(std::move(buffer));
  }
  CHECK(bench.invite().error() == Error::PoolExhausted);
  CHECK(bench.is_empty());
  taken.clear();
  CHECK(bench.invite("Record-Route: <sip:" + std::string(5000, 'h') + ">\r\n").error() ==
        Error::TooLong);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: a session that nobody refreshes is over when its interval is" *
          doctest::description("RFC 4028 8.2, 8.3; R3.5, R8.4, C4")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog& dialog = *bench.answer(call, "200").dialog;
  bench.set_session(dialog, {90, Side::Callee, true});
  bench.calls.close(call);
  bench.run_for(89);
  CHECK(bench.expired.empty());
  bench.set_session(dialog, {90, Side::Callee, true});  // refreshed
  bench.run_for(89);
  CHECK(bench.expired.empty());
  bench.run_for(2);
  CHECK(bench.expired == std::vector<std::string>{"b"});
  CHECK(bench.calls.counters().expired == 1);
  CHECK(bench.is_empty());
}

TEST_CASE("calls: no phone keeps a place for as long as it likes" *
          doctest::description("RFC 4028 4: an interval may be 2**32 - 1 seconds; R5.5")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog& dialog = *bench.answer(call, "200").dialog;
  bench.set_session(dialog, {0xffffffff, Side::Caller, true});
  bench.run_for(Calls::kUnsupervisedLimit.count() / 1000 + 1);
  CHECK(bench.expired.size() == 1);
}

TEST_CASE("calls: each dialog of a fork has a session of its own" *
          doctest::description("RFC 4028 8.2: multiple session expirations")) {
  Bench bench;
  const CallHandle call = *bench.invite();
  bench.set_session(*bench.answer(call, "200", "b").dialog, {90, Side::Caller, true});
  bench.set_session(*bench.answer(call, "200", "c").dialog, {180, Side::Caller, true});
  bench.calls.close(call);
  bench.run_for(100);
  CHECK(bench.expired == std::vector<std::string>{"b"});
  bench.run_for(100);
  CHECK(bench.expired == std::vector<std::string>{"b", "c"});
  CHECK(bench.is_empty());
}

TEST_CASE("calls: an unsupervised call is forgotten when it has been quiet for very long" *
          doctest::description("SPEC C1, R5.5: no slot is held for ever")) {
  constexpr int64_t kLimit = Calls::kUnsupervisedLimit.count() / 1000;
  Bench bench;
  const CallHandle call = *bench.invite();
  Dialog& dialog = *bench.answer(call, "200").dialog;
  bench.set_session(dialog, {});
  bench.run_for(kLimit - 1);
  bench.calls.note_alive(dialog);
  bench.run_for(kLimit - 1);
  CHECK(bench.expired.empty());
  bench.run_for(2);
  CHECK(bench.expired.size() == 1);
}

TEST_CASE("calls: a side on a stream or behind NAT is reached by its flow, one behind a proxy not" *
          doctest::description("RFC 5626 5.3; SPEC C22")) {
  Bench bench;
  const auto caller_by_flow = [&](const std::string& lines) {
    const CallHandle call = *bench.invite(lines);
    bench.answer(call, "180");
    const bool by_flow = bench.match(call, "a", "b").dialog->caller.by_flow;
    bench.calls.close(call);
    return by_flow;
  };
  CHECK_FALSE(caller_by_flow(""));
  bench.flow.remote.ip = *port::parse_ip("10.0.0.9");
  CHECK(caller_by_flow(""));
  CHECK_FALSE(caller_by_flow("Record-Route: <sip:p;lr>\r\n"));
  bench.flow.transport = sip::Transport::Tcp;
  CHECK(caller_by_flow(""));
}
