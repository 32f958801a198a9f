// Looks at every message on the wire, as a stranger with the RFC in hand: it knows nothing of the
// machines behind. Also takes the fingerprint of a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "findings.h"
#include "port/sim/sim_world.h"
#include "sip/message.h"

namespace tipring::sim {

class Referee final : public port::SimTap {
 public:
  // The addresses are those of the server, whose messages must be without fault.
  Referee(port::SimWorld& world, std::vector<port::IpAddress> server, Findings& findings)
      : world_(world), server_(std::move(server)), findings_(findings) {
    world_.set_tap(this);
  }
  ~Referee() { world_.set_tap(nullptr); }
  Referee(const Referee&) = delete;

  // A 503 that was sent without keeping anything may be followed by another answer, when the
  // request comes again and there is room.
  void allow_second_thoughts_after_503() { second_thoughts_ = true; }
  // RFC 3261 13.3.1.4: of several phones that answer each says so.
  void allow_forks() { forks_ = true; }
  // A process that starts again does not know what the one before has answered.
  void forget() { finals_.clear(); }

  // Of all bytes, addresses and instants so far.
  uint64_t fingerprint() const { return fingerprint_; }
  uint64_t messages() const { return messages_; }
  // Final responses that the server has sent, by status; repeated ones count once.
  uint64_t finals(uint16_t status) const;

 private:
  struct Final {
    uint16_t status = 0;
    std::string to_tag;
  };

  void on_datagram(const port::SocketAddress& from, const port::SocketAddress& to,
                   std::string_view bytes) override;
  void on_stream(uint64_t connection, const port::SocketAddress& from,
                 const port::SocketAddress& to, std::string_view bytes) override;
  void mix(const port::SocketAddress& from, const port::SocketAddress& to, std::string_view bytes);
  void mix(std::string_view bytes);
  bool is_server(const port::SocketAddress& address) const;
  void judge(const port::SocketAddress& from, const port::SocketAddress& to,
             const sip::MessageView& message);
  void judge_response(const port::SocketAddress& from, const port::SocketAddress& to,
                      const sip::MessageView& response);
  void report(const port::SocketAddress& from, const sip::MessageView& message,
              const std::string& fault);

  port::SimWorld& world_;
  std::vector<port::IpAddress> server_;
  Findings& findings_;
  bool second_thoughts_ = false;
  bool forks_ = false;
  uint64_t fingerprint_ = 0xcbf29ce484222325U;
  uint64_t messages_ = 0;
  std::unordered_map<std::string, Final> finals_;  // by sender, receiver, branch and CSeq
  std::map<uint16_t, uint64_t> final_counts_;
  std::map<std::pair<uint64_t, port::SocketAddress>, std::string> streams_;
};

}  // namespace tipring::sim
