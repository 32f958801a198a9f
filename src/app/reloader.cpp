#include "app/reloader.h"

#include <algorithm>

#include "app/admin_identity.h"
#include "core/text.h"

namespace tipring::app {

LogLevel log_level(const Config& config) {
  for (const LogLevel level : {LogLevel::Error, LogLevel::Warning, LogLevel::Debug}) {
    if (iequals(config.log.level, to_text(level))) return level;
  }
  return LogLevel::Info;
}

Reloader::Reloader(port::Loop& loop, port::Files& files, ConfigSource source, const Config& config,
                   std::string_view realm, ReloadHandler& handler)
    : files_(files),
      source_(std::move(source)),
      realm_(realm),
      handler_(handler),
      config_(config),
      wakeup_(loop.make_wakeup(*this)) {}

bool Reloader::start(port::Workers& workers) {
  if (wakeup_ == nullptr) return false;
  worker_ = workers.start("reload", *this);
  return worker_ != nullptr;
}

void Reloader::request() {
  requested_.store(true, std::memory_order_relaxed);
  worker_->notify();
}

Millis Reloader::serve(Millis) {
  if (ready_.load(std::memory_order_acquire)) return kNever;
  if (reload_.listen_refused) config_.sip.listen = listen_before_;
  auto identity = std::move(reload_.identity);
  reload_ = {};
  if (handed_over_) handler_.after_reload(config_, std::move(identity), before_);
  handed_over_ = false;
  if (!requested_.exchange(false, std::memory_order_relaxed)) return kNever;
  before_ = handler_.before_reload();
  read(reload_);
  handed_over_ = true;
  ready_.store(true, std::memory_order_release);
  wakeup_->notify();
  return kNever;
}

void Reloader::on_wakeup() {
  if (!ready_.load(std::memory_order_acquire)) return;
  handler_.on_reload(reload_);
  ready_.store(false, std::memory_order_release);
  worker_->notify();
}

void Reloader::read(Reload& reload) {
  std::vector<ConfigFault> faults;
  const Config next = read_config(source_, files_, faults);
  for (const ConfigFault& fault : faults) reload.faults.push_back(fault.text());
  if (!faults.empty()) return;
  reload.changes = changes(config_, next);
  const bool says_realm = std::any_of(reload.changes.begin(), reload.changes.end(),
                                      [](const ConfigChange& c) { return c.key == "auth.realm"; });
  // Without a key of its own the realm follows the first domain. Passwords are stored for it.
  const std::string realm = effective_realm(next);
  if (!says_realm && realm != realm_) reload.changes.push_back({"auth.realm", realm, false, false});
  listen_before_ = config_.sip.listen;
  adopt(next, config_);
  reload.identity = admin_identity(config_, reload.identity_fault);
  if (reload.identity != nullptr) reload.fingerprint = port::tls_fingerprint(*reload.identity);
  reload.settings = settings_of(config_, realm_);
  reload.level = log_level(config_);
}

}  // namespace tipring::app
