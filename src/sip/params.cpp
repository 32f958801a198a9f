#include "sip/params.h"

#include "core/text.h"
#include "sip/chars.h"
#include "sip/scan_value.h"

namespace tipring::sip {

namespace {

// What nearly all are: ";name" and ";name=value" without quotes and white space. Else false, and
// nothing is taken.
bool take_plain_param(std::string_view& rest, Param& param) {
  const std::string_view text = rest;
  if (text.empty() || text.front() != ';') return false;
  const size_t name_end = kParamNameChar.skip(text, 1);
  if (name_end == 1) return false;
  const bool has_value = name_end < text.size() && text[name_end] == '=';
  const size_t end = has_value ? skip_gen_value(text, name_end + 1) : name_end;
  if (end < text.size() && text[end] != ';') return false;
  param.name = between(text, 1, name_end);
  param.value = has_value ? between(text, name_end + 1, end) : std::string_view();
  param.has_value = has_value;
  param.quoted = false;
  rest = between(text, end, text.size());
  return true;
}

}  // namespace

ParamStatus next_param(std::string_view& rest, Param& param) {
  if (take_plain_param(rest, param)) return ParamStatus::Found;
  const std::string_view text = rest;
  size_t at = 0;
  const auto stop = [&](ParamStatus status) {
    rest = between(text, at, text.size());
    return status;
  };
  const auto at_end = [&] { return at == text.size() || text[at] == ';'; };
  // ";;" and a ";" at the end are sent by peers and mean nothing.
  while (at < text.size() && (text[at] == ';' || kLwsChar(text[at]))) ++at;
  if (at == text.size()) return stop(ParamStatus::End);
  const size_t name = at;
  at = kParamNameChar.skip(text, name);
  if (at == name) return stop(ParamStatus::Malformed);
  param = {between(text, name, at), {}, false, false};
  at = skip_lws(text, at);
  if (at_end()) return stop(ParamStatus::Found);
  if (text[at] != '=') return stop(ParamStatus::Malformed);
  at = skip_lws(text, at + 1);
  param.has_value = true;
  const size_t value = at;
  if (at < text.size() && text[at] == '"') {
    at += quoted_string_size(between(text, at, text.size()));
    if (at == value) return stop(ParamStatus::Malformed);
    param.value = between(text, value + 1, at - 1);
    param.quoted = true;
  } else {
    at = skip_gen_value(text, value);
    param.value = between(text, value, at);
  }
  at = skip_lws(text, at);
  return stop(at_end() ? ParamStatus::Found : ParamStatus::Malformed);
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
  return visit_params(params, [](const Param&) {});
}

}  // namespace tipring::sip
