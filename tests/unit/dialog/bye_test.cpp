#include "dialog/bye.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::dialog;

namespace {

constexpr const char* kVia = "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1";
constexpr const char* kReason = "SIP;cause=408;text=\"Session expired\"";

// A call through another proxy, answered without any.
struct Answered : Bench {
  Answered() : dialog(begin()) {}

  void set(Text which, const std::string& text) {
    REQUIRE(dialog.texts.replace(slabs, which, text));
  }
  std::string bye(Side to) const {
    std::array<char, 2048> out;
    const Result<size_t> size = write_bye(dialog, to, kVia, kReason, out);
    return size ? std::string(out.data(), *size) : "none";
  }

  Dialog& dialog;

 private:
  Dialog& begin() {
    const CallHandle call = *invite("Record-Route: <sip:p;lr>, <sip:p2;lr>\r\n");
    return *answer(call, "200").dialog;
  }
};

}  // namespace

TEST_CASE("bye: to the callee it is the caller's, with his next CSeq" *
          doctest::description("RFC 3261 12.2.1.1, 15.1.1; SPEC C4, R8.4")) {
  Answered call;
  CHECK(call.bye(Side::Callee) ==
        "BYE sip:bob@10.0.0.3 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n"
        "Max-Forwards: 70\r\n"
        "From: <sip:alice@h>;tag=a\r\n"
        "To: <sip:bob@h>;tag=b\r\n"
        "Call-ID: 1\r\n"
        "CSeq: 6 BYE\r\n"
        "Reason: SIP;cause=408;text=\"Session expired\"\r\n"
        "Content-Length: 0\r\n\r\n");
  CHECK(next_hop(call.dialog, Side::Callee).text == "sip:bob@10.0.0.3");
}

TEST_CASE("bye: to the caller it is the callee's, along the routes between" *
          doctest::description("RFC 3261 12.2.1.1; SPEC C4")) {
  Answered call;
  const std::string bye = call.bye(Side::Caller);
  CHECK(bye.starts_with("BYE sip:alice@10.0.0.2 SIP/2.0\r\n"));
  CHECK(bye.find("\r\nRoute: <sip:p;lr>, <sip:p2;lr>\r\n") != std::string::npos);
  CHECK(bye.find("\r\nFrom: <sip:bob@h>;tag=b\r\nTo: <sip:alice@h>;tag=a\r\n") !=
        std::string::npos);
  CHECK(bye.find("\r\nCSeq: 1 BYE\r\n") != std::string::npos);  // he has sent no request
  CHECK(next_hop(call.dialog, Side::Caller).text == "sip:p;lr");
}

TEST_CASE("bye: a strict router wants to be the Request-URI" *
          doctest::description("RFC 3261 12.2.1.1, 16.12.1.2")) {
  Answered call;
  call.set(Text::CallerRoutes, "<sip:old>, <sip:p2;lr>");
  CHECK(call.bye(Side::Caller).starts_with("BYE sip:old SIP/2.0\r\n"));
  CHECK(call.bye(Side::Caller).find("\r\nRoute: <sip:p2;lr>\r\nRoute: <sip:alice@10.0.0.2>\r\n") !=
        std::string::npos);
  call.set(Text::CallerRoutes, "<sip:old>");
  CHECK(call.bye(Side::Caller).find("\r\nRoute: <sip:alice@10.0.0.2>\r\n") != std::string::npos);
}

TEST_CASE("bye: without a target there is none" * doctest::description("SPEC C4")) {
  Answered call;
  call.set(Text::CalleeTarget, "");
  CHECK(call.bye(Side::Callee) == "none");
  CHECK_FALSE(next_hop(call.dialog, Side::Callee));
}

TEST_CASE("bye: the last CSeq has none behind it" * doctest::description("RFC 3261 8.1.1.5")) {
  Answered call;
  call.dialog.caller.cseq = 0x7fffffff;
  CHECK(call.bye(Side::Callee).find("CSeq: 2147483647 BYE") != std::string::npos);
}
