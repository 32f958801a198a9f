// URIs: alone, compared with each other, written again. A line feed parts two of them.
#include <array>

#include "core/text.h"
#include "fuzz/fuzz.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace {

using namespace tipring;
using fuzz::check;
using fuzz::check_inside;

void check_uri(std::string_view text) {
  check_inside(sip::scheme_of(text), text);
  static std::array<char, 70000> out;
  const auto plain = sip::unescape(text, out);
  check(!plain || plain->size() <= text.size(), "unescaping never grows");
  const auto uri = sip::parse_uri(text);
  if (!uri) {
    check(uri.error().offset <= text.size(), "a fault lies inside the text");
    return;
  }
  for (const std::string_view piece :
       {uri->user, uri->password, uri->host, uri->params, uri->headers}) {
    check_inside(piece, text);
  }
  check(!uri->host.empty(), "there is a host");
  check(sip::equal(*uri, *uri), "a URI equals itself");
  const auto aor = sip::write_canonical_aor(*uri, out);
  check(!aor || aor->starts_with("sip"), "an address-of-record is a SIP URI");
  sip::Writer writer(out);
  sip::write_uri(writer, *uri);
  if (writer.full()) return;
  const auto again = sip::parse_uri(writer.view());
  check(again.has_value(), "what was written can be read");
  check(again->user == uri->user && again->password == uri->password && again->host == uri->host &&
            again->port == uri->port && again->params == uri->params &&
            again->headers == uri->headers,
        "what was written reads the same");
  check(sip::equal(*uri, *again), "what was written is equal");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 65535) return 0;
  const fuzz::Input input(data, size);
  const auto [first, second] = split_once(input.view(), '\n');
  check_uri(first);
  check_uri(second);
  check(sip::equal_uris(first, second) == sip::equal_uris(second, first),
        "equality has no direction");
  return 0;
}
