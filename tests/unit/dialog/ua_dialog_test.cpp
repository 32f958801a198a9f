#include "dialog/ua_dialog.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/node.h"

using namespace tipring;
using namespace tipring::dialog;

namespace {

struct Slabs {
  Slabs() : memory(1 << 20), arena(memory.view()), slabs(arena, {16, 16, 8, 8, 1}) {}
  sim::NodeMemory memory;
  Arena arena;
  MessageSlabs slabs;
};

struct Message {
  explicit Message(std::string given) : text(std::move(given)) {
    parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    REQUIRE(parsed.status == sip::ParseStatus::Complete);
  }
  std::string text;
  sip::HeaderIndex index;
  sip::ParsedMessage parsed;
};

std::string message(const std::string& start, const std::string& lines) {
  return start + "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nCall-ID: id\r\nCSeq: 4 INVITE\r\n" +
         lines + "Content-Length: 0\r\n\r\n";
}

std::string written(const UaDialog& dialog, sip::Method method = sip::Method::Bye) {
  std::vector<char> out(8192);
  RequestContent content;
  content.via = "V";
  const Result<size_t> size = dialog.write_request(method, 9, content, out);
  REQUIRE(size);
  return {out.data(), *size};
}

}  // namespace

TEST_CASE_FIXTURE(Slabs, "ua dialog: a callee's side is made of the INVITE" *
                             doctest::description("RFC 3261 12.1.1; F16")) {
  const Message invite(message("INVITE sip:me@h SIP/2.0",
                               "From: <sip:a@h>;tag=1\r\nTo: <sip:me@h>\r\nContact: <sip:a@c>\r\n"
                               "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"));
  UaDialog dialog;
  REQUIRE(dialog.begin_as_uas(slabs, invite.parsed.view, "own"));
  CHECK(dialog.remote_tag() == "1");
  CHECK(dialog.remote_target() == "sip:a@c");
  CHECK(dialog.routes() == "<sip:p1;lr>, <sip:p2;lr>");
  CHECK(dialog.local_address() == "<sip:me@h>;tag=own");
  CHECK(dialog.contact_user() == "me");
  CHECK(dialog.began_with(invite.parsed.view));
  const std::string bye = written(dialog);
  CHECK(bye.starts_with("BYE sip:a@c SIP/2.0\r\nVia: V\r\n"));
  CHECK(bye.find("Route: <sip:p1;lr>, <sip:p2;lr>\r\n") != std::string::npos);
  CHECK(bye.find("From: <sip:me@h>;tag=own\r\nTo: <sip:a@h>;tag=1\r\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Slabs, "ua dialog: a caller's route set is that of the answer, reversed" *
                             doctest::description("RFC 3261 12.1.2, 13.2.2.4; F16")) {
  UaDialog dialog;
  REQUIRE(dialog.begin(slabs, {"id", "own", "<sip:me@h>", "<sip:b@h>", "sip:b@h", "", "me"}));
  CHECK(written(dialog, sip::Method::Invite).starts_with("INVITE sip:b@h SIP/2.0\r\n"));
  const Message ok(message("SIP/2.0 200 OK",
                           "From: <sip:me@h>;tag=own\r\nTo: <sip:b@h>;tag=2\r\n"
                           "Contact: <sip:b@c>\r\nRecord-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"));
  REQUIRE(dialog.learn_remote(slabs, ok.parsed.view));
  CHECK(dialog.routes() == "<sip:p2;lr>, <sip:p1;lr>");
  CHECK(dialog.next_hop()->host == "p2");
  UaDialog fork;
  REQUIRE(fork.fork(slabs, dialog));
  CHECK(fork.remote_tag().empty());
  CHECK(fork.local_tag() == "own");
}

TEST_CASE_FIXTURE(Slabs, "ua dialog: a strict router stands in the Request-URI" *
                             doctest::description("RFC 3261 12.2.1.1; F38")) {
  UaDialog dialog;
  REQUIRE(dialog.begin(slabs, {"id", "own", "<sip:me@h>", "<sip:b@h>", "sip:b@h",
                               "<sip:strict>, <sip:loose;lr>", ""}));
  const std::string bye = written(dialog);
  CHECK(bye.starts_with("BYE sip:strict SIP/2.0\r\n"));
  CHECK(bye.find("Route: <sip:loose;lr>\r\nRoute: <sip:b@h>\r\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Slabs, "ua dialog: requests come in order" *
                             doctest::description("RFC 3261 12.2.2; F8")) {
  UaDialog dialog;
  CHECK(dialog.accept_cseq(5));
  CHECK_FALSE(dialog.accept_cseq(5));
  CHECK_FALSE(dialog.accept_cseq(4));
  CHECK(dialog.accept_cseq(UaDialog::kCSeqMax));
  CHECK(dialog.remote_cseq() == UaDialog::kCSeqMax);
  dialog.set_local_cseq(UaDialog::kCSeqMax - 1);
  CHECK(dialog.has_cseq());
  CHECK(dialog.next_cseq() == UaDialog::kCSeqMax);
  CHECK_FALSE(dialog.has_cseq());
}

TEST_CASE_FIXTURE(Slabs, "ua dialog: what is too long to be kept is refused" *
                             doctest::description("DESIGN memory; R5.5")) {
  UaDialog dialog;
  const std::string target = "sip:" + std::string(5000, 'x') + "@h";
  CHECK(dialog.begin(slabs, {"id", "own", "<sip:me@h>", "<sip:b@h>", target, "", ""}).error() ==
        Error::TooLong);
  std::string routes;
  for (size_t i = 0; i <= UaDialog::kRoutesMax; ++i) routes += "Record-Route: <sip:p;lr>\r\n";
  REQUIRE(dialog.begin(slabs, {"id", "own", "<sip:me@h>", "<sip:b@h>", "sip:b@h", "", ""}));
  const Message ok(
      message("SIP/2.0 200 OK", "From: <sip:me@h>;tag=own\r\nTo: <sip:b@h>;tag=2\r\n" + routes));
  CHECK(dialog.learn_remote(slabs, ok.parsed.view).error() == Error::TooLong);
}
