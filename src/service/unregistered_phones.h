// Told of phones whose user has proved who he is, and which were not registered all the same.
#pragma once

#include "core/handle.h"
#include "port/address.h"
#include "port/time.h"

namespace tipring::store {
class User;
}

namespace tipring::service {

class UnregisteredPhones {
 public:
  // He has `registered` phones, and may have no more than `allowed`.
  virtual void on_too_many(Handle<store::User> user, const port::SocketAddress& from,
                           uint32_t registered, uint32_t allowed, Millis now) = 0;

 protected:
  ~UnregisteredPhones() = default;
};

}  // namespace tipring::service
