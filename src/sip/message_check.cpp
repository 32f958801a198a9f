#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::sip {

namespace {

// Finds the first of the headers that every message must have and that cannot be read.
template <HeaderId Id>
bool is_faulty(const MessageView& message, std::optional<ParseError>& error) {
  const auto value = message.typed<Id>();
  if (!value) error = value.error();
  return error.has_value();
}

// The Via values below the top one: a response would have to pass them (16.7 step 3).
std::optional<ParseError> find_bad_via(const MessageView& message) {
  for (const std::string_view value : message.values(HeaderId::Via)) {
    const auto via = parse_via(value);
    const auto offset = message.offset_of(value);
    if (!via) return ParseError{via.error().fault, HeaderId::Via, offset + via.error().offset};
    if (via->version != "2.0") return ParseError{ParseFault::BadVia, HeaderId::Via, offset};
  }
  return std::nullopt;
}

// An address whose URI is SIP's must be good in full, since who may call is decided by it.
std::optional<ParseError> find_bad_uri(const MessageView& message, HeaderId id) {
  const std::string_view value = message.first_value(id);
  const auto address = parse_name_addr(value);
  if (!address) return ParseError{address.error().fault, id, message.offset_of(value)};
  const auto uri = parse_uri(address->uri);
  if (uri || uri.error().fault == ParseFault::UnknownScheme) return std::nullopt;
  return ParseError{uri.error().fault, id, message.offset_of(address->uri) + uri.error().offset};
}

// Only what every response needs as well: it is forwarded whatever else is wrong with it.
std::optional<ParseError> check_all(const MessageView& message) {
  if (const std::optional<HeaderView> line = message.repeated_header()) {
    return ParseError{ParseFault::DuplicateHeader, line->id(), message.offset_of(line->line())};
  }
  std::optional<ParseError> error;
  if (is_faulty<HeaderId::Via>(message, error) || is_faulty<HeaderId::From>(message, error) ||
      is_faulty<HeaderId::To>(message, error) || is_faulty<HeaderId::CallId>(message, error) ||
      is_faulty<HeaderId::CSeq>(message, error)) {
    return error;
  }
  if (message.has(HeaderId::MaxForwards)) is_faulty<HeaderId::MaxForwards>(message, error);
  return error;
}

}  // namespace

std::optional<ParseError> check_message(const MessageView& message) {
  if (const auto error = check_all(message); error || message.is_response()) return error;
  const auto cseq = message.typed<HeaderId::CSeq>();
  if (cseq->method_text != message.method_text()) {
    return ParseError{ParseFault::MethodMismatch, HeaderId::CSeq,
                      message.offset_of(cseq->method_text)};
  }
  if (const auto error = find_bad_via(message)) return error;
  for (const HeaderId id : {HeaderId::From, HeaderId::To}) {
    if (const auto error = find_bad_uri(message, id)) return error;
  }
  return std::nullopt;
}

}  // namespace tipring::sip
