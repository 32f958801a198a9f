#include "tools/load/runner.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"
#include "sip/headers.h"
#include "tools/load/call_operation.h"

namespace tipring::load {

namespace {

// A burst of all at once would be lost in the server's socket before it has looked there once.
constexpr size_t kStartsPerTurn = 32;
constexpr size_t kPreparedAtOnce = 64;
constexpr Millis kRetry{1};

using Clock = std::chrono::steady_clock;

port::LinuxLoopOptions loop_options(const Options& options) {
  port::LinuxLoopOptions result;
  result.descriptors_max = 2 * options.sockets + 64;
  result.name_queries = 0;
  return result;
}

}  // namespace

Runner::Runner(const Options& options)
    : options_(options),
      loop_(loop_options(options)),
      network_(loop_, {options.tcp ? 2 * size_t{options.sockets} : 1}),
      wheel_(loop_.now()),
      driver_(loop_, wheel_),
      callers_(network_, *this, options.server),
      callees_(network_, *this, options.server),
      around_{options, wheel_, loop_, callers_, callees_, statistics_, *this},
      timer_(loop_.make_timer(*this)),
      retry_(loop_.make_timer(*this)) {
  // The server must not take the messages of two programs on the same ports for one another.
  around_.session = around_.run =
      static_cast<uint32_t>(Clock::now().time_since_epoch().count() >> 10);
  loop_.set_turn_handler(this);
}

Runner::~Runner() = default;

std::optional<std::string> Runner::connect() {
  if (!loop_.ok() || !network_.ok()) return "the system gives no memory for the sockets";
  wakeup_ = loop_.make_wakeup(*this);
  if (wakeup_ == nullptr || !loop_.watch_signals(*this)) return "the system gives no descriptors";
  const bool called = options_.has_callees();
  if (!options_.tcp) {
    int error = callers_.open_udp(options_.sockets);
    if (error == 0 && called) error = callees_.open_udp(options_.sockets);
    if (error == 0) return std::nullopt;
    return std::string("cannot open the sockets: ") + std::strerror(error);
  }
  to_connect_ = called ? 2 : 1;
  callers_.open_tcp(options_.sockets);
  if (called) callees_.open_tcp(options_.sockets);
  if (connect_fault_.empty()) loop_.run();
  if (connect_fault_.empty()) return std::nullopt;
  return connect_fault_;
}

void Runner::on_connected() {
  if (--to_connect_ == 0) loop_.stop();
}

void Runner::on_lost(Endpoint&, int error) {
  connect_fault_ = error == 0 ? "the server closed a connection"
                              : std::string("a connection failed: ") + std::strerror(error);
  if (running_) {
    std::fprintf(stderr, "tipring-load: %s\n", connect_fault_.c_str());
    for (const auto& operation : operations_) {
      if (operation->under_way()) operation->abort(Failure::Unreachable);
    }
    end_phase(true);
  }
  loop_.stop();
}

template <class Make>
bool Runner::run_phase(const Phase& phase, Make make) {
  phase_ = phase;
  operations_.clear();
  idle_.clear();
  for (uint32_t slot = 0; slot < phase.outstanding; ++slot) operations_.push_back(make(slot));
  for (size_t i = operations_.size(); i-- > 0;) idle_.push_back(operations_[i].get());
  statistics_ = Statistics();
  ++around_.run;  // the tokens begin anew
  running_ = true;
  time_over_ = broken_off_ = false;
  const uint64_t drops = callers_.kernel_drops() + callees_.kernel_drops();
  begin_ = Clock::now();
  time_end_ = port::kNever;
  if (phase.duration_s > 0) {
    time_end_ = loop_.now() + Millis(static_cast<int64_t>(phase.duration_s * 1000));
    timer_->arm(time_end_);
  }
  if (phase.rate > 0) pacer_.emplace(*wakeup_, begin_, phase.rate, phase.tick_ms);
  on_turn_end(loop_.now());
  while (running_) loop_.run();
  statistics_.elapsed_us = microseconds(begin_, Clock::now());
  statistics_.kernel_drops = callers_.kernel_drops() + callees_.kernel_drops() - drops;
  pacer_.reset();
  return !broken_off_;
}

bool Runner::prepare() {
  const bool calls = options_.scenario == Scenario::Call;
  if (!options_.prepare || (!calls && options_.scenario != Scenario::Refresh)) return true;
  Phase phase;
  phase.count = options_.users;
  phase.outstanding = std::min<size_t>(kPreparedAtOnce, options_.users);
  Wires& wires = calls ? callees_ : callers_;
  return run_phase(phase, [&](uint32_t slot) {
    return std::make_unique<BindingOperation>(around_, slot, wires,
                                              BindingOperation::Kind::Refresh);
  });
}

bool Runner::run() {
  using Kind = BindingOperation::Kind;
  const Phase phase{options_.count, options_.duration_s, options_.rate, options_.outstanding,
                    options_.tick_ms};
  if (!ran_) number_ = 0;  // prepare() has counted too
  ran_ = true;
  return run_phase(phase, [&](uint32_t slot) -> std::unique_ptr<Operation> {
    switch (options_.scenario) {
      case Scenario::Options: return std::make_unique<OptionsOperation>(around_, slot);
      case Scenario::Register:
        return std::make_unique<BindingOperation>(around_, slot, callers_, Kind::New);
      case Scenario::Refresh:
        return std::make_unique<BindingOperation>(around_, slot, callers_, Kind::Refresh);
      case Scenario::Call: return std::make_unique<CallOperation>(around_, slot);
      case Scenario::Echo: return std::make_unique<EchoOperation>(around_, slot);
    }
    return nullptr;
  });
}

bool Runner::must_start() const {
  return !time_over_ && !broken_off_ && (phase_.count == 0 || statistics_.started < phase_.count);
}

Instant Runner::due_time() const {
  if (phase_.rate <= 0) return begin_;
  const double seconds = static_cast<double>(statistics_.started) / phase_.rate;
  const auto after = std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
  const auto tick = std::chrono::nanoseconds(std::chrono::milliseconds(phase_.tick_ms));
  return begin_ + (tick.count() == 0 ? after : (after / tick) * tick);
}

// True when there are more to be started now.
bool Runner::start_due() {
  const Instant now = Clock::now();
  for (size_t i = 0; !idle_.empty() && must_start(); ++i) {
    const Instant due = due_time();
    if (due > now) return false;
    if (i == kStartsPerTurn) return true;
    if (phase_.rate > 0) statistics_.delay.add(microseconds(due, now));
    Operation* const operation = idle_.back();
    idle_.pop_back();
    operation->start(number_++);
  }
  return false;
}

void Runner::on_end(Operation& operation) { idle_.push_back(&operation); }

void Runner::on_turn_end(Millis now) {
  const bool more = running_ && start_due();
  driver_.on_turn_end(now);  // after all that starts timers
  callers_.flush();
  callees_.flush();
  // Nothing else may wake the loop for what could not be sent or started in this turn.
  if (callers_.clogged() || callees_.clogged()) retry_->arm(now + kRetry);
  if (more) wakeup_->notify();
  if (pacer_ && !must_start()) pacer_->stop();
  if (running_ && !must_start() && idle_.size() == operations_.size()) end_phase(false);
}

void Runner::end_phase(bool broken_off) {
  if (!running_) return;
  running_ = false;
  broken_off_ = broken_off;
  timer_->cancel();
  loop_.stop();
}

void Runner::on_timer(Millis now) { time_over_ = time_over_ || now >= time_end_; }

void Runner::on_signal(port::Signal) {
  if (connect_fault_.empty()) connect_fault_ = "broken off";
  end_phase(true);
  loop_.stop();
}

void Runner::on_datagram(Endpoint& at, std::string_view bytes) {
  if (options_.scenario == Scenario::Echo) return dispatch_echo(at, bytes);
  const auto parsed = sip::parse_message(bytes, index_, sip::Framing::Datagram);
  if (parsed.status != sip::ParseStatus::Complete) {
    ++statistics_.unreadable;
    return;
  }
  dispatch(at, parsed.view);
}

std::optional<size_t> Runner::on_stream(Endpoint& at, std::string_view waiting) {
  if (options_.scenario == Scenario::Echo) {
    const Result<uint64_t> size = parse_hex_u64(waiting.substr(0, kEchoNumberChars));
    if (!size) return std::nullopt;
    if (waiting.size() < std::max(*size, kEchoHeadChars)) return 0;
    dispatch_echo(at, waiting.substr(0, *size));
    return *size;
  }
  const auto parsed = sip::parse_message(waiting, index_, sip::Framing::Stream);
  if (parsed.status == sip::ParseStatus::Malformed) return std::nullopt;
  if (parsed.status == sip::ParseStatus::Incomplete) return 0;
  dispatch(at, parsed.view);
  return parsed.used;
}

void Runner::dispatch_echo(Endpoint& at, std::string_view packet) {
  Token token;
  if (packet.size() < kEchoHeadChars) return on_unreadable();
  Operation* const operation = find(packet.substr(kEchoNumberChars, kTokenChars), token);
  if (operation != nullptr) operation->on_datagram(at, packet);
}

void Runner::dispatch(Endpoint& at, const sip::MessageView& message) {
  Token token;
  if (message.is_request()) {
    Operation* const operation = find(message.first_value(sip::HeaderId::CallId), token);
    if (operation != nullptr) operation->on_request(at, message);
    return;
  }
  const auto via = message.typed<sip::HeaderId::Via>();
  const std::string_view branch = via ? via->branch : std::string_view();
  if (!branch.starts_with(sip::kMagicCookie)) {
    ++statistics_.unreadable;
    return;
  }
  Operation* const operation = find(branch.substr(sip::kMagicCookie.size()), token);
  if (operation != nullptr) operation->on_response(at, message, token.step);
}

// Null, and counted, for what belongs to no operation under way.
Operation* Runner::find(std::string_view token_text, Token& token) {
  const std::optional<Token> parsed = parse_token(token_text, around_.run);
  if (parsed && parsed->slot < operations_.size()) {
    Operation* const operation = operations_[parsed->slot].get();
    token = *parsed;
    if (operation->serial() == token.serial && operation->under_way()) return operation;
  }
  ++statistics_.strays;
  return nullptr;
}

// Over loopback the kernel tells at once that a port is closed.
void Runner::on_unreachable() {
  for (const auto& operation : operations_) {
    if (operation->under_way()) operation->abort(Failure::Unreachable);
  }
}

}  // namespace tipring::load
