#include "service/leg_rewrite.h"

#include "sip/writer.h"

namespace tipring::service {

Result<size_t> write_again(const sip::MessageView& request, const Rewrite& rewrite,
                           std::span<char> out) {
  sip::Writer writer(out);
  writer.text(request.method_text()).text(" ");
  writer.text(rewrite.request_uri.empty() ? request.request_uri() : rewrite.request_uri);
  writer.text(" SIP/2.0\r\n");
  for (const sip::HeaderView line : request.headers()) {
    if (line.id() == sip::HeaderId::Via) {
      writer.header(sip::HeaderId::Via, rewrite.via);
    } else if (line.id() == sip::HeaderId::Contact && !rewrite.contact.empty()) {
      writer.header(sip::HeaderId::Contact, rewrite.contact);
    } else if (line.id() == sip::HeaderId::CSeq && rewrite.cseq != 0) {
      writer.text("CSeq: ").number(rewrite.cseq).text(" ").text(request.method_text()).crlf();
    } else if (line.id() == sip::HeaderId::ContentLength) {
      continue;  // behind the lines that are added
    } else if (rewrite.filter == nullptr || rewrite.filter->keep(line)) {
      writer.text(line.line()).crlf();
    }
  }
  writer.text(rewrite.lines);
  writer.header(sip::HeaderId::ContentLength, request.body().size()).crlf();
  return writer.text(request.body()).finish();
}

}  // namespace tipring::service
