// Phones with random habits, and what comes of their calls.
#pragma once

#include <string>
#include <vector>

#include "network.h"

namespace tipring::sim {

// Room for all that a crowd does in half a minute.
app::Config crowd_config();

struct CrowdOptions {
  size_t phones = 24;
  uint32_t loss_per_mille = 100;
  uint32_t duplicate_per_mille = 100;
  Millis delay_max{40};
  Millis talk_max{5'000};
};

struct CrowdCounts {
  uint64_t registrations = 0;  // answered with 200
  uint64_t removals = 0;       // of them
  uint64_t calls = 0;
  uint64_t as_wanted = 0;  // calls that ended as caller and callee meant them to
  uint64_t answered = 0;
  uint64_t busy = 0;
  uint64_t cancelled = 0;
  uint64_t not_found = 0;

  CrowdCounts& operator+=(const CrowdCounts& other);
  std::string text() const;
};

class Crowd {
 public:
  // Makes the phones: UDP and TCP, IPv4 and IPv6, some behind a router, and registers them.
  Crowd(Network& network, const CrowdOptions& options);

  // At least that many of both. Every phone is idle afterwards.
  void run(size_t registrations, size_t calls);
  // One random thing, at this instant.
  void act();
  void register_one();
  Phone& any_phone();
  CrowdCounts counts() const;

 private:
  struct Planned {
    const Phone* caller;
    const Phone* callee;
    size_t index;
    uint16_t wanted;  // the outcome that both mean it to have
  };

  void call_one();
  bool is_being_called(const Phone& phone) const;
  static bool as_wanted(const Planned& planned, const Call& call);

  Network& network_;
  Millis talk_max_;
  std::vector<Planned> planned_;
};

}  // namespace tipring::sim
