#include "core/slab_text.h"

#include <cstring>

#include "core/poison.h"

namespace tipring {

void TextSlabs::plan(MemoryPlan& plan, std::string_view name, const Counts& counts) {
  for (size_t i = 0; i < kClasses; ++i) {
    if (counts[i] != 0) plan.add(name, counts[i], kClassBytes[i]);
  }
}

TextSlabs::TextSlabs(std::string_view name, Arena& arena, const Counts& counts) {
  for (size_t i = 0; i < kClasses; ++i) {
    Class& entry = classes_[i];
    entry.stats = {name, counts[i], 0, 0, 0, kClassBytes[i]};
    const size_t bytes = size_t{counts[i]} * kClassBytes[i];
    entry.memory = reinterpret_cast<char*>(arena.take_bytes(bytes).data());
    for (size_t k = counts[i]; k-- > 0;) {
      char* slab = entry.memory + k * kClassBytes[i];
      std::memcpy(slab, &entry.first_free, sizeof(char*));
      entry.first_free = slab;
      poison(slab, kClassBytes[i]);
    }
  }
}

TextSlabs::~TextSlabs() {
  for (size_t i = 0; i < kClasses; ++i) {
    unpoison(classes_[i].memory, size_t{classes_[i].stats.capacity} * kClassBytes[i]);
  }
}

char* TextSlabs::take_of(size_t size_class) {
  Class& entry = classes_[size_class];
  char* slab = entry.first_free;
  if (slab == nullptr) return nullptr;
  unpoison(slab, kClassBytes[size_class]);
  std::memcpy(&entry.first_free, slab, sizeof(char*));
  if (++entry.stats.in_use > entry.stats.high_water) entry.stats.high_water = entry.stats.in_use;
  return slab;
}

void TextSlabs::give_back(const TextSlab& slab) {
  if (slab.data == nullptr) return;
  Class& entry = classes_[slab.size_class];
  unpoison(slab.data, kClassBytes[slab.size_class]);
  std::memcpy(slab.data, &entry.first_free, sizeof(char*));
  poison(slab.data, kClassBytes[slab.size_class]);
  entry.first_free = slab.data;
  --entry.stats.in_use;
}

Result<TextSlab> TextSlabs::take(std::span<const std::string_view> pieces) {
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  TextSlab slab;
  if (size == 0) return slab;
  if (size > kTextMax) return Error::TooLong;
  size_t wanted = 0;
  while (kClassBytes[wanted] < size) ++wanted;
  for (size_t i = wanted; i < kClasses && slab.data == nullptr; ++i) {
    slab.data = take_of(i);
    slab.size_class = static_cast<uint8_t>(i);
  }
  if (slab.data == nullptr) {
    ++classes_[wanted].stats.refusals;
    return Error::PoolExhausted;
  }
  slab.size = static_cast<uint16_t>(size);
  char* end = slab.data;
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) std::memcpy(end, piece.data(), piece.size());
    end += piece.size();
  }
  poison(end, kClassBytes[slab.size_class] - size);
  return slab;
}

Result<SlabText> TextSlabs::store(std::span<const std::string_view> pieces) {
  const Result<TextSlab> slab = take(pieces);
  if (!slab) return slab.error();
  SlabText text;
  text.owner_ = this;
  text.slab_ = *slab;
  return text;
}

void SlabText::reset() {
  if (owner_ != nullptr) owner_->give_back(slab_);
  owner_ = nullptr;
  slab_ = {};
}

}  // namespace tipring
