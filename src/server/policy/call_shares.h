// Whose a call is, and how many each may have: one user shall not hold all of capacity.calls, nor
// ordinary calls what is kept back for calls for help.
#pragma once

#include "core/hash.h"
#include "core/log_bursts.h"
#include "core/source_ranges.h"
#include "server/policy/domains.h"
#include "server/policy/emergency.h"
#include "service/environment.h"
#include "store/store.h"

namespace tipring::policy {

class CallShares final : public service::CallTerms {
 public:
  // Borrows all but the key.
  CallShares(const Domains& domains, const store::Store& store, const Emergency& emergency,
             const HashKey& key, Log& log, TimerWheel& timers)
      : domains_(domains),
        store_(store),
        emergency_(emergency),
        key_(key),
        log_(log),
        bursts_(kEvent, log, timers) {}

  // `safe_sources`: addresses that callers share who prove nothing, as that of a proxy before us.
  void set_options(uint32_t calls_per_user, const SourceRanges& safe_sources) {
    calls_per_user_ = calls_per_user;
    safe_sources_ = safe_sources;
  }

  dialog::Terms terms_of(const service::Incoming& request, const sip::ParsedUri& request_uri,
                         uint64_t user) override;
  void on_over_share(const service::Incoming& request, uint64_t user) override;

  uint64_t refused() const { return refused_; }

 private:
  static constexpr std::string_view kEvent = "calls_per_user_reached";

  const store::User* find_caller(const service::Incoming& request, uint64_t user) const;

  const Domains& domains_;
  const store::Store& store_;
  const Emergency& emergency_;
  const HashKey key_;
  Log& log_;
  LogBursts bursts_;
  SourceRanges safe_sources_;
  uint32_t calls_per_user_ = UINT32_MAX;
  uint64_t refused_ = 0;
};

// Who the sender says he is; null for nobody of ours.
const store::User* find_sender(const Domains& domains, const store::Store& store,
                               const sip::MessageView& request);

}  // namespace tipring::policy
