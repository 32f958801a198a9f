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
  // He has as many registrations as he may have.
  virtual void on_too_many(Handle<store::User> user, const port::SocketAddress& from,
                           Millis now) = 0;

 protected:
  ~UnregisteredPhones() = default;
};

}  // namespace tipring::service
