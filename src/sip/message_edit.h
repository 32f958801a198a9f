// Rewriting a received message for the next hop in one pass: RFC 3261 16.6 and 16.7. What a proxy
// does not touch leaves byte for byte and in its order; only folds are taken out (7.3.1 allows it),
// since peers misread them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::sip {

// Decides about lines one by one. Lines of the headers below that the edit itself writes are not
// asked about.
class LineFilter {
 public:
  virtual bool keep(const HeaderView& line) const = 0;

 protected:
  ~LineFilter() = default;
};

struct RequestEdit {
  std::string_view request_uri;  // what to write; the received one when empty
  std::string_view via;          // value of the Via that goes on top
  ViaFixUp top_via;              // of the received top Via
  uint8_t max_forwards = 70;
  uint32_t max_breadth = 0;         // RFC 5393 5.3.3; 0: as it stands
  size_t routes_removed = 0;        // from the front of the route set
  bool last_route_removed = false;  // a strict router put it there for us (16.4)
  std::string_view
      route_appended;  // behind all others: the Request-URI for a strict router (16.6 step 6)
  std::span<const std::string_view>
      record_routes;  // values, the topmost first, before those received
  const LineFilter* filter = nullptr;
  std::span<const std::string_view>
      routes_prepended;          // values before what is left of the route set: a Path (RFC 3327)
  std::string_view extra_lines;  // whole lines behind all others, each with its CR LF
};

// Writes the request to forward; the number of bytes. Errors: BufferFull.
Result<size_t> write_forwarded_request(const MessageView& request, const RequestEdit& edit,
                                       std::span<char> out);

struct ResponseEdit {
  uint16_t status = 0;  // another status with its default phrase; 0: as received
  const LineFilter* filter = nullptr;
  std::string_view required;     // option tag that Require shall list; empty: as received
  std::string_view extra_lines;  // whole lines behind all others, each with its CR LF
};

// Writes the response without its topmost Via value (16.7 step 3), also when others stand on the
// same line. Errors: BufferFull.
Result<size_t> write_forwarded_response(const MessageView& response, const ResponseEdit& edit,
                                        std::span<char> out);

}  // namespace tipring::sip
