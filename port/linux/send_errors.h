// Whose error it is that a call to send datagrams has met.
#pragma once

#include <cerrno>

namespace tipring::port {

// What ICMP says about a host that cannot be reached. Other entries of a socket's error queue, such
// as a smaller path MTU, are the kernel's business.
inline bool says_unreachable(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
         error == ENOPROTOOPT || error == EACCES || error == EHOSTDOWN;
}

// Of one batch. The kernel also uses the call to tell of an ICMP error that an earlier datagram met,
// maybe to another peer, and sends nothing. Told again, the error is this datagram's own: but for a
// refused port, of which ICMP alone tells, and more of it may have come in between.
class SendErrors {
 public:
  // Then the batch is to be sent again.
  bool is_anothers(int error) {
    if (!says_unreachable(error)) return false;
    return error == ECONNREFUSED ? refusals_++ < kRefusalsMax : others_++ == 0;
  }

 private:
  static constexpr int kRefusalsMax = 16;

  int refusals_ = 0;
  int others_ = 0;
};

}  // namespace tipring::port
