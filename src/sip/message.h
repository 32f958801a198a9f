// SIP messages in the buffer that received them: RFC 3261 7, 18.3 and 25. One linear pass finds the
// start line and the header lines and indexes them; values are parsed when asked (headers.h, via.h,
// name_addr.h).
//
// Everything here is views into the caller's bytes and into the caller's HeaderIndex: both must
// outlive the MessageView and whatever was read through it. Nothing is copied, nothing is
// allocated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/header_id.h"
#include "sip/message_values.h"
#include "sip/method.h"
#include "sip/parse_error.h"

namespace tipring::sip {

inline constexpr size_t kHeadersMax = 128;        // header lines per message
inline constexpr size_t kMessageSizeMax = 65535;  // offsets are 16 bits wide

// One header line, folds included, as offsets into the message.
struct HeaderSlot {
  uint16_t line_offset;   // of the name
  uint16_t line_size;     // without the line end
  uint16_t value_offset;  // of the trimmed value, from the start of the message
  uint16_t value_size;
  uint8_t name_size;
  HeaderId id;
  uint8_t next;  // slot of the next line with the same id, kNoSlot at the end
  uint8_t flags;

  static constexpr uint8_t kFolded = 1;
  static constexpr uint8_t kMany = 2;  // a list that may have more values than one
  bool folded() const { return (flags & kFolded) != 0; }
  bool many() const { return (flags & kMany) != 0; }
};
static_assert(sizeof(HeaderSlot) == 12);

inline constexpr uint8_t kNoSlot = 0xff;
static_assert(kHeadersMax < kNoSlot);

// Where the headers of one message are, and the values of it that have been read. Filled by
// parse_message, which resets it; 3 KiB.
struct HeaderIndex {
  std::array<uint8_t, kHeaderIdCount> first{};  // slot of the first line of each id
  std::array<uint8_t, kHeaderIdCount> last{};   // only valid where `first` is not kNoSlot
  uint8_t count = 0;
  mutable MessageValues values;  // of the message that was parsed last
  std::array<HeaderSlot, kHeadersMax> slots;

  HeaderIndex() { first.fill(kNoSlot); }
};

enum class Framing : uint8_t {
  Datagram,  // the body ends with the datagram or after Content-Length bytes, whichever comes first
  Stream,    // Content-Length is mandatory; other messages may follow
};

enum class ParseStatus : uint8_t { Complete, Incomplete, Malformed };

// A header line as received.
class HeaderView {
 public:
  HeaderView(std::string_view message, const HeaderSlot& slot) : message_(message), slot_(&slot) {}

  HeaderId id() const { return slot_->id; }
  std::string_view name() const { return message_.substr(slot_->line_offset, slot_->name_size); }
  // Without white space at the ends; a fold inside is still CR LF and white space.
  std::string_view value() const { return message_.substr(slot_->value_offset, slot_->value_size); }
  std::string_view line() const { return message_.substr(slot_->line_offset, slot_->line_size); }
  bool folded() const { return slot_->folded(); }
  // False: value() is the only value of the line, so that nobody need look for commas.
  bool may_have_many() const { return slot_->many(); }

 private:
  std::string_view message_;
  const HeaderSlot* slot_;
};

// All header lines in order.
class HeaderRange {
 public:
  class Iterator {
   public:
    using value_type = HeaderView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(std::string_view message, const HeaderSlot* slot) : message_(message), slot_(slot) {}
    HeaderView operator*() const { return {message_, *slot_}; }
    Iterator& operator++() {
      ++slot_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++slot_;
      return old;
    }
    bool operator==(const Iterator& other) const { return slot_ == other.slot_; }

   private:
    std::string_view message_;
    const HeaderSlot* slot_ = nullptr;
  };

  HeaderRange(std::string_view message, const HeaderIndex& index)
      : message_(message), index_(&index) {}
  Iterator begin() const { return {message_, index_->slots.data()}; }
  Iterator end() const { return {message_, index_->slots.data() + index_->count}; }

 private:
  std::string_view message_;
  const HeaderIndex* index_;
};

// The lines of one header in order.
class HeaderChain {
 public:
  class Iterator {
   public:
    using value_type = HeaderView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(std::string_view message, const HeaderIndex* index, uint8_t slot)
        : message_(message), index_(index), slot_(slot) {}
    HeaderView operator*() const { return {message_, index_->slots[slot_]}; }
    Iterator& operator++() {
      slot_ = index_->slots[slot_].next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    bool operator==(const Iterator& other) const { return slot_ == other.slot_; }

   private:
    std::string_view message_;
    const HeaderIndex* index_ = nullptr;
    uint8_t slot_ = kNoSlot;
  };

