#include "sip/writer.h"

#include <algorithm>

#include "core/text.h"
#include "sip/chars.h"
#include "sip/headers.h"
#include "sip/scan_line.h"
#include "sip/status.h"

namespace tipring::sip {

namespace {

void copy_lines(Writer& out, const MessageView& from, HeaderId id) {
  for (const HeaderView line : from.headers(id)) out.header(id, line);
}

void copy_first(Writer& out, const MessageView& from, HeaderId id) {
  const HeaderChain lines = from.headers(id);
  if (!lines.empty()) out.header(id, *lines.begin());
}

bool has_all(const MessageView& request) {
  return request.has(HeaderId::Via) && request.has(HeaderId::From) && request.has(HeaderId::To) &&
         request.has(HeaderId::CallId) && request.has(HeaderId::CSeq);
}

// All Via values in order, one a line, the first with its fix-up.
void write_vias(Writer& out, const MessageView& request, const ViaFixUp& fix_up) {
  bool top = true;
  for (const std::string_view value : request.values(HeaderId::Via)) {
    out.text("Via: ");
    const auto& via = request.typed<HeaderId::Via>();
    if (top && via) {
      write_fixed_via(out, value, *via, fix_up);
    } else {
      out.unfolded(value);
    }
    out.crlf();
    top = false;
  }
}

// `to` is the value of the first line.
bool has_tag(const MessageView& request, std::string_view to) {
  if (to.empty()) return false;
  const auto& address = request.typed<HeaderId::To>();
  return address && address->tags != 0;
}

void write_to(Writer& out, const MessageView& request, std::string_view tag) {
  const auto to = request.header(HeaderId::To);
  if (!to) return;
  out.text("To: ").unfolded(*to);
  const bool adds_tag = !tag.empty() && !has_tag(request, *to);
  if (adds_tag) out.text(";tag=").text(tag);
  out.crlf();
}

void write_body(Writer& out, std::string_view content_type, std::string_view body) {
  if (!body.empty()) out.header(HeaderId::ContentType, content_type);
  out.header(HeaderId::ContentLength, body.size()).crlf().text(body);
}

// The request line and the headers that an ACK or CANCEL takes from the request that we sent: its
// top Via alone.
void write_companion(Writer& out, const MessageView& request, std::string_view method,
                     std::string_view to, std::string_view lines) {
  out.text(method).text(" ").text(request.request_uri()).text(" SIP/2.0\r\n");
  out.header(HeaderId::Via, *request.values(HeaderId::Via).begin());
  out.header(HeaderId::MaxForwards, uint64_t{70});
  copy_lines(out, request, HeaderId::Route);
  out.header(HeaderId::From, *request.header(HeaderId::From));
  out.header(HeaderId::To, to);
  out.header(HeaderId::CallId, *request.header(HeaderId::CallId));
  const auto& cseq = request.typed<HeaderId::CSeq>();
  out.text("CSeq: ").number(cseq ? cseq->number : 0).text(" ").text(method).crlf();
  // RFC 3841 5: equal to those of the request, for the sake of stateless proxies.
  for (const HeaderId id :
       {HeaderId::AcceptContact, HeaderId::RejectContact, HeaderId::RequestDisposition}) {
    copy_lines(out, request, id);
  }
  out.text(lines);
  write_body(out, {}, {});
}

}  // namespace

Writer& Writer::text(std::string_view piece) {
  if (char* const room = take(piece.size())) copy_text(room, piece);
  return *this;
}

Writer& Writer::number(uint64_t value) {
  char digits[kNumberTextMax];
  return text(write_u64(value, digits));
}

Writer& Writer::header(HeaderId id, std::string_view value) { return header(to_text(id), value); }

Writer& Writer::unfolded(std::string_view piece) {
  for (size_t at; (at = find_line_break(piece, 0)) < piece.size();) {
    text(piece.substr(0, at));
    const size_t behind = std::min(piece.find_first_not_of("\r\n", at), piece.size());
    piece.remove_prefix(behind);
    // What follows a fold is a blank, which stands for it. Line ends that are none become one.
    if (piece.empty() || (piece.front() != ' ' && piece.front() != '\t')) text(" ");
  }
  return text(piece);
}

Writer& Writer::header(std::string_view name, std::string_view value) {
  if (find_line_break(value, 0) == value.size()) return line(name, value);
  return text(name).text(": ").unfolded(value).crlf();
}

Writer& Writer::header(HeaderId id, const HeaderView& line) {
  return line.folded() ? header(id, line.value()) : this->line(to_text(id), line.value());
}

Writer& Writer::line(std::string_view name, std::string_view value) {
  char* at = take(name.size() + value.size() + 4);
  if (at == nullptr) return *this;
  at = copy_text(copy_text(at, name), ": ");
  copy_text(copy_text(at, value), "\r\n");
  return *this;
}

Writer& Writer::header(HeaderId id, uint64_t value) {
  return text(to_text(id)).text(": ").number(value).crlf();
}

Writer& Writer::quoted(std::string_view value) {
  text("\"");
  for (size_t special; (special = value.find_first_of("\"\\")) != std::string_view::npos;) {
    text(value.substr(0, special)).text("\\").text(value.substr(special, 1));
    value.remove_prefix(special + 1);
  }
  return text(value).text("\"");
}

Result<size_t> Writer::finish() const {
  if (full_) return Error::BufferFull;
  return size();
}

ViaFixUp make_via_fix_up(const Via& top, const port::SocketAddress& source) {
  const bool add_received = top.wants_rport || port::parse_ip(top.host) != source.ip;
  return {add_received, top.wants_rport, source};
}

namespace {

// The parameters as they stand, without the two.
void write_plain_params(Writer& out, const Via& via) {
  std::string_view first = via.rport_param;
  std::string_view second = via.received_param;
  if (second.data() < first.data()) std::swap(first, second);
  std::string_view rest = via.params;
  for (const std::string_view piece : {first, second}) {
    if (piece.empty()) continue;
    const auto at = static_cast<size_t>(piece.data() - rest.data());
    out.text(between(rest, 0, at));
    rest = between(rest, at + piece.size(), rest.size());
  }
  out.text(rest);
}

// The same of what has blanks, folds, quotes or empty parameters in it.
void write_odd_params(Writer& out, const Via& via) {
  Param param;
  for (std::string_view rest = via.params; next_param(rest, param) == ParamStatus::Found;) {
    if (iequals(param.name, "received") || iequals(param.name, "rport")) continue;
    out.text(";").text(param.name);
    if (param.quoted) {
      out.text("=\"").unfolded(param.value).text("\"");
    } else if (param.has_value) {
      out.text("=").text(param.value);
    }
  }
}

}  // namespace

void write_fixed_via(Writer& out, std::string_view value, const Via& via, const ViaFixUp& fix_up) {
  if (!fix_up.add_received && !fix_up.set_rport) {
    out.unfolded(value);
    return;
  }
  out.unfolded(trim_lws(value.substr(0, static_cast<size_t>(via.params.data() - value.data()))));
  if (via.plain) {
    write_plain_params(out, via);
  } else {
    write_odd_params(out, via);
  }
  char address[port::kAddressTextMax];
  if (fix_up.add_received) out.text(";received=").text(port::write_ip(fix_up.source.ip, address));
  if (fix_up.set_rport) out.text(";rport=").number(fix_up.source.port);
}

Result<size_t> write_response(const MessageView& request, uint16_t status,
                              const ResponseParts& parts, std::span<char> out) {
  if (!request.has(HeaderId::Via)) return Error::Invalid;
  Writer writer(out);
  writer.text("SIP/2.0 ").number(status).text(" ");
  writer.text(parts.reason.empty() ? default_reason(status) : parts.reason).crlf();
  write_vias(writer, request, parts.via);
  if (parts.copy_record_route) copy_lines(writer, request, HeaderId::RecordRoute);
  copy_first(writer, request, HeaderId::From);
  write_to(writer, request, parts.to_tag);
  copy_first(writer, request, HeaderId::CallId);
  copy_first(writer, request, HeaderId::CSeq);
  if (status == status::kTrying) copy_lines(writer, request, HeaderId::Timestamp);
  writer.text(parts.headers);
  write_body(writer, parts.content_type, parts.body);
  return writer.finish();
}

Result<size_t> write_ack_for_failure(const MessageView& request, const MessageView& response,
                                     std::span<char> out) {
  if (!has_all(request) || !response.has(HeaderId::To)) return Error::Invalid;
  Writer writer(out);
  write_companion(writer, request, "ACK", *response.header(HeaderId::To), {});
  return writer.finish();
}

Result<size_t> write_cancel(const MessageView& request, std::span<char> out,
                            std::string_view lines) {
  if (!has_all(request)) return Error::Invalid;
  Writer writer(out);
  write_companion(writer, request, "CANCEL", *request.header(HeaderId::To), lines);
  return writer.finish();
}

}  // namespace tipring::sip
