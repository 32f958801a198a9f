#include "service/registration_client.h"

#include <algorithm>

#include "core/text.h"
#include "service/via_management.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

constexpr size_t kSizeExpected = 1024;
constexpr uint64_t kTag = 1;
constexpr uint32_t kExpiresMin_s = 10;  // a registrar that grants less is asked no more often

// Worth another try later: RFC 3261 21.4.9, 21.5, and no answer at all.
bool is_passing(uint16_t status) {
  return status == sip::status::kRequestTimeout || status == sip::status::kTemporarilyUnavailable ||
         (status >= 500 && status < 600);
}

Millis seconds(uint64_t count) { return Millis(static_cast<int64_t>(count) * 1000); }

}  // namespace

RegistrationClient::RegistrationClient(const Environment& environment, port::Entropy& entropy,
                                       RegistrationObserver& observer)
    : environment_(environment), entropy_(entropy), observer_(observer) {
  write_hex_u64(entropy_.u64(), call_id_);
  write_hex_u64(entropy_.u64(), std::span(call_id_).subspan(16));
  write_hex_u64(entropy_.u64(), tag_);
}

RegistrationClient::~RegistrationClient() {
  if (locating_) environment_.locator.cancel(*this, kTag);
}

void RegistrationClient::start(const RegistrationOptions& options) {
  options_ = options;
  auth_.configure(options.credentials);
  expires_s_ = options.expires_s;
  failures_ = 0;
  stops_ = false;
  if (is_pending()) {
    again_ = true;
    return;
  }
  begin(State::Registering);
}

void RegistrationClient::stop() {
  if (state_ == State::Off || is_stopping()) return;
  stops_ = true;
  if (is_pending()) {
    again_ = true;
    return;
  }
  // Without a binding there is nothing to take back; the word comes from the timer, not from here.
  if (bound_) return begin(State::Unregistering);
  state_ = State::Unregistering;
  environment_.timers.start(timer_, now());
}

void RegistrationClient::begin(State state) {
  timer_.cancel();
  state_ = state;
  again_ = false;
  tries_ = {};
  redirects_ = raises_ = 0;
  target_size_ = 0;
  locate();
}

void RegistrationClient::locate() {
  flows_.count = next_flow_ = 0;
  // The first value of Route says where it goes: 8.1.2.
  std::string_view hop =
      target_size_ != 0 ? std::string_view(target_.data(), target_size_) : options_.registrar;
  if (!options_.routes.empty() && target_size_ == 0) {
    const auto route = sip::parse_name_addr(options_.routes);
    if (route) hop = route->uri;
  }
  const auto uri = sip::parse_uri(hop);
  if (!uri) return fail(sip::status::kBadRequest, "the registrar is no SIP URI", kNever);
  const auto located = environment_.locator.locate(*uri, {}, flows_, *this, kTag);
  if (!located) return try_next(sip::status::kServiceUnavailable);
  locating_ = *located == transport::LocateState::Suspended;
  if (!locating_) try_next(sip::status::kServiceUnavailable);
}

void RegistrationClient::on_located(uint64_t, const Result<transport::FlowList>& flows) {
  locating_ = false;
  if (flows) flows_ = *flows;
  next_flow_ = 0;
  if (again_) return finish();
  try_next(sip::status::kServiceUnavailable);
}

// The next address of the registrar (RFC 3263 4.3); `status` is what became of the last one.
void RegistrationClient::try_next(uint16_t status) {
  while (next_flow_ < flows_.count) {
    flow_ = flows_.flows[next_flow_++];
    if (send(flow_)) return;
  }
  fail(status, {}, Millis(0));
}

Result<void> RegistrationClient::send(const Flow& flow) {
  transaction::TransactionLayer& transactions = environment_.transactions;
  const auto client = transactions.reserve(sip::Method::Register, *this, kTag);
  if (!client) return client.error();
  ++cseq_;
  MessageRef request = write_message(environment_.slabs, kSizeExpected, [&](std::span<char> out) {
    return write(*client, flow, out);
  });
  if (!request) {
    transactions.abandon(*client);
    return Error::PoolExhausted;
  }
  client_ = *client;
  pending_ = true;
  const Result<void> sent = transactions.start(*client, std::move(request), flow);
  if (!sent) pending_ = false;
  return sent;
}

