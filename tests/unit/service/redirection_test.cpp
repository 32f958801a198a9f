#include "service/redirection.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/core/test_arena.h"
#include "unit/sip/parsed.h"

using namespace tipring;
using service::Redirection;

namespace {

class Bench {
 public:
  explicit Bench(MessageSlabs::Counts counts = {2, 2, 0, 1}) : slabs(arena_, counts) {}

  size_t redirected(const std::string& contacts) {
    const test::Parsed response(test::wire(R"(
SIP/2.0 302 Moved Temporarily
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.com>;tag=1
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
)" + contacts + "\n"));
    REQUIRE(response.complete());
    return redirection.on_redirect(slabs, response.view());
  }
  std::vector<std::string> rest() {
    std::vector<std::string> all;
    while (redirection.has_next()) all.emplace_back(redirection.next());
    CHECK(redirection.next().empty());
    return all;
  }

 private:
  TestArena arena_;

 public:
  MessageSlabs slabs;
  Redirection redirection;
};

using Uris = std::vector<std::string>;

}  // namespace

TEST_CASE("redirection: the contacts by their q, and equal ones in their order" *
          doctest::description("RFC 3261 8.1.3.4; F30, U21")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  CHECK(bench.redirected("Contact: <sip:a@h>;q=0.3, <sip:b@h>;q=0.7\n"
                         "m: \"C, first\" <sip:c@h>;q=0.7, sip:d@h\n"
                         "Contact: <sip:e@h>;q=0\n") == 5);
  CHECK(bench.rest() == Uris{"sip:d@h", "sip:b@h", "sip:c@h", "sip:a@h", "sip:e@h"});
}

TEST_CASE("redirection: no address is tried twice, whoever names it" *
          doctest::description("RFC 3261 8.1.3.4; F30")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  CHECK(bench.redirected("Contact: <sip:bob@H>, <sip:%62ob@h?Subject=again>, <sip:a@h>\n") == 1);
  CHECK(bench.redirection.next() == "sip:a@h");
  CHECK(bench.redirected("Contact: <sip:bob@h>, <sip:a@h;method=INVITE>\n") == 0);
  CHECK(bench.redirected("Contact: <sip:a@h:5070>\n") == 1);
  CHECK(bench.rest() == Uris{"sip:a@h:5070"});
}

TEST_CASE("redirection: a better address from a later redirection goes before the rest" *
          doctest::description("RFC 3261 8.1.3.4; F30")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  CHECK(bench.redirected("Contact: <sip:a@h>;q=0.5, <sip:b@h>;q=0.4\n") == 2);
  CHECK(bench.redirection.next() == "sip:a@h");
  CHECK(bench.redirected("Contact: <sip:c@h>;q=0.9, <sip:d@h>;q=0.1\n") == 2);
  CHECK(bench.rest() == Uris{"sip:c@h", "sip:b@h", "sip:d@h"});
}

TEST_CASE("redirection: what SIP does not reach is left out" *
          doctest::description("RFC 3261 8.1.3.4; U21")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  CHECK(bench.redirected("Contact: <mailto:bob@h>, <tel:+15551>, <sip:@>, <sips:s@h>\n") == 1);
  CHECK(bench.rest() == Uris{"sips:s@h"});
  CHECK(bench.redirected("") == 0);
}

TEST_CASE("redirection: a call to a SIPS address stays one" *
          doctest::description("RFC 5630 5; RFC 3261 8.1.3.4; F61")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sips:bob@h"));
  CHECK(bench.redirected("Contact: <sip:a@h>, <sips:b@h>\n") == 1);
  CHECK(bench.rest() == Uris{"sips:b@h"});
}

TEST_CASE("redirection: there is an end to it" * doctest::description("RFC 3261 8.1.3.4; F30")) {
  Bench bench;
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  size_t taken = 0;
  for (int i = 0; i < 20; ++i)
    taken += bench.redirected("Contact: <sip:a" + std::to_string(i) + "@h>\n");
  CHECK(taken == Redirection::kTargetsMax - 1);
  CHECK(bench.rest().size() == Redirection::kTargetsMax - 1);
}

TEST_CASE("redirection: long addresses move to a larger buffer, and without one are left out" *
          doctest::description("DESIGN Memory; F30")) {
  Bench bench({1, 1, 0, 0});
  REQUIRE(bench.redirection.begin(bench.slabs, "sip:bob@h"));
  const std::string one = "sip:" + std::string(400, 'x') + "@h";
  const std::string two = "sip:" + std::string(400, 'y') + "@h";
  const std::string three = "sip:" + std::string(400, 'z') + "@h";
  CHECK(bench.redirected("Contact: <" + one + ">, <" + two + ">, <" + three + ">\n") == 2);
  CHECK(bench.rest() == Uris{one, two});
  bench.redirection.clear();
  CHECK_FALSE(bench.redirection.has_next());
  CHECK(bench.slabs.stats(0).in_use + bench.slabs.stats(1).in_use == 0);
  CHECK(bench.redirected("Contact: <sip:a@h>\n") == 0);  // nothing was begun
}
