#include "service/transfer.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "service/uri_headers.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/uri.h"

namespace tipring::service {

namespace {

constexpr std::string_view kInvite = "INVITE";

size_t lines_of(const sip::MessageView& message, sip::HeaderId id) {
  size_t count = 0;
  for (const sip::HeaderView line : message.headers(id)) {
    static_cast<void>(line);
    ++count;
  }
  return count;
}

uint16_t fault_of(const sip::ParsedUri& uri) {
  if (!uri) {
    return uri.error().fault == sip::ParseFault::UnknownScheme ? sip::status::kUnsupportedUriScheme
                                                               : sip::status::kBadRequest;
  }
  const auto method = uri->param("method");
  return method && method->value != kInvite ? sip::status::kNotImplemented : uint16_t{0};
}

}  // namespace

Refer read_refer(const sip::MessageView& request) {
  Refer refer;
  const auto refer_to = request.typed<sip::HeaderId::ReferTo>();
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  if (!refer_to || !cseq || lines_of(request, sip::HeaderId::ReferTo) != 1) {
    refer.status = sip::status::kBadRequest;
    return refer;
  }
  refer.cseq = cseq->number;
  refer.target = refer_to->uri;
  refer.status = fault_of(sip::ParsedUri(refer.target));
  std::array<char, kReplacesTextMax> room;
  if (refer.status == 0 && !replaced_by_target(refer.target, room))
    refer.status = sip::status::kBadRequest;
  refer.referred_by = request.first_value(sip::HeaderId::ReferredBy);
  const auto subscription = request.typed<sip::HeaderId::ReferSub>();
  refer.subscribes = !subscription || !iequals(subscription->token, "false");
  return refer;
}

Result<std::optional<ReplacedDialog>> replaced_by_target(std::string_view target,
                                                         std::span<char> room) {
  const sip::ParsedUri uri(target);
  if (!uri) return Error::Invalid;
  bool named = false;
  visit_uri_headers(uri->headers, [&](std::string_view name, std::string_view) {
    named = named || iequals(name, "Replaces");
  });
  if (!named) return std::optional<ReplacedDialog>();
  const auto dialog = parse_replaces(uri_header(*uri, sip::HeaderId::Replaces, room));
  if (!dialog) return Error::Invalid;
  return std::optional(*dialog);
}

Result<std::string_view> write_refer_to(std::string_view uri, const ReplacedDialog* dialog,
                                        std::span<char> out) {
  if (!sip::parse_uri(uri)) return Error::Invalid;
  sip::Writer value(out);
  value.text("<");
  sip::write_request_uri(value, uri);
  if (dialog != nullptr) {
    std::array<char, kReplacesTextMax> room;
    sip::Writer replaces(room);
    write_replaces(replaces, *dialog);
    if (replaces.full()) return Error::BufferFull;
    value.text("?Replaces=");
    write_uri_header_value(value, replaces.view());
  }
  value.text(">");
  if (value.full()) return Error::BufferFull;
  return value.view();
}

uint16_t read_sipfrag(std::string_view body) {
  static constexpr std::string_view kVersion = "SIP/2.0 ";
  constexpr size_t kDigits = 3;
  if (!istarts_with(body, kVersion) || body.size() < kVersion.size() + kDigits) return 0;
  const auto status = parse_u16(body.substr(kVersion.size(), kDigits));
  const std::string_view rest = body.substr(kVersion.size() + kDigits);
  if (!rest.empty() && rest[0] != ' ' && rest[0] != '\r' && rest[0] != '\n') return 0;
  return status && *status >= 100 && *status <= 699 ? *status : uint16_t{0};
}

bool is_refer_event(const sip::MessageView& request, uint32_t& id) {
  const auto event = request.typed<sip::HeaderId::Event>();
  if (!event || event->token != "refer") return false;
  id = 0;
  if (const auto param = event->param("id")) {
    const auto number = parse_u32(param->value);
    if (!number || *number == 0) return false;
    id = *number;
  }
  return true;
}

void ReferNotifier::begin(uint32_t cseq, bool names_id, Millis now) {
  *this = {};
  cseq_ = cseq;
  names_id_ = names_id;
  status_ = sip::status::kTrying;
  state_ = State::Active;
  expires_at_ = now + kLifetime;
}

void ReferNotifier::on_progress(uint16_t status) {
  if (state_ != State::Active) return;
  status_ = status;
  if (!sip::is_provisional(status)) state_ = State::Final;
}

std::string_view ReferNotifier::lines(Millis now, std::span<char> out) const {
  sip::Writer lines(out);
  lines.text(sip::to_text(sip::HeaderId::Event)).text(": refer");
  if (names_id_) lines.text(";id=").number(cseq_);
  lines.crlf().text(sip::to_text(sip::HeaderId::SubscriptionState)).text(": ");
  if (state_ == State::Active) {
    const int64_t left = std::max<int64_t>((expires_at_ - now).count() / 1000, 0);
    lines.text("active;expires=").number(static_cast<uint64_t>(left));
  } else {
    lines.text("terminated;reason=");
    lines.text(state_ == State::Final ? std::string_view("noresource") : "timeout");
  }
  return lines.crlf().view();
}

std::string_view ReferNotifier::body(std::span<char> out) const {
  sip::Writer body(out);
  body.text("SIP/2.0 ").number(status_).text(" ").text(sip::default_reason(status_)).crlf();
  return body.view();
}

void ReferNotifier::on_sent() {
  told_ = status_;
  under_way_ = true;
  // The last one: whatever becomes of it, there is nothing more to tell.
  if (state_ != State::Active) state_ = State::None;
}

void ReferNotifier::on_answered(uint16_t status) {
  under_way_ = false;
  if (!sip::is_success(status)) state_ = State::None;
}

bool ReferNotifier::is_for_us(const sip::MessageView& request) const {
  uint32_t id = 0;
  return is_active() && is_refer_event(request, id) && (id == cseq_ || (id == 0 && !names_id_));
}

uint16_t ReferNotifier::on_subscribe(const sip::MessageView& request, Millis now) {
  if (!is_for_us(request)) return sip::status::kForbidden;
  const auto expires = request.typed<sip::HeaderId::Expires>();
  if (expires && *expires == 0) {
    if (state_ == State::Active) state_ = State::Expired;
  } else if (state_ == State::Active) {
    expires_at_ = now + kLifetime;
  }
  told_ = 0;
  return sip::status::kOk;
}

void ReferNotifier::on_timer(Millis now) {
  if (state_ != State::Active || now < deadline()) return;
  state_ = State::Expired;
  told_ = 0;
}

void ReferSubscription::begin(uint32_t cseq) {
  cseq_ = cseq;
  active_ = true;
}

bool ReferSubscription::on_response(const sip::MessageView* response) {
  if (response == nullptr || !sip::is_success(response->status())) {
    active_ = false;
    return false;
  }
  const auto subscription = response->typed<sip::HeaderId::ReferSub>();
  if (subscription && iequals(subscription->token, "false")) active_ = false;
  return active_;
}

ReferSubscription::Notice ReferSubscription::on_notify(const sip::MessageView& request) {
  uint32_t id = 0;
  if (!request.has(sip::HeaderId::Event)) return {sip::status::kBadRequest, 0, false};
  if (!is_refer_event(request, id)) return {sip::status::kBadEvent, 0, false};
  if (!active_ || (id != 0 && id != cseq_))
    return {sip::status::kCallOrTransactionDoesNotExist, 0, false};
  Notice notice{sip::status::kOk, 0, false};
  const auto type = request.typed<sip::HeaderId::ContentType>();
  if (type && type->is("message", "sipfrag")) notice.status = read_sipfrag(request.body());
  const auto state = request.typed<sip::HeaderId::SubscriptionState>();
  // Some never say that it is over: a final status is the last word of the new call in any case.
  notice.terminated = notice.status >= 200 || (state && iequals(state->token, "terminated"));
  if (notice.terminated) active_ = false;
  return notice;
}

}  // namespace tipring::service
