// The 200 to a REGISTER: RFC 3261 10.3 step 8.
#pragma once

#include <cstddef>

#include "sip/message.h"
#include "sip/writer.h"
#include "store/store.h"

namespace tipring::registrar {

inline constexpr size_t kAnswerMax = 16384;  // bytes of the headers that are ours

// What is stored must be told, so more than can be told is not stored. Those that go are counted
// too: it is a bound.
bool answer_fits(const store::User& user, const store::BindingUpdate& changes);

// All bindings, as they were registered, the Path of the request and, once the clock is set, the
// time.
void write_answer(const sip::MessageView& request, const store::User& user, Millis now, Millis wall,
                  sip::Writer& out);

}  // namespace tipring::registrar
