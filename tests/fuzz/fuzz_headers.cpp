// Header values. The first byte chooses the parser.
#include <array>

#include "fuzz/fuzz.h"
#include "sip/auth_params.h"
#include "sip/headers.h"
#include "sip/multipart.h"
#include "sip/tel_uri.h"
#include "sip/writer.h"

namespace {

using namespace tipring;
using fuzz::check;
using fuzz::check_inside;

std::array<char, 140000> g_out;

void check_error(const sip::ParseError& error, std::string_view text) {
  check(error.offset <= text.size(), "a fault lies inside the text");
}

void try_via(std::string_view text) {
  const auto via = sip::parse_via(text);
  if (!via) return check_error(via.error(), text);
  for (const std::string_view piece :
       {via->host, via->sent_by, via->branch, via->received, via->maddr, via->params}) {
    check_inside(piece, text);
  }
  sip::Writer out(g_out);
  sip::write_fixed_via(out, text, *via, {true, true, {*port::parse_ip("192.0.2.7"), 4000}});
  const auto fixed = sip::parse_via(out.view());
  if (!fixed)
    return check(fixed.error().fault == sip::ParseFault::TooManyParameters,
                 "a fixed Via can be read");
  const bool folded = via->branch.find_first_of("\r\n") != std::string_view::npos;
  check(fixed->host == via->host && fixed->port == via->port &&
            (folded || fixed->branch == via->branch),
        "a fixed Via is the same");
  check(fixed->received == "192.0.2.7" && fixed->rport == 4000, "a fixed Via has its fix-up");
}

void try_name_addr(std::string_view text) {
  const auto address = sip::parse_name_addr(text);
  if (!address) return check_error(address.error(), text);
  for (const std::string_view piece :
       {address->display, address->uri, address->params, address->tag()}) {
    check_inside(piece, text);
  }
  check(!address->uri.empty(), "there is a URI");
  check(sip::check_params(address->params).has_value(), "parameters follow the grammar");
  const auto name = sip::unquote(address->display, g_out);
  check(name && name->size() <= address->display.size(), "unquoting never grows");
}

void try_list(std::string_view text, bool comments) {
  std::string_view rest = text;
  std::string_view value;
  while (true) {
    const size_t before = rest.size();
    if (!sip::next_list_value(rest, value, comments)) break;
    check_inside(value, text);
    check(!value.empty() && rest.size() < before, "lists move on");
  }
  check(rest.empty(), "lists end");
}

void try_params(std::string_view text) {
  std::string_view rest = text;
  sip::Param param;
  while (true) {
    const size_t before = rest.size();
    if (sip::next_param(rest, param) != sip::ParamStatus::Found) break;
    check_inside(param.name, text);
    check_inside(param.value, text);
    check(!param.name.empty() && rest.size() < before, "parameters move on");
  }
  const auto good = sip::check_params(text);
  if (!good) check_error(good.error(), text);
}

void try_digest(std::string_view text) {
  if (const auto credentials = sip::parse_digest_credentials(text)) {
    for (const std::string_view piece :
         {credentials->username, credentials->realm, credentials->nonce, credentials->uri,
          credentials->response, credentials->nc, credentials->qop}) {
      check_inside(piece, text);
    }
  } else {
    check_error(credentials.error(), text);
  }
  if (const auto challenge = sip::parse_digest_challenge(text); !challenge)
    check_error(challenge.error(), text);
}

template <sip::HeaderId Id>
void try_typed(std::string_view text) {
  if (const auto value = sip::HeaderTraits<Id>::parse(text); !value)
    check_error(value.error(), text);
}

// The view of any header of the table; the first byte of the text says of which.
void try_any(std::string_view text) {
  if (text.empty()) return;
  const auto id =
      static_cast<sip::HeaderId>(static_cast<uint8_t>(text.front()) % sip::kHeaderIdCount);
  text.remove_prefix(1);
  switch (id) {
#define TIPRING_TRY(header, name, compact, kind, view) \
  case sip::HeaderId::header: return try_typed<sip::HeaderId::header>(text);
    TIPRING_SIP_HEADERS(TIPRING_TRY)
#undef TIPRING_TRY
    case sip::HeaderId::Other: return;
  }
}

void try_tel_uri(std::string_view text) {
  const auto uri = sip::parse_tel_uri(text);
  if (!uri) return check_error(uri.error(), text);
  check_inside(uri->number, text);
  check_inside(uri->params, text);
  check(sip::equal(*uri, *uri), "a number is equal to itself");
  const auto number = sip::write_number(*uri, g_out);
  check(number && !number->empty() && number->size() <= uri->number.size(), "separators go away");
}

void try_multipart(std::string_view text) {
  auto body = sip::Multipart::open({"multipart", "mixed", ";boundary=x"}, text);
  check(body.has_value(), "a boundary opens a body");
  sip::BodyPart part;
  size_t parts = 0;
  while (body->next(part) == sip::PartStatus::Found) {
    check_inside(part.head, text);
    check_inside(part.body, text);
    if (const auto value = part.header("Content-Type")) check_inside(*value, text);
    check(++parts <= text.size(), "parts move on");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 65535) return 0;
  const fuzz::Input input(data + 1, size - 1);
  const std::string_view text = input.view();
  switch (data[0] % 16) {
    case 0: try_via(text); break;
    case 1: try_name_addr(text); break;
    case 2: try_list(text, false); break;
    case 3: try_list(text, true); break;
    case 4: try_params(text); break;
    case 5: try_digest(text); break;
    case 6: try_typed<sip::HeaderId::CSeq>(text); break;
    case 8: try_any(text); break;
    case 9: try_tel_uri(text); break;
    case 10: try_multipart(text); break;
    default:
      try_typed<sip::HeaderId::RetryAfter>(text);
      try_typed<sip::HeaderId::CallId>(text);
      sip::find_header_id(text);
      break;
  }
  return 0;
}
