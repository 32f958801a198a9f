// The values that nearly every layer asks a message for: each is read when it is first asked for
// and kept beside the message's index, so that a message is decoded once however many look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sip/header_id.h"
#include "sip/name_addr.h"
#include "sip/number_headers.h"
#include "sip/parse_error.h"
#include "sip/uri.h"
#include "sip/via.h"

namespace tipring::sip {

// A value that is read once.
template <class T>
class ReadOnce {
 public:
  // `read` gives a T. The reference is good until forget().
  template <class Read>
  const T& get(Read read) {
    if (!value_) value_.emplace(Made<Read>{read});
    return *value_;
  }
  void forget() { value_.reset(); }

 private:
  // Makes the value where it will be kept: a copy of a Via is a good part of what reading it costs.
  template <class Read>
  struct Made {
    Read& read;
    operator T() const { return read(); }  // NOLINT(google-explicit-constructor)
  };

  std::optional<T> value_;
};

// Those of one message. Views into its text, as everything that is read from it.
class MessageValues {
 public:
  static constexpr bool holds(HeaderId id) {
    return id == HeaderId::Via || id == HeaderId::From || id == HeaderId::To ||
           id == HeaderId::CSeq || id == HeaderId::MaxForwards || id == HeaderId::Contact ||
           id == HeaderId::Route;
  }

  // The first value of the header. REQUIRES: holds(Id).
  template <HeaderId Id, class Read>
  const auto& get(Read read) {
    static_assert(holds(Id));
    if constexpr (Id == HeaderId::Via) return via_.get(read);
    if constexpr (Id == HeaderId::From) return from_.get(read);
    if constexpr (Id == HeaderId::To) return to_.get(read);
    if constexpr (Id == HeaderId::CSeq) return cseq_.get(read);
    if constexpr (Id == HeaderId::MaxForwards) return max_forwards_.get(read);
    if constexpr (Id == HeaderId::Contact) return contact_.get(read);
    if constexpr (Id == HeaderId::Route) return route_.get(read);
  }

  ReadOnce<ParsedUri> request_uri;
  ReadOnce<ParsedUri> from_uri;
  ReadOnce<ParsedUri> to_uri;
  ReadOnce<ParsedUri> contact_uri;
  ReadOnce<ParsedUri> route_uri;

  // Another message takes the index.
  void forget() {
    via_.forget();
    from_.forget();
    to_.forget();
    cseq_.forget();
    max_forwards_.forget();
    contact_.forget();
    route_.forget();
    request_uri.forget();
    from_uri.forget();
    to_uri.forget();
    contact_uri.forget();
    route_uri.forget();
  }

 private:
  ReadOnce<Result<Via, ParseError>> via_;
  ReadOnce<Result<NameAddr, ParseError>> from_;
  ReadOnce<Result<NameAddr, ParseError>> to_;
  ReadOnce<Result<CSeq, ParseError>> cseq_;
  ReadOnce<Result<uint8_t, ParseError>> max_forwards_;
  ReadOnce<Result<NameAddr, ParseError>> contact_;
  ReadOnce<Result<NameAddr, ParseError>> route_;
};

}  // namespace tipring::sip
