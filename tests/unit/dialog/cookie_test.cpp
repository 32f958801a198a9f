#include "dialog/cookie.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;
using namespace tipring::dialog;

namespace {

constexpr HashKey kKey{1, 2};
constexpr CallHandle kCall{7, 3};

Cookie sample() { return make_cookie(kKey, 99, kCall, hash_dialog(kKey, "1@h", "a")); }

}  // namespace

TEST_CASE("cookie: what was written is read again" * doctest::description("DESIGN: Handles")) {
  std::array<char, kCookieSize> room;
  const std::string text(write_cookie(sample(), room));
  CHECK(text.size() == kCookieSize);
  const auto read = read_cookie(text);
  REQUIRE(read);
  CHECK(*read == sample());
  CHECK(read_cookie_call(text) == kCall);
  CHECK(read_cookie_call(text + "0") == CallHandle());
  CHECK(is_proved(kKey, *read, hash_dialog(kKey, "1@h", "a")));
}

TEST_CASE("cookie: it proves nothing for another dialog, call, run or key" *
          doctest::description("SPEC C21")) {
  const uint64_t dialog = hash_dialog(kKey, "1@h", "a");
  CHECK_FALSE(is_proved(kKey, sample(), hash_dialog(kKey, "2@h", "a")));
  CHECK_FALSE(is_proved(kKey, sample(), hash_dialog(kKey, "1@h", "b")));
  // "1@h" with "a", not "1@h\na" with nothing.
  CHECK_FALSE(is_proved({3, 4}, sample(), dialog));
  Cookie other = sample();
  other.call.index ^= 1;
  CHECK_FALSE(is_proved(kKey, other, dialog));
  other = sample();
  other.life ^= 1;
  CHECK_FALSE(is_proved(kKey, other, dialog));
  other = sample();
  other.proof ^= 1;
  CHECK_FALSE(is_proved(kKey, other, dialog));
}

TEST_CASE("cookie: the beginning tells the call" * doctest::description("DESIGN: Handles")) {
  std::array<char, kCookieSize> room;
  CookieStart start;
  const std::string text = ";tc=" + std::string(write_cookie(sample(), room));
  CHECK(text.starts_with(write_cookie_start(kCall, start)));
  CHECK_FALSE(text.starts_with(write_cookie_start({7, 4}, start)));
  CHECK_FALSE(text.starts_with(write_cookie_start({8, 3}, start)));
}

TEST_CASE("cookie: what is none is not read" * doctest::description("DESIGN: Handles")) {
  std::array<char, kCookieSize> room;
  const std::string text(write_cookie(sample(), room));
  CHECK_FALSE(read_cookie(""));
  CHECK_FALSE(read_cookie(text + "0"));
  for (size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(read_cookie(text.substr(0, i)));
    std::string damaged = text;
    damaged[i] = 'g';
    CHECK_FALSE(read_cookie(damaged));
  }
}
