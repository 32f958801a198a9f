// Header fields in a URI: "sip:carol@h?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2". RFC 3261 19.1.1,
// 19.1.5 and 25.1. They come from strangers, so only those are honoured that can do no harm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "core/text.h"
#include "sip/header_id.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::service {

// Calls visit(name, value) for each, in order, as they are written: escapes stay.
template <class Visit>
void visit_uri_headers(std::string_view headers, const Visit& visit) {
  size_t end = 0;
  for (size_t start = 0; start < headers.size(); start = end + 1) {
    end = std::min(headers.find('&', start), headers.size());
    const std::string_view one = between(headers, start, end);
    const size_t equals = std::min(one.find('='), one.size());
    visit(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
  }
}

// What a request formed from a URI may say because of it.
bool may_come_from_uri(sip::HeaderId id);

// The value of the header, without its escapes; empty where there is none or more than one of that
// name, or where `out` is too small.
std::string_view uri_header(const sip::Uri& uri, sip::HeaderId id, std::span<char> out);

// Whether there is one of that name.
bool names_header(const sip::Uri& uri, sip::HeaderId id);

// A line for each header that may come from a URI, but for `without`. What would not stay one line
// is left out. Errors: BufferFull.
Result<std::string_view> write_lines_of_uri(const sip::Uri& uri, sip::HeaderId without,
                                            std::span<char> out);

// Writes a value so that it may stand behind "=".
void write_uri_header_value(sip::Writer& out, std::string_view value);

}  // namespace tipring::service
