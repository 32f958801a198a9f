#include "service/replaces.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "unit/sip/parsed.h"

using namespace tipring;
using service::judge_replaces;
using service::ReplacedDialog;
using service::ReplacedState;

namespace {

uint16_t status_of(const std::string& lines) {
  const test::Parsed request(test::request_with(lines));
  const service::ReplacesHeader header = service::replaces_of(request.view());
  CHECK(header.dialog.has_value() == (header.status == 0 && !lines.empty()));
  return header.status;
}

}  // namespace

TEST_CASE("replaces: the header names a dialog as its owner sees it" *
          doctest::description("RFC 3891 3, 6.1; F22")) {
  const test::Parsed request(test::request_with(
      "Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only\n"));
  const auto header = service::replaces_of(request.view());
  REQUIRE(header.dialog);
  CHECK(header.status == 0);
  CHECK(header.dialog->early_only);
  CHECK(header.dialog->is("425928@bobster.example.org", "7743", "6472"));
  CHECK_FALSE(header.dialog->is("425928@bobster.example.org", "6472", "7743"));
  CHECK_FALSE(header.dialog->is("425928@BOBSTER.example.org", "7743", "6472"));
  CHECK_FALSE(header.dialog->is("425928@bobster.example.org", "7743", "6473"));
}

TEST_CASE("replaces: a tag of zero is also none" * doctest::description("RFC 3891 6.1; F22")) {
  const auto dialog = service::parse_replaces("1@h;from-tag=0;to-tag=7");
  REQUIRE(dialog);
  CHECK_FALSE(dialog->early_only);
  CHECK(dialog->is("1@h", "7", ""));
  CHECK(dialog->is("1@h", "7", "0"));
  CHECK_FALSE(dialog->is("1@h", "", "0"));
}

TEST_CASE("replaces: faulty, repeated and contradicted headers are refused with 400" *
          doctest::description("RFC 3891 3, 6.1; F22")) {
  const std::string good = "Replaces: 1@h;to-tag=7;from-tag=6\n";
  CHECK(status_of("") == 0);
  CHECK(status_of(good) == 0);
  CHECK(status_of("Replaces: 1@h;to-tag=7\n") == 400);
  CHECK(status_of("Replaces: 1@h;to-tag=7;from-tag=6;to-tag=8\n") == 400);
  CHECK(status_of(good + good) == 400);
  CHECK(status_of(good + "Join: 1@h;to-tag=7;from-tag=6\n") == 400);
  std::string refer = test::request_with(good);
  for (size_t at = 0; (at = refer.find("INVITE", at)) != std::string::npos;)
    refer.replace(at, 6, "REFER");
  CHECK(service::replaces_of(test::Parsed(refer).view()).status == 400);
}

TEST_CASE("replaces: the answer by the state of what is named" *
          doctest::description("RFC 3891 3; F22")) {
  for (const bool early_only : {false, true}) {
    CAPTURE(early_only);
    CHECK(judge_replaces(ReplacedState::Unknown, early_only) == 481);
    CHECK(judge_replaces(ReplacedState::Terminated, early_only) == 603);
    CHECK(judge_replaces(ReplacedState::Confirmed, early_only) == (early_only ? 486 : 0));
    CHECK(judge_replaces(ReplacedState::EarlyOfOurs, early_only) == 0);
    CHECK(judge_replaces(ReplacedState::EarlyOfTheirs, early_only) == 481);
  }
}

TEST_CASE("replaces: a dialog is named to its other side as that side sees it" *
          doctest::description("RFC 3891 4; F22")) {
  std::array<char, 128> room;
  sip::Writer out(room);
  service::write_replaces(out, {"1@h", "ours", "theirs", true});
  CHECK(out.view() == "1@h;to-tag=theirs;from-tag=ours;early-only");
  const auto read = service::parse_replaces(out.view());
  REQUIRE(read);
  CHECK(read->is("1@h", "theirs", "ours"));
}
