#include "sip/via.h"

#include <array>
#include <utility>

#include "core/text.h"
#include "port/address.h"
#include "sip/chars.h"
#include "sip/params.h"

namespace tipring::sip {

namespace {

struct TransportName {
  std::string_view via;
  std::string_view param;
};

// In the order of Transport.
constexpr std::array<TransportName, 7> kTransports = {{{"UDP", "udp"},
                                                       {"TCP", "tcp"},
                                                       {"TLS", "tls"},
                                                       {"SCTP", "sctp"},
                                                       {"WS", "ws"},
                                                       {"WSS", "wss"},
                                                       {"", ""}}};

// Reads a value from left to right; what stands at `at_` is next.
class ViaReader {
 public:
  ViaReader(std::string_view text, Via& via) : text_(text), via_(via) {}

  Result<void, ParseError> read();

 private:
  Result<void, ParseError> read_protocol();
  Result<void, ParseError> read_sent_by();
  Result<void, ParseError> read_params();
  Result<void, ParseError> read_rport(const Param& param);
  Result<void, ParseError> note_param(const Param& param, std::string_view whole);

  ParseError fault(ParseFault fault) const {
    return {fault, HeaderId::Via, static_cast<uint32_t>(at_)};
  }
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void skip_lws() { at_ = sip::skip_lws(text_, at_); }
  void note_once(std::string_view& known, std::string_view whole) {
    if (!known.empty()) via_.plain = false;
    known = whole;
  }
  std::string_view take(CharClass allowed) {
    const size_t start = at_;
    at_ = allowed.skip(text_, start);
    return between(text_, start, at_);
  }

  const std::string_view text_;
  size_t at_ = 0;
  Via& via_;
};

// "SIP / 2.0 / UDP": white space may stand around the slashes, and nearly never does.
Result<void, ParseError> ViaReader::read_protocol() {
  if (starts_with(text_, "SIP/2.0/")) {
    via_.version = between(text_, 4, 7);
    at_ = 8;
  } else {
    skip_lws();
    const std::string_view name = take(kTokenChar);
    skip_lws();
    if (!iequals(name, "SIP") || !next_is('/')) return fault(ParseFault::BadVia);
    ++at_;
    skip_lws();
    via_.version = take(kTokenChar);
    skip_lws();
    if (via_.version.empty() || !next_is('/')) return fault(ParseFault::BadVia);
    ++at_;
  }
  skip_lws();
  via_.transport_text = take(kTokenChar);
  // At least one blank parts the protocol from sent-by.
  const size_t end = at_;
  skip_lws();
  if (via_.transport_text.empty() || at_ == end) {
    at_ = end;
    return fault(ParseFault::BadVia);
  }
  via_.transport = parse_transport(via_.transport_text);
  return {};
}

Result<void, ParseError> ViaReader::read_sent_by() {
  const size_t start = at_;
  if (next_is('[')) {
    const size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return fault(ParseFault::BadHost);
    via_.host = between(text_, at_ + 1, close);
    via_.is_ipv6 = true;
    if (!port::parse_ip(via_.host)) return fault(ParseFault::BadHost);
    at_ = close + 1;
  } else {
    via_.host = take(kHostChar);
    if (via_.host.empty()) return fault(ParseFault::BadHost);
  }
  via_.sent_by = between(text_, start, at_);
  skip_lws();
  if (!next_is(':')) return {};
  ++at_;
  skip_lws();
  const size_t digits = at_;
  const Result<uint16_t> number = parse_u16(take(kDigit));
  if (!number || *number == 0) {
    at_ = digits;
    return fault(ParseFault::BadPort);
  }
  via_.port = *number;
  via_.sent_by = between(text_, start, at_);
  skip_lws();
  return {};
}

Result<void, ParseError> ViaReader::read_rport(const Param& param) {
  if (via_.wants_rport) return {};
  via_.wants_rport = true;
  if (param.value.empty()) return {};
  const Result<uint16_t> number = parse_u16(param.value);
  if (!number) {
    at_ = static_cast<size_t>(param.value.data() - text_.data());
    return fault(ParseFault::BadParameter);
  }
  via_.has_rport_value = true;
  via_.rport = *number;
  return {};
}

// The parameters that everybody asks for. The first of two with one name counts, as it does for
// find_param().
Result<void, ParseError> ViaReader::note_param(const Param& param, std::string_view whole) {
  const std::string_view name = param.name;
  const size_t plain_size = 1 + name.size() + (param.has_value ? 1 : 0) + param.value.size();
  if (param.quoted || whole.size() != plain_size) via_.plain = false;
  if (iequals(name, "branch")) {
    if (via_.branch.empty()) via_.branch = param.value;
  } else if (iequals(name, "rport")) {
    note_once(via_.rport_param, whole);
    return read_rport(param);
  } else if (iequals(name, "received")) {
    note_once(via_.received_param, whole);
    if (via_.received.empty()) via_.received = param.value;
  } else if (iequals(name, "maddr")) {
    if (via_.maddr.empty()) via_.maddr = param.value;
  }
  return {};
}

Result<void, ParseError> ViaReader::read_params() {
  const size_t start = at_;
  std::string_view rest = between(text_, start, text_.size());
  via_.params = rest;
  via_.plain = true;
  Param param;
  for (size_t count = 0; count <= kParamsMax; ++count) {
    const size_t begin = at_;
    const ParamStatus status = next_param(rest, param);
    at_ = text_.size() - rest.size();
    if (status == ParamStatus::End) {
      if (at_ > begin) via_.plain = false;  // a ";" that nothing follows
      return {};
    }
    // A comment follows the parameters in RFC 2543 messages.
    const bool comment = status == ParamStatus::Malformed && rest.starts_with('(');
    if (status == ParamStatus::Malformed && !comment) return fault(ParseFault::BadParameter);
    if (const auto good = note_param(param, between(text_, begin, at_)); !good) return good;
    if (comment) {
      via_.plain = false;
      via_.params = trim_lws(between(text_, start, at_));
      return {};
    }
  }
  return fault(ParseFault::TooManyParameters);
}

Result<void, ParseError> ViaReader::read() {
  if (const auto good = read_protocol(); !good) return good;
  if (const auto good = read_sent_by(); !good) return good;
  if (next_is('(')) {
    via_.params = between(text_, at_, at_);
    return {};
  }
  if (at_ < text_.size() && text_[at_] != ';') return fault(ParseFault::BadVia);
  return read_params();
}

}  // namespace

Transport parse_transport(std::string_view text) {
  if (iequals(text, "UDP")) return Transport::Udp;
  if (iequals(text, "TCP")) return Transport::Tcp;
  if (iequals(text, "TLS")) return Transport::Tls;
  if (iequals(text, "SCTP")) return Transport::Sctp;
  if (iequals(text, "WS")) return Transport::Ws;
  if (iequals(text, "WSS")) return Transport::Wss;
  return Transport::Other;
}

std::string_view to_text(Transport transport) {
  return kTransports[static_cast<size_t>(transport)].via;
}
std::string_view to_param(Transport transport) {
  return kTransports[static_cast<size_t>(transport)].param;
}

Result<Via, ParseError> parse_via(std::string_view text) {
  Result<Via, ParseError> result(std::in_place);
  if (const auto good = ViaReader(text, *result).read(); !good) result = good.error();
  return result;
}

}  // namespace tipring::sip
