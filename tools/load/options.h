// What the command line asks of the load generator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "port/address.h"

namespace tipring::load {

enum class Scenario : uint8_t {
  Options,   // OPTIONS to the server itself
  Register,  // a binding that is new, with digest
  Refresh,   // a binding that stands, with digest
  Call,      // INVITE to BYE between a caller and a callee, both ours
  Echo,      // packets of given sizes with a program that sends them back
};

std::string_view to_text(Scenario scenario);

// One message of an operation.
struct Packet {
  int size = 0;         // sent, and negative, received
  bool callee = false;  // by the callee's socket

  friend bool operator==(const Packet&, const Packet&) = default;
};

struct Options {
  Scenario scenario = Scenario::Options;
  port::SocketAddress server;
  bool tcp = false;
  double rate = 0;           // operations started per second; 0: as many at a time as `outstanding`
  uint32_t tick_ms = 0;      // of an open loop: what is due within it is started together
  uint32_t outstanding = 0;  // operations at a time, at most
  uint64_t count = 0;        // operations in all; 0: without end
  double duration_s = 0;     // 0: without end
  uint32_t sockets = 1;      // UDP sockets or TCP connections on each side
  uint64_t users = 0;
  uint64_t first_user = 0;
  std::string domain;
  std::string password = "secret";
  uint32_t ring_ms = 0;
  uint32_t hold_ms = 0;
  uint32_t expires_s = 3600;
  std::vector<Packet> packets;  // Echo: of one operation, in order
  bool prepare = true;
  bool wait = false;
  bool json = false;

  bool has_callees() const;
};

// Reads the command line. Nothing when the program is to end at once: after --help, which goes to
// standard output, with `exit_code` 0, or after a fault, which goes to standard error, with 2.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

// "+400,-350b" as Options::packets; nothing for what a load cannot be made of.
std::optional<std::vector<Packet>> parse_packets(std::string_view text);
std::string write_packets(const std::vector<Packet>& packets);

}  // namespace tipring::load
