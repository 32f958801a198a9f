#include "service/request_log_format.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "service/log_time.h"
#include "sip/auth_params.h"
#include "sip/chars.h"
#include "sip/name_addr.h"

namespace tipring::service {

namespace {

constexpr std::string_view kUriPrefix = "uri:";
constexpr std::array<std::string_view, 6> kSecretHeaders = {
    "Authorization",      "Proxy-Authorization", "WWW-Authenticate",
    "Proxy-Authenticate", "Authentication-Info", "Proxy-Authentication-Info"};

bool is_secret(std::string_view name) {
  return std::any_of(kSecretHeaders.begin(), kSecretHeaders.end(),
                     [name](std::string_view one) { return iequals(one, name); });
}

bool is_header_name(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return sip::kTokenChar(c); });
}

void add_header(const sip::MessageView& message, std::string_view name, bool uri_only, bool secret,
                LogEntry& out) {
  const std::string_view value = message.find_header(name).value_or(std::string_view());
  if (secret && !value.empty()) return out.add_credentials(value);
  if (!uri_only) return out.add_value(value);
  const auto address = sip::parse_name_addr(value);
  // One word, whatever stands there: what a URI may not hold is no URI.
  const std::string_view uri = address ? address->uri : std::string_view();
  out.add_value(uri.substr(0, uri.find_first_of(" \t\r\n")));
}

std::string_view user_of(const sip::MessageView& request) {
  for (const std::string_view name : {kSecretHeaders[0], kSecretHeaders[1]}) {
    const auto value = request.find_header(name);
    if (!value) continue;
    const auto credentials = sip::parse_digest_credentials(*value);
    if (credentials) return credentials->username;
  }
  return {};
}

void add_request_line(const sip::MessageView& request, LogEntry& out) {
  out.add_value(request.method_text());
  out.add(" ");
  out.add_value(request.request_uri());
  out.add(" SIP/2.0");
}

}  // namespace

struct RequestLogFormat::Reader {
  std::string_view text;
  size_t at = 0;

  char peek() const { return at < text.size() ? text[at] : '\0'; }
  FormatFault fault(size_t where, std::string told) const { return {where, std::move(told)}; }
};

std::optional<FormatFault> RequestLogFormat::compile(std::string_view text) {
  items_.clear();
  Reader reader{text};
  while (reader.at < text.size()) {
    const size_t percent = std::min(text.find('%', reader.at), text.size());
    if (percent > reader.at) {
      Item literal;
      literal.text = text.substr(reader.at, percent - reader.at);
      const auto control = std::find_if(literal.text.begin(), literal.text.end(), [](char c) {
        return static_cast<uint8_t>(c) < 0x20 && c != '\t';
      });
      if (control != literal.text.end()) {
        return reader.fault(reader.at + static_cast<size_t>(control - literal.text.begin()),
                            "a line of the log has no control characters");
      }
      items_.push_back(std::move(literal));
      reader.at = percent;
      continue;
    }
    Item item;
    if (auto fault = read_item(reader, item)) return fault;
    items_.push_back(std::move(item));
  }
  if (items_.empty()) return reader.fault(0, "it says nothing");
  return std::nullopt;
}

// From the percent sign to the letter.
std::optional<FormatFault> RequestLogFormat::read_item(Reader& reader, Item& item) {
  const size_t start = reader.at++;
  std::string_view argument;
  if (reader.peek() == '!') {
    item.negated = true;
    ++reader.at;
    if (!is_digit(reader.peek())) return reader.fault(reader.at, "a status must follow \"!\"");
  }
  while (is_digit(reader.peek())) {
    const auto status = parse_u16(reader.text.substr(reader.at, 3));
    if (!status || *status < 100 || *status > 699)
      return reader.fault(reader.at, "a status has three digits, from 100 to 699");
    item.statuses.push_back(*status);
    reader.at += 3;
    if (reader.peek() != ',') break;
    ++reader.at;
    if (!is_digit(reader.peek())) return reader.fault(reader.at, "a status must follow \",\"");
  }
  if (reader.peek() == '>') ++reader.at;
  if (reader.peek() == '{') {
    const size_t end = reader.text.find('}', reader.at);
    if (end == std::string_view::npos) return reader.fault(reader.at, "\"{\" has no \"}\"");
    argument = reader.text.substr(reader.at + 1, end - reader.at - 1);
    reader.at = end + 1;
  }
  if (reader.peek() == '\0') return reader.fault(start, "\"%\" has no letter");
  return take_letter(reader, argument, item);
}

