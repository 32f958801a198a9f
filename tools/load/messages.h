// The texts of the load generator's phones: requests, and the credentials that a challenge asks
// for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sip/message.h"
#include "tools/load/options.h"
#include "tools/load/wires.h"

namespace tipring::load {

inline constexpr std::string_view kSdpType = "application/sdp";
extern const std::string_view kSdp;  // what both sides of a call offer and answer

struct RequestParts {
  std::string_view method;
  std::string_view uri;
  std::string_view from;  // address-of-record
  std::string_view from_tag;
  std::string_view to;  // with brackets, and with the tag inside a dialog
  std::string_view call_id;
  uint32_t cseq = 1;
  std::string_view branch;        // what follows the magic cookie
  std::string_view headers = {};  // whole lines
  std::string_view body = {};     // SDP
};

void write_request(const Endpoint& from, const RequestParts& parts, std::string& out);

// "u17", and "sip:u17@domain".
std::string user_name(uint64_t number);
std::string address_of_record(const Options& options, std::string_view user);
// The server itself, as the Request-URI of OPTIONS and REGISTER.
std::string server_uri(const Options& options);

// "<sip:u17@127.0.0.1:40000;transport=udp>"; `uri_params` come before the bracket.
std::string contact(const Endpoint& at, std::string_view user, std::string_view uri_params = {});

// The line of Authorization or Proxy-Authorization that answers the challenge of a 401 or 407.
// Empty when there is none that we understand.
std::string credentials(const sip::MessageView& response, std::string_view user,
                        std::string_view password, std::string_view method, std::string_view uri);

// Whether the credentials were right and only their nonce was not (RFC 7616 3.3): who is asked so
// answers once more.
bool is_stale(const sip::MessageView& response);

}  // namespace tipring::load
