#include "sip/message.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"
#include "sip/chars.h"

namespace tipring::sip {

namespace {

constexpr std::string_view kVersion = "SIP/2.0";

// Offset of the line feed that ends the line at `from`; kNotFound when there is none.
size_t find_line_feed(std::string_view text, size_t from) {
  if (from >= text.size()) return kNotFound;
  const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
  return found == nullptr ? kNotFound : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

// Where the text of a line ends that a line feed at `line_feed` ends.
size_t line_end(std::string_view text, size_t start, size_t line_feed) {
  return line_feed > start && text[line_feed - 1] == '\r' ? line_feed - 1 : line_feed;
}

size_t skip_empty_lines(std::string_view text) {
  size_t start = 0;
  while (start < text.size() && (text[start] == '\r' || text[start] == '\n')) ++start;
  return start;
}

}  // namespace

const HeaderIndex MessageView::kEmptyIndex;

size_t find_end_of_headers(std::string_view text, size_t from) {
  // An end that straddles the border of two pieces begins at most three bytes before it.
  size_t at = std::max(skip_empty_lines(text), from > 3 ? from - 3 : 0);
  while ((at = find_line_feed(text, at)) != kNotFound) {
    const size_t next = at + 1;
    if (next < text.size() && text[next] == '\n') return next + 1;
    if (next + 1 < text.size() && text[next] == '\r' && text[next + 1] == '\n') return next + 2;
    at = next;
  }
  return kNotFound;
}

bool next_list_value(std::string_view& rest, std::string_view& value, bool comments) {
  while (!rest.empty()) {
    bool quoted = false;
    bool bracketed = false;
    int depth = 0;
    size_t at = 0;
    for (; at < rest.size(); ++at) {
      const char c = rest[at];
      if (quoted) {
        if (c == '\\') {
          ++at;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (comments && c == '(') {
        ++depth;
      } else if (comments && c == ')') {
        depth = std::max(depth - 1, 0);
      } else if (depth == 0 && c == '<') {
        bracketed = true;
      } else if (c == '>') {
        bracketed = false;
      } else if (c == ',' && !bracketed && depth == 0) {
        break;
      }
    }
    value = trim_lws(rest.substr(0, std::min(at, rest.size())));
    rest.remove_prefix(std::min(at + 1, rest.size()));
    if (!value.empty()) return true;
  }
  return false;
}

ValueRange::Iterator::Iterator(HeaderChain::Iterator line, HeaderChain::Iterator end, HeaderId id)
    : line_(line), end_(end), id_(id) {
  advance();
}

void ValueRange::Iterator::advance() {
  const bool comments = id_ == HeaderId::Via;
  while (!next_list_value(rest_, value_, comments)) {
    if (line_ == end_) {
      value_ = {};
      return;
    }
    const std::string_view line = (*line_).value();
    ++line_;
    if (header_kind(id_) == HeaderKind::List) {
      rest_ = line;
    } else if (!line.empty()) {
      value_ = line;
      return;
    }
  }
}

std::optional<std::string_view> MessageView::header(HeaderId id) const {
  const HeaderChain lines = headers(id);
  if (lines.empty()) return std::nullopt;
  return (*lines.begin()).value();
}

std::optional<std::string_view> MessageView::find_header(std::string_view name) const {
  const HeaderId id = find_header_id(name);
  if (id != HeaderId::Other) return header(id);
  for (const HeaderView line : headers()) {
    if (line.id() == HeaderId::Other && iequals(line.name(), name)) return line.value();
  }
  return std::nullopt;
}

// One pass over one message. Keeps the first fault and goes on, so that a 400 can be written.
class MessageParser {
 public:
  MessageParser(std::string_view received, HeaderIndex& index, Framing framing)
      : received_(received), index_(index), framing_(framing) {
    index.first.fill(kNoSlot);
    index.count = 0;
  }

  ParsedMessage parse();

 private:
  void fail(ParseFault fault, HeaderId header, size_t offset) {
    if (failed_) return;
    failed_ = true;
    error_ = {fault, header, static_cast<uint32_t>(offset)};
  }

  bool parse_start_line(size_t end);
  void parse_request_line(std::string_view line);
  void parse_status_line(std::string_view line);
  size_t parse_headers(size_t at);
  void add_header(size_t start, size_t end, bool folded);
  ParsedMessage finish(size_t body_offset);
  ParsedMessage malformed(size_t size);

  std::string_view received_;
  HeaderIndex& index_;
  Framing framing_;
  std::string_view text_;  // without the empty lines in front
  size_t skipped_ = 0;
  MessageView view_;
  ParseError error_;
  bool failed_ = false;
};

ParsedMessage MessageParser::parse() {
  skipped_ = skip_empty_lines(received_);
  text_ = received_.substr(skipped_);
  if (framing_ == Framing::Stream && find_end_of_headers(text_) == kNotFound) {
    if (text_.size() <= kMessageSizeMax) return {};
    fail(ParseFault::TooLarge, HeaderId::Other, kMessageSizeMax);
  }
  if (text_.size() > kMessageSizeMax) {
    if (framing_ == Framing::Datagram) fail(ParseFault::TooLarge, HeaderId::Other, kMessageSizeMax);
    text_ = text_.substr(0, kMessageSizeMax);
  }
  view_.text_ = text_;
  view_.index_ = &index_;
  const size_t line_feed = find_line_feed(text_, 0);
  const size_t first_end = line_feed == kNotFound ? text_.size() : line_end(text_, 0, line_feed);
  if (!parse_start_line(first_end)) return malformed(text_.size());
  if (line_feed == kNotFound) {
    fail(ParseFault::NoEndOfHeaders, HeaderId::Other, text_.size());
    return malformed(text_.size());
  }
  const size_t body_offset = parse_headers(line_feed + 1);
  if (body_offset == kNotFound) {
    fail(ParseFault::NoEndOfHeaders, HeaderId::Other, text_.size());
    return malformed(text_.size());
  }
  return finish(body_offset);
}

// False when nothing about the line is SIP.
bool MessageParser::parse_start_line(size_t end) {
  const std::string_view line = text_.substr(0, end);
  if (istarts_with(line, "SIP/")) {
    parse_status_line(line);
    return true;
  }
  // Method SP Request-URI SP SIP-Version (7.1).
  const size_t last_space = trim(line).rfind(' ');
  const bool sip = last_space != std::string_view::npos && istarts_with(line.substr(last_space + 1), "SIP/");
  if (!sip) {
    fail(ParseFault::NotSip, HeaderId::Other, 0);
    return false;
  }
  parse_request_line(line);
  return true;
}

void MessageParser::parse_request_line(std::string_view line) {
  view_.is_request_ = true;
  line = trim(line);  // peers send a blank at its end
  const size_t method_size = kTokenChar.skip(line);
  if (method_size == 0 || method_size > UINT16_MAX || line[method_size] != ' ') {
    fail(ParseFault::BadMethod, HeaderId::Other, method_size);
    return;
  }
  view_.method_offset_ = static_cast<uint16_t>(line.data() - text_.data());
  view_.method_size_ = static_cast<uint16_t>(method_size);
  view_.method_ = parse_method(line.substr(0, method_size));
  const size_t version = line.rfind(' ') + 1;
  if (!iequals(line.substr(version), kVersion)) {
    fail(ParseFault::BadVersion, HeaderId::Other, version);
  }
  const size_t uri_start = method_size + 1;
  const std::string_view uri = version > uri_start ? line.substr(uri_start, version - 1 - uri_start) : "";
  // Exactly one SP on each side; a URI holds no white space (25.1).
  if (uri.empty() || uri.find_first_of(" \t") != std::string_view::npos) {
    fail(ParseFault::BadStartLine, HeaderId::Other, uri_start);
    return;
  }
  view_.uri_offset_ = static_cast<uint16_t>(uri.data() - text_.data());
  view_.uri_size_ = static_cast<uint16_t>(uri.size());
}

void MessageParser::parse_status_line(std::string_view line) {
  const auto [version, rest] = split_once(line, ' ');
  const std::string_view digits = rest.substr(0, 3);
  const Result<uint16_t> status = parse_u16(digits);
  if (!iequals(version, kVersion)) fail(ParseFault::BadVersion, HeaderId::Other, 0);
  if (!status || digits.size() != 3 || *status < 100 || *status > 699 || (rest.size() > 3 && rest[3] != ' ')) {
    fail(ParseFault::BadStatus, HeaderId::Other, version.size() + 1);
    return;
  }
  view_.status_ = *status;
  const std::string_view reason = rest.size() > 4 ? rest.substr(4) : std::string_view();
  if (reason.empty()) return;
  view_.reason_offset_ = static_cast<uint16_t>(reason.data() - text_.data());
  view_.reason_size_ = static_cast<uint16_t>(reason.size());
}

// Indexes header lines from `at` on. The offset behind the empty line, kNotFound when the text ends before it.
size_t MessageParser::parse_headers(size_t at) {
  while (true) {
    size_t line_feed = find_line_feed(text_, at);
    if (line_feed == kNotFound) return kNotFound;
    size_t end = line_end(text_, at, line_feed);
    if (end == at) return line_feed + 1;
    bool folded = false;
    // A line that begins with white space continues the one before (7.3.1).
    while (line_feed + 1 < text_.size() && (text_[line_feed + 1] == ' ' || text_[line_feed + 1] == '\t')) {
      const size_t next = find_line_feed(text_, line_feed + 1);
      if (next == kNotFound) return kNotFound;
      end = line_end(text_, line_feed + 1, next);
      line_feed = next;
      folded = true;
    }
    add_header(at, end, folded);
    at = line_feed + 1;
  }
}

void MessageParser::add_header(size_t start, size_t end, bool folded) {
  const std::string_view line = text_.substr(start, end - start);
  const size_t name_size = kTokenChar.skip(line);
  size_t colon = name_size;
  while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
  if (name_size == 0 || name_size > UINT8_MAX) {
    const bool no_token = !line.empty() && line[0] != ' ' && line[0] != '\t';
    fail(no_token ? ParseFault::BadHeaderName : ParseFault::BadHeaderSyntax, HeaderId::Other, start);
    return;
  }
  const HeaderId id = find_header_id(line.substr(0, name_size));
  if (colon >= line.size() || line[colon] != ':') {
    fail(ParseFault::BadHeaderSyntax, id, start);
    return;
  }
  const std::string_view value = trim_lws(line.substr(colon + 1));
  const size_t bare = value.find('\r');
  if (bare != std::string_view::npos && (!folded || value.substr(bare, 2) != "\r\n")) {
    fail(ParseFault::BadHeaderSyntax, id, start + colon + 1 + bare);
    return;
  }
  if (index_.count == kHeadersMax) {
    fail(ParseFault::TooManyHeaders, id, start);
    return;
  }
  const uint8_t slot = index_.count++;
  const size_t value_offset = value.empty() ? start + colon + 1 : static_cast<size_t>(value.data() - text_.data());
  index_.slots[slot] = {static_cast<uint16_t>(start), static_cast<uint16_t>(line.size()),
                        static_cast<uint16_t>(value_offset), static_cast<uint16_t>(value.size()),
                        static_cast<uint8_t>(name_size), id, kNoSlot, folded};
  uint8_t& first = index_.first[to_index(id)];
  if (first == kNoSlot) {
    first = slot;
  } else {
    index_.slots[index_.last[to_index(id)]].next = slot;
  }
  index_.last[to_index(id)] = slot;
}

// Applies Content-Length (18.3, 20.14).
ParsedMessage MessageParser::finish(size_t body_offset) {
  view_.body_offset_ = static_cast<uint16_t>(body_offset);
  const size_t available = received_.size() - skipped_ - body_offset;
  size_t body_size = framing_ == Framing::Datagram ? available : 0;
  const std::optional<std::string_view> field = view_.header(HeaderId::ContentLength);
  if (field) {
    const Result<uint32_t> length = parse_u32(*field);
    const HeaderChain lines = view_.headers(HeaderId::ContentLength);
    if (!length || ++lines.begin() != lines.end()) {
      fail(ParseFault::BadContentLength, HeaderId::ContentLength, view_.offset_of(*field));
    } else if (body_offset + *length > kMessageSizeMax) {
      fail(ParseFault::TooLarge, HeaderId::ContentLength, view_.offset_of(*field));
    } else if (*length > available && framing_ == Framing::Datagram) {
      fail(ParseFault::BodyTooShort, HeaderId::ContentLength, view_.offset_of(*field));
    } else {
      body_size = *length;
    }
  } else if (framing_ == Framing::Stream) {
    fail(ParseFault::BadContentLength, HeaderId::ContentLength, body_offset);
  }
  if (failed_) return malformed(std::min(body_offset + available, text_.size()));
  const size_t size = body_offset + body_size;
  if (size > received_.size() - skipped_) {
    ParsedMessage incomplete;
    incomplete.needed = skipped_ + size;
    return incomplete;
  }
  view_.text_ = text_.substr(0, size);
  return {ParseStatus::Complete, skipped_ + size, 0, {}, view_};
}

ParsedMessage MessageParser::malformed(size_t size) {
  if (view_.body_offset_ == 0) view_.body_offset_ = static_cast<uint16_t>(text_.size());
  return {ParseStatus::Malformed, skipped_ + size, 0, error_, view_};
}

ParsedMessage parse_message(std::string_view received, HeaderIndex& index, Framing framing) {
  return MessageParser(received, index, framing).parse();
}

}  // namespace tipring::sip
