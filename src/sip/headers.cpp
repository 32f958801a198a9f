#include "sip/headers.h"

#include "core/text.h"

namespace tipring::sip {

bool contains_token(const ValueRange& values, std::string_view token) {
  for (const std::string_view value : values) {
    if (iequals(value, token)) return true;
  }
  return false;
}

}  // namespace tipring::sip
