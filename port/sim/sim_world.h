// A world in virtual time: hosts, the links between them, and one queue of events. Nothing in it
// depends on the real clock or on addresses in memory, so a run repeats exactly from its seed. For
// tests: it uses the heap, and runs in one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "port/address.h"
#include "port/sim/sim_random.h"
#include "port/time.h"

namespace tipring::port {

class SimHost;
class SimNat;

// Names an event that waits: its instant, and its place among all events.
using SimEventId = std::pair<Millis, uint64_t>;

// What befalls packets from one host to another. Datagrams are reordered whenever the delay has a
// range. Streams stay whole and in order: a lost segment only comes later.
struct SimLink {
  uint32_t loss_per_mille = 0;
  uint32_t duplicate_per_mille = 0;
  Millis delay_min{1};
  Millis delay_max{1};
  bool cut = false;               // a partition: nothing passes
  bool tells_unreachable = true;  // ICMP comes back when no socket is bound
  bool splits_reads = true;  // a stream read gives a random part of what is there, down to one byte
};

// Sees all that hosts send to each other, before links delay, lose or repeat it.
class SimTap {
 public:
  virtual void on_datagram(const SocketAddress& from, const SocketAddress& to,
                           std::string_view bytes) = 0;
  // The next bytes of one direction; `connection` is another number for each connection.
  virtual void on_stream(uint64_t connection, const SocketAddress& from, const SocketAddress& to,
                         std::string_view bytes) = 0;

 protected:
  ~SimTap() = default;
};

class SimWorld {
 public:
  explicit SimWorld(uint64_t seed);
  ~SimWorld();

  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  uint64_t seed() const { return seed_; }
  Millis now() const { return now_; }
  SimRandom& random() { return random_; }

  // The host is the world's and lives as long. Its loopback addresses need not be named.
  SimHost& make_host(std::string_view name, std::vector<IpAddress> addresses);

  // The same behind a router of its own, with private addresses that only it knows.
  SimHost& make_host_behind(SimNat& nat, std::string_view name, std::vector<IpAddress> addresses);
  // A router with that outer address, which is the world's.
  SimNat& make_nat(const IpAddress& outside);

  // The next event, or the next turn of a host with all events that wait for it at this instant.
  // False when nothing is left to happen.
  bool step();
  void run_until(Millis when);
  void run_for(Millis duration) { run_until(now_ + duration); }
  // Runs until `condition` holds after an event, for at most `limit`; whether it held.
  bool run_until(const std::function<bool()>& condition, Millis limit);

  // The link that packets from `from` to `to` take, to be changed at will. One that nobody asked
  // for is as default_link(); within a host loopback_link() counts.
  SimLink& link(const SimHost& from, const SimHost& to);
  SimLink& default_link() { return default_link_; }
  SimLink& loopback_link() { return loopback_link_; }
  void partition(const SimHost& a, const SimHost& b, bool cut);

  // Outlives what is sent; null for none.
  void set_tap(SimTap* tap) { tap_ = tap; }

  // For port/sim only.
  SimEventId at(Millis when, std::function<void()> action);
  SimEventId at_host(Millis when, SimHost& host, bool is_turn, std::function<void()> action);
  void cancel(const SimEventId& id) { events_.erase(id); }
  const SimLink& conditions(const SimHost& from, const SimHost& to) const;
  SimHost* host_of(const IpAddress& ip) const;     // null when no host has it; never for loopback
  SimNat* nat_of(const IpAddress& outside) const;  // null when no router has it
  SimTap* tap() const { return tap_; }
  uint64_t next_connection() { return ++connections_; }

 private:
  struct Event {
    std::function<void()> action;
    SimHost* host = nullptr;
    uint64_t epoch = 0;  // of the host: a crash makes the event void
    bool is_turn = false;
  };

  SimEventId insert(Millis when, Event event);
  void run_turn(SimHost& host);
  void guard_progress();

  uint64_t seed_;
  SimRandom random_;
  Millis now_{1000};
  std::map<SimEventId, Event> events_;
  uint64_t next_sequence_ = 0;
  uint64_t steps_at_this_instant_ = 0;
  std::vector<std::unique_ptr<SimHost>> hosts_;
  std::map<IpAddress, SimHost*> hosts_by_ip_;
  std::map<IpAddress, std::unique_ptr<SimNat>> nats_;   // by the outer address
  std::map<std::pair<size_t, size_t>, SimLink> links_;  // by the hosts' numbers
  SimLink default_link_;
  SimLink loopback_link_;
  SimTap* tap_ = nullptr;
  uint64_t connections_ = 0;
};

}  // namespace tipring::port
