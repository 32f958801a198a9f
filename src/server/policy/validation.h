// What a new request is for, and whether it may be looked at any further: RFC 3261 8.2 and 16.3,
// RFC 5393 4.2. Its syntax has been checked; who sent it is asked later (access.h).
#pragma once

#include <array>

#include "server/policy/domains.h"
#include "service/environment.h"

namespace tipring::policy {

using service::Environment;
using service::Incoming;

// What this server does with a request.
enum class Job : uint8_t {
  Register,    // for the registrar
  AnswerHere,  // for the server itself
  Proxy,       // for a user of ours, or for elsewhere
};

// `routed_on`: a Route that is not ours says where the request goes.
Job job_of(const Environment& environment, const Domains& domains, const sip::MessageView& request,
           const RequestUri& uri, bool routed_on);

struct Refusal {
  uint16_t status = 0;  // 0: none
  // Both are good until the next check.
  std::string_view reason;   // empty: the default phrase
  std::string_view headers;  // whole lines
};

class Validation {
 public:
  // Borrows the environment. `forward_unknown`: routing.forward_unknown.
  Validation(const Environment& environment, bool forward_unknown)
      : environment_(environment), forward_unknown_(forward_unknown) {}

  void set_forward_unknown(bool on) { forward_unknown_ = on; }

  // In the order: syntax of Request-URI, addresses and session interval (400, 414), scheme (416),
  // telephone numbers (484), method (405), Max-Forwards (483), loop (482), Proxy-Require or Require
  // (420), body (415). An ACK is never answered, so what is refused there is to be dropped.
  Refusal check(const Incoming& request, const RequestUri& uri, Job job);

 private:
  bool is_allowed(sip::Method method, Job job) const;
  Refusal check_syntax(const sip::MessageView& message, const RequestUri& uri, Job job);
  Refusal check_body(const sip::MessageView& message);
  Refusal bad_request(std::string_view part, std::string_view fault);
  Refusal check_extensions(const sip::MessageView& request, Job job);
  std::string_view extension_of(Job job) const;
  bool uses_timers() const;

  const Environment& environment_;
  bool forward_unknown_;
  std::array<char, 1024> headers_;
  std::array<char, sip::kErrorReasonMax> reason_;
};

// RFC 3261 11.2: what an OPTIONS to the server itself is told.
extern const std::string_view kCapabilities;

}  // namespace tipring::policy
