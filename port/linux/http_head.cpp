#include "port/linux/http_head.h"

#include <algorithm>
#include <charconv>

namespace tipring::port {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr int kGood = 200;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equal_names(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 9110 5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The fields that decide on the request's length and on whom it is for.
struct Seen {
  std::string_view method, target, host, length, expect;
  bool old_version = false;
  size_t fields = 0, hosts = 0, lengths = 0, codings = 0;
};

int take_request_line(std::string_view line, Seen& seen) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  seen.method = line.substr(0, first);
  seen.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  const bool visible = std::all_of(seen.target.begin(), seen.target.end(),
                                   [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_token(seen.method) || !visible || !version.starts_with("HTTP/")) return 400;
  seen.old_version = version == "HTTP/1.0";
  return version == "HTTP/1.1" || seen.old_version ? kGood : 505;
}

int take_field(std::string_view line, Seen& seen) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return 400;
  // No space before the colon, and no line that goes on in the next: RFC 9112 5.1, 5.2.
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_token(name) || !is_http_value(value)) return 400;
  if (++seen.fields > kHttpFieldsMax) return 431;
  const auto take = [&](std::string_view wanted, std::string_view& into, size_t& count) {
    if (!equal_names(name, wanted)) return;
    into = value;
    ++count;
  };
  std::string_view coding;
  size_t expects = 0;
  take("Host", seen.host, seen.hosts);
  take("Content-Length", seen.length, seen.lengths);
  take("Transfer-Encoding", coding, seen.codings);
  take("Expect", seen.expect, expects);
  return kGood;
}

// "/path", "*", or the absolute form of a page of the host that is asked (RFC 9112 3.2).
bool is_for_us(const Seen& seen) {
  if (seen.target.starts_with('/') || seen.target == "*") return true;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!seen.target.starts_with(scheme)) continue;
    const std::string_view rest = seen.target.substr(scheme.size());
    return !seen.host.empty() && equal_names(rest.substr(0, rest.find_first_of("/?")), seen.host);
  }
  return false;
}

// Two lengths, or a length and a coding, are how a request is smuggled past another reader (RFC 9112
// 11.2), so nothing is guessed here.
int take_length(const Seen& seen, size_t& bytes) {
  if (seen.codings != 0) return seen.lengths == 0 ? 411 : 400;
  if (seen.lengths == 0) return kGood;
  const char* const end = seen.length.data() + seen.length.size();
  const bool digits =
      !seen.length.empty() && seen.length.find_first_not_of("0123456789") == seen.length.npos;
  if (seen.lengths != 1 || !digits) return 400;
  const auto result = std::from_chars(seen.length.data(), end, bytes);
  if (result.ec != std::errc() || result.ptr != end) return 413;
  // evhttp takes no body of HEAD and would read it as the next request.
  return bytes != 0 && seen.method == "HEAD" ? 400 : kGood;
}

int finish(const Seen& seen, HttpHead& head) {
  // evhttp says 501 to it and never looks at that connection again.
  if (seen.method == "CONNECT") return 501;
  // RFC 9112 3.2
  if (seen.hosts > 1 || (seen.hosts == 0 && !seen.old_version) || !is_for_us(seen)) return 400;
  if (!seen.expect.empty() && !equal_names(seen.expect, "100-continue")) return 417;
  head.expects_continue = !seen.expect.empty() && !seen.old_version;
  return take_length(seen, head.body_bytes);
}

}  // namespace

HttpHead check_http_head(std::string_view text) {
  Seen seen;
  HttpHead head;
  // One empty line before a request is let pass: RFC 9112 2.2.
  size_t at = text.starts_with(kLineEnd) ? kLineEnd.size() : 0;
  for (bool first = true;; first = false) {
    const size_t end = text.find(kLineEnd, at);
    const size_t next = end == text.npos ? text.size() : end + kLineEnd.size();
    if (next > kHttpHeadMax) return {first ? 414 : 431};
    if (end == text.npos) return {};
    const std::string_view line = text.substr(at, end - at);
    at = next;
    if (line.empty() && !first) break;
    const int status = first ? take_request_line(line, seen) : take_field(line, seen);
    if (status != kGood) return {status};
  }
  head.bytes = at;
  head.status = finish(seen, head);
  return head;
}

bool is_http_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) || c == '\t';
  });
}

bool has_http_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (equal_names(trim(list.substr(0, end)), token)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string_view find_cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = trim(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return pair.substr(equals + 1);
  }
  return {};
}

}  // namespace tipring::port
