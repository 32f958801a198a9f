#include "dialog/ua_dialog.h"

#include <array>

#include "core/text.h"
#include "dialog/route_set.h"
#include "sip/headers.h"
#include "sip/name_addr.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::dialog {

namespace {

std::string_view text_of(const sip::MessageView& message, sip::HeaderId id) {
  return message.header(id).value_or(std::string_view());
}

// The first of `routes`, which is left with the others. Without a text: there is none.
sip::ParsedUri take_first(std::string_view& routes) {
  std::string_view value;
  if (!sip::next_list_value(routes, value)) return {};
  const auto route = sip::parse_name_addr(value);
  return route ? sip::ParsedUri(route->uri) : sip::ParsedUri();
}

bool is_strict(const sip::ParsedUri& route) { return route && !route->param("lr"); }

// 12.1.2: from the bottom up.
Result<std::string_view> reversed_routes(const sip::MessageView& response, RouteSetText& room) {
  std::array<std::string_view, UaDialog::kRoutesMax> values;
  size_t count = 0;
  for (const std::string_view value : response.values(sip::HeaderId::RecordRoute)) {
    if (count == values.size()) return Error::TooLong;
    values[count++] = value;
  }
  sip::Writer out(room);
  while (count != 0) {
    if (out.size() != 0) out.text(", ");
    out.unfolded(values[--count]);
  }
  if (out.full()) return Error::TooLong;
  return out.view();
}

// A value of From or To, with a tag behind it.
Result<std::string_view> tagged(std::string_view address, std::string_view tag,
                                std::span<char> room) {
  sip::Writer out(room);
  const auto parsed = sip::parse_name_addr(address);
  out.unfolded(address);
  if (!parsed || parsed->tags == 0) out.text(";tag=").text(tag);
  if (out.full()) return Error::TooLong;
  return out.view();
}

constexpr size_t kAddressMax = 2048;

}  // namespace

Result<void> UaDialog::begin(MessageSlabs& slabs, const Beginning& beginning) {
  std::array<char, kAddressMax> room;
  const Result<std::string_view> from = tagged(beginning.local, beginning.local_tag, room);
  if (!from) return from.error();
  return texts_.assign(
      slabs, {beginning.call_id, beginning.local_tag, *from, beginning.contact_user, "", "",
              beginning.remote, beginning.target, beginning.routes});
}

Result<void> UaDialog::begin_as_uas(MessageSlabs& slabs, const sip::MessageView& invite,
                                    std::string_view local_tag) {
  RouteSetText room;
  const Result<std::string_view> routes = routes_to_caller(invite, room);
  if (!routes) return routes.error();
  std::array<char, kAddressMax> address;
  const Result<std::string_view> local =
      tagged(text_of(invite, sip::HeaderId::To), local_tag, address);
  if (!local) return local.error();
  const auto& cseq = invite.typed<sip::HeaderId::CSeq>();
  first_cseq_ = remote_cseq_ = cseq ? cseq->number : 0;
  const sip::ParsedUri& uri = invite.parsed_request_uri();
  const std::string_view user = uri ? uri->user : std::string_view();
  return texts_.assign(slabs, {text_of(invite, sip::HeaderId::CallId), local_tag, *local, user, "",
                               invite.from_tag(), text_of(invite, sip::HeaderId::From),
                               invite.contact_uri().text, *routes});
}

Result<void> UaDialog::learn_remote(MessageSlabs& slabs, const sip::MessageView& response) {
  RouteSetText room;
  const Result<std::string_view> routes = reversed_routes(response, room);
  if (!routes) return routes.error();
  Result<void> done = texts_.replace(slabs, Text::CalleeTag, response.to_tag());
  if (done) {
    done = texts_.replace(slabs, Text::CalleeAddress, text_of(response, sip::HeaderId::To));
  }
  if (done) done = texts_.replace(slabs, Text::CalleeRoutes, *routes);
  const std::string_view target = response.contact_uri().text;
  if (done && !target.empty()) done = texts_.replace(slabs, Text::CalleeTarget, target);
  return done;
}

