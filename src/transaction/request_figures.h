// What an operator is told of requests and responses: how many there were, how they were answered,
// and how long that took. Every set of names is bounded, whatever a stranger sends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/histogram.h"
#include "sip/method.h"
#include "transaction/machines.h"

namespace tipring::transaction {

inline constexpr size_t kMethods = static_cast<size_t>(sip::Method::Other) + 1;

// The statuses that have a count of their own; the others of a class share one.
inline constexpr auto kCountedStatuses = std::to_array<uint16_t>(
    {100, 180, 181, 182, 183, 199, 200, 202, 204, 300, 301, 302, 305, 380, 400, 401, 402, 403, 404,
     405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420, 421, 422, 423, 424, 428, 429, 430,
     433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484, 485, 486, 487, 488, 489, 491,
     493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580, 600, 603, 604, 606, 607, 608});
inline constexpr size_t kClasses = 6;  // 1xx to 6xx
inline constexpr size_t kStatusPlaces = kCountedStatuses.size() + kClasses;

// Where a status is counted: below kCountedStatuses.size() it is that one, above it is the rest of
// a class. What is no status counts with those of the last class.
size_t place_of_status(uint16_t status);

class RequestFigures {
 public:
  // As many pairs of a method and a status are told apart; later ones by method and class alone.
  static constexpr size_t kPairs = 160;
  using Responses = std::array<uint64_t, kStatusPlaces>;

  // A new request, none of its retransmissions.
  void on_received(sip::Method method) { ++received_[static_cast<size_t>(method)]; }

  // A final answer, the first. In the turn of the request the time is known at the turn's end, when
  // what was written has gone.
  void on_answered_at_once(sip::Method method, uint16_t status);
  void on_answered(sip::Method method, uint16_t status, Micros after);
  void end_turn(Micros since_its_begin);

  // Retransmissions do not count.
  void on_response_sent(uint16_t status) { ++sent_[place_of_status(status)]; }
  void on_response_received(uint16_t status) { ++responses_[place_of_status(status)]; }

  void enter(Machine machine, State state) { ++count_of(machine, state); }
  void leave(Machine machine, State state) { --count_of(machine, state); }

  uint64_t received(sip::Method method) const { return received_[static_cast<size_t>(method)]; }
  // `place` as place_of_status() gives it.
  uint64_t answered(sip::Method method, size_t place) const;
  const Histogram& times(sip::Method method) const { return times_[static_cast<size_t>(method)]; }
  const Responses& responses_sent() const { return sent_; }
  const Responses& responses_received() const { return responses_; }
  uint32_t transactions(Machine machine, State state) const {
    return states_[static_cast<size_t>(machine)][static_cast<size_t>(state)];
  }

 private:
  uint32_t& count_of(Machine machine, State state) {
    return states_[static_cast<size_t>(machine)][static_cast<size_t>(state)];
  }
  void count(size_t method, uint16_t status);

  std::array<uint64_t, kMethods> received_{};
  std::array<uint64_t, kPairs> pairs_{};
  std::array<std::array<uint64_t, kClasses>, kMethods> others_{};
  std::array<std::array<uint8_t, kStatusPlaces>, kMethods> pair_of_{};  // and 1; 0: none yet
  uint8_t pairs_taken_ = 0;
  uint32_t waiting_methods_ = 0;  // bits: those answered in this turn
  std::array<uint32_t, kMethods> waiting_{};
  std::array<Histogram, kMethods> times_{};
  Responses sent_{};
  Responses responses_{};
  std::array<std::array<uint32_t, kStates>, kMachines> states_{};
};

}  // namespace tipring::transaction
