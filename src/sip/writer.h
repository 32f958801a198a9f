// Writing messages into a caller's buffer: RFC 3261 8.1, 8.2.6, 9.1 and 17.1.1.3. Nothing is cut:
// what does not fit makes the writer full, and a full writer writes no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/address.h"
#include "sip/header_id.h"
#include "sip/message.h"
#include "sip/via.h"

namespace tipring::sip {

class Writer {
 public:
  explicit Writer(std::span<char> out)
      : begin_(out.data()), at_(out.data()), end_(out.data() + out.size()) {}

  Writer& text(std::string_view piece);
  // A literal is copied by a few stores where the call stands.
  template <size_t N>
  Writer& text(const char (&literal)[N]) {
    if (char* const room = take(N - 1)) std::memcpy(room, literal, N - 1);
    return *this;
  }
  template <size_t N>
  Writer& text(char (&buffer)[N]) = delete;  // where does the text in it end?
  Writer& number(uint64_t value);
  Writer& crlf() { return text("\r\n"); }
  // `piece` with its folds taken out: one line stays one line, whatever stood in it (7.3.1).
  Writer& unfolded(std::string_view piece);
  // A whole line, unfolded.
  Writer& header(HeaderId id, std::string_view value);
  Writer& header(std::string_view name, std::string_view value);
  Writer& header(HeaderId id, uint64_t value);
  // A received line under the header's own name.
  Writer& header(HeaderId id, const HeaderView& line);
  // `text` in quotes, with quotes and backslashes inside escaped.
  Writer& quoted(std::string_view text);

  bool full() const { return full_; }
  size_t size() const { return static_cast<size_t>(at_ - begin_); }
  std::string_view view() const { return {begin_, size()}; }
  // The number of bytes written. Errors: BufferFull.
  Result<size_t> finish() const;

 private:
  // Room for so many bytes more; null when there is not as much, and ever after.
  char* take(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) {
      full_ = true;
      end_ = at_;
      return nullptr;
    }
    char* const room = at_;
    at_ += size;
    return room;
  }
  Writer& line(std::string_view name, std::string_view value);  // without a fold

  char* begin_;
  char* at_;
  char* end_;
  bool full_ = false;
};

// What we learned about the sender of a request and note in its top Via: `received` where sent-by
// is not the source address, and always beside rport (RFC 3261 18.2.1, RFC 3581 4).
struct ViaFixUp {
  bool add_received = false;
  bool set_rport = false;
  port::SocketAddress source;
};

// Decides it from the top Via and the source address.
ViaFixUp make_via_fix_up(const Via& top, const port::SocketAddress& source);

// Writes one Via value with the fix-up: its own received and rport are replaced, all else stays as
// it is.
void write_fixed_via(Writer& out, std::string_view value, const Via& via, const ViaFixUp& fix_up);

// What a response says beyond the status.
struct ResponseParts {
  std::string_view reason;   // empty: the default phrase
  std::string_view to_tag;   // added to To where it has none; empty for a 100
  ViaFixUp via;              // of the top Via
  std::string_view headers;  // whole lines, each with its CR LF
  std::string_view content_type;
  std::string_view body;
  bool copy_record_route = false;  // a 2xx or 18x that makes a dialog (12.1.1)
};

// 8.2.6: Via, From, To, Call-ID and CSeq as in the request, Timestamp in a 100. The bytes written.
// What the request lacks of them, the response lacks too: a 400 says which it is.
// Errors: BufferFull, Invalid (the request has no Via, so that the response would go nowhere).
Result<size_t> write_response(const MessageView& request, uint16_t status,
                              const ResponseParts& parts, std::span<char> out);

// The ACK to a final response above 299 (17.1.1.3): Request-URI, top Via, From, Call-ID, Route and
// CSeq number of the request that we sent, To of the response.
// Errors: BufferFull, Invalid (one of these, or the To, is missing).
Result<size_t> write_ack_for_failure(const MessageView& request, const MessageView& response,
                                     std::span<char> out);

// The CANCEL of the request that we sent (9.1). `lines` are whole lines for it: why, RFC 3326.
// Errors: as write_ack_for_failure.
Result<size_t> write_cancel(const MessageView& request, std::span<char> out,
                            std::string_view lines = {});

}  // namespace tipring::sip
