#include "server/registrar/contact.h"

#include <algorithm>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::registrar {

namespace {

// 10.3 step 7: a shorter wish may be refused only below an hour.
constexpr Millis kHour{3'600'000};

// What cannot be read counts as an hour (10.2.1.1).
Millis wanted_time(const sip::MessageView& request, const sip::NameAddr& address,
                   Millis default_expires) {
  Millis wanted = default_expires;
  const auto header = request.typed<sip::HeaderId::Expires>();
  if (request.has(sip::HeaderId::Expires))
    wanted = header ? Millis(int64_t{*header} * 1000) : kHour;
  if (const auto param = address.param("expires")) {
    const auto seconds = sip::NumberTraits::parse(param->value);
    wanted = seconds ? Millis(int64_t{*seconds} * 1000) : kHour;
  }
  return wanted;
}

}  // namespace

Refusal read_contact(const sip::MessageView& request, std::string_view value,
                     const RegistrarOptions& options, Contact& contact) {
  const auto address = sip::parse_name_addr(value);
  if (!address || !sip::parse_uri(address->uri))
    return {sip::status::kBadRequest, "Bad Request - Contact"};
  contact.uri = address->uri;
  contact.params = address->params;
  if (const auto instance = address->param("+sip.instance")) contact.instance = instance->value;
  if (const auto param = address->param("reg-id")) {
    const auto reg_id = sip::NumberTraits::parse(param->value);
    if (reg_id) contact.reg_id = *reg_id;
  }
  if (const auto param = address->param("q")) {
    const Result<uint16_t> q = sip::parse_q(param->value);
    if (!q) return {sip::status::kBadRequest, "Bad Request - q of Contact"};
    contact.q = *q;
  }
  contact.expires =
      std::min(wanted_time(request, *address, options.default_expires), options.max_expires);
  const bool too_short = contact.expires.count() > 0 && contact.expires < kHour &&
                         contact.expires < options.min_expires;
  if (too_short) return {sip::status::kIntervalTooBrief};
  return {};
}

std::string_view write_kept_params(std::string_view params, std::span<char> out) {
  sip::Writer kept(out);
  sip::Param param;
  for (std::string_view rest = params;;) {
    const std::string_view before = rest;
    if (sip::next_param(rest, param) != sip::ParamStatus::Found) break;
    if (iequals(param.name, "expires") || iequals(param.name, "q")) continue;
    kept.unfolded(before.substr(0, before.size() - rest.size()));
  }
  return kept.view();
}

}  // namespace tipring::registrar
