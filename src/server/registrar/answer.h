// The 200 to a REGISTER: RFC 3261 10.3 step 8.
#pragma once

#include <cstddef>
#include <string_view>

#include "sip/message.h"
#include "sip/writer.h"
#include "store/store.h"

namespace tipring::registrar {

inline constexpr size_t kAnswerMax = 16384;  // bytes of the headers that are ours

// What is stored must be told, so more than can be told is not stored. Those that go are counted
// too: it is a bound. `others`: bytes of the service route and the To.
bool answer_fits(const store::User& user, const store::BindingUpdate& changes, size_t others);

struct AnswerFacts {
  Millis now{0};
  Millis wall{0};
  std::string_view service_route = {};  // RFC 3608 6.3; empty: none
};

// All bindings, as they were registered; Path of the request, Service-Route, and Date once the clock
// is set. P-Associated-URI where the user has a display name, and only there: RFC 7315 4.1.2.2
// forbids it where there is nothing to tell, and phones may take each URI in it for an identity of
// theirs, so it holds the address-of-record and nothing else.
void write_answer(const sip::MessageView& request, const store::User& user,
                  const AnswerFacts& facts, sip::Writer& out);

}  // namespace tipring::registrar
