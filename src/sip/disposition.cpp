#include "sip/disposition.h"

#include "core/text.h"

namespace tipring::sip {

namespace {

struct Directive {
  std::string_view text;
  Wish Disposition::*matter;
  Wish wish;
};

constexpr Directive kDirectives[] = {
    {"proxy", &Disposition::proxy, Wish::Yes},
    {"redirect", &Disposition::proxy, Wish::No},
    {"cancel", &Disposition::cancel, Wish::Yes},
    {"no-cancel", &Disposition::cancel, Wish::No},
    {"fork", &Disposition::fork, Wish::Yes},
    {"no-fork", &Disposition::fork, Wish::No},
    {"recurse", &Disposition::recurse, Wish::Yes},
    {"no-recurse", &Disposition::recurse, Wish::No},
    {"parallel", &Disposition::parallel, Wish::Yes},
    {"sequential", &Disposition::parallel, Wish::No},
    {"queue", &Disposition::queue, Wish::Yes},
    {"no-queue", &Disposition::queue, Wish::No},
};

}  // namespace

Disposition read_disposition(const MessageView& request) {
  Disposition disposition;
  if (!request.has(HeaderId::RequestDisposition)) return disposition;
  for (const std::string_view value : request.values(HeaderId::RequestDisposition)) {
    for (const Directive& directive : kDirectives) {
      Wish& wish = disposition.*directive.matter;
      if (wish == Wish::None && iequals(value, directive.text)) wish = directive.wish;
    }
  }
  return disposition;
}

}  // namespace tipring::sip
