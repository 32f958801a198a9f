#include "server/registrar/contact.h"

#include <algorithm>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/uri_host.h"
#include "sip/writer.h"

namespace tipring::registrar {

namespace {

// 10.3 step 7: a shorter wish may be refused only below an hour.
constexpr Millis kHour{3'600'000};

// Above 2**32-1 it is 2**32-1 (20.19); what is no number counts as an hour (10.2.1.1).
Millis read_time(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return kHour;
  const Result<uint32_t> seconds = parse_u32(text);
  return Millis(int64_t{seconds ? *seconds : UINT32_MAX} * 1000);
}

Millis wanted_time(const sip::MessageView& request, const sip::NameAddr& address,
                   Millis default_expires) {
  if (const auto param = address.param("expires")) return read_time(param->value);
  const auto header = request.header(sip::HeaderId::Expires);
  return header ? read_time(*header) : default_expires;
}

// RFC 3986 2: what may stand in any URI.
bool is_uri_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

Refusal read_uri(const sip::ParsedUri& uri, Contact& contact) {
  const std::string_view text = uri.text;
  const bool other = !uri && uri.error().fault == sip::ParseFault::UnknownScheme &&
                     sip::scheme_of(text).size() + 1 < text.size() &&
                     std::all_of(text.begin(), text.end(), is_uri_char);
  if (!uri && !other) return {sip::status::kBadRequest, "Bad Request - Contact"};
  contact.uri = text;
  if (!uri) return {};
  contact.is_sips = uri->scheme == sip::Scheme::Sips;
  contact.names_one_host = sip::names_one_host(*uri);
  contact.names_loopback = sip::names_loopback(*uri);
  return {};
}

}  // namespace

Refusal read_contact(const sip::MessageView& request, std::string_view value,
                     const RegistrarOptions& options, Contact& contact) {
  const bool first = value.data() == request.first_value(sip::HeaderId::Contact).data();
  const auto address =
      first ? request.typed<sip::HeaderId::Contact>() : sip::parse_name_addr(value);
  if (!address) return {sip::status::kBadRequest, "Bad Request - Contact"};
  const Refusal refusal =
      read_uri(first ? request.contact_uri() : sip::ParsedUri(address->uri), contact);
  if (refusal) return refusal;
  contact.display_name = address->display;
  contact.params = address->params;
  if (const auto instance = address->param("+sip.instance")) contact.instance = instance->value;
  if (const auto param = address->param("reg-id"); param && !contact.instance.empty()) {
    if (const auto reg_id = sip::NumberTraits::parse(param->value)) contact.reg_id = *reg_id;
  }
  if (const auto methods = address->param("methods"))
    contact.methods = read_methods(methods->value);
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
    if (iequals(param.name, "expires")) continue;
    kept.unfolded(before.substr(0, before.size() - rest.size()));
  }
  return kept.view();
}

std::string_view write_kept_name(std::string_view name, std::span<char> out) {
  sip::Writer kept(out);
  return kept.unfolded(name).view();
}

uint32_t read_methods(std::string_view list) {
  uint32_t mask = 0;
  for (bool more = true; more;) {
    more = list.find(',') != std::string_view::npos;
    const auto [name, rest] = split_once(list, ',');
    if (!trim(name).empty()) mask |= 1U << static_cast<unsigned>(sip::parse_method(trim(name)));
    list = rest;
  }
  return mask;
}

}  // namespace tipring::registrar
