#include "sip/via.h"

#include <array>

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

ParseError fault_at(ParseFault fault, std::string_view text, std::string_view where) {
  return {fault, HeaderId::Via, static_cast<uint32_t>(where.data() - text.data())};
}

void skip_lws(std::string_view& rest) { rest.remove_prefix(kLwsChar.skip(rest)); }

std::string_view take_token(std::string_view& rest) {
  skip_lws(rest);
  const std::string_view token = rest.substr(0, kTokenChar.skip(rest));
  rest.remove_prefix(token.size());
  skip_lws(rest);
  return token;
}

// "SIP / 2.0 / UDP": white space may stand around the slashes.
Result<void, ParseError> parse_protocol(std::string_view text, std::string_view& rest, Via& via) {
  const std::string_view name = take_token(rest);
  if (!iequals(name, "SIP") || !rest.starts_with('/'))
    return fault_at(ParseFault::BadVia, text, rest);
  rest.remove_prefix(1);
  via.version = take_token(rest);
  if (via.version.empty() || !rest.starts_with('/'))
    return fault_at(ParseFault::BadVia, text, rest);
  rest.remove_prefix(1);
  skip_lws(rest);
  via.transport_text = rest.substr(0, kTokenChar.skip(rest));
  rest.remove_prefix(via.transport_text.size());
  // At least one blank parts the protocol from sent-by.
  if (via.transport_text.empty() || rest.empty() || !kLwsChar(rest.front())) {
    return fault_at(ParseFault::BadVia, text, rest);
  }
  via.transport = parse_transport(via.transport_text);
  skip_lws(rest);
  return {};
}

Result<void, ParseError> parse_sent_by(std::string_view text, std::string_view& rest, Via& via) {
  const std::string_view start = rest;
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return fault_at(ParseFault::BadHost, text, rest);
    via.host = rest.substr(1, close - 1);
    via.is_ipv6 = true;
    if (!port::parse_ip(via.host)) return fault_at(ParseFault::BadHost, text, rest);
    rest.remove_prefix(close + 1);
  } else {
    via.host = rest.substr(0, kHostChar.skip(rest));
    if (via.host.empty()) return fault_at(ParseFault::BadHost, text, rest);
    rest.remove_prefix(via.host.size());
  }
  via.sent_by = start.substr(0, start.size() - rest.size());
  skip_lws(rest);
  if (!rest.starts_with(':')) return {};
  rest.remove_prefix(1);
  skip_lws(rest);
  const std::string_view digits = rest.substr(0, kDigit.skip(rest));
  const Result<uint16_t> number = parse_u16(digits);
  if (!number || *number == 0) return fault_at(ParseFault::BadPort, text, rest);
  via.port = *number;
  rest.remove_prefix(digits.size());
  via.sent_by = start.substr(0, start.size() - rest.size());
  skip_lws(rest);
  return {};
}

// The parameters that everybody asks for. The first of two with one name counts, as it does for
// find_param().
void note_param(const Param& param, Via& via) {
  if (iequals(param.name, "branch")) {
    if (via.branch.empty()) via.branch = param.value;
  } else if (iequals(param.name, "received")) {
    if (via.received.empty()) via.received = param.value;
  } else if (iequals(param.name, "maddr")) {
    if (via.maddr.empty()) via.maddr = param.value;
  }
}

Result<void, ParseError> read_rport(std::string_view text, const Param& param, Via& via) {
  if (via.wants_rport) return {};
  via.wants_rport = true;
  if (param.value.empty()) return {};
  const Result<uint16_t> number = parse_u16(param.value);
  if (!number) return fault_at(ParseFault::BadParameter, text, param.value);
  via.has_rport_value = true;
  via.rport = *number;
  return {};
}

Result<void, ParseError> read_params(std::string_view text, Via& via) {
  std::string_view rest = via.params;
  Param param;
  for (size_t count = 0; count <= kParamsMax; ++count) {
    const ParamStatus status = next_param(rest, param);
    if (status == ParamStatus::End) return {};
    // A comment follows the parameters in RFC 2543 messages.
    const bool comment = status == ParamStatus::Malformed && rest.starts_with('(');
    if (status == ParamStatus::Malformed && !comment)
      return fault_at(ParseFault::BadParameter, text, rest);
    if (iequals(param.name, "rport")) {
      if (auto good = read_rport(text, param, via); !good) return good;
    } else {
      note_param(param, via);
    }
    if (comment) {
      via.params = trim_lws(via.params.substr(0, via.params.size() - rest.size()));
      return {};
    }
  }
  return fault_at(ParseFault::TooManyParameters, text, rest);
}

Result<void, ParseError> read_via(std::string_view text, Via& via) {
  std::string_view rest = text;
  if (auto good = parse_protocol(text, rest, via); !good) return good;
  if (auto good = parse_sent_by(text, rest, via); !good) return good;
  if (rest.starts_with('(')) rest = rest.substr(0, 0);
  if (!rest.empty() && rest.front() != ';') return fault_at(ParseFault::BadVia, text, rest);
  via.params = rest;
  return read_params(text, via);
}

}  // namespace

Transport parse_transport(std::string_view text) {
  for (size_t i = 0; i + 1 < kTransports.size(); ++i) {
    if (iequals(kTransports[i].via, text)) return static_cast<Transport>(i);
  }
  return Transport::Other;
}

std::string_view to_text(Transport transport) {
  return kTransports[static_cast<size_t>(transport)].via;
}
std::string_view to_param(Transport transport) {
  return kTransports[static_cast<size_t>(transport)].param;
}

Result<Via, ParseError> parse_via(std::string_view text) {
  Result<Via, ParseError> result{Via()};
  if (const auto good = read_via(text, *result); !good) result = good.error();
  return result;
}

}  // namespace tipring::sip
