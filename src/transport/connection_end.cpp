#include "transport/connection_end.h"

namespace tipring::transport {

std::string_view to_text(ConnectionEnd end) {
  switch (end) {
    case ConnectionEnd::Shutdown: return "shutdown";
    case ConnectionEnd::ClosedByPeer: return "by_peer";
    case ConnectionEnd::Idle: return "idle";
    case ConnectionEnd::Silent: return "silent";
    case ConnectionEnd::NotSip: return "not_sip";
    case ConnectionEnd::Malformed: return "malformed";
    case ConnectionEnd::MessageTimeout: return "message_timeout";
    case ConnectionEnd::WriteTimeout: return "write_timeout";
    case ConnectionEnd::TooManyUnfinished: return "too_many_unfinished";
    case ConnectionEnd::TooManyLarge: return "too_many_large";
    case ConnectionEnd::TooManyHalfOpen: return "too_many_half_open";
    case ConnectionEnd::Displaced: return "displaced";
    case ConnectionEnd::ConnectFailed: return "connect_failed";
    case ConnectionEnd::ConnectTimeout: return "connect_timeout";
    case ConnectionEnd::Reset: return "reset";
  }
  return {};
}

}  // namespace tipring::transport