Result<size_t> RegistrationClient::write(transaction::ClientHandle client, const Flow& flow,
                                         std::span<char> out) {
  ViaManagement::Text via;
  std::array<char, port::kAddressTextMax> own;
  const std::string_view target =
      target_size_ != 0 ? std::string_view(target_.data(), target_size_) : options_.registrar;
  sip::Writer writer(out);
  writer.text("REGISTER ");
  sip::write_request_uri(writer, target);
  writer.text(" SIP/2.0\r\n");
  writer.header(sip::HeaderId::Via, ViaManagement::write_own(environment_, client, flow, via));
  writer.header(sip::HeaderId::MaxForwards, 70);
  if (!options_.routes.empty() && target_size_ == 0) {
    writer.header(sip::HeaderId::Route, options_.routes);
  }
  writer.text("From: ").text(options_.address).text(";tag=");
  writer.text(std::string_view(tag_.data(), tag_.size())).crlf();
  writer.header(sip::HeaderId::To, options_.address);
  writer.header(sip::HeaderId::CallId, std::string_view(call_id_.data(), call_id_.size()));
  writer.text("CSeq: ").number(cseq_).text(" REGISTER\r\n");
  writer.text("Contact: <sip:");
  if (!options_.contact_user.empty()) writer.text(options_.contact_user).text("@");
  writer.text(port::write_address(environment_.transport.sent_by(flow), own));
  if (flow.transport == sip::Transport::Tcp) writer.text(";transport=tcp");
  writer.text(">").text(options_.contact_params).crlf();
  writer.header(sip::HeaderId::Expires, is_stopping() ? 0 : expires_s_);
  writer.header(sip::HeaderId::Supported, "path");
  writer.text(options_.lines);
  // Behind what has been written; the writer goes on behind them.
  std::array<char, 2048> room;
  const Result<std::string_view> answers =
      auth_.lines({"REGISTER", target}, tries_, entropy_, room);
  if (!answers) return answers.error();
  writer.text(*answers);
  writer.header(sip::HeaderId::ContentLength, 0);
  writer.crlf();
  return writer.finish();
}

void RegistrationClient::on_response(uint64_t, transaction::ClientHandle client,
                                     const Incoming& response) {
  const sip::MessageView& message = response.message;
  const uint16_t status = message.status();
  if (client != client_ || !pending_ || !sip::is_final(status)) return;
  pending_ = false;
  if (sip::is_success(status)) return on_success(response);
  if (status == sip::status::kUnauthorized || status == sip::status::kProxyAuthenticationRequired) {
    const auto verdict = auth_.on_challenge(environment_.slabs, message, tries_);
    if (verdict == DigestClientAuth::Verdict::Reissue && send(flow_)) return;
  } else if (status == sip::status::kIntervalTooBrief) {
    if (on_too_brief(message) && send(flow_)) return;
  } else if (sip::is_redirection(status)) {
    if (follow(message)) return locate();
  } else if (status == sip::status::kServiceUnavailable && next_flow_ < flows_.count && !again_) {
    return try_next(status);
  }
  const auto retry_after = message.typed<sip::HeaderId::RetryAfter>();
  fail(status, message.reason(), seconds(retry_after ? retry_after->seconds : 0));
}

void RegistrationClient::on_client_end(uint64_t, transaction::ClientHandle client,
                                       transaction::EndReason reason) {
  if (client != client_ || !pending_) return;
  pending_ = false;
  const bool timeout = reason == transaction::EndReason::Timeout;
  const uint16_t status = timeout ? sip::status::kRequestTimeout : sip::status::kServiceUnavailable;
  if (again_) return finish();
  try_next(status);
}

