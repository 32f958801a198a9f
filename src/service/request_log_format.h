// What a line of the request log says: formats as Apache's mod_log_config has them, compiled at start.
//
//   %h           address that the request came from
//   %{Name}i     the request's header          %{uri:Name}i  the URI alone of an address in it
//   %{Name}o     the answer's                  %{uri:Name}o  likewise
//   %r           request line                  %U   Request-URI
//   %s, %>s      status                        %b   bytes of the answer's body
//   %t           time of the request, "[10/Oct/2000:13:55:36 +0000]"
//   %{format}t   the same by strftime (log_time.h)
//   %T           seconds until it was answered, %{ms}T milliseconds, %{us}T microseconds
//   %u           user name of its credentials, which only a status without 401 and 407 has proved
//   %v           name of the server            %p   port that it came to     %P   process
//   %l           "-"                           %%   a percent sign
//
// Between "%" and the rest may stand statuses: %400,501{User-Agent}i has a value for these alone,
// %!200,487{Reason}o for all others; "-" else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "port/time.h"
#include "service/log_entry.h"
#include "sip/message.h"
#include "transaction/transaction_user.h"

namespace tipring::service {

// "host From To [date] "request" status", with the URIs of the two, so that each is one word.
inline constexpr std::string_view kClassicFormat = "%h %{uri:From}i %{uri:To}i %t \"%r\" %s";
// Of the web's servers.
inline constexpr std::string_view kCommonFormat = "%h %l %u %t \"%r\" %>s %b";

struct FormatFault {
  size_t at = 0;  // in the text, from 0
  std::string text;
};

// What stays the same for all lines.
struct ServerFacts {
  std::string name;
  uint32_t process = 0;
};

// A request and its final answer, both parsed.
struct LoggedRequest {
  const transaction::AnsweredRequest& answered;
  const sip::MessageView& response;
  Millis wall;  // when the request came
};

class RequestLogFormat {
 public:
  // Uses the heap. Nothing when it is good.
  std::optional<FormatFault> compile(std::string_view text);

  void write(const LoggedRequest& request, const ServerFacts& server, LogEntry& out) const;

 private:
  enum class Kind : uint8_t {
    Literal,
    Host,
    RequestHeader,
    ResponseHeader,
    RequestLine,
    Uri,
    Status,
    BodyBytes,
    Time,
    TimeBy,
    Seconds,
    Millis,
    Micros,
    User,
    Server,
    Port,
    Process,
  };
  struct Item {
    Kind kind = Kind::Literal;
    bool uri_only = false;
    bool secret = false;   // a header with credentials
    bool negated = false;  // the statuses are those without a value
    std::string text;      // literal, header name or time format
    std::vector<uint16_t> statuses;
  };
  struct Reader;

  static std::optional<FormatFault> read_item(Reader& reader, Item& item);
  static std::optional<FormatFault> take_letter(Reader& reader, std::string_view argument,
                                                Item& item);
  static void write_item(const Item& item, const LoggedRequest& request, const ServerFacts& server,
                         LogEntry& out);

  std::vector<Item> items_;
};

}  // namespace tipring::service
