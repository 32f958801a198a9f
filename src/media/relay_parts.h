// What a relay is made of. For src/media alone.
#pragma once

#include "core/log_count.h"
#include "core/pool.h"
#include "media/relay.h"
#include "media/relayed_call.h"
#include "media/relayed_stream.h"

namespace tipring::media {

struct RelayParts {
  RelayParts(const RelayDependencies& given, const Limits& limits, const PortRange& range);

  port::IpAddress bind_for(port::Family family) const;
  port::IpAddress advertised_for(const port::IpAddress& local) const;
  void note_taken_ports();

  RelayDependencies dependencies;
  RelayOptions options;
  Forwarding forwarding;
  PortPool ports;
  Pool<RelayedStream> streams;
  Pool<RelayedCall> calls;
  const uint32_t kept_back;  // of calls, and of streams: for calls for help
  LogCount taken_lines;
  uint64_t taken_noted = 0;
};

}  // namespace tipring::media
