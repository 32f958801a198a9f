#include "dialog/bye.h"

#include "core/text.h"
#include "sip/message.h"
#include "sip/name_addr.h"
#include "sip/writer.h"

namespace tipring::dialog {

namespace {

constexpr uint32_t kCSeqMax = 0x7fffffff;  // 8.1.1.5
constexpr uint64_t kMaxForwards = 70;

// The first of `routes`, which is left with the others. Without a text: there is none.
sip::ParsedUri take_first(std::string_view& routes) {
  std::string_view value;
  if (!sip::next_list_value(routes, value)) return {};
  const auto route = sip::parse_name_addr(value);
  return route ? sip::ParsedUri(route->uri) : sip::ParsedUri();
}

bool is_strict(const sip::ParsedUri& route) { return route && !route->param("lr"); }

uint32_t next_cseq(const Peer& peer) { return peer.cseq < kCSeqMax ? peer.cseq + 1 : kCSeqMax; }

}  // namespace

sip::ParsedUri next_hop(const Dialog& dialog, Side to) {
  std::string_view routes = dialog.routes(to);
  return routes.empty() ? sip::ParsedUri(dialog.target(to)) : take_first(routes);
}

Result<size_t> write_bye(const Dialog& dialog, Side to, std::string_view via,
                         std::string_view reason, std::span<char> out) {
  const std::string_view target = dialog.target(to);
  if (target.empty() || dialog.address(Side::Callee).empty()) return Error::Invalid;
  std::string_view rest = dialog.routes(to);
  const sip::ParsedUri first = take_first(rest);
  const bool strict = is_strict(first);
  sip::Writer writer(out);
  writer.text("BYE ");
  sip::write_request_uri(writer, strict ? first.text : target);
  writer.text(" SIP/2.0\r\n").header(sip::HeaderId::Via, via);
  writer.header(sip::HeaderId::MaxForwards, kMaxForwards);
  if (!strict && !first.text.empty()) writer.header(sip::HeaderId::Route, dialog.routes(to));
  if (strict && !rest.empty()) writer.header(sip::HeaderId::Route, trim(rest));
  if (strict) writer.text("Route: <").text(target).text(">\r\n");
  writer.header(sip::HeaderId::From, dialog.address(other(to)));
  writer.header(sip::HeaderId::To, dialog.address(to));
  writer.header(sip::HeaderId::CallId, dialog.texts.get(Text::CallId));
  writer.text("CSeq: ").number(next_cseq(dialog.peer(other(to)))).text(" BYE\r\n");
  writer.header(sip::HeaderId::Reason, reason);
  writer.header(sip::HeaderId::ContentLength, uint64_t{0}).crlf();
  return writer.finish();
}

}  // namespace tipring::dialog
