// Request methods: RFC 3261 7.1 and the RFCs that add to it. Names are case-sensitive.
#pragma once

#include <cstdint>
#include <string_view>

namespace tipring::sip {

enum class Method : uint8_t {
  Invite,
  Ack,
  Bye,
  Cancel,
  Options,
  Register,
  Prack,      // RFC 3262
  Update,     // RFC 3311
  Info,       // RFC 6086
  Subscribe,  // RFC 6665
  Notify,     // RFC 6665
  Refer,      // RFC 3515
  Message,    // RFC 3428
  Publish,    // RFC 3903
  Other,      // any other token; its text is kept beside it
};

// Other for every name that is not in the list, also for one that differs in case.
Method parse_method(std::string_view text);

// The name on the wire; empty for Other.
std::string_view to_text(Method method);

}  // namespace tipring::sip