void UaDialog::begin_again(MessageSlabs& slabs, const sip::MessageView& request) {
  forget_remote(slabs);
  RouteSetText room;
  sip::Writer routes(room);
  for (const std::string_view value : request.values(sip::HeaderId::Route)) {
    if (routes.size() != 0) routes.text(", ");
    routes.unfolded(value);
  }
  // What was taken back is not longer than what has stood there before.
  static_cast<void>(
      texts_.replace(slabs, Text::CalleeAddress, text_of(request, sip::HeaderId::To)));
  static_cast<void>(texts_.replace(slabs, Text::CalleeTarget, request.request_uri()));
  static_cast<void>(texts_.replace(slabs, Text::CalleeRoutes, routes.view()));
}

Result<void> UaDialog::fork(MessageSlabs& slabs, const UaDialog& first) {
  const Result<void> copied = texts_.copy(slabs, first.texts_);
  if (!copied) return copied;
  forget_remote(slabs);
  local_cseq_ = first.local_cseq_;
  return {};
}

// What goes makes room, so that nothing is wanted.
void UaDialog::forget_remote(MessageSlabs& slabs) {
  static_cast<void>(texts_.replace(slabs, Text::CalleeTag, ""));
  remote_cseq_ = 0;
}

void UaDialog::refresh_target(MessageSlabs& slabs, const sip::MessageView& message) {
  const std::string_view uri = message.contact_uri().text;
  if (!uri.empty()) static_cast<void>(texts_.replace(slabs, Text::CalleeTarget, uri));
}

bool UaDialog::accept_cseq(uint32_t number) {
  if (number <= remote_cseq_) return false;
  remote_cseq_ = number;
  return true;
}

bool UaDialog::owns(const sip::MessageView& request) const {
  return request.to_tag() == local_tag() && request.from_tag() == remote_tag() &&
         text_of(request, sip::HeaderId::CallId) == call_id();
}

bool UaDialog::began_with(const sip::MessageView& invite) const {
  const auto& cseq = invite.typed<sip::HeaderId::CSeq>();
  return cseq && cseq->number == first_cseq_ && invite.from_tag() == remote_tag() &&
         text_of(invite, sip::HeaderId::CallId) == call_id();
}

sip::ParsedUri UaDialog::next_hop() const {
  std::string_view routes = this->routes();
  return routes.empty() ? sip::ParsedUri(remote_target()) : take_first(routes);
}

Result<size_t> UaDialog::write_request(sip::Method method, uint32_t cseq,
                                       const RequestContent& content, std::span<char> out) const {
  const std::string_view target =
      content.request_uri.empty() ? remote_target() : content.request_uri;
  if (target.empty()) return Error::Invalid;
  std::string_view rest = routes();
  const sip::ParsedUri first = take_first(rest);
  const bool strict = is_strict(first);
  sip::Writer writer(out);
  writer.text(sip::to_text(method)).text(" ");
  sip::write_request_uri(writer, strict ? first.text : target);
  writer.text(" SIP/2.0\r\n").header(sip::HeaderId::Via, content.via);
  writer.header(sip::HeaderId::MaxForwards, uint64_t{content.max_forwards});
  if (content.max_breadth != 0) {
    writer.header(sip::HeaderId::MaxBreadth, uint64_t{content.max_breadth});
  }
  if (!strict && !first.text.empty()) writer.header(sip::HeaderId::Route, routes());
  if (strict && !rest.empty()) writer.header(sip::HeaderId::Route, trim(rest));
  if (strict) writer.text("Route: <").text(target).text(">\r\n");
  writer.header(sip::HeaderId::From, local_address());
  writer.header(sip::HeaderId::To, remote_address());
  writer.header(sip::HeaderId::CallId, call_id());
  writer.text("CSeq: ").number(cseq).text(" ").text(sip::to_text(method)).crlf();
  if (!content.contact.empty()) writer.header(sip::HeaderId::Contact, content.contact);
  writer.text(content.lines).text(content.more_lines).text(content.credentials);
  if (!content.body.empty()) writer.header(sip::HeaderId::ContentType, content.content_type);
  writer.header(sip::HeaderId::ContentLength, content.body.size()).crlf().text(content.body);
  return writer.finish();
}

}  // namespace tipring::dialog
