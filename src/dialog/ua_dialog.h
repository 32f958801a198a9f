// A dialog as one of its two sides sees it: RFC 3261 12. What it is made of by a request that came or
// a response that answered ours, which requests may come within it, and how ours are written.
//
// Of the texts (dialog_texts.h) our own side has the caller's places, whoever called, and in the place
// of its target the user part of our Contact, whose host depends on the way that a message takes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/message_slabs.h"
#include "core/result.h"
#include "dialog/dialog_texts.h"
#include "sip/message.h"
#include "sip/method.h"
#include "sip/uri.h"

namespace tipring::dialog {

// What a request within a dialog, or one that begins it, says beyond what the dialog knows.
struct RequestContent {
  std::string_view request_uri;  // where it is another than the remote target
  std::string_view via;          // a value
  std::string_view contact;      // a value; empty: no Contact
  std::string_view lines;        // whole lines, each with its CR LF
  std::string_view more_lines;   // the same
  std::string_view credentials;  // the same
  std::string_view content_type;
  std::string_view body;
  uint32_t max_breadth = 0;  // RFC 5393 5.3.3; 0: none
  uint8_t max_forwards = 70;
};

class UaDialog {
 public:
  static constexpr uint32_t kCSeqMax = 0x7fffffff;  // 8.1.1.5
  static constexpr size_t kRoutesMax = 32;          // a longer route set is refused

  // What begins a dialog with a request of ours.
  struct Beginning {
    std::string_view call_id;
    std::string_view local_tag;
    std::string_view local;   // value of From, without a tag
    std::string_view remote;  // value of To
    std::string_view target;
    std::string_view routes;        // values of Route, ", " between them
    std::string_view contact_user;  // user part of our Contact; may be empty
  };
  // Errors: TooLong, PoolExhausted.
  Result<void> begin(MessageSlabs& slabs, const Beginning& beginning);

  // 12.1.1: by an INVITE that we answer. Errors: as begin().
  // Our Contact has the user of its Request-URI.
  Result<void> begin_as_uas(MessageSlabs& slabs, const sip::MessageView& invite,
                            std::string_view local_tag);

  // 12.1.2: by a response to our INVITE. A 2xx says the last word on the route set (13.2.2.4).
  // Errors: as begin(); nothing has changed then but, perhaps, the remote side's texts.
  Result<void> learn_remote(MessageSlabs& slabs, const sip::MessageView& response);

  // Another dialog of the same INVITE: nothing of the remote side is in it. Errors: PoolExhausted.
  Result<void> fork(MessageSlabs& slabs, const UaDialog& first);
  // The INVITE, as it was sent, goes once more, and nobody has answered that.
  void begin_again(MessageSlabs& slabs, const sip::MessageView& request);
  // It is sent to another address: 8.1.3.4. Errors: as begin().
  Result<void> retarget(MessageSlabs& slabs, std::string_view uri) {
    return texts_.replace(slabs, Text::CalleeTarget, uri);
  }

  // 12.2.1.2, 12.2.2: the Contact of a target refresh, where there is one. Of no effect where there is
  // no room for it.
  void refresh_target(MessageSlabs& slabs, const sip::MessageView& message);

  // 12.2.2: the request comes in order, and its number is noted; else it is to be refused with 500.
  bool accept_cseq(uint32_t number);
  // For a request of ours. REQUIRES: they have not all been used.
  uint32_t next_cseq() { return ++local_cseq_; }
  bool has_cseq() const { return local_cseq_ < kCSeqMax; }
  uint32_t local_cseq() const { return local_cseq_; }
  uint32_t remote_cseq() const { return remote_cseq_; }
  // A fork goes on from the INVITE's.
  void set_local_cseq(uint32_t number) { local_cseq_ = number; }

  // A message of this dialog from the other side, by Call-ID and both tags.
  bool owns(const sip::MessageView& request) const;

  // It was begun by an INVITE of the other side with the Call-ID, From tag and CSeq of this one, which
  // is outside any dialog: RFC 3261 8.2.2.2.
  bool began_with(const sip::MessageView& invite) const;

  // Where our requests go first: 12.2.1.1. An error where the target is not known.
  sip::ParsedUri next_hop() const;
  bool has_routes() const { return !texts_.get(Text::CalleeRoutes).empty(); }

  // Errors: BufferFull, Invalid (the target is not known).
  Result<size_t> write_request(sip::Method method, uint32_t cseq, const RequestContent& content,
                               std::span<char> out) const;

  std::string_view call_id() const { return texts_.get(Text::CallId); }
  std::string_view contact_user() const { return texts_.get(Text::CallerTarget); }
  std::string_view local_tag() const { return texts_.get(Text::CallerTag); }
  std::string_view local_address() const {
    return texts_.get(Text::CallerAddress);
  }  // with the tag
  std::string_view remote_tag() const { return texts_.get(Text::CalleeTag); }
  std::string_view remote_address() const { return texts_.get(Text::CalleeAddress); }
  std::string_view remote_target() const { return texts_.get(Text::CalleeTarget); }
  std::string_view routes() const { return texts_.get(Text::CalleeRoutes); }
  size_t text_size() const { return texts_.size(); }

 private:
  void forget_remote(MessageSlabs& slabs);

  DialogTexts texts_;
  uint32_t local_cseq_ = 0;
  uint32_t remote_cseq_ = 0;  // 0 while none has come
  uint32_t first_cseq_ = 0;   // of the INVITE that began it, where it was theirs
};

}  // namespace tipring::dialog
