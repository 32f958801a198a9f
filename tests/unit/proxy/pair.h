// The proxy with two phones on UDP: alice, who asks, and bob at 10.0.0.3, whom the proxy knows.
#pragma once

#include "bench.h"

namespace tipring::proxy {

struct Pair {
  explicit Pair(const Limits& limits = kTinyLimits) : exchange(world, limits) {
    exchange.bind("bob", "sip:bob@10.0.0.3;x=y");
  }

  // From alice, with `lines` behind the Via.
  void request(const std::string& method, const std::string& uri, const std::string& lines = "",
               const std::string& branch = "z9hG4bK1", const std::string& body = "") {
    alice.send(method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=" + branch +
               "\r\n" + lines + "From: <sip:alice@tipring>;tag=a\r\nTo: <sip:bob@tipring>\r\n" +
               "Call-ID: 1\r\nCSeq: 1 " + method +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // What the callee answers to `request`, with `lines` of its own.
  static std::string answer(const Message& request, const std::string& status,
                            const std::string& lines = "") {
    std::string text = "SIP/2.0 " + status + "\r\n";
    for (const std::string& via : request.lines("Via")) text += "Via: " + via + "\r\n";
    for (const char* name : {"From", "To", "Call-ID", "CSeq"}) {
      text += std::string(name) + ": " + request.line(name) + "\r\n";
    }
    return text + lines + "Content-Length: 0\r\n\r\n";
  }
  // What alice got next, without the 100.
  std::string outcome(Millis within = Millis(1000)) {
    Message got = alice.take(within);
    if (got.first_line() == "SIP/2.0 100 Trying") got = alice.take(within);
    return got.first_line();
  }

  port::SimWorld world{1};
  Exchange exchange;
  Phone alice{world, "10.0.0.2"};
  Phone bob{world, "10.0.0.3"};
};

}  // namespace tipring::proxy
