// What include/tipring/stack.h promises.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "stack/layers.h"
#include "stack/phone_account.h"
#include "stack/phone_call.h"
#include "stack/proxy_service.h"
#include "tipring/stack.h"

namespace tipring::stack {

class StackImpl final : public Stack,
                        private PhoneCalls,
                        private transaction::RequestHandler,
                        private port::TimerHandler,
                        private port::WakeupHandler {
 public:
  StackImpl(const StackOptions& options, std::unique_ptr<PlannedMemory> memory);
  ~StackImpl() override;

  std::string start();

  void run() override { layers_.loop.run(); }
  void stop() override { layers_.loop.stop(); }
  int descriptor() const override { return layers_.loop.descriptor(); }
  void process() override { layers_.loop.serve(); }
  void notify() override { wakeup_->notify(); }
  void on_notify(std::function<void()> function) override { on_notify_ = std::move(function); }
  void call_later(std::chrono::milliseconds delay, std::function<void()> function) override;
  void shut_down() override;
  bool is_quiet() const override;
  Account* add_account(const AccountOptions& options, AccountEvents& events,
                       std::string& fault) override;
  bool set_proxy(const ProxyOptions& options, ProxyEvents& events) override;
  ProxyStatistics proxy_statistics() const override { return proxy_.statistics(); }
  std::vector<std::string> listening() const override;
  size_t calls() const override;

 private:
  static constexpr Millis kShutDownLimit{5000};
  // Time for a BYE to be answered, or to be sent once more. Legs that have ended stand for longer.
  static constexpr Millis kByeTime{1000};

  struct Later {
    explicit Later(StackImpl& in) : stack(in) {}
    void on_due(Millis) { stack.run_later(*this); }
    StackImpl& stack;
    std::function<void()> function;
    MemberTimer<Later, &Later::on_due> timer{*this};
    std::list<std::unique_ptr<Later>>::iterator place;
  };

  // Of PhoneCalls.
  PhoneCall* find_free() override;
  PhoneCall* find(uint64_t id) override;
  uint64_t next_id() override { return ++last_id_; }
  void kick() override { kick_->arm(layers_.loop.now()); }
  PhoneCall* refer(PhoneCall& from, PhoneAccount& account, CallEvents& events,
                   std::string_view target) override;

  void on_request(const service::Incoming& request) override;
  void on_timer(Millis) override {}  // the turn is what is wanted
  void on_wakeup() override;
  void on_turn(Millis now);
  void run_later(Later& later);

  PhoneAccount* account_of(const service::Incoming& request);
  void answer(const service::Incoming& request, PhoneAccount& account);
  void reply(const service::Incoming& request, uint16_t status, std::string_view lines);
  void take_invite(const service::Incoming& request, PhoneAccount& account);

  StackOptions options_;
  std::unique_ptr<PlannedMemory> memory_;
  Layers layers_;
  ProxyService proxy_;
  std::vector<std::unique_ptr<PhoneAccount>> accounts_;
  std::vector<std::unique_ptr<PhoneCall>> phone_calls_;
  std::list<std::unique_ptr<Later>> laters_;
  std::unique_ptr<port::LoopTimer> kick_;
  std::unique_ptr<port::Wakeup> wakeup_;
  std::function<void()> on_notify_;
  uint64_t last_id_ = 0;
  Millis quiet_by_ = kNever;  // since shut_down()
  Millis last_end_{0};        // of a call
};

}  // namespace tipring::stack
