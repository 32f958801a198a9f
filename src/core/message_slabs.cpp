#include "core/message_slabs.h"

#include <cstring>

#include "core/poison.h"

namespace tipring {

namespace {

constexpr std::array<std::string_view, MessageSlabs::kClasses> kNames = {
    "messages_512", "messages_1k", "messages_2k", "messages_4k", "messages_64k"};

}  // namespace

void MessageSlabs::plan(MemoryPlan& plan, const Counts& counts) {
  for (size_t i = 0; i < kClasses; ++i) {
    const uint64_t bytes = Arena::bytes_needed(uint64_t{counts[i]} * sizeof(detail::Slab)) +
                           Arena::bytes_needed(uint64_t{counts[i]} * kClassBytes[i]);
    plan.add_total(kNames[i], counts[i], kClassBytes[i] + sizeof(detail::Slab), bytes, true);
  }
}

MessageSlabs::MessageSlabs(Arena& arena, const Counts& counts, uint32_t kept_back)
    : long_max_(counts[kReceiveClass] - kept_back) {
  for (size_t i = 0; i < kClasses; ++i) {
    Class& entry = classes_[i];
    const std::span<detail::Slab> slabs = arena.take<detail::Slab>(counts[i]);
    entry.memory = arena.take_bytes(size_t{counts[i]} * kClassBytes[i]).data();
    entry.stats = {kNames[i], counts[i], 0, 0, 0, kClassBytes[i]};
    for (size_t k = counts[i]; k-- > 0;) {
      char* data = reinterpret_cast<char*>(entry.memory) + k * kClassBytes[i];
      slabs[k] = {this, data, 0, 0, entry.first_free, static_cast<uint8_t>(i)};
      entry.first_free = &slabs[k];
    }
    poison(entry.memory, size_t{counts[i]} * kClassBytes[i]);
  }
}

MessageSlabs::~MessageSlabs() {
  for (size_t i = 0; i < kClasses; ++i) {
    unpoison(classes_[i].memory, size_t{classes_[i].stats.capacity} * kClassBytes[i]);
  }
}

detail::Slab* MessageSlabs::take(size_t size_class, bool to_keep) {
  Class& entry = classes_[size_class];
  detail::Slab* slab = entry.first_free;
  if (slab == nullptr) return nullptr;
  if (size_class == kReceiveClass && to_keep) {
    if (long_in_use_ == long_max_) return nullptr;
    ++long_in_use_;
  }
  slab->to_keep = to_keep;
  entry.first_free = slab->next_free;
  if (++entry.stats.in_use > entry.stats.high_water) entry.stats.high_water = entry.stats.in_use;
  slab->references = 1;
  slab->size = 0;
  unpoison(slab->data, kClassBytes[size_class]);
  return slab;
}

void MessageSlabs::give_back(detail::Slab& slab) {
  Class& entry = classes_[slab.size_class];
  poison(slab.data, kClassBytes[slab.size_class]);
  slab.next_free = entry.first_free;
  entry.first_free = &slab;
  --entry.stats.in_use;
  if (slab.size_class == kReceiveClass && slab.to_keep) --long_in_use_;
}

MessageRef MessageSlabs::acquire(size_t size_min, bool to_keep) {
  constexpr size_t kLargest = kClasses - 1;
  size_t wanted = 0;
  while (wanted < kClasses && kClassBytes[wanted] < size_min) ++wanted;
  if (wanted == kClasses) return {};
  const size_t end = wanted == kLargest ? kClasses : kLargest;
  for (size_t i = wanted; i < end; ++i) {
    if (detail::Slab* slab = take(i, to_keep)) return MessageRef(slab);
  }
  ++classes_[wanted].stats.refusals;
  return {};
}

MessageRef MessageSlabs::copy(std::string_view bytes) {
  MessageRef message = acquire(bytes.size());
  if (message) {
    std::memcpy(message.data(), bytes.data(), bytes.size());
    message.set_size(bytes.size());
  }
  return message;
}

MessageRef MessageSlabs::shrink(MessageRef message) {
  if (message.shared()) return message;
  for (size_t i = 0; i < message.slab_->size_class; ++i) {
    if (kClassBytes[i] < message.size()) continue;
    MessageRef smaller(take(i, true));
    if (!smaller) continue;
    std::memcpy(smaller.data(), message.data(), message.size());
    smaller.set_size(message.size());
    return smaller;
  }
  return message;
}

void MessageRef::set_size(size_t size) {
  TIPRING_ASSERT(size <= capacity());
  slab_->size = static_cast<uint32_t>(size);
  unpoison(slab_->data, size);
  poison(slab_->data + size, capacity() - size);
}

std::span<char> MessageRef::room() {
  unpoison(slab_->data, capacity());
  return {slab_->data, capacity()};
}

}  // namespace tipring