  HeaderChain(std::string_view message, const HeaderIndex& index, HeaderId id)
      : message_(message), index_(&index), first_(index.first[to_index(id)]) {}
  Iterator begin() const { return {message_, index_, first_}; }
  Iterator end() const { return {message_, index_, kNoSlot}; }
  bool empty() const { return first_ == kNoSlot; }

 private:
  std::string_view message_;
  const HeaderIndex* index_;
  uint8_t first_;
};

// Cuts the next element off a comma-separated list: commas inside quoted strings and <> do not
// separate, nor, with `comments`, those inside parentheses. Empty elements are skipped. False when
// `rest` holds no further one.
bool next_list_value(std::string_view& rest, std::string_view& value, bool comments = false);

// The comma-separated values of one header across all its lines (7.3.1), trimmed, empty ones left
// out. For a header that is no list: the value of each line.
class ValueRange {
 public:
  class Iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(HeaderChain::Iterator line, HeaderChain::Iterator end, HeaderId id);
    std::string_view operator*() const { return value_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      advance();
      return old;
    }
    bool operator==(const Iterator& other) const { return value_.data() == other.value_.data(); }

   private:
    void advance();

    HeaderChain::Iterator line_;  // the next line to open
    HeaderChain::Iterator end_;
    std::string_view rest_;   // of the line that is open
    std::string_view value_;  // data() is null at the end
    HeaderId id_ = HeaderId::Other;
  };

  ValueRange(HeaderChain lines, HeaderId id) : lines_(lines), id_(id) {}
  Iterator begin() const { return {lines_.begin(), lines_.end(), id_}; }
  Iterator end() const { return {}; }
  bool empty() const { return begin() == end(); }

 private:
  HeaderChain lines_;
  HeaderId id_;
};

// How a header's value is read: specialised in headers.h for every line of the table.
template <HeaderId Id>
struct HeaderTraits;

// A parsed message. A default-constructed one is an empty response without headers.
class MessageView {
 public:
  MessageView() = default;

  bool is_request() const { return is_request_; }
  bool is_response() const { return !is_request_; }

  // Requests; Other and empty in a response.
  Method method() const { return method_; }
  std::string_view method_text() const { return piece(method_offset_, method_size_); }
  std::string_view request_uri() const { return piece(uri_offset_, uri_size_); }
  const ParsedUri& parsed_request_uri() const {
    return index_->values.request_uri.get([this] { return ParsedUri(request_uri()); });
  }

  // Responses; 0 and empty in a request.
  uint16_t status() const { return status_; }
  std::string_view reason() const { return piece(reason_offset_, reason_size_); }

  size_t header_count() const { return index_->count; }
  HeaderRange headers() const { return {text_, *index_}; }
  HeaderChain headers(HeaderId id) const { return {text_, *index_, id}; }
  bool has(HeaderId id) const { return index_->first[to_index(id)] != kNoSlot; }

  // Value of the first line, possibly empty; nothing when the header is absent. Not for
  // HeaderId::Other, where it would be the first unknown header: see find_header().
  std::optional<std::string_view> header(HeaderId id) const;

  // Value of the first line with this name, known or not, in either form. Walks the lines when
  // unknown.
  std::optional<std::string_view> find_header(std::string_view name) const;

  ValueRange values(HeaderId id) const { return {headers(id), id}; }

  // The first of values(); empty when there is none.
  std::string_view first_value(HeaderId id) const;

  // First value of a header, parsed. The error's offset counts from the start of the message. Those
  // of MessageValues are read once and referred to, as long as the index stands; others are read
  // with each call. Errors: MissingHeader when there is no line or no value in it, and those of
  // HeaderTraits<Id>::parse.
  template <HeaderId Id>
  decltype(auto) typed() const;

  // The URI of the address in From, in To, and in the first value of Contact and of Route. Errors:
  // those of typed() and of parse_uri().
  const ParsedUri& from_uri() const;
  const ParsedUri& to_uri() const;
  const ParsedUri& contact_uri() const;
  const ParsedUri& route_uri() const;

  // Of From and To; empty when there is none.
  std::string_view from_tag() const;
  std::string_view to_tag() const;

  // The first line of a header that may appear once only and has appeared before; nothing without
  // one.
  std::optional<HeaderView> repeated_header() const {
    if (repeated_ == kNoSlot) return std::nullopt;
    return HeaderView(text_, index_->slots[repeated_]);
  }

