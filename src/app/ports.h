// Everything that is not determined, as the exchange is handed it at start: the real one, or a
// simulated one.
#pragma once

#include "port/entropy.h"
#include "port/files.h"
#include "port/loop.h"
#include "port/names.h"
#include "port/network.h"
#include "port/time.h"
#include "port/worker.h"

namespace tipring::app {

// All outlive who is given them.
struct Ports {
  port::Clock& clock;
  port::Entropy& entropy;
  port::Files& files;
  port::Workers& workers;
  port::Loop& loop;
  port::Network& network;
  port::Names& names;
};

}  // namespace tipring::app
