// A stateful proxy (RFC 3261 16) whose way is decided by the program that embeds it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tipring {

struct ProxyOptions {
  // Which hosts the program decides about: "example.com". The addresses it listens on always belong
  // to them. Requests for other hosts are refused with 403.
  std::vector<std::string> domains;
  // Session timers (RFC 4028): the interval that the proxy asks both sides for, in seconds; 0: none.
  uint32_t session_interval_s = 0;
};

// A request that is new. Views are good during the call.
struct ProxyRequest {
  std::string_view method;       // "INVITE"
  std::string_view request_uri;  // without what the Route headers have settled
  std::string_view from;         // value of From
  std::string_view to;
  std::string_view call_id;
  std::string_view source;  // "192.0.2.7:5060"
};

// Where it goes. With several targets all are tried: those of the same q at once, the others when
// these have failed; the first to answer has the call. With none, `status` is the answer.
class ProxyTargets {
 public:
  static constexpr size_t kMax = 16;

  // A SIP URI; more than kMax, and what is no SIP URI, is left out. `q` from 0 to 1000.
  void add(std::string uri, uint16_t q = 1000) {
    if (targets_.size() < kMax) targets_.push_back({std::move(uri), q});
  }
  void refuse(int status) { status_ = status; }

  struct Target {
    std::string uri;
    uint16_t q = 1000;
  };
  const std::vector<Target>& targets() const { return targets_; }
  int status() const { return status_; }

 private:
  std::vector<Target> targets_;
  int status_ = 404;
};

class ProxyEvents {
 public:
  // A request for one of the domains, outside any call that stands: requests inside a call go their
  // way without a question.
  virtual void on_request(const ProxyRequest& request, ProxyTargets& targets) = 0;

 protected:
  ~ProxyEvents() = default;
};

struct ProxyStatistics {
  uint64_t forwarded = 0;  // requests, each as often as it was tried
  uint64_t forked = 0;     // of these beside another
  uint32_t calls = 0;      // that stand or ring now
};

}  // namespace tipring
