// Calls on a simulated host, told of the messages that pass.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "dialog/calls.h"
#include "sim/node.h"

namespace tipring::dialog {

inline constexpr const char* kAlice = "<sip:alice@h>;tag=a";

struct World {
  port::SimWorld world{1};
};

class Bench : private World, public sim::Node, private ExpiryObserver {
 public:
  explicit Bench(const Limits& limits = kTinyLimits)
      : Node(world, "exchange", "10.0.0.1", limits),
        calls({slabs, wheel, host.loop(), arena}, limits) {
    calls.set_observer(*this);
    REQUIRE(start());
  }

  Result<CallHandle> invite(const std::string& lines = "", const std::string& call_id = "1",
                            const Terms& terms = {}) {
    return calls.begin(incoming("INVITE sip:bob@h SIP/2.0\r\nFrom: " + std::string(kAlice) +
                                "\r\nTo: <sip:bob@h>\r\nCall-ID: " + call_id +
                                "\r\nCSeq: 5 INVITE\r\nContact: <sip:alice@10.0.0.2>\r\n" + lines),
                       terms);
  }
  Answer answer(CallHandle call, const std::string& status, const std::string& tag = "b",
                const std::string& lines = "Contact: <sip:bob@10.0.0.3>\r\n") {
    const std::string to = tag.empty() ? "<sip:bob@h>" : "<sip:bob@h>;tag=" + tag;
    return calls.on_response(
        call, incoming("SIP/2.0 " + status + " X\r\nFrom: " + kAlice + "\r\nTo: " + to +
                       "\r\nCall-ID: 1\r\nCSeq: 5 INVITE\r\n" + lines));
  }
  Match match(CallHandle call, const std::string& from_tag, const std::string& to_tag,
              const std::string& call_id = "1") {
    const auto tagged = [](const std::string& tag) { return tag.empty() ? "" : ";tag=" + tag; };
    return calls.match(call, incoming("INFO sip:x@h SIP/2.0\r\nFrom: <sip:x@h>" + tagged(from_tag) +
                                      "\r\nTo: <sip:y@h>" + tagged(to_tag) +
                                      "\r\nCall-ID: " + call_id + "\r\nCSeq: 6 INFO\r\n")
                                 .message);
  }
  void set_session(Dialog& dialog, const Session& session) {
    calls.set_session(dialog, session);
    on_turn_end(host.loop().now());  // as if a message had brought it
  }
  void run_for(int64_t seconds) { world.run_for(Millis(seconds * 1000)); }
  bool is_empty() const {
    return calls.call_stats().in_use == 0 && calls.dialog_stats().in_use == 0;
  }

  transport::Flow flow{
      {*port::parse_ip("10.0.0.1"), 5060}, {*port::parse_ip("10.0.0.2"), 5060}, {}};
  std::vector<std::string> expired;  // their callees' tags
  Calls calls;

 private:
  Incoming incoming(const std::string& text) {
    text_ = text + "\r\n";
    parsed_ = sip::parse_message(text_, index_, sip::Framing::Datagram);
    REQUIRE(parsed_.status == sip::ParseStatus::Complete);
    return {parsed_.view, none_, flow, host.loop().now()};
  }
  void on_expired(Dialog& dialog) override {
    expired.emplace_back(dialog.tag(Side::Callee));
    CHECK(dialog.state == DialogState::Ending);
    calls.end(dialog);
  }

  std::string text_;
  sip::HeaderIndex index_;
  sip::ParsedMessage parsed_;
  MessageRef none_;
};

}  // namespace tipring::dialog
