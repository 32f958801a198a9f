#include <algorithm>

#include "core/text.h"
#include "transport/trace.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kHeaders[] = {"Authorization",       "Proxy-Authorization",
                                         "WWW-Authenticate",    "Proxy-Authenticate",
                                         "Authentication-Info", "Proxy-Authentication-Info"};
constexpr std::string_view kParams[] = {"response", "nonce", "cnonce", "nextnonce", "rspauth"};

std::string_view view(std::span<const char> bytes) { return {bytes.data(), bytes.size()}; }

void blot(std::span<char> bytes) { std::fill(bytes.begin(), bytes.end(), '*'); }

template <size_t N>
bool is_one_of(const std::string_view (&words)[N], std::string_view word) {
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view one) { return iequals(one, word); });
}

// Where a quoted string that begins at `at` ends: behind its quote, or at the end.
size_t end_of_quoted(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

// name=value, name="value", … with whatever between them.
void mask_params(std::span<char> params) {
  const std::string_view text = view(params);
  constexpr std::string_view kEnds = ", \t\r\n;";
  for (size_t at = 0; at < text.size();) {
    const size_t start = std::min(text.find_first_not_of(kEnds, at), text.size());
    const size_t end_of_name = std::min(text.find_first_of("=, \t\r\n;\"", start), text.size());
    // White space may stand around the sign (RFC 3261 25.1: EQUAL).
    const size_t equals = std::min(text.find_first_not_of(" \t\r\n", end_of_name), text.size());
    if (equals == text.size()) return;
    if (text[equals] != '=') {
      const bool quoted = text[equals] == '"';
      at = quoted ? end_of_quoted(text, equals) : std::max(equals, start + 1);
      continue;
    }
    const std::string_view name = text.substr(start, end_of_name - start);
    size_t value = std::min(text.find_first_not_of(" \t\r\n", equals + 1), text.size());
    size_t end = value;
    if (value < text.size() && text[value] == '"') {
      end = end_of_quoted(text, value);
      ++value;
    } else {
      end = std::min(text.find_first_of(kEnds, value), text.size());
    }
    const bool closed = end > value && text[end - 1] == '"';
    if (is_one_of(kParams, name)) blot(params.subspan(value, end - value - (closed ? 1 : 0)));
    at = std::max(end, equals + 1);
  }
}

void mask_header_value(std::string_view name, std::span<char> value) {
  if (iequals(name, kHeaders[4]) || iequals(name, kHeaders[5])) return mask_params(value);
  const std::string_view text = view(value);
  const size_t scheme = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const size_t end = std::min(text.find_first_of(" \t\r\n", scheme), text.size());
  if (iequals(text.substr(scheme, end - scheme), "Digest")) return mask_params(value.subspan(end));
  blot(value.subspan(std::min(text.find_first_not_of(" \t\r\n", end), text.size())));
}

void mask_body_line(std::span<char> line) {
  const std::string_view text = view(line);
  constexpr std::string_view kInline = "inline:";
  if (text.starts_with("k=")) return blot(line.subspan(2));
  if (!text.starts_with("a=crypto:")) return;
  const size_t key = text.find(kInline);
  if (key != std::string_view::npos) blot(line.subspan(key + kInline.size()));
}

}  // namespace

// sip:user:PASSWORD@host, wherever it stands in the line. What has been looked at once is not looked
// at again, as a line may be long and of nothing but schemes.
void mask_uri_passwords(std::span<char> line) {
  const std::string_view text = view(line);
  for (size_t at = text.find(':'); at < text.size(); at = text.find(':', at)) {
    const bool scheme = at >= 3 && (iequals(text.substr(at - 3, 3), "sip") ||
                                    (at >= 4 && iequals(text.substr(at - 4, 4), "sips")));
    const size_t user = ++at;
    if (!scheme) continue;
    at = std::min(text.find_first_of(" \t\r\n<>\"@", user), text.size());
    if (at == text.size() || text[at] != '@') continue;
    const size_t colon = text.substr(0, at).find(':', user);
    if (colon != std::string_view::npos) blot(line.subspan(colon + 1, at - colon - 1));
  }
}

void mask_secrets(std::span<char> message) {
  const std::string_view text = view(message);
  for (size_t at = 0; at < text.size();) {
    // A header with its folded lines: RFC 3261 7.3.1.
    size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) {
      end = std::min(text.find('\n', end), text.size() - 1) + 1;
    }
    size_t last = end;
    while (last > at && (text[last - 1] == '\r' || text[last - 1] == '\n')) --last;
    const std::span<char> line = message.subspan(at, last - at);
    const std::string_view words = view(line);
    const size_t colon = std::min(words.find(':'), words.size());
    const std::string_view name = trim(words.substr(0, colon));
    if (is_one_of(kHeaders, name) && colon < line.size()) {
      mask_header_value(name, line.subspan(colon + 1));
    } else {
      mask_body_line(line);
      mask_uri_passwords(line);
    }
    at = end;
  }
}

}  // namespace tipring::transport
