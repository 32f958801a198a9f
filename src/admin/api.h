// The HTTP API of the admin thread, JSON throughout. Its paths are in routes.cpp, what goes in and
// out in openapi.json. Passwords become hashes here and go no further.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "admin/config_desk.h"
#include "admin/events.h"
#include "admin/jobs.h"
#include "admin/routes.h"
#include "core/handover.h"
#include "core/limits.h"
#include "port/http_server.h"
#include "port/loop.h"
#include "port/tls_identity.h"
#include "store/errands.h"

namespace tipring::admin {

class MetricsDesk;
class Access;
class Notices;

class Api final : public port::HttpHandler, public Desk {
 public:
  // Channel and loop are borrowed and outlive it. `loop` is woken when commands wait. Users of
  // `default_domain`, which may be empty, are those that the store keeps without a domain.
  Api(Channel& channel, port::Wakeup& loop, std::string_view realm, std::string_view default_domain)
      : channel_(channel), loop_(loop), realm_(realm), default_domain_(default_domain) {}
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Requests that come before are refused with 503. REQUIRES: the server is stopped before this
  // goes.
  void attach(port::HttpServer& server) { server_.store(&server); }

  // What the handlers hand over to the storage thread, and are told of in on_poll(). It outlives
  // this.
  void set_errands(store::Errands& errands) { errands_ = &errands; }

  // Who may ask for what. Without it nobody but by the socket. It outlives this.
  void set_access(Access& access);

  // From any thread but the loop's, since it takes the heap. For requests that come later.
  void set_default_domain(std::string domain);

  // The end of the log; null: it is not shown. It outlives this.
  void set_log(const LogTail* log) {
    log_ = log;
    events_.set_log(log);
  }

  // Of the listeners that are encrypted. From any thread but the loop's.
  void set_certificate(const port::TlsFacts& facts, bool is_own);
  // As JSON; empty where nothing is encrypted.
  const std::string& certificate();

  // How many users, groups and members there is room for.
  void set_limits(const Limits& limits) { limits_ = limits; }
  const Limits& limits() const { return limits_; }

  // For the server's log; it outlives this.
  void set_notices(Notices* notices) { notices_ = notices; }

  // For times in answers; it outlives this.
  void set_clock(const port::Clock* clock) { clock_ = clock; }
  Millis wall() const { return clock_ == nullptr ? Millis(0) : clock_->wall(); }

  // It outlives this; null: there is no configuration.
  void set_config(ConfigDesk* config) { config_ = config; }

  void on_start() override;
  void on_exchange(port::HttpExchange& exchange) override;
  void on_answered(uint64_t exchange, int status) override;
  void on_tick() override;
  void on_listen(const port::HttpListen& listen, int error) override;
  void on_stream_ready(uint64_t exchange) override { events_.on_ready(*this, exchange); }
  void on_stream_closed(uint64_t exchange) override { events_.on_closed(exchange); }
  void on_poll() override;

  // For handlers, on the admin thread.
  uint64_t send(Command command, const std::shared_ptr<Job>& job) override;
  port::HttpExchange* find(uint64_t exchange) override;
  void note_done(uint64_t exchange) override;
  // As Errands::hand_over().
  [[nodiscard]] bool hand_over(std::unique_ptr<store::Errand> errand) {
    return errands_ != nullptr && errands_->hand_over(std::move(errand));
  }
  // Sends the command; without room for it the request is refused.
  void begin(const Request& request, const Command& command, const std::shared_ptr<Job>& job);
  // All rows of a listing, or those after ?after=, and at most ?limit=.
  void list(const Request& request, Command::Kind kind);
  void list(const Request& request, Command command);
  // ?mode=; PATCH changes what stands. False when it is answered.
  bool take_mode(const Request& request, Command& command);
  // If-Match. False when it is answered.
  bool take_if_match(const Request& request, Command& command);
  // "NAME", "NAME@DOMAIN" or "DOMAIN/NAME"; a name that holds "/" needs the last form, in which the
  // domain may be empty.
  UserName name_of_path(std::string_view path);
  const std::string& default_domain();
  ConfigDesk* config() const { return config_; }
  const LogTail* log() const { return log_; }
  EventStreams& events() { return events_; }
  std::string_view realm() const { return realm_; }
  bool has_access() const { return access_ != nullptr; }
  // REQUIRES: has_access().
  Access& access() { return *access_; }

  // For GET /metrics; null: there are none. It outlives this.
  void set_metrics(MetricsDesk* metrics) { metrics_ = metrics; }
  MetricsDesk* metrics() const { return metrics_; }

 private:
  void route(port::HttpExchange& exchange, const Caller& caller);
  void hand_over(const Answer& answer);

  Channel& channel_;
  port::Wakeup& loop_;
  std::string realm_;
  std::string default_domain_;
  Handover<std::string> next_default_domain_;
  std::string certificate_;
  Handover<std::string> next_certificate_;
  Limits limits_;
  const port::Clock* clock_ = nullptr;
  ConfigDesk* config_ = nullptr;
  const LogTail* log_ = nullptr;
  Notices* notices_ = nullptr;
  EventStreams events_;
  std::atomic<port::HttpServer*> server_{nullptr};
  store::Errands* errands_ = nullptr;
  MetricsDesk* metrics_ = nullptr;
  Access* access_ = nullptr;
  std::map<uint64_t, std::shared_ptr<Job>> waiting_;  // by ticket
  uint64_t last_ticket_ = 0;
  Answer ending_;
};

}  // namespace tipring::admin
