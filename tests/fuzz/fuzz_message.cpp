// Messages from datagrams and streams, and what is written from them. The first byte chooses the
// framing.
#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"
#include "sip/headers.h"
#include "sip/message_edit.h"
#include "sip/session_body.h"

namespace {

using namespace tipring;
using fuzz::check;
using fuzz::check_inside;

std::array<char, 80000> g_out;

void check_view(const sip::MessageView& view, std::string_view received) {
  check_inside(view.text(), received);
  check(view.head().size() + view.body().size() == view.text().size(),
        "head and body are the text");
  check_inside(view.request_uri(), view.text());
  check_inside(view.method_text(), view.text());
  check_inside(view.reason(), view.text());
  size_t lines = 0;
  const char* last = nullptr;
  for (const sip::HeaderView line : view.headers()) {
    check_inside(line.line(), view.head());
    check_inside(line.name(), line.line());
    check_inside(line.value(), line.line());
    check(line.line().data() > last, "lines stand in order");
    check(sip::find_header_id(line.name()) == line.id(), "the name decides the id");
    last = line.line().data();
    ++lines;
  }
  size_t chained = 0;
  for (size_t id = 0; id < sip::kHeaderIdCount; ++id) {
    for (const sip::HeaderView line : view.headers(static_cast<sip::HeaderId>(id))) {
      check(line.id() == static_cast<sip::HeaderId>(id), "chains hold one header");
      ++chained;
    }
    for (const std::string_view value : view.values(static_cast<sip::HeaderId>(id)))
      check_inside(value, view.head());
  }
  check(lines == chained && lines == view.header_count(), "every line is in one chain");
  const auto error = sip::check_message(view);
  check(!error || error->offset <= view.text().size(), "a fault lies inside the message");
  check_inside(sip::find_session_body(view).text, view.body());
}

// Every line of the head ends in CR LF, and no CR or LF stands elsewhere.
void check_line_ends(std::string_view head) {
  for (size_t at = 0; at < head.size(); ++at) {
    if (head[at] == '\r')
      check(at + 1 < head.size() && head[at + 1] == '\n', "no bare CR is written");
    if (head[at] == '\n') check(at > 0 && head[at - 1] == '\r', "no bare LF is written");
  }
}

std::string_view written(const Result<size_t>& size) {
  return size ? std::string_view(g_out.data(), *size) : std::string_view();
}

void check_forwarded(const sip::MessageView& view, std::string_view text) {
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(text, index, sip::Framing::Stream);
  if (parsed.status == sip::ParseStatus::Malformed) {
    const sip::ParseFault fault = parsed.error.fault;
    check(fault == sip::ParseFault::TooLarge || fault == sip::ParseFault::TooManyHeaders,
          "what was written can be read");
    return;
  }
  check(parsed.status == sip::ParseStatus::Complete && parsed.used == text.size(),
        "what was written is whole");
  check_line_ends(parsed.view.head());
  check(parsed.view.body() == view.body(), "the body stays");
  check(parsed.view.headers(sip::HeaderId::Other).empty() ==
            view.headers(sip::HeaderId::Other).empty(),
        "unknown headers stay");
  for (const sip::HeaderId id : {sip::HeaderId::CallId, sip::HeaderId::CSeq}) {
    check(parsed.view.has(id) == view.has(id), "known headers stay");
  }
}

void check_writers(const sip::MessageView& view) {
  if (view.is_response()) {
    check_forwarded(view, written(sip::write_forwarded_response(view, {}, g_out)));
    return;
  }
  constexpr std::string_view kValue[] = {"<sip:192.0.2.1;lr>"};
  sip::RequestEdit edit;
  edit.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1";
  edit.record_routes = kValue;
  edit.routes_removed = view.body().size() % 4;
  if (const auto via = view.typed<sip::HeaderId::Via>()) {
    edit.top_via = sip::make_via_fix_up(*via, {*port::parse_ip("192.0.2.7"), 4000});
  }
  check_forwarded(view, written(sip::write_forwarded_request(view, edit, g_out)));
}

void check_answers(const sip::MessageView& view) {
  sip::ResponseParts parts;
  parts.to_tag = "tag";
  parts.copy_record_route = true;
  sip::HeaderIndex index;
  const std::string_view response = written(sip::write_response(view, 400, parts, g_out));
  if (response.empty()) return;
  const sip::ParsedMessage parsed = sip::parse_message(response, index, sip::Framing::Stream);
  if (parsed.status == sip::ParseStatus::Malformed) {
    check(parsed.error.fault == sip::ParseFault::TooManyHeaders ||
              parsed.error.fault == sip::ParseFault::TooLarge,
          "a response can be read");
    return;
  }
  check(parsed.view.status() == 400, "a response has its status");
  check_line_ends(parsed.view.head());
  check_line_ends(written(sip::write_cancel(view, g_out)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const sip::Framing framing = (data[0] & 1) != 0 ? sip::Framing::Stream : sip::Framing::Datagram;
  const fuzz::Input input(data + 1, size - 1);
  const std::string_view text = input.view();
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(text, index, framing);
  check(parsed.used <= text.size(), "no more is used than was there");
  check(parsed.status != sip::ParseStatus::Incomplete || framing == sip::Framing::Stream,
        "a datagram is never incomplete");
  check(parsed.needed == 0 || parsed.needed > text.size(),
        "what is needed is more than what is there");
  check_view(parsed.view, text);
  if (parsed.status == sip::ParseStatus::Complete) check_writers(parsed.view);
  if (parsed.view.is_request()) check_answers(parsed.view);

  // A search that was interrupted ends where one in a single piece does.
  const size_t cut = std::min<size_t>(data[0], text.size());
  if (sip::find_end_of_headers(text.substr(0, cut)) == sip::kNotFound) {
    check(sip::find_end_of_headers(text, cut) == sip::find_end_of_headers(text),
          "searching can be resumed");
  }
  return 0;
}
