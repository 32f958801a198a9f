#include "admin/user_names.h"

#include <doctest/doctest.h>

namespace tipring::admin::test {
namespace {

TEST_CASE("user name: split at the last @, the domain in lower case") {
  CHECK(split_user_name("100").domain.empty());
  CHECK(split_user_name("100@Example.ORG").text() == "100@example.org");
  CHECK(split_user_name("a@b@c").name == "a@b");
}

TEST_CASE("user name: what phones can send is allowed") {
  for (const char* name : {"100", "+4930123", "b\u00f6b", "a/b", "first last", "*11#"})
    CHECK(fault_of(split_user_name(name)) == nullptr);
  CHECK(fault_of(UserName{"a", "192.0.2.1"}) == nullptr);
  CHECK(fault_of(UserName{"a", "[2001:db8::1]"}) == nullptr);
}

TEST_CASE("user name: what separates or cannot be shown is refused") {
  for (const char* name : {"", "a@b@c", "a:b", "a,b", " a", "a ", "a\tb", "a\x7f", "\xc0\x80"}) {
    CAPTURE(name);
    CHECK(fault_of(split_user_name(name)) != nullptr);
  }
  CHECK(fault_of(UserName{"a", "b c"}) != nullptr);
  CHECK(fault_of(UserName{"a", "b/c"}) != nullptr);
}

TEST_CASE("UTF-8: overlong forms, surrogates and what lies beyond are none" *
          doctest::description("RFC 3629 3")) {
  CHECK(is_utf8("\xe2\x82\xac\xf4\x8f\xbf\xbf"));
  for (const char* text : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("})
    CHECK_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace tipring::admin::test
