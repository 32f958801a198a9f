#include "server/proxy/call_line.h"

#include <algorithm>
#include <utility>

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::proxy {

void CallLine::Address::set(std::string_view uri) {
  size_ = static_cast<uint8_t>(std::min(uri.size(), text_.size()));
  std::copy_n(uri.begin(), size_, text_.begin());
}

CallLine::~CallLine() {
  if (figures_ != nullptr) figures_->on_settled(0);
}

void CallLine::begin(const sip::MessageView& request, Millis now, dialog::CallFigures& figures) {
  if (request.method() != sip::Method::Invite && request.method() != sip::Method::Bye) return;
  const auto& from = request.typed<sip::HeaderId::From>();
  const auto& to = request.typed<sip::HeaderId::To>();
  if (!from || !to) return;
  const bool within = !request.to_tag().empty();
  if (request.method() == sip::Method::Invite && !within) kind_ = Kind::Start;
  if (request.method() == sip::Method::Bye) kind_ = Kind::End;
  if (kind_ == Kind::None) return;
  if (kind_ == Kind::Start) {
    figures_ = &figures;
    figures_->on_begun();
  }
  begun_ = now;
  from_.set(from->uri);
  // Who was dialled; the Request-URI within a call is a device.
  to_.set(within ? to->uri : request.request_uri());
}

void CallLine::end(Log& log, uint16_t status, Millis now) {
  if (kind_ == Kind::None || status == 0) return;
  const auto from = kv("from", from_.view());
  const auto to = kv("to", to_.view());
  if (figures_ != nullptr) std::exchange(figures_, nullptr)->on_settled(status);
  const bool good = sip::is_success(status);
  if (kind_ == Kind::End) {
    if (good) log.info("call_ended", from, to);
  } else {
    log.info(good ? "call_answered" : "call_failed", from, to, kv("status", status),
             kv("after_ms", now - begun_));
  }
  kind_ = Kind::None;
}

}  // namespace tipring::proxy
