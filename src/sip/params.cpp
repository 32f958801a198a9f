#include "sip/params.h"

#include "core/text.h"
#include "sip/chars.h"

namespace tipring::sip {

namespace {

void skip_lws(std::string_view& rest) { rest.remove_prefix(kLwsChar.skip(rest)); }

}  // namespace

ParamStatus next_param(std::string_view& rest, Param& param) {
  // ";;" and a ";" at the end are sent by peers and mean nothing.
  while (!rest.empty() && (rest.front() == ';' || kLwsChar(rest.front()))) rest.remove_prefix(1);
  if (rest.empty()) return ParamStatus::End;
  const size_t name_size = kParamNameChar.skip(rest);
  if (name_size == 0) return ParamStatus::Malformed;
  param = {rest.substr(0, name_size), {}, false, false};
  rest.remove_prefix(name_size);
  skip_lws(rest);
  if (rest.empty() || rest.front() != '=') {
    return rest.empty() || rest.front() == ';' ? ParamStatus::Found : ParamStatus::Malformed;
  }
  rest.remove_prefix(1);
  skip_lws(rest);
  param.has_value = true;
  if (!rest.empty() && rest.front() == '"') {
    const size_t size = quoted_string_size(rest);
    if (size == 0) return ParamStatus::Malformed;
    param.value = rest.substr(1, size - 2);
    param.quoted = true;
    rest.remove_prefix(size);
  } else {
    const size_t size = kGenValueChar.skip(rest);
    param.value = rest.substr(0, size);
    rest.remove_prefix(size);
  }
  skip_lws(rest);
  return rest.empty() || rest.front() == ';' ? ParamStatus::Found : ParamStatus::Malformed;
}

std::optional<Param> find_param(std::string_view params, std::string_view name) {
  Param param;
  for (size_t count = 0; count < kParamsMax && next_param(params, param) == ParamStatus::Found;
       ++count) {
    if (iequals(param.name, name)) return param;
  }
  return std::nullopt;
}

Result<void, ParseError> check_params(std::string_view params) {
  const size_t all = params.size();
  Param param;
  for (size_t count = 0;; ++count) {
    const ParamStatus status = next_param(params, param);
    const auto offset = static_cast<uint32_t>(all - params.size());
    if (status == ParamStatus::End) return {};
    if (status == ParamStatus::Malformed)
      return ParseError{ParseFault::BadParameter, HeaderId::Other, offset};
    if (count == kParamsMax)
      return ParseError{ParseFault::TooManyParameters, HeaderId::Other, offset};
  }
}

}  // namespace tipring::sip
