// The last say over what leaves in a forwarded request: here, that credentials for our realm stay
// with us (RFC 3261 22.3: they were for us; those for other realms go on).
#pragma once

#include "service/environment.h"
#include "sip/message_edit.h"

namespace tipring::service {

class OutputControl final : public sip::LineFilter {
 public:
  void configure(const Environment& environment) { realm_ = environment.realm; }

  bool keep(const sip::HeaderView& line) const override;

 private:
  std::string_view realm_;
};

}  // namespace tipring::service
