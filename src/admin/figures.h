// All that is counted, as the loop copies it for the admin thread: one consistent state between two
// turns. Nothing in it points into the loop's memory but literals.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "admin/history.h"
#include "auth/blocks.h"
#include "core/histogram.h"
#include "core/pool_registry.h"
#include "dialog/calls.h"
#include "media/relay.h"
#include "server/b2bua/b2bua.h"
#include "store/store.h"
#include "transaction/request_figures.h"
#include "transaction/transaction_layer.h"
#include "transport/transport.h"

namespace tipring::admin {

struct RegistrationFigures {
  uint32_t users = 0;
  uint32_t users_on_line = 0;
  uint32_t bindings = 0;
  uint64_t added = 0;
  uint64_t refreshed = 0;
  uint64_t removed = 0;
};

struct StorageFigures {
  store::StoreCounters counters;
  Histogram commits;  // how long each took
  uint32_t queue = 0;
  uint32_t queue_max = 0;
  bool failing = false;
};

struct ProxyFigures {
  uint64_t forwarded = 0;
  uint64_t retried = 0;
  uint64_t forked = 0;
  uint64_t redirected = 0;
};

struct RefusalFigures {
  uint64_t capacity = 0;
  uint64_t no_timer = 0;
  uint64_t share = 0;
};

struct LogFigures {
  uint64_t written = 0;
  uint64_t lost = 0;
  uint64_t suppressed = 0;
};

struct TraceFigures {
  bool on = false;
  uint64_t messages = 0;  // recorded, ever
};

struct Figures {
  std::array<PoolStats, PoolRegistry::kPoolsMax> pools{};
  size_t pool_count = 0;
  Histogram turns;
  transaction::RequestFigures requests;
  transaction::TransactionCounters transactions;
  transport::TransportCounters transport;
  RegistrationFigures registrations;
  dialog::CallCounters calls;
  dialog::CallFigures call_ends;
  uint32_t groups = 0;
  b2bua::B2buaCounters b2bua;
  ProxyFigures proxy;
  RefusalFigures refusals;
  media::RelayCounters media;
  auth::BlockCounters logins;
  uint32_t sources_blocked = 0;
  StorageFigures storage;
  LogFigures log;
  LogFigures request_log;
  TraceFigures trace;
  HistoryFigures history;
};

class FigureSource {
 public:
  // On the loop's thread, in bounded time.
  virtual void fill(Figures& figures) = 0;

 protected:
  ~FigureSource() = default;
};

}  // namespace tipring::admin
