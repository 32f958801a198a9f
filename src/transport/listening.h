// Opens and closes listening points, at start and while the server runs.
//
// A change is made whole or not at all. What is in both the old and the new list is not touched. A
// UDP socket that goes is first given time for the transactions that are under way on it; a TCP
// listener goes at once, and the connections that it has accepted stay until they end.
#pragma once

#include <array>
#include <span>

#include "core/timer_wheel.h"
#include "transport/connections.h"
#include "transport/datagrams.h"
#include "transport/listen_points.h"
#include "transport/shared.h"

namespace tipring::transport {

class Listening {
 public:
  Listening(Shared& shared, Datagrams& datagrams, Connections& connections)
      : shared_(shared), datagrams_(datagrams), connections_(connections) {}

  // Makes `wanted` the open points. An errno value, 0 for success; then `failed` is the point that
  // could not be opened, and all is as it was before.
  int change(std::span<const ListenPoint> wanted, ListenPoint& failed);

  void close_all();

 private:
  static constexpr Millis kLook{50};

  // An open point, or one on its way to be.
  struct Entry {
    ListenPoint asked;
    ListenPoint point;
    uint8_t number = 0;
    bool stays = false;
    bool closed = false;  // it stood in the way of a new one
  };
  struct Leaving {
    ListenPoint point;
    uint8_t number = 0;
    Millis until{0};
  };
  using Entries = std::array<Entry, ListenPoints::kMax>;

  int open(Entry& entry);
  void close(const Entry& entry);
  uint8_t new_number();
  int open_new(std::span<Entry> next, std::span<Entry> old, ListenPoint& failed);
  void make_way(const ListenPoint& point, std::span<Entry> old);
  void put_back(std::span<Entry> next, std::span<Entry> old);
  void retire(const Entry& entry);
  void end(const Leaving& leaving, std::string_view why);
  void on_look(Millis now);

  Shared& shared_;
  Datagrams& datagrams_;
  Connections& connections_;
  uint8_t last_number_ = UINT8_MAX;
  std::array<Leaving, ListenPoints::kMax> leaving_;
  size_t leaving_count_ = 0;
  MemberTimer<Listening, &Listening::on_look> look_{*this};
};

}  // namespace tipring::transport
