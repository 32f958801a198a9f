// Asks who sends a request before anything is kept for it: RFC 3261 22.2 and 22.3. Challenges and
// refusals are stateless (8.2.7), so that a stranger costs no memory.
#pragma once

#include "service/context.h"
#include "service/environment.h"

namespace tipring::service {

class DestinationSelection;
class ViaManagement;
class OutputControl;

class DigestServerAuth {
 public:
  using Before = ServiceList<DestinationSelection, ViaManagement, OutputControl>;

  // Before the request is shown to the context.
  void configure(const RouteFacts& route) { route_ = route; }

  Screening screen_request(const Environment& environment, const Incoming& request);

  uint64_t user() const { return user_; }            // 0: nobody was asked
  bool third_party() const { return third_party_; }  // the user is another than the sender

 private:
  RouteFacts route_;  // good during screen_request()
  uint64_t user_ = 0;
  bool third_party_ = false;
};

}  // namespace tipring::service
