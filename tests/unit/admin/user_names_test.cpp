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

}  // namespace
}  // namespace tipring::admin::test
