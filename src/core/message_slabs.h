// Message buffers in size classes, counted: the one thing that a transaction, a connection and a
// batch may share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "core/pool.h"

namespace tipring {

class MessageSlabs;

namespace detail {

struct Slab {
  MessageSlabs* owner = nullptr;
  char* data = nullptr;
  uint32_t size = 0;
  uint32_t references = 0;
  Slab* next_free = nullptr;
  uint8_t size_class = 0;
  bool to_keep = false;  // not taken to receive into
};

}  // namespace detail

// A counted reference to one buffer. Copying counts up, the last one gives the buffer back. The
// loop's thread only.
class MessageRef {
 public:
  MessageRef() = default;
  MessageRef(const MessageRef& other) : slab_(other.slab_) {
    if (slab_ != nullptr) ++slab_->references;
  }
  MessageRef(MessageRef&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  MessageRef& operator=(MessageRef other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~MessageRef() { reset(); }

  explicit operator bool() const { return slab_ != nullptr; }
  void reset();

  // REQUIRES of all below: not null.
  char* data() { return slab_->data; }
  const char* data() const { return slab_->data; }
  size_t size() const { return slab_->size; }
  size_t capacity() const;
  // Bytes beyond `size` may not be touched until it grows again.
  void set_size(size_t size);
  std::string_view view() const { return {slab_->data, slab_->size}; }
  // All of the buffer, for a receiver or a writer; set_size() must follow.
  std::span<char> room();
  bool shared() const { return slab_->references > 1; }

 private:
  friend class MessageSlabs;
  explicit MessageRef(detail::Slab* slab) : slab_(slab) {}

  detail::Slab* slab_ = nullptr;
};

class MessageSlabs {
 public:
  static constexpr std::array<uint32_t, 5> kClassBytes = {512, 1024, 2048, 4096, 65536};
  static constexpr size_t kClasses = kClassBytes.size();
  using Counts = std::array<uint32_t, kClasses>;

  // What is received goes here first.
  static constexpr size_t kReceiveClass = 3;

  static void plan(MemoryPlan& plan, const Counts& counts);

  // `kept_back` buffers of kReceiveClass are for receiving alone.
  MessageSlabs(Arena& arena, const Counts& counts, uint32_t kept_back = 0);
  ~MessageSlabs();
  MessageSlabs(const MessageSlabs&) = delete;
  MessageSlabs& operator=(const MessageSlabs&) = delete;

  // A buffer of at least `size_min` bytes and size() 0, of the smallest class that has one free.
  // The 64 KiB class serves only what needs it. Null when there is none.
  MessageRef acquire(size_t size_min) { return acquire(size_min, true); }

  // The same for what is about to be received, so that however much is kept, it can be read.
  MessageRef acquire_to_receive(size_t size_min) { return acquire(size_min, false); }

  // A buffer that holds a copy of `bytes`. Null as acquire().
  MessageRef copy(std::string_view bytes);

  // The message for who keeps it beyond its handling: a copy, so that what it was received into is
  // free to be read into again; itself where only the largest class holds it. Null as acquire().
  MessageRef keep(const MessageRef& received) {
    return received.size() > kClassBytes[kReceiveClass] ? received : copy(received.view());
  }

  // The same message in the smallest buffer that is free and fits; `message` itself when that is no
  // gain or it is shared. For what is kept long.
  MessageRef shrink(MessageRef message);

  const PoolStats& stats(size_t size_class) const { return classes_[size_class].stats; }

 private:
  friend class MessageRef;

  struct Class {
    std::byte* memory = nullptr;
    detail::Slab* first_free = nullptr;
    PoolStats stats;
  };

  MessageRef acquire(size_t size_min, bool to_keep);
  detail::Slab* take(size_t size_class, bool to_keep);
  void give_back(detail::Slab& slab);

  std::array<Class, kClasses> classes_;
  const uint32_t long_max_;  // of kReceiveClass, for other uses
  uint32_t long_in_use_ = 0;
};

static_assert(sizeof(MessageRef) == sizeof(void*));

inline void MessageRef::reset() {
  if (slab_ != nullptr && --slab_->references == 0) slab_->owner->give_back(*slab_);
  slab_ = nullptr;
}

inline size_t MessageRef::capacity() const { return MessageSlabs::kClassBytes[slab_->size_class]; }

}  // namespace tipring
