#include "sip/message.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/text.h"
#include "sip/chars.h"
#include "sip/scan_line.h"
#include "sip/scan_value.h"

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
    bool folded = false;
    bool may_have_comma = true;
  };

  void fail(ParseFault fault, HeaderId header, size_t offset) {
    if (failed_) return;
    failed_ = true;
    parsed_.error = {fault, header, static_cast<uint32_t>(offset)};
  }

  struct HeaderName {
    size_t end = 0;
    size_t colon = 0;
    HeaderId id = HeaderId::Other;
  };

  bool find_line(size_t from, Line& line);
  bool parse_start_line(std::string_view line);
  void parse_request_line(std::string_view line);
  void parse_status_line(std::string_view line);
  size_t parse_headers(size_t at);
  Line find_odd_line(size_t at);
  void parse_header(size_t start, const Line& line);
  HeaderName read_name(size_t start, size_t end);
  void refuse_header(size_t start, HeaderId id);
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
  const size_t end = skip_graphic(line, start);
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
    const LineScan scan = scan_line(text, at);
    // What nearly every line is: one with a CR LF behind it, and no fold behind that.
    const bool usual = scan.end + 2 < text.size() && text[scan.end] == '\r' &&
                       text[scan.end + 1] == '\n' && !is_blank(text[scan.end + 2]);
    const Line line = usual ? Line{scan.end, scan.end + 2, scan.colon, false, scan.may_have_comma}
                            : find_odd_line(at);
    if (line.end == at || line.next == kNotFound) return line.next;
    parse_header(at, line);
    at = line.next;
  }
}

// A header line as it may be: with folds (7.3.1: a line that begins with white space continues the
// one before), bare CRs, other line ends. `next` is kNotFound when the text ends before it does.
MessageParser::Line MessageParser::find_odd_line(size_t at) {
  Line line;
  bool whole = find_line(at, line);
  const size_t colon = line.colon;
  if (whole && line.end == at) return line;
  while (whole && line.next < text_.size() && is_blank(text_[line.next])) {
    whole = find_line(line.next, line);
    line.folded = true;
  }
  line.colon = colon;
  if (!whole) line.next = kNotFound;
  return line;
}

void MessageParser::parse_header(size_t start, const Line& line) {
  const std::string_view text = text_;
  HeaderName name{line.colon, line.colon, HeaderId::Other};
  // What stands before the colon is nearly always a known name, and then need not be read twice.
  if (line.colon != kNoColon) name.id = find_header_id(between(text, start, line.colon));
  if (name.id == HeaderId::Other) name = read_name(start, line.end);
  if (name.end == start) return;
  if (bare_cr_ != kNotFound || index_.count == kHeadersMax) return refuse_header(start, name.id);
  size_t from = name.colon + 1;
  size_t to = line.end;
  while (from < to && kLwsChar(text[from])) ++from;
  while (from < to && kLwsChar(text[to - 1])) --to;
  const uint8_t number = index_.count++;
  HeaderSlot& slot = index_.slots[number];
  slot.line_offset = static_cast<uint16_t>(start);
  slot.line_size = static_cast<uint16_t>(line.end - start);
  slot.value_offset = static_cast<uint16_t>(from);
  slot.value_size = static_cast<uint16_t>(to - from);
  slot.name_size = static_cast<uint8_t>(name.end - start);
  slot.id = name.id;
  slot.next = kNoSlot;
  slot.flags = line.folded ? HeaderSlot::kFolded : 0;
  if (line.may_have_comma && header_kind(name.id) == HeaderKind::List)
    slot.flags |= HeaderSlot::kMany;
  chain(name.id, number);
}

// The name of any header and the colon behind it. It ends where it starts when there is none.
MessageParser::HeaderName MessageParser::read_name(size_t start, size_t end) {
  const std::string_view line = between(text_, 0, end);
  HeaderName name{kTokenChar.skip(line, start), 0, HeaderId::Other};
  const HeaderName none{start, start, HeaderId::Other};
  if (name.end == start || name.end - start > UINT8_MAX) {
    bare_cr_ = kNotFound;
    const bool lost_fold =
        is_blank(line[start]);  // behind the start line there is nothing to continue
    fail(lost_fold ? ParseFault::BadHeaderSyntax : ParseFault::BadHeaderName, HeaderId::Other,
         start);
    return none;
  }
  name.id = find_header_id(between(line, start, name.end));
  name.colon = name.end;
  while (name.colon < end && is_blank(line[name.colon])) ++name.colon;
  if (name.colon < end && line[name.colon] == ':') return name;
  bare_cr_ = kNotFound;
  fail(ParseFault::BadHeaderSyntax, name.id, start);
  return none;
}

void MessageParser::refuse_header(size_t start, HeaderId id) {
  if (bare_cr_ != kNotFound) {
    fail(ParseFault::BadHeaderSyntax, id, std::exchange(bare_cr_, kNotFound));
  } else {
    fail(ParseFault::TooManyHeaders, id, start);
  }
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
