#include "core/result.h"

namespace tipring {

std::string_view to_text(Error error) {
  switch (error) {
    case Error::PoolExhausted: return "pool exhausted";
    case Error::BufferFull: return "buffer full";
    case Error::TooLong: return "too long";
    case Error::NotFound: return "not found";
    case Error::Exists: return "exists already";
    case Error::Taken: return "taken already";
    case Error::TakenByGroup: return "taken by a hunt group";
    case Error::Invalid: return "invalid";
    case Error::OutOfRange: return "out of range";
    case Error::Stale: return "stale";
    case Error::Busy: return "busy";
    case Error::Unsupported: return "unsupported";
    case Error::Closed: return "closed";
    case Error::TimedOut: return "timed out";
    case Error::MethodIsAck: return "method is ACK";
    case Error::Unreachable: return "unreachable";
    case Error::Mismatch: return "does not fit";
    case Error::OverShare: return "over its share";
  }
  return "unknown";
}

}  // namespace tipring
