#include "core/text.h"
#include "sip/chars.h"
#include "sip/headers.h"
#include "sip/message.h"
#include "sip/scan_value.h"

namespace tipring::sip {

namespace {

// Offset behind the comment that begins at `at`; comments nest (RFC 3261 25.1).
size_t skip_comment(std::string_view text, size_t at) {
  size_t depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

// Offset of the comma that ends the first element, text.size() when there is none.
size_t find_comma(std::string_view text, bool comments) {
  if (text.find(',') == std::string_view::npos) return text.size();  // nearly always
  size_t at = 0;
  while ((at = kListChar.skip(text, at)) < text.size()) {
    switch (text[at]) {
      case ',': return at;
      case '"': {
        const size_t size = quoted_string_size(text.substr(at));
        if (size == 0) return text.size();
        at += size;
        break;
      }
      case '<': {
        const size_t close = text.find('>', at);
        if (close == std::string_view::npos) return text.size();
        at = close + 1;
        break;
      }
      default: at = comments && text[at] == '(' ? skip_comment(text, at) : at + 1; break;
    }
  }
  return text.size();
}

}  // namespace

const HeaderIndex MessageView::kEmptyIndex;

bool next_list_value(std::string_view& rest, std::string_view& value, bool comments) {
  while (!rest.empty()) {
    const size_t comma = find_comma(rest, comments);
    value = trim_lws(rest.substr(0, comma));
    rest.remove_prefix(comma < rest.size() ? comma + 1 : comma);
    if (!value.empty()) return true;
  }
  return false;
}

ValueRange::Iterator::Iterator(HeaderChain::Iterator line, HeaderChain::Iterator end, HeaderId id)
    : line_(line), end_(end), id_(id) {
  advance();
}

void ValueRange::Iterator::advance() {
  const bool comments = id_ == HeaderId::Via;  // RFC 2543 had them there
  while (rest_.empty() || !next_list_value(rest_, value_, comments)) {
    if (line_ == end_) {
      value_ = {};
      return;
    }
    const HeaderView line = *line_;
    ++line_;
    if (line.may_have_many()) {
      rest_ = line.value();
    } else if (!line.value().empty()) {
      value_ = line.value();
      return;
    }
  }
}

std::optional<std::string_view> MessageView::header(HeaderId id) const {
  const HeaderChain lines = headers(id);
  if (lines.empty()) return std::nullopt;
  return (*lines.begin()).value();
}

// A value is cut out where it is returned, so that no view is copied that was just written: the
// processor would wait for its halves.
std::string_view MessageView::first_value(HeaderId id) const {
  for (uint8_t at = index_->first[to_index(id)]; at != kNoSlot; at = index_->slots[at].next) {
    const HeaderSlot& slot = index_->slots[at];
    if (slot.value_size == 0) continue;
    if (!slot.many()) return piece(slot.value_offset, slot.value_size);
    std::string_view rest = piece(slot.value_offset, slot.value_size);
    std::string_view value;
    if (next_list_value(rest, value, id == HeaderId::Via)) return value;
  }
  return {};
}

std::optional<std::string_view> MessageView::find_header(std::string_view name) const {
  const HeaderId id = find_header_id(name);
  if (id != HeaderId::Other) return header(id);
  for (const HeaderView line : headers(HeaderId::Other)) {
    if (iequals(line.name(), name)) return line.value();
  }
  return std::nullopt;
}

namespace {

using Address = Result<NameAddr, ParseError>;

// The error's offset counts from the start of the message.
ParsedUri uri_of(const MessageView& message, HeaderId id, const Address& address) {
  ParsedUri uri(address ? address->uri : std::string_view());
  if (!address) {
    uri.fail(address.error());
  } else if (!uri) {
    const ParseError error = uri.error();
    uri.fail({error.fault, id, message.offset_of(address->uri) + error.offset});
  }
  return uri;
}

}  // namespace

const ParsedUri& MessageView::from_uri() const {
  return index_->values.from_uri.get(
      [this] { return uri_of(*this, HeaderId::From, typed<HeaderId::From>()); });
}

const ParsedUri& MessageView::to_uri() const {
  return index_->values.to_uri.get(
      [this] { return uri_of(*this, HeaderId::To, typed<HeaderId::To>()); });
}

const ParsedUri& MessageView::contact_uri() const {
  return index_->values.contact_uri.get(
      [this] { return uri_of(*this, HeaderId::Contact, typed<HeaderId::Contact>()); });
}

const ParsedUri& MessageView::route_uri() const {
  return index_->values.route_uri.get(
      [this] { return uri_of(*this, HeaderId::Route, typed<HeaderId::Route>()); });
}

std::string_view MessageView::from_tag() const {
  const Address& from = typed<HeaderId::From>();
  return from ? from->tag() : std::string_view();
}

std::string_view MessageView::to_tag() const {
  const Address& to = typed<HeaderId::To>();
  return to ? to->tag() : std::string_view();
}

}  // namespace tipring::sip
