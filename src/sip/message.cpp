#include "sip/message.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/text.h"
#include "sip/chars.h"
#include "sip/scan_line.h"

namespace tipring::sip {

namespace {

constexpr std::string_view kVersion = "SIP/2.0";

size_t skip_empty_lines(std::string_view text) {
  size_t start = 0;
  while (start < text.size() && (text[start] == '\r' || text[start] == '\n')) ++start;
  return start;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

size_t find_end_of_headers(std::string_view text, size_t from) {
  // An end that straddles the border of two pieces begins at most three bytes before it.
  size_t at = std::max(skip_empty_lines(text), from > 3 ? from - 3 : 0);
  while (at < text.size()) {
    const void* found = std::memchr(text.data() + at, '\n', text.size() - at);
    if (found == nullptr) return kNotFound;
    const size_t next = static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
    if (next < text.size() && text[next] == '\n') return next + 1;
    if (next + 1 < text.size() && text[next] == '\r' && text[next + 1] == '\n') return next + 2;
    at = next;
  }
  return kNotFound;
}

// One pass over one message. Keeps the first fault and goes on, so that a 400 can be written.
class MessageParser {
 public:
  // `parsed` is as a ParsedMessage begins; the message is written down where its reader wants it.
  MessageParser(std::string_view received, HeaderIndex& index, Framing framing,
                ParsedMessage& parsed)
      : received_(received), index_(index), framing_(framing), parsed_(parsed), view_(parsed.view) {
    index.first.fill(kNoSlot);
    index.count = 0;
    index.values.forget();
  }

  void parse();

 private:
  struct Line {
    size_t end = 0;    // of its text
    size_t next = 0;   // begin of the line that follows
    size_t colon = 0;  // of LineScan
  };

  void fail(ParseFault fault, HeaderId header, size_t offset) {
    if (failed_) return;
    failed_ = true;
    parsed_.error = {fault, header, static_cast<uint32_t>(offset)};
  }

  struct HeaderName {
    size_t size = 0;
    size_t colon = 0;  // offset in the line
    HeaderId id = HeaderId::Other;
  };

  bool find_line(size_t from, Line& line);
  bool parse_start_line(std::string_view line);
  void parse_request_line(std::string_view line);
  void parse_status_line(std::string_view line);
  size_t parse_headers(size_t at);
  void parse_header(size_t start, size_t colon, size_t end, bool folded);
  bool parse_name(size_t start, std::string_view line, HeaderName& name);
  void chain(HeaderId id, uint8_t number);
  size_t parse_content_length(size_t body_offset, size_t available);
  void end_of_text();
  void finish(size_t body_offset);
  void malformed();

  std::string_view received_;
  HeaderIndex& index_;
  Framing framing_;
  std::string_view text_;  // without the empty lines in front, at most kMessageSizeMax
  size_t skipped_ = 0;
  size_t bare_cr_ = kNotFound;  // in the header line being read
  ParsedMessage& parsed_;
  MessageView& view_;
  bool failed_ = false;
};

void MessageParser::parse() {
  skipped_ = skip_empty_lines(received_);
  text_ = received_.substr(skipped_, kMessageSizeMax);
  if (framing_ == Framing::Datagram && text_.size() < received_.size() - skipped_) {
    fail(ParseFault::TooLarge, HeaderId::Other, kMessageSizeMax);
  }
  view_.text_ = text_;
  view_.index_ = &index_;
  Line first;
  const bool whole = find_line(0, first);
  if (!whole && framing_ == Framing::Stream) return end_of_text();
  if (!parse_start_line(text_.substr(0, whole ? first.end : text_.size()))) return malformed();
  const size_t body_offset = whole ? parse_headers(first.next) : kNotFound;
  return body_offset == kNotFound ? end_of_text() : finish(body_offset);
}

// The text ends before the headers do.
void MessageParser::end_of_text() {
  if (framing_ == Framing::Datagram) {
    fail(ParseFault::NoEndOfHeaders, HeaderId::Other, text_.size());
  } else if (text_.size() < kMessageSizeMax) {
    parsed_ = {};
    return;
  } else {
    fail(ParseFault::TooLarge, HeaderId::Other, kMessageSizeMax);
  }
  malformed();
}

// False when the text ends before the line does. A CR alone ends no line: one reader would see a
// header where another sees a part of the value before it.
bool MessageParser::find_line(size_t from, Line& line) {
  LineScan scan = scan_line(text_, from);
  line.colon = scan.colon;
  while (scan.end < text_.size()) {
    const size_t at = scan.end;
    const bool line_feed = text_[at] == '\n';
    if (line_feed || (at + 1 < text_.size() && text_[at + 1] == '\n')) {
      line.end = at;
      line.next = line_feed ? at + 1 : at + 2;
      return true;
    }
    if (at + 1 == text_.size()) return false;
    bare_cr_ = std::min(bare_cr_, at);
    scan = scan_line(text_, at + 1);
  }
  return false;
}

// False when nothing about the line is SIP.
bool MessageParser::parse_start_line(std::string_view line) {
  if (istarts_with(line, "SIP/")) {
    parse_status_line(line);
  } else {
    // Method SP Request-URI SP SIP-Version (7.1). A blank at the end is a known slip.
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    const size_t last_space = line.rfind(' ');
    if (last_space == std::string_view::npos ||
        !istarts_with(line.substr(last_space + 1), "SIP/")) {
      fail(ParseFault::NotSip, HeaderId::Other, 0);
      return false;
    }
    parse_request_line(line);
  }
  if (bare_cr_ != kNotFound) fail(ParseFault::BadStartLine, HeaderId::Other, bare_cr_);
  bare_cr_ = kNotFound;
  return true;
}

void MessageParser::parse_request_line(std::string_view line) {
  view_.is_request_ = true;
  const size_t method_size = kTokenChar.skip(line);
  if (method_size == 0 ||
      line[method_size] != ' ') {  // there is a "/" in the line, which is no token character
    fail(ParseFault::BadMethod, HeaderId::Other, method_size);
    return;
  }
  view_.method_size_ = static_cast<uint16_t>(method_size);
  view_.method_ = parse_method(line.substr(0, method_size));
  const size_t version = line.rfind(' ') + 1;
  if (!iequals(line.substr(version), kVersion))
    fail(ParseFault::BadVersion, HeaderId::Other, version);
  // Exactly one SP on each side; a URI holds no white space (25.1).
  const size_t start = method_size + 1;
  const size_t end = kGraphicChar.skip(line, start);
  if (end == start || end + 1 != version) {
    fail(ParseFault::BadStartLine, HeaderId::Other, end);
    return;
  }
  view_.uri_offset_ = static_cast<uint16_t>(start);
  view_.uri_size_ = static_cast<uint16_t>(end - start);
}

// SIP-Version SP Status-Code SP Reason-Phrase (7.2). Without a phrase the last SP may be missing.
void MessageParser::parse_status_line(std::string_view line) {
  const auto [version, rest] = split_once(line, ' ');
  const std::string_view digits = rest.substr(0, 3);
  const Result<uint16_t> status = parse_u16(digits);
  if (!iequals(version, kVersion)) fail(ParseFault::BadVersion, HeaderId::Other, 0);
  if (!status || *status < 100 || *status > 699 || (rest.size() > 3 && rest[3] != ' ')) {
    fail(ParseFault::BadStatus, HeaderId::Other, std::min(version.size() + 1, line.size()));
    return;
  }
  view_.status_ = *status;
  if (rest.size() <= 4) return;
  const std::string_view reason = rest.substr(4);
  view_.reason_offset_ = static_cast<uint16_t>(reason.data() - text_.data());
  view_.reason_size_ = static_cast<uint16_t>(reason.size());
}

// Indexes header lines from `at` on. The offset behind the empty line, kNotFound when the text ends
// before it.
size_t MessageParser::parse_headers(size_t at) {
  const std::string_view text = text_;
  while (true) {
    // What nearly every line is: one with a CR LF behind it, and no fold behind that.
    const LineScan scan = scan_line(text, at);
    if (scan.end + 2 < text.size() && text[scan.end] == '\r' && text[scan.end + 1] == '\n' &&
        !is_blank(text[scan.end + 2])) {
      if (scan.end == at) return at + 2;
      parse_header(at, scan.colon, scan.end, false);
      at = scan.end + 2;
      continue;
    }
    Line line;
    if (!find_line(at, line)) return kNotFound;
    if (line.end == at) return line.next;
    const size_t colon = line.colon;
    bool folded = false;
    // A line that begins with white space continues the one before (7.3.1).
    while (line.next < text_.size() && is_blank(text_[line.next])) {
      if (!find_line(line.next, line)) return kNotFound;
      folded = true;
    }
    parse_header(at, colon, line.end, folded);
    at = line.next;
  }
}

// The name of a header and the colon behind it. False when there is none.
bool MessageParser::parse_name(size_t start, std::string_view line, HeaderName& name) {
  name.size = kTokenChar.skip(line);
  if (name.size == 0 || name.size > UINT8_MAX) {
    const bool lost_fold = is_blank(line[0]);  // behind the start line there is nothing to continue
    fail(lost_fold ? ParseFault::BadHeaderSyntax : ParseFault::BadHeaderName, HeaderId::Other,
         start);
    return false;
  }
  name.id = find_header_id(line.substr(0, name.size));
  name.colon = name.size;
  while (name.colon < line.size() && is_blank(line[name.colon])) ++name.colon;
  if (name.colon < line.size() && line[name.colon] == ':') return true;
  fail(ParseFault::BadHeaderSyntax, name.id, start);
  return false;
}

// `colon` is that of LineScan.
void MessageParser::parse_header(size_t start, size_t colon, size_t end, bool folded) {
  const size_t bare_cr = std::exchange(bare_cr_, kNotFound);
  const std::string_view line = text_.substr(start, end - start);
  HeaderName name{colon - start, colon - start, HeaderId::Other};
  // What stands before the colon is nearly always a known name, and then need not be read twice.
  if (colon != kNoColon) name.id = find_header_id(line.substr(0, name.size));
  if (name.id == HeaderId::Other && !parse_name(start, line, name)) return;
  if (bare_cr != kNotFound) {
    fail(ParseFault::BadHeaderSyntax, name.id, bare_cr);
    return;
  }
  if (index_.count == kHeadersMax) {
    fail(ParseFault::TooManyHeaders, name.id, start);
    return;
  }
  const std::string_view value = trim_lws(line.substr(name.colon + 1));
  const uint8_t number = index_.count++;
  HeaderSlot& slot = index_.slots[number];
  slot.line_offset = static_cast<uint16_t>(start);
  slot.line_size = static_cast<uint16_t>(line.size());
  slot.value_offset = static_cast<uint16_t>(value.data() - text_.data());
  slot.value_size = static_cast<uint16_t>(value.size());
  slot.name_size = static_cast<uint8_t>(name.size);
  slot.id = name.id;
  slot.next = kNoSlot;
  slot.folded = folded;
  chain(name.id, number);
}

// Makes the slot the last one of its header.
void MessageParser::chain(HeaderId id, uint8_t number) {
  uint8_t& first = index_.first[to_index(id)];
  uint8_t& last = index_.last[to_index(id)];
  if (first == kNoSlot) {
    first = number;
  } else {
    index_.slots[last].next = number;
    if (header_kind(id) == HeaderKind::Single) view_.repeated_ = std::min(view_.repeated_, number);
  }
  last = number;
}

// The size of the body (18.3, 20.14). A message with two lengths has none: readers would disagree
// about its end.
size_t MessageParser::parse_content_length(size_t body_offset, size_t available) {
  const HeaderChain lines = view_.headers(HeaderId::ContentLength);
  if (lines.empty()) {
    if (framing_ == Framing::Datagram) return available;
    fail(ParseFault::BadContentLength, HeaderId::ContentLength, body_offset);
    return 0;
  }
  const std::string_view field = (*lines.begin()).value();
  const Result<uint32_t> length = parse_u32(field);
  if (!length || ++lines.begin() != lines.end()) {
    fail(ParseFault::BadContentLength, HeaderId::ContentLength, view_.offset_of(field));
  } else if (*length > kMessageSizeMax - body_offset) {
    fail(ParseFault::TooLarge, HeaderId::ContentLength, view_.offset_of(field));
  } else if (*length > available && framing_ == Framing::Datagram) {
    fail(ParseFault::BodyTooShort, HeaderId::ContentLength, view_.offset_of(field));
  } else {
    return *length;
  }
  return 0;
}

void MessageParser::finish(size_t body_offset) {
  view_.body_offset_ = static_cast<uint16_t>(body_offset);
  const size_t body_size = parse_content_length(body_offset, text_.size() - body_offset);
  if (failed_) return malformed();
  const size_t size = body_offset + body_size;
  if (size > text_.size()) {
    parsed_ = {};
    parsed_.needed = skipped_ + size;
    return;
  }
  view_.text_ = text_.substr(0, size);
  parsed_.status = ParseStatus::Complete;
  parsed_.used = skipped_ + size;
}

void MessageParser::malformed() {
  if (view_.body_offset_ == 0) view_.body_offset_ = static_cast<uint16_t>(text_.size());
  parsed_.status = ParseStatus::Malformed;
  parsed_.used = skipped_ + text_.size();
}

ParsedMessage parse_message(std::string_view received, HeaderIndex& index, Framing framing) {
  ParsedMessage parsed;
  MessageParser(received, index, framing, parsed).parse();
  return parsed;
}

}  // namespace tipring::sip
