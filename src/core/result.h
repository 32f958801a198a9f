// A value or the reason why there is none, in the shape of C++23's std::expected.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/assert.h"

namespace tipring {

// What we can be short of or be handed wrongly. Faults of received bytes have a type of their own
// in src/sip.
enum class Error : uint8_t {
  PoolExhausted,  // a pool of fixed capacity is full: answer 503, or drop and count
  BufferFull,     // what was to be written does not fit
  TooLong,        // longer than anything we keep
  NotFound,
  Exists,
  Taken,  // a name that belongs to somebody else
  TakenByGroup,
  Invalid,
  OutOfRange,
  Stale,  // a handle whose object has gone
  Busy,
  Unsupported,
  Closed,
  TimedOut,
  MethodIsAck,  // an ACK opens no transaction
  Unreachable,
  Mismatch,   // things that were given together do not fit each other
  OverShare,  // one would hold more than his share of what is for all
};

// One short English phrase.
std::string_view to_text(Error error);

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error::X;` are the point.
  Result(const T& value) : state_(std::in_place_index<0>, value) {}
  Result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, error) {}
  // A T() to be filled where it stands: for values whose copy would show.
  explicit Result(std::in_place_t) : state_(std::in_place_index<0>) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // REQUIRES: has_value().
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !has_value().
  E error() const {
    const E* error = std::get_if<1>(&state_);
    TIPRING_ASSERT(error != nullptr);
    return *error;
  }

  template <class U>
  T value_or(U&& otherwise) const {
    return has_value() ? value() : static_cast<T>(std::forward<U>(otherwise));
  }

 private:
  T& value() {
    T* value = std::get_if<0>(&state_);
    TIPRING_ASSERT(value != nullptr);
    return *value;
  }
  const T& value() const {
    const T* value = std::get_if<0>(&state_);
    TIPRING_ASSERT(value != nullptr);
    return *value;
  }

  static_assert(!std::is_same_v<T, E>, "an error cannot be told from a value of the same type");
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Result() = default;
  Result(E error) : error_(error), failed_(true) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  E error() const {
    TIPRING_ASSERT(failed_);
    return error_;
  }

 private:
  E error_{};
  bool failed_ = false;
};

}  // namespace tipring
