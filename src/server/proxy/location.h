// Where the users of this server can be reached: asked by the proxy, answered over the store.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "service/transaction_stateful_proxy.h"
#include "sip/uri.h"
#include "transport/flow.h"

namespace tipring::proxy {

// One member of the target set: RFC 3261 16.5. Views into the binding, good until the loop's next
// turn.
struct Target {
  sip::ParsedUri uri;  // the Contact as registered
  std::optional<transport::Flow>
      flow;                      // for a phone behind NAT or on a stream: where it registered from
  std::string_view path;         // RFC 3327: values of the Route to the contact; empty for none
  uint16_t q = 1000;             // in thousandths
  std::string_view params = {};  // of that Contact: its features (RFC 3840)
  bool on_host = false;          // it is on this host, or an operator has named it
};

// Targets, best q first. The room for them costs nothing until they are there.
class TargetList {
 public:
  static constexpr size_t kMax = service::TransactionStatefulProxy::kTargetsMax;

  // Before those of the same q. Where there is no room the worst goes.
  void add(const Target& target) {
    size_t place = count_;
    while (place > 0 && slots_[place - 1].target.q <= target.q) --place;
    if (place == kMax) return;
    if (count_ < kMax) ++count_;
    for (size_t i = count_ - 1; i > place; --i) slots_[i].target = slots_[i - 1].target;
    slots_[place].target = target;
  }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const Target& operator[](size_t index) const { return slots_[index].target; }

 private:
  static_assert(std::is_trivially_destructible_v<Target>);
  static_assert(std::is_trivially_copyable_v<Target>);
  union Slot {
    Slot() {}  // NOLINT(modernize-use-equals-default): a default would have to make a target
    Target target;
  };

  size_t count_ = 0;
  std::array<Slot, kMax> slots_;
};

class Location {
 public:
  // The domain part of `uri` names this server's users; for any other URI the proxy asks no
  // further.
  virtual bool is_local(const sip::Uri& uri) const = 0;

  // Adds the user's bindings, the newest last. Without any, `status` is the answer: 404 for an
  // unknown user, and routing.offline_status for one without a phone.
  virtual void find_targets(const sip::Uri& uri, TargetList& targets, uint16_t& status) = 0;

  // The name of the user whose name, alias or number it is; empty: no user of ours. Good until the
  // next change of users.
  virtual std::string_view user_of(const sip::Uri& uri) const {
    static_cast<void>(uri);
    return {};
  }

  // Whether this is a call for help that somebody has been named for; and where he is found.
  virtual bool is_for_help(const sip::ParsedUri& uri) const {
    static_cast<void>(uri);
    return false;
  }
  virtual void find_help(TargetList& targets, uint16_t& status) {
    static_cast<void>(targets);
    static_cast<void>(status);
  }

 protected:
  ~Location() = default;
};

}  // namespace tipring::proxy
