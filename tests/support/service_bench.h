// A simulated host with everything that services work with, for their unit tests: its names are
// "tipring" and 10.0.0.1, and it lets everyone in.
#pragma once

#include <string>

#include "service/environment.h"
#include "sim/node.h"

namespace tipring::sim {

class ServiceBench : public Node, public service::OwnNames, public service::AccessControl {
 public:
  explicit ServiceBench(port::SimWorld& world, const Limits& limits = kTinyLimits)
      : Node(world, "exchange", "10.0.0.1", limits),
        calls({slabs, wheel, host.loop(), arena}, limits),
        overload({1, 2}, log),
        environment{transport, locator, transactions, calls,  slabs, wheel,   host.loop(),
                    *this,     *this,   "tipring",    {3, 4}, log,   overload} {}

  // Parses a request from a@h to b@h with `lines` before the others; the last one parsed is the one
  // that is good. `to_tag`: inside a dialog.
  const sip::MessageView& parse_request(const std::string& method, const std::string& uri,
                                        const std::string& lines, const std::string& body = "",
                                        const std::string& to_tag = "") {
    return parse(method + " " + uri + " SIP/2.0\r\n" + lines + common_lines(method, to_tag) + body);
  }
  const sip::MessageView& parse_response(const std::string& status, const std::string& method,
                                         const std::string& lines) {
    return parse("SIP/2.0 " + status + "\r\n" + lines + common_lines(method));
  }

 private:
  static std::string common_lines(const std::string& method, const std::string& to_tag = "") {
    return "Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>" +
           (to_tag.empty() ? "" : ";tag=" + to_tag) + "\r\nCall-ID: 1\r\nCSeq: 1 " + method +
           "\r\n\r\n";
  }
  const sip::MessageView& parse(std::string text) {
    text_ = std::move(text);
    parsed_ = sip::parse_message(text_, index_, sip::Framing::Datagram);
    if (parsed_.status != sip::ParseStatus::Complete) std::abort();
    return parsed_.view;
  }

  bool is_own(std::string_view name, uint16_t port) const override {
    return (name == "tipring" || name == "10.0.0.1") && (port == 0 || port == 5060);
  }
  service::Access judge(const service::Incoming&, const service::RouteFacts&) override {
    return {};
  }

  std::string text_;
  sip::HeaderIndex index_;
  sip::ParsedMessage parsed_;

 public:
  dialog::Calls calls;
  service::Overload overload;
  service::Environment environment;
};

}  // namespace tipring::sim
