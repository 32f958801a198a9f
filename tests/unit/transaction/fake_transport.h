// A transport layer that keeps what it is given. Its functions take the place of those in
// src/transport when a test is linked: machines of milliseconds need no sockets, and a failure to
// send can be had at will.
#pragma once

#include <string>
#include <vector>

#include "core/limits.h"
#include "core/timer_wheel.h"
#include "transport/transport.h"

struct Sent {
  tipring::Millis at;  // since the test began
  std::string text;
  tipring::transport::Flow flow;
  tipring::transport::SendObserver* observer = nullptr;
  uint64_t tag = 0;
};

struct FakeWire {
  tipring::Millis now{0};
  std::vector<Sent> sent;
  bool refuse = false;                              // send() fails at once
  tipring::Error refusal = tipring::Error::Closed;  // with this

  static FakeWire* current;  // of the test that runs
};
