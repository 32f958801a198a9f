#include "transaction/request_figures.h"

#include <algorithm>
#include <bit>

namespace tipring::transaction {

namespace {

constexpr uint16_t kLowest = 100;
constexpr uint16_t kBeyond = 700;

constexpr std::array<uint8_t, kBeyond - kLowest> make_places() {
  std::array<uint8_t, kBeyond - kLowest> places{};
  for (size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<uint8_t>(kCountedStatuses.size() + i / 100);
  }
  for (size_t i = 0; i < kCountedStatuses.size(); ++i) {
    places[kCountedStatuses[i] - kLowest] = static_cast<uint8_t>(i);
  }
  return places;
}

constexpr auto kPlaces = make_places();
static_assert(RequestFigures::kPairs < 255 && kStatusPlaces < 255 && kMethods <= 32);

}  // namespace

size_t place_of_status(uint16_t status) {
  return status >= kLowest && status < kBeyond ? kPlaces[status - kLowest] : kStatusPlaces - 1;
}

void RequestFigures::count(size_t method, uint16_t status) {
  const size_t place = place_of_status(status);
  uint8_t& pair = pair_of_[method][place];
  if (pair == 0 && pairs_taken_ < kPairs && place < kCountedStatuses.size()) pair = ++pairs_taken_;
  if (pair != 0) {
    ++pairs_[pair - 1U];
  } else {
    const size_t status_class = status / 100U - 1;
    ++others_[method][std::min(status_class, kClasses - 1)];
  }
}

void RequestFigures::on_answered_at_once(sip::Method method, uint16_t status) {
  const auto index = static_cast<size_t>(method);
  count(index, status);
  waiting_methods_ |= 1U << index;
  ++waiting_[index];
}

void RequestFigures::on_answered(sip::Method method, uint16_t status, Micros after) {
  const auto index = static_cast<size_t>(method);
  count(index, status);
  times_[index].add(after);
}

void RequestFigures::end_turn(Micros since_its_begin) {
  while (waiting_methods_ != 0) {
    const auto index = static_cast<size_t>(std::countr_zero(waiting_methods_));
    waiting_methods_ &= waiting_methods_ - 1;
    times_[index].add(since_its_begin, waiting_[index]);
    waiting_[index] = 0;
  }
}

uint64_t RequestFigures::answered(sip::Method method, size_t place) const {
  const auto index = static_cast<size_t>(method);
  if (place >= kCountedStatuses.size()) return others_[index][place - kCountedStatuses.size()];
  const uint8_t pair = pair_of_[index][place];
  return pair == 0 ? 0 : pairs_[pair - 1U];
}

}  // namespace tipring::transaction
