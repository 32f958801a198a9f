#include "admin/user_fields.h"

#include <doctest/doctest.h>

namespace tipring::admin::test {
namespace {

std::string fault(std::string_view name, std::string_view text) {
  UserFields fields;
  const std::string message = set_user_field(fields, name, text);
  CHECK((fields.present == 0) == !message.empty());
  return message;
}

TEST_CASE("user fields: each is told what it may be, by its name") {
  CHECK(fault("auth_name", "a:b").find("auth_name may not hold") == 0);
  CHECK(fault("auth_name", std::string(129, 'x')) == "auth_name may have at most 128 bytes");
  CHECK(fault("display_name", "a\nb") == "display_name may not hold control characters");
  CHECK(fault("display_name", "\xff") == "display_name must be UTF-8");
  CHECK(fault("aliases", "1,1") == "aliases may not name one twice");
  CHECK(fault("aliases", "1,,2").find("aliases are names") == 0);
  CHECK(fault("aliases", "a@b").find("aliases are names") == 0);
  CHECK(fault("algorithms", "MD5 SHA-256").find("algorithms must be") == 0);
  CHECK(fault("session_timer", "off") == "session_timer must be default or exempt");
  CHECK(fault("colour", "red").find("there is no such field") == 0);
  std::string many;
  for (int i = 0; i < 9; ++i)
    many += (i > 0 ? "," : "") + std::string(60, static_cast<char>('a' + i));
  CHECK(fault("aliases", many) == "aliases may have at most 512 bytes together");
}

TEST_CASE("user fields: texts are read and shown the same way") {
  UserFields fields;
  for (const std::string_view name : user_field_names())
    CHECK(set_user_field(fields, name, "") == "");
  CHECK(fields.present == store::kAllUserFields);
  CHECK(algorithms_text(fields.algorithms) == "default");
  CHECK(set_user_field(fields, "algorithms", "sha-256, MD5") == "");
  CHECK(algorithms_text(fields.algorithms) == "MD5,SHA-256");
  CHECK(set_user_field(fields, "algorithms", "default") == "");
  CHECK(fields.algorithms == 0);
  CHECK(set_user_field(fields, "aliases", "200 , front desk") == "");
  CHECK(aliases_text(fields.aliases.view()) == "200,front desk");
  CHECK(set_user_field(fields, "session_timer", "exempt") == "");
  CHECK(session_timer_text(fields.session_timer) == "exempt");
}

}  // namespace
}  // namespace tipring::admin::test