std::optional<FormatFault> RequestLogFormat::take_letter(Reader& reader, std::string_view argument,
                                                         Item& item) {
  const size_t where = reader.at++;
  const char letter = reader.text[where];
  switch (letter) {
    case 'h': item.kind = Kind::Host; break;
    case 'r': item.kind = Kind::RequestLine; break;
    case 'U': item.kind = Kind::Uri; break;
    case 's': item.kind = Kind::Status; break;
    case 'b': item.kind = Kind::BodyBytes; break;
    case 'u': item.kind = Kind::User; break;
    case 'v': item.kind = Kind::Server; break;
    case 'p': item.kind = Kind::Port; break;
    case 'P': item.kind = Kind::Process; break;
    case 'l': item.text = "-"; break;
    case '%': item.text = "%"; break;
    case 't':
      item.kind = argument.empty() ? Kind::Time : Kind::TimeBy;
      item.text = argument;
      if (find_time_fault(argument)) return reader.fault(where, "a time that there is not");
      return std::nullopt;
    case 'T':
      item.kind = argument == "ms" ? Kind::Millis : argument == "us" ? Kind::Micros : Kind::Seconds;
      if (!argument.empty() && argument != "s" && item.kind == Kind::Seconds)
        return reader.fault(where, "%T takes {s}, {ms} or {us}");
      return std::nullopt;
    case 'i':
    case 'o':
      item.kind = letter == 'i' ? Kind::RequestHeader : Kind::ResponseHeader;
      item.uri_only = argument.starts_with(kUriPrefix);
      if (item.uri_only) argument.remove_prefix(kUriPrefix.size());
      if (!is_header_name(argument))
        return reader.fault(where, std::string("%") + letter + " takes a header: {Name}");
      item.text = argument;
      item.secret = is_secret(argument);
      return std::nullopt;
    default: return reader.fault(where, std::string("there is no %") + letter);
  }
  if (!argument.empty())
    return reader.fault(where, std::string("%") + letter + " takes nothing in braces");
  return std::nullopt;
}

void RequestLogFormat::write(const LoggedRequest& request, const ServerFacts& server,
                             LogEntry& out) const {
  for (const Item& item : items_) {
    const bool listed = std::find(item.statuses.begin(), item.statuses.end(),
                                  request.answered.status) != item.statuses.end();
    if (!item.statuses.empty() && listed == item.negated) {
      out.add("-");
    } else {
      write_item(item, request, server, out);
    }
  }
}

void RequestLogFormat::write_item(const Item& item, const LoggedRequest& request,
                                  const ServerFacts& server, LogEntry& out) {
  const transaction::AnsweredRequest& answered = request.answered;
  char address[port::kAddressTextMax];
  switch (item.kind) {
    case Kind::Literal: return out.add(item.text);
    case Kind::Host: return out.add(port::write_ip(answered.source.ip, address));
    case Kind::RequestHeader:
      return add_header(answered.request, item.text, item.uri_only, item.secret, out);
    case Kind::ResponseHeader:
      return add_header(request.response, item.text, item.uri_only, item.secret, out);
    case Kind::RequestLine: return add_request_line(answered.request, out);
    case Kind::Uri: return out.add_value(answered.request.request_uri());
    case Kind::Status: return out.add_number(answered.status);
    case Kind::BodyBytes: {
      const size_t bytes = request.response.body().size();
      return bytes == 0 ? out.add("-") : out.add_number(bytes);
    }
    case Kind::Time: return write_common_time(request.wall, out);
    case Kind::TimeBy: return write_time(item.text, request.wall, out);
    case Kind::Seconds: return out.add_number(static_cast<uint64_t>(answered.after.count() / 1000));
    case Kind::Millis: return out.add_number(static_cast<uint64_t>(answered.after.count()));
    case Kind::Micros: return out.add_number(static_cast<uint64_t>(answered.after.count()) * 1000);
    case Kind::User: return out.add_value(user_of(answered.request));
    case Kind::Server: return out.add_value(server.name);
    case Kind::Port: return out.add_number(answered.reply.local.port);
    case Kind::Process: return out.add_number(server.process);
  }
}

}  // namespace tipring::service