  std::string_view text() const { return text_; }  // the whole message: no bytes before or after it
  std::string_view head() const {
    return text_.substr(0, body_offset_);
  }  // up to and with the empty line
  std::string_view body() const { return text_.substr(body_offset_); }

  // The same message in other bytes: `copy` is equal to text(). The view that is moved from, and
  // what was read through it, is not to be used any more.
  MessageView moved_to(std::string_view copy) const {
    MessageView moved = *this;
    moved.text_ = copy;
    index_->values.forget();
    return moved;
  }

  uint32_t offset_of(std::string_view piece) const {  // of a view into this message
    return static_cast<uint32_t>(piece.data() - text_.data());
  }

 private:
  friend class MessageParser;

  std::string_view piece(uint16_t offset, uint16_t size) const {
    return text_.substr(offset, size);
  }

  static const HeaderIndex kEmptyIndex;

  std::string_view text_;
  const HeaderIndex* index_ = &kEmptyIndex;
  uint16_t body_offset_ = 0;
  uint16_t method_offset_ = 0;
  uint16_t method_size_ = 0;
  uint16_t uri_offset_ = 0;
  uint16_t uri_size_ = 0;
  uint16_t reason_offset_ = 0;
  uint16_t reason_size_ = 0;
  uint16_t status_ = 0;
  Method method_ = Method::Other;
  bool is_request_ = false;
  uint8_t repeated_ = kNoSlot;  // slot of repeated_header()
};

struct ParsedMessage {
  ParseStatus status = ParseStatus::Incomplete;
  // Complete: bytes of `received` that the message took, line ends before it included. Malformed:
  // all that can be said to belong to it; on a stream nothing after it can be trusted. Incomplete:
  // 0.
  size_t used = 0;
  // Incomplete with all headers there: `received` must have this size to be Complete. Else 0.
  size_t needed = 0;
  ParseError error;  // Malformed only: the first fault
  // Complete: the message. Malformed: what could be indexed, enough for a 400 when Via, From, To,
  // Call-ID and CSeq are in it. Incomplete: empty.
  MessageView view;
};

// Parses the message at the front of `received`, after any empty lines. Line ends may be CR LF or a
// bare LF, never a bare CR. A Datagram is never Incomplete. After the first fault in a header line
// the pass goes on with the next line. Values are not looked at, except Content-Length: see
// check_message().
ParsedMessage parse_message(std::string_view received, HeaderIndex& index, Framing framing);

inline constexpr size_t kNotFound = static_cast<size_t>(-1);

// For streams: offset behind the empty line that ends the headers, kNotFound when it has not come
// yet. `from` is how much of `text` was searched by earlier calls, so that a message in many pieces
// is searched once. Empty lines before the start line are not the end.
size_t find_end_of_headers(std::string_view text, size_t from = 0);

// What every request and response must have before anything is done with it (8.1.1, 16.3 step 1):
// the mandatory headers, none of the Single kind twice, and a readable start line, top Via, From,
// To, Call-ID, CSeq, and Max-Forwards and Content-Length where present; of a request also every
// other Via, and the URIs of From and To where they are SIP's. Nothing when all is well.
// Errors: MissingHeader, DuplicateHeader, MethodMismatch, and those of the single parsers. A
// Request-URI of another scheme is no fault here.
std::optional<ParseError> check_message(const MessageView& message);

inline constexpr size_t kFaultyPartMax = 48;

// What the fault of a message is in, for people: its header, or, where one is missing, all the
// mandatory ones that are. `out` holds kFaultyPartMax.
std::string_view write_faulty_part(const MessageView& message, const ParseError& error,
                                   std::span<char> out);

template <HeaderId Id>
decltype(auto) MessageView::typed() const {
  using Read = Result<typename HeaderTraits<Id>::Type, ParseError>;
  const auto read = [this]() -> Read {
    const std::string_view value = first_value(Id);
    // One object from the parser to the caller: these results are large, and copying them would
    // show.
    Read parsed = value.empty() ? ParseError{ParseFault::MissingHeader, Id, 0}
                                : HeaderTraits<Id>::parse(value);
    if (!parsed && !value.empty()) {
      const ParseError error = parsed.error();
      parsed = ParseError{error.fault, Id, error.offset + offset_of(value)};
    }
    return parsed;
  };
  if constexpr (MessageValues::holds(Id)) {
    return index_->values.get<Id>(read);
  } else {
    return read();
  }
}

}  // namespace tipring::sip