void RegistrationClient::on_success(const Incoming& response) {
  auth_.on_success(environment_.slabs, response.message);
  failures_ = 0;
  flow_ = response.flow;
  if (is_stopping() || again_) {
    bound_ = !is_stopping();
    return finish();
  }
  const uint32_t granted_s = granted(response.message);
  bound_ = true;
  state_ = State::Registered;
  const Millis life = seconds(std::max(granted_s, kExpiresMin_s));
  environment_.transport.keep(flow_, now() + life);
  // Not all phones of a site at the same moment, and early enough for a lost packet or two.
  const auto spread = static_cast<int64_t>(entropy_.u64() % 101);
  environment_.timers.start(timer_, now() + life * (750 + spread) / 1000);
  if (flow_.transport != sip::Transport::Udp) {
    environment_.timers.start(flow_timer_, now() + kFlowLook);
  }
  observer_.on_registered(granted_s);
}

// 10.2.4: what our contact is listed with, else Expires, else what was asked for.
uint32_t RegistrationClient::granted(const sip::MessageView& response) const {
  std::array<char, port::kAddressTextMax> room;
  const std::string_view own = port::write_address(environment_.transport.sent_by(flow_), room);
  for (const std::string_view value : response.values(sip::HeaderId::Contact)) {
    const auto contact = sip::parse_name_addr(value);
    if (!contact) continue;
    const auto uri = sip::parse_uri(contact->uri);
    if (!uri || uri->user != options_.contact_user) continue;
    std::array<char, port::kAddressTextMax> host_room;
    sip::Writer host(host_room);
    sip::write_host_port(host, *uri);
    if (host.view() != own) continue;
    const auto expires = contact->param("expires");
    const Result<uint32_t> count = parse_u32(expires ? expires->value : std::string_view());
    if (count) return *count;
  }
  const auto expires = response.typed<sip::HeaderId::Expires>();
  return expires ? *expires : expires_s_;
}

bool RegistrationClient::on_too_brief(const sip::MessageView& response) {
  const auto least = response.typed<sip::HeaderId::MinExpires>();
  if (!least || *least <= expires_s_ || is_stopping() || ++raises_ > kRaisesMax) return false;
  expires_s_ = *least;
  return true;
}

bool RegistrationClient::follow(const sip::MessageView& response) {
  const auto& contact = response.contact_uri();
  if (!contact || contact.text.size() > kTargetMax || ++redirects_ > kRedirectsMax) return false;
  target_size_ = contact.text.copy(target_.data(), kTargetMax);
  return true;
}

void RegistrationClient::fail(uint16_t status, std::string_view reason, Millis least) {
  if (is_stopping() || again_) {
    if (is_stopping()) bound_ = false;
    return finish();
  }
  state_ = State::Waiting;
  Millis delay = kNever;
  if (is_passing(status) && least != kNever) {
    Millis longest = kRetryBase;
    for (uint8_t i = 0; i < failures_ && longest < kRetryMax; ++i) longest *= 2;
    longest = std::min(longest, kRetryMax);
    ++failures_;
    // From half of it to all of it: 4.5.
    const auto half = static_cast<uint64_t>(longest.count() / 2);
    delay =
        std::max(longest / 2 + Millis(static_cast<int64_t>(entropy_.u64() % (half + 1))), least);
    environment_.timers.start(timer_, now() + delay);
  }
  observer_.on_registration_failed(status, reason, delay);
}

// Whatever was under way is over, and something else is wanted; or nothing more.
void RegistrationClient::finish() {
  if (again_ && !(stops_ && !bound_))
    return begin(stops_ ? State::Unregistering : State::Registering);
  again_ = false;
  timer_.cancel();
  flow_timer_.cancel();
  state_ = State::Off;
  observer_.on_unregistered();
}

void RegistrationClient::on_timer(Millis) {
  if (is_stopping()) return finish();
  if (!is_pending()) begin(State::Registering);
}

// The registrar reaches us by this connection alone; without it a new one is made at once.
void RegistrationClient::on_flow_look(Millis) {
  if (state_ != State::Registered) return;
  if (environment_.transport.stands(flow_)) {
    environment_.timers.start(flow_timer_, now() + kFlowLook);
  } else {
    begin(State::Registering);
  }
}

}  // namespace tipring::service
