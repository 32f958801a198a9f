// What of a dialog has to be written or compared again: its identifiers, addresses, targets and
// route sets, one behind the other in one buffer of the smallest class that holds them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/message_slabs.h"
#include "core/result.h"

namespace tipring::dialog {

// The caller's come first: they are known from the INVITE on, and what is added later leaves them
// where they are.
enum class Text : uint8_t {
  CallId,
  CallerTag,
  CallerAddress,  // the value of From in the INVITE, with its tag
  CallerTarget,   // URI of the caller's Contact: RFC 3261 12.1.1
  CallerRoutes,   // from us to the caller: values of Record-Route, nearest first, ", " between them
  CalleeTag,
  CalleeAddress,  // the value of To, with its tag once there is one
  CalleeTarget,
  CalleeRoutes,
};
inline constexpr size_t kTexts = static_cast<size_t>(Text::CalleeRoutes) + 1;

class DialogTexts {
 public:
  // Of all texts together. A message may be longer; what makes a dialog of it may not.
  static constexpr size_t kBytesMax = 4096;
  using All = std::array<std::string_view, kTexts>;

  // Takes copies, without their folds. Room for the callee's is taken too, so that the answer to a
  // call needs none. Errors: TooLong; PoolExhausted, and what was there before stays.
  Result<void> assign(MessageSlabs& slabs, const All& texts);
  // One of them. None may be a view of these texts. Errors: as assign().
  Result<void> replace(MessageSlabs& slabs, Text which, std::string_view text);
  // Those of the other dialog. Errors: PoolExhausted.
  Result<void> copy(MessageSlabs& slabs, const DialogTexts& other);

  // Good until the next change.
  std::string_view get(Text which) const;
  All all() const;
  size_t size() const { return ends_.back(); }
  size_t capacity() const { return buffer_ ? buffer_.capacity() : 0; }

 private:
  Result<void> write(MessageSlabs& slabs, const All& texts, size_t bytes);

  MessageRef buffer_;
  std::array<uint16_t, kTexts> ends_{};
};

}  // namespace tipring::dialog
