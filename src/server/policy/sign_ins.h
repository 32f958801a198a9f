// When each user's phone was let in last, and why it was not: for an operator who looks why a phone does
// not register. In memory alone, since the server's start; one place for each user, taken at start.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/handle.h"
#include "core/memory_plan.h"
#include "port/address.h"
#include "port/time.h"
#include "server/policy/unknown_names.h"
#include "service/unregistered_phones.h"
#include "store/user.h"

namespace tipring::policy {

enum class SignInFault : uint8_t {
  None,
  WrongPassword,  // or another auth_name
  Blocked,        // too many wrong ones before
  NotItsAddress,  // signed in, but for an address-of-record that is another's
  TooManyPhones,  // signed in, but the user's other phones leave no room for it
};
std::string_view to_text(SignInFault fault);

struct SignIn {
  Handle<store::User> user;  // null: nothing is known
  SignInFault fault = SignInFault::None;
  uint32_t registered = 0;  // of TooManyPhones: how many phones the user had, and might have
  uint32_t allowed = 0;
  Millis seen{0};    // monotonic; 0: never
  Millis failed{0};  // likewise
  port::SocketAddress seen_at;
  port::SocketAddress failed_at;
};

class SignIns final : public service::UnregisteredPhones {
 public:
  // Other phones of the user, who are let in, do not make up for one too many. Who has not come back
  // for so long has given up.
  static constexpr Millis kTooManyShown{3'600'000};

  static void plan(MemoryPlan& plan, uint32_t users) {
    plan.add("sign_ins", users, sizeof(SignIn));
    UnknownNames::plan(plan);
  }
  SignIns(Arena& arena, uint32_t users) : places_(arena.take<SignIn>(users)), unknown_(arena) {}

  UnknownNames& unknown() { return unknown_; }
  const UnknownNames& unknown() const { return unknown_; }

  // The user has `registered` phones. A phone that was one too many may come back from another
  // port: where there is room for one more when somebody is let in, nobody is kept out any more.
  void note_seen(Handle<store::User> user, const port::SocketAddress& from, uint32_t registered,
                 Millis now) {
    if (SignIn* const place = place_of(user)) {
      place->seen = now;
      place->seen_at = from;
      if (place->failed_at == from || has_room(*place, registered))
        place->fault = SignInFault::None;
    }
  }
  void note_fault(Handle<store::User> user, SignInFault fault, const port::SocketAddress& from,
                  Millis now) {
    if (SignIn* const place = place_of(user)) {
      place->fault = fault;
      place->failed = now;
      place->failed_at = from;
    }
  }

  void on_too_many(Handle<store::User> user, const port::SocketAddress& from, uint32_t registered,
                   uint32_t allowed, Millis now) override {
    note_fault(user, SignInFault::TooManyPhones, from, now);
    if (SignIn* const place = place_of(user)) {
      place->registered = registered;
      place->allowed = allowed;
    }
  }

  // registrar.max_bindings_per_aor.
  void set_allowed(uint32_t phones) { allowed_ = phones; }

  // What an operator is told of: a fault that nothing has made up for. The user has `registered` phones.
  bool shows_fault(const SignIn& of, uint32_t registered, Millis now) const {
    if (of.fault == SignInFault::TooManyPhones)
      return !has_room(of, registered) && now - of.failed < kTooManyShown;
    return of.fault != SignInFault::None && of.failed > of.seen;
  }

  // Null when nothing is known of the user.
  const SignIn* find(Handle<store::User> user) const {
    if (!user || user.index >= places_.size() || places_[user.index].user != user) return nullptr;
    return &places_[user.index];
  }

 private:
  // For the phone that was one too many.
  bool has_room(const SignIn& of, uint32_t registered) const {
    return of.fault == SignInFault::TooManyPhones &&
           (registered < of.registered || allowed_ > of.allowed);
  }

  // One who has gone leaves his place to who has his slot now.
  SignIn* place_of(Handle<store::User> user) {
    if (!user || user.index >= places_.size()) return nullptr;
    SignIn& place = places_[user.index];
    if (place.user != user) {
      place = SignIn();
      place.user = user;
    }
    return &place;
  }

  std::span<SignIn> places_;
  uint32_t allowed_ = 0;
  UnknownNames unknown_;
};

}  // namespace tipring::policy
