// The final responses that a response context has gathered, and the best of them: RFC 3261 16.7
// steps 4, 6 and 7.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/message_slabs.h"
#include "sip/message.h"
#include "sip/message_edit.h"

namespace tipring::service {

// Keeps the best response alone. Of the others it keeps what must go upstream with it: challenges
// beside a 401 or 407, contacts beside a 3xx.
class BestResponse {
 public:
  // Of either, all lines together; what goes beyond is left out, whole lines.
  static constexpr size_t kLinesMax = 4096;
  static constexpr size_t kContactsMax = 32;  // of one response, that can be taken out of it

  // A final response above 299. It is referred to until keep(). `status` is what it counts as; bit
  // i of `taken` says that its contact i has become a target, and leads nobody upstream to it
  // again. `wanted_end`: the caller has cancelled, so that a 487 is what he waits for.
  void offer(MessageSlabs& slabs, const sip::MessageView& response, uint16_t status, uint32_t taken,
             bool wanted_end);
  // As if a response with this status had come: nobody has sent one.
  void note(MessageSlabs& slabs, uint16_t status, bool wanted_end);

  // Before the response that was offered goes. Without a buffer its status is kept.
  void keep(MessageSlabs& slabs);

  uint16_t status() const { return status_; }  // of the best, 0: none
  // The best; nothing when it has no text. Parsed into `room` unless it is the one being handled.
  std::optional<sip::MessageView> response(sip::HeaderIndex& room) const;
  bool is_current() const { return current_ != nullptr; }
  const sip::MessageView& current() const { return *current_; }
  // Of the others, whole lines for the best.
  std::string_view lines() const;
  // What leaves the best in favour of them; null for nothing.
  const sip::LineFilter* filter() const;
  // Whether somebody has said it; else it is what we would say ourselves.
  bool has_text() const { return current_ != nullptr || kept_; }

 private:
  bool loses_to(uint16_t status, bool with_text, bool wanted_end) const;
  void retire(MessageSlabs& slabs);
  void gather(MessageSlabs& slabs, const sip::MessageView& response, uint16_t status);
  void gather_contacts(MessageSlabs& slabs, const sip::MessageView& response, uint32_t taken);

  const sip::MessageView* current_ = nullptr;
  MessageRef kept_;
  MessageRef challenges_;
  MessageRef contacts_;
  uint16_t status_ = 0;
  bool contacts_out_ = false;  // those of the best are among `contacts_`
};

// 16.7 step 6 and SPEC C7: a 503 speaks of the server that gave it, and would make our peers drop
// us.
uint16_t status_upstream(uint16_t status);

}  // namespace tipring::service
