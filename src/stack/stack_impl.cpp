#include "stack/stack_impl.h"

#include <algorithm>

#include "core/text.h"
#include "service/leg_texts.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring {

std::unique_ptr<Stack> Stack::create(const StackOptions& options, std::string& fault) {
  auto memory = std::make_unique<stack::PlannedMemory>(stack::limits_of(options));
  if (memory->view().empty()) {
    fault = "the system has not enough memory";
    return nullptr;
  }
  auto made = std::make_unique<stack::StackImpl>(options, std::move(memory));
  fault = made->start();
  if (!fault.empty()) return nullptr;
  return made;
}

std::string_view to_text(CallEnd end) {
  switch (end) {
    case CallEnd::HungUp: return "hung-up";
    case CallEnd::HungUpByPeer: return "hung-up-by-peer";
    case CallEnd::Refused: return "refused";
    case CallEnd::Rejected: return "rejected";
    case CallEnd::Cancelled: return "cancelled";
    case CallEnd::Transferred: return "transferred";
    case CallEnd::Lost: return "lost";
    case CallEnd::Failed: return "failed";
  }
  return "";
}

namespace stack {

using service::Incoming;

StackImpl::StackImpl(const StackOptions& options, std::unique_ptr<PlannedMemory> memory)
    : options_(options),
      memory_(std::move(memory)),
      layers_(options_, memory_->view()),
      proxy_(layers_) {
  for (uint32_t i = 0; i < layers_.limits().calls; ++i) {
    PhoneCalls& calls = *this;
    phone_calls_.push_back(std::make_unique<PhoneCall>(calls, layers_, options_));
  }
}

StackImpl::~StackImpl() {
  layers_.on_turn = nullptr;
  laters_.clear();
}

std::string StackImpl::start() {
  if (!layers_.loop.ok()) return "the system gives no descriptors or memory for the loop";
  kick_ = layers_.loop.make_timer(*this);
  wakeup_ = layers_.loop.make_wakeup(*this);
  if (wakeup_ == nullptr) return "the system gives no more descriptors";
  layers_.on_turn = [this](Millis now) { on_turn(now); };
  return layers_.start(options_, *this);
}

// --- running ---------------------------------------------------------------------------------------

void StackImpl::on_wakeup() {
  if (on_notify_) on_notify_();
}

void StackImpl::call_later(std::chrono::milliseconds delay, std::function<void()> function) {
  laters_.push_back(std::make_unique<Later>(*this));
  Later& later = *laters_.back();
  later.place = std::prev(laters_.end());
  later.function = std::move(function);
  layers_.timers.start(later.timer, layers_.loop.now() + std::max(delay, Millis(0)));
  kick();
}

void StackImpl::run_later(Later& later) {
  const std::unique_ptr<Later> kept = std::move(*later.place);
  laters_.erase(kept->place);
  kept->function();
}

void StackImpl::on_turn(Millis now) {
  for (const auto& call : phone_calls_) {
    if (call->is_free() || !call->is_over()) continue;
    call->release();
    last_end_ = now;
  }
}

void StackImpl::shut_down() {
  quiet_by_ = layers_.loop.now() + kShutDownLimit;
  for (const auto& call : phone_calls_) {
    if (!call->is_free()) call->hang_up();
  }
  for (const auto& account : accounts_) account->unregister();
  // Turns when a time has passed, for those who wait in a loop of their own.
  call_later(kByeTime + Millis(100), [] {});
  call_later(kShutDownLimit, [] {});
}

bool StackImpl::is_quiet() const {
  const Millis now = layers_.loop.now();
  if (now >= quiet_by_) return true;
  if (calls() != 0) return false;
  const bool all_answered = layers_.legs.is_quiet() || now >= last_end_ + kByeTime;
  return all_answered && std::all_of(accounts_.begin(), accounts_.end(),
                                     [](const auto& account) { return account->is_off(); });
}

std::vector<std::string> StackImpl::listening() const {
  std::vector<std::string> texts;
  for (const transport::ListenPoint& point : layers_.transport.listen_points()) {
    std::array<char, port::kAddressTextMax> room;
    texts.push_back(std::string(sip::to_param(point.transport)) + ":" +
                    std::string(port::write_address(point.bind, room)));
  }
  return texts;
}

size_t StackImpl::calls() const {
  return static_cast<size_t>(std::count_if(phone_calls_.begin(), phone_calls_.end(),
                                           [](const auto& call) { return !call->is_free(); }));
}

// --- phones and proxy ------------------------------------------------------------------------------

Account* StackImpl::add_account(const AccountOptions& options, AccountEvents& events,
                                std::string& fault) {
  fault.clear();
  PhoneCalls& calls = *this;
  auto account = std::make_unique<PhoneAccount>(calls, layers_, options_, options, events, fault);
  if (!fault.empty()) return nullptr;
  for (const auto& other : accounts_) {
    // Requests come to the user part of the Contact.
    if (other->contact_user() == account->contact_user()) {
      fault = "there is an account of user " + account->contact_user() + " already";
      return nullptr;
    }
  }
  accounts_.push_back(std::move(account));
  return accounts_.back().get();
}

bool StackImpl::set_proxy(const ProxyOptions& options, ProxyEvents& events) {
  if (proxy_.is_on()) return false;
  proxy_.set(options, events);
  return true;
}

PhoneCall* StackImpl::find_free() {
  for (const auto& call : phone_calls_) {
    if (call->is_free()) return call.get();
  }
  return nullptr;
}

PhoneCall* StackImpl::find(uint64_t id) {
  for (const auto& call : phone_calls_) {
    if (!call->is_free() && call->id() == id) return call.get();
  }
  return nullptr;
}

// An attended transfer takes the place of a dialog of the target: RFC 3891, RFC 5589 7.
PhoneCall* StackImpl::refer(PhoneCall& from, PhoneAccount& account, CallEvents& events,
                            std::string_view target) {
  std::array<char, service::kReplacesTextMax> room;
  const auto replaced = service::replaced_by_target(target, room);
  if (!replaced) return nullptr;
  std::array<char, 768> lines_room;
  sip::Writer lines(lines_room);
  if (*replaced) {
    // Named from the target's side, whereas the writer names a dialog of our own.
    const service::ReplacedDialog dialog{(*replaced)->call_id, (*replaced)->remote_tag,
                                         (*replaced)->local_tag, (*replaced)->early_only};
    lines.text("Replaces: ");
    service::write_replaces(lines, dialog);
    lines.text("\r\nRequire: replaces\r\n");
  }
  std::string fault;
  const std::string uri(target.substr(0, target.find('?')));
  PhoneCall* const call = account.begin_call(uri, lines.view(), events, fault);
  if (call == nullptr) {
    layers_.log.warning("transfer_failed", kv("fault", fault));
    return nullptr;
  }
  call->set_referrer(from.id());
  return call;
}

// --- what comes ------------------------------------------------------------------------------------

void StackImpl::on_request(const Incoming& request) {
  if (layers_.legs.owns(request.message)) return layers_.legs.handle(request);
  if (PhoneAccount* const account = account_of(request)) return answer(request, *account);
  if (proxy_.is_on()) return proxy_.handle(request);
  if (request.message.method() == sip::Method::Ack) return;
  const bool options = request.message.method() == sip::Method::Options;
  reply(request, options ? sip::status::kOk : sip::status::kNotFound, {});
}

// By the user of the Request-URI, which is that of our Contact, at an address of ours.
PhoneAccount* StackImpl::account_of(const Incoming& request) {
  const sip::ParsedUri& uri = request.message.parsed_request_uri();
  if (!uri || uri->user.empty()) return nullptr;
  if (!layers_.hosts.is_own(uri->host, uri->port)) return nullptr;
  for (const auto& account : accounts_) {
    if (sip::equal_unescaped(account->contact_user(), uri->user, false)) return account.get();
  }
  return nullptr;
}

void StackImpl::reply(const Incoming& request, uint16_t status, std::string_view lines) {
  std::array<char, 512> room;
  sip::Writer writer(room);
  if (sip::is_success(status) || status == sip::status::kMethodNotAllowed) {
    writer.text(service::kAllowLine);
  }
  writer.text(lines);
  sip::ResponseParts parts;
  parts.headers = writer.view();
  layers_.transactions.reply_stateless(request, status, parts);
}

// RFC 3261 8.2, outside dialogs.
void StackImpl::answer(const Incoming& request, PhoneAccount& account) {
  const sip::MessageView& message = request.message;
  if (message.method() == sip::Method::Ack) return;
  if (!message.to_tag().empty()) {
    return reply(request, sip::status::kCallOrTransactionDoesNotExist, {});
  }
  for (const std::string_view option : message.values(sip::HeaderId::Require)) {
    if (service::is_supported_option(option)) continue;
    std::array<char, 256> room;
    sip::Writer line(room);
    line.header(sip::HeaderId::Unsupported, option);
    return reply(request, sip::status::kBadExtension, line.full() ? "" : line.view());
  }
  switch (message.method()) {
    case sip::Method::Invite: return take_invite(request, account);
    case sip::Method::Options:
      return reply(request, sip::status::kOk,
                   "Accept: application/sdp\r\nSupported: 100rel, replaces, timer\r\n");
    default: return reply(request, sip::status::kMethodNotAllowed, {});
  }
}

void StackImpl::take_invite(const Incoming& request, PhoneAccount& account) {
  PhoneCall* const call = find_free();
  if (call == nullptr || quiet_by_ != kNever) {
    return reply(request, sip::status::kBusyHere, {});
  }
  if (!call->take(next_id(), account, request)) return;
  call->show(account.events().on_call(account, *call));
}

}  // namespace stack
}  // namespace tipring
