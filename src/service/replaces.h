// An INVITE that takes the place of a dialog: RFC 3891. What it names, whether it may have it, and how
// it is named in a message or a URI.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::service {

inline constexpr std::string_view kReplacesTag = "replaces";

// A dialog as its owner sees it. Views into what it was read from.
struct ReplacedDialog {
  std::string_view call_id;
  std::string_view local_tag;   // to-tag
  std::string_view remote_tag;  // from-tag
  bool early_only = false;

  // A tag of zero stands for none too (6.1).
  bool is(std::string_view other_call_id, std::string_view other_local_tag,
          std::string_view other_remote_tag) const;
};

// The value of a Replaces header. Errors: Invalid.
Result<ReplacedDialog> parse_replaces(std::string_view value);

struct ReplacesHeader {
  uint16_t status = 0;  // not 0: the request is to be refused with it
  std::optional<ReplacedDialog> dialog;
};
// Of a request: nothing in nearly all.
ReplacesHeader replaces_of(const sip::MessageView& request);

// What is known of the dialog that was named. One of many that match counts as none.
enum class ReplacedState : uint8_t {
  Unknown,
  Terminated,
  Confirmed,
  EarlyOfOurs,    // we have sent its INVITE
  EarlyOfTheirs,  // it rings here
};

// 0: it may be replaced, by an authorized one. When the new INVITE has got its 2xx, the replaced one
// is ended: by BYE, or by CANCEL where it is early. Else what the INVITE is refused with.
uint16_t judge_replaces(ReplacedState state, bool early_only);

// Names a dialog of ours to its other side, which the new INVITE goes to: what is remote to us is its
// own.
void write_replaces(sip::Writer& out, const ReplacedDialog& dialog);

}  // namespace tipring::service
