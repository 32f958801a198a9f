#include "server/registrar/path.h"

#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/uri_host.h"
#include "sip/writer.h"

namespace tipring::registrar {

// A Path is a route set, and we route loosely (RFC 3261 16.6 step 6 is for those of others).
Refusal check_path(const sip::MessageView& request, bool needs_support, bool from_loopback) {
  if (!request.has(sip::HeaderId::Path)) return {};
  if (needs_support && !sip::contains_token(request.values(sip::HeaderId::Supported), "path")) {
    return {sip::status::kBadExtension};
  }
  size_t size = 0;
  for (const std::string_view value : request.values(sip::HeaderId::Path)) {
    const auto address = sip::parse_name_addr(value);
    const auto uri = address ? sip::parse_uri(address->uri) : sip::parse_uri("");
    size += value.size() + 1;
    if (!uri || !uri->param("lr") || size > kPathMax) {
      return {sip::status::kBadRequest, "Bad Request - Path"};
    }
    // Calls go there as they go to a contact.
    if (!sip::names_one_host(*uri))
      return {sip::status::kBadRequest, "Bad Request - Path: an address that is no host's"};
    if (sip::names_loopback(*uri) && !from_loopback) {
      return {sip::status::kForbidden, "Forbidden - Path: the server's own host"};
    }
  }
  return {};
}

std::string_view write_path(const sip::MessageView& request, std::span<char> out) {
  sip::Writer writer(out);
  for (const std::string_view value : request.values(sip::HeaderId::Path)) {
    if (!writer.view().empty()) writer.text(",");
    writer.unfolded(value);
  }
  return writer.view();
}

}  // namespace tipring::registrar
