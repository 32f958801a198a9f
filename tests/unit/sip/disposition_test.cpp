#include "sip/disposition.h"

#include <doctest/doctest.h>

#include "parsed.h"

namespace tipring::sip {
namespace {

Disposition read(std::string_view lines) {
  const test::Parsed request(test::request_with(lines));
  REQUIRE(request.complete());
  return read_disposition(request.view());
}

}  // namespace

TEST_CASE("disposition: each directive speaks of its matter" *
          doctest::description("RFC 3841 9.1; U19, C11")) {
  const Disposition yes =
      read("Request-Disposition: proxy, cancel, fork, recurse, parallel, queue\n");
  CHECK(yes.proxy == Wish::Yes);
  CHECK(yes.cancel == Wish::Yes);
  CHECK(yes.fork == Wish::Yes);
  CHECK(yes.recurse == Wish::Yes);
  CHECK(yes.parallel == Wish::Yes);
  CHECK(yes.queue == Wish::Yes);
  const Disposition no =
      read("d: redirect,no-cancel\nd: NO-FORK , No-Recurse\nd:sequential,no-queue\n");
  CHECK(no.proxy == Wish::No);
  CHECK(no.cancel == Wish::No);
  CHECK(no.fork == Wish::No);
  CHECK(no.recurse == Wish::No);
  CHECK(no.parallel == Wish::No);
  CHECK(no.queue == Wish::No);
}

TEST_CASE("disposition: what is not said or not known is no wish, and the first of two counts" *
          doctest::description("RFC 3841 9.1, 10; U19")) {
  CHECK(read("").fork == Wish::None);
  CHECK(read("Request-Disposition: \n").fork == Wish::None);
  const Disposition odd = read("Request-Disposition: do-not-forward, fork;x, no-fork, fork\n");
  CHECK(odd.proxy == Wish::None);
  CHECK(odd.fork == Wish::No);
}

}  // namespace tipring::sip
