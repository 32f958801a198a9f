#include "server/policy/sign_ins.h"

namespace tipring::policy {

std::string_view to_text(SignInFault fault) {
  switch (fault) {
    case SignInFault::None: break;
    case SignInFault::WrongPassword: return "wrong_password";
    case SignInFault::Blocked: return "blocked";
    case SignInFault::NotItsAddress: return "not_its_address";
    case SignInFault::TooManyPhones: return "too_many_phones";
  }
  return {};
}

}  // namespace tipring::policy
