// One value of Contact in a REGISTER, with the time that it asks for: RFC 3261 10.2.1, 10.3 step 7,
// RFC 3840 10, RFC 5626 4.
//
// Any URI may be a contact (10.2.1). Those that are not SIP's are kept and told, and never called.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/registrar/options.h"
#include "server/registrar/refusal.h"
#include "sip/message.h"

namespace tipring::registrar {

// Views into the request.
struct Contact {
  std::string_view uri;
  std::string_view display_name;
  std::string_view params;  // all that came
  std::string_view instance;
  uint16_t q = 1000;
  uint32_t reg_id = 0;  // 0 without an instance: it means nothing alone (RFC 5626 6)
  uint32_t methods = 0;
  bool is_sips = false;
  bool names_one_host = true;  // sip/uri_host.h
  bool names_loopback = false;
  Millis expires{0};  // what is granted; 0: the binding is to go
};

// Refuses with 400 (not an address, or a bad q) or 423 (too short a time).
Refusal read_contact(const sip::MessageView& request, std::string_view value,
                     const RegistrarOptions& options, Contact& contact);

// The parameters that are given back as they came, on one line: all but "expires", which the
// registrar decides. `out` has room for `params`.
std::string_view write_kept_params(std::string_view params, std::span<char> out);

// The name before a Contact's URI as it came, on one line. `out` has room for `name`.
std::string_view write_kept_name(std::string_view name, std::span<char> out);

// RFC 3840 10: `list` is the value of "methods". One bit for each, 1 << sip::Method; that of
// sip::Method::Other stands for all that we do not know.
uint32_t read_methods(std::string_view list);

}  // namespace tipring::registrar
