#include "core/text.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::sip {

namespace {

// RFC 2543 peers give no branch; one without a value is nothing that any grammar allows (25.1). No
// fault of parse_via(), since who sent the request can be told of it.
bool has_empty_branch(const Via& via) {
  const auto branch = via.branch.empty() ? find_param(via.params, "branch") : std::nullopt;
  return branch && branch->has_value;
}

// The Via values below the top one: a response would have to pass them (16.7 step 3).
std::optional<ParseError> find_bad_via(const MessageView& message, const Via& top) {
  const ValueRange values = message.values(HeaderId::Via);
  auto value = values.begin();
  const auto bad = [&] {
    return ParseError{ParseFault::BadVia, HeaderId::Via, message.offset_of(*value)};
  };
  if (top.version != "2.0" || has_empty_branch(top)) return bad();
  while (++value != values.end()) {
    const auto via = parse_via(*value);
    if (!via) {
      const ParseError error = via.error();
      return ParseError{error.fault, HeaderId::Via, message.offset_of(*value) + error.offset};
    }
    if (via->version != "2.0" || has_empty_branch(*via)) return bad();
  }
  return std::nullopt;
}

// An address whose URI is SIP's must be good in full, since who may call is decided by it.
std::optional<ParseError> find_bad_address(const MessageView& message, HeaderId id,
                                           const NameAddr& address,
                                           const Result<Uri, ParseError>& uri) {
  if (address.tags > 1)  // 7.3.1: no parameter stands twice, and whose dialog would it be?
    return ParseError{ParseFault::BadParameter, id, message.offset_of(address.params)};
  if (uri || uri.error().fault == ParseFault::UnknownScheme) return std::nullopt;
  return uri.error();
}

}  // namespace

// Every message passes here, so each header is read once.
std::optional<ParseError> check_message(const MessageView& message) {
  if (const std::optional<HeaderView> line = message.repeated_header()) {
    return ParseError{ParseFault::DuplicateHeader, line->id(), message.offset_of(line->line())};
  }
  const auto& via = message.typed<HeaderId::Via>();
  if (!via) return via.error();
  const auto& from = message.typed<HeaderId::From>();
  if (!from) return from.error();
  const auto& to = message.typed<HeaderId::To>();
  if (!to) return to.error();
  const auto call_id = message.typed<HeaderId::CallId>();
  if (!call_id) return call_id.error();
  const auto& cseq = message.typed<HeaderId::CSeq>();
  if (!cseq) return cseq.error();
  if (message.has(HeaderId::MaxForwards)) {
    const auto& hops = message.typed<HeaderId::MaxForwards>();
    if (!hops) return hops.error();
  }
  // A response needs no more: it is forwarded whatever else is wrong with it.
  if (message.is_response()) return std::nullopt;
  if (cseq->method_text != message.method_text()) {
    return ParseError{ParseFault::MethodMismatch, HeaderId::CSeq,
                      message.offset_of(cseq->method_text)};
  }
  if (const auto error = find_bad_via(message, *via)) return error;
  const auto fault = find_bad_address(message, HeaderId::From, *from, message.from_uri());
  return fault ? fault : find_bad_address(message, HeaderId::To, *to, message.to_uri());
}

std::string_view write_faulty_part(const MessageView& message, const ParseError& error,
                                   std::span<char> out) {
  if (error.fault != ParseFault::MissingHeader) return to_text(error.header);
  constexpr HeaderId kMandatory[] = {HeaderId::Via, HeaderId::From, HeaderId::To, HeaderId::CallId,
                                     HeaderId::CSeq};
  Writer names(out);
  for (const HeaderId id : kMandatory) {
    if (message.first_value(id).empty())
      names.text(names.size() == 0 ? "" : ", ").text(to_text(id));
  }
  return names.size() == 0 ? to_text(error.header) : names.view();
}

}  // namespace tipring::sip
