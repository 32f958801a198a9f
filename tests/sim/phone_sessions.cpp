// The sessions of a phone: RFC 4028. It refreshes what it has promised to, and leaves it to the
// server to end what nobody refreshes.
#include <algorithm>

#include "core/text.h"
#include "phone.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::sim {

namespace {

constexpr Millis kRefreshTakes{64'000};

}  // namespace

// In an INVITE of its own.
std::string Phone::offer_session() const {
  if (!habits.knows_timer) return {};
  std::string lines = "Supported: timer\r\n";
  if (habits.interval_s != 0) {
    lines += "Session-Expires: " + std::to_string(habits.interval_s) + "\r\n";
  }
  return lines;
}

// In its 2xx: RFC 4028 9, table 2.
std::string Phone::agree_on_session(Call& call, const sip::MessageView& request) {
  const auto offered = request.typed<sip::HeaderId::SessionExpires>();
  call.interval_s = 0;
  call.refreshes = false;
  if (!habits.knows_timer || !request.has(sip::HeaderId::SessionExpires) || !offered) return {};
  const bool peer_can = sip::contains_token(request.values(sip::HeaderId::Supported), "timer");
  const auto named = offered->param("refresher");
  call.refreshes = named ? iequals(named->value, "uas") : !peer_can || habits.offers_itself;
  call.interval_s = offered->seconds;
  const std::string lines = "Session-Expires: " + std::to_string(call.interval_s) +
                            (call.refreshes ? ";refresher=uas\r\n" : ";refresher=uac\r\n");
  return peer_can ? "Require: timer\r\n" + lines : lines;
}

// From a 2xx to a request of its own.
void Phone::learn_session(size_t index, const sip::MessageView& response) {
  Call& call = calls_[index];
  const auto agreed = response.typed<sip::HeaderId::SessionExpires>();
  const bool any = response.has(sip::HeaderId::SessionExpires) && agreed;
  call.interval_s = any ? agreed->seconds : 0;
  const auto refresher = any ? agreed->param("refresher") : std::nullopt;
  call.refreshes = habits.knows_timer && refresher && iequals(refresher->value, "uac");
  start_session(index);
}

// 10: half of the interval is a good time to refresh.
void Phone::start_session(size_t index) {
  Call& call = calls_[index];
  const uint32_t round = ++call.round;
  if (!call.refreshes || call.interval_s == 0) return;
  at(host.loop().now() + Millis(int64_t{call.interval_s} * 500), [this, index, round] {
    if (calls_[index].round == round) send_refresh(index);
  });
}

void Phone::send_refresh(size_t index) {
  Call& call = calls_[index];
  if (call.over || call.bye_sent) return;
  call.refresh_cseq = ++call.cseq;
  Request request = in_call(call, habits.by_update ? "UPDATE" : "INVITE");
  request.lines = "Contact: <" + contact() +
                  ">\r\nSupported: timer\r\nSession-Expires: " + std::to_string(call.interval_s) +
                  ";refresher=uac\r\n" +
                  digest_.next_line("Proxy-Authorization", request.method, request.uri);
  if (habits.describes && !habits.by_update) request.body = description();
  const sip::Method method = habits.by_update ? sip::Method::Update : sip::Method::Invite;
  call.refresh = send(request, method, context_of(Refresh, index));
  // Its final response may have been lost with a connection.
  if (habits.by_update) return;
  at(host.loop().now() + kRefreshTakes, [this, index, cseq = call.refresh_cseq] {
    if (calls_[index].refresh_cseq == cseq) transactions.cancel(calls_[index].refresh);
  });
}

// One that is refused is not tried again: who waits then sees the end of the interval.
void Phone::on_refresh_response(size_t index, const Incoming& response) {
  Call& call = calls_[index];
  const uint16_t status = response.message.status();
  if (status < 200) return;
  const auto cseq = response.message.typed<sip::HeaderId::CSeq>();
  if (status < 300 && cseq->method == sip::Method::Invite) send_ack(call, cseq->number);
  if (call.over || cseq->number != call.refresh_cseq) return;
  if (status == sip::status::kProxyAuthenticationRequired && ++call.attempts <= 3 &&
      digest_.learn(response.message)) {
    return send_refresh(index);
  }
  call.refresh_status = status;
  call.refresh_cseq = 0;
  if (status == sip::status::kCallOrTransactionDoesNotExist) end(call);  // RFC 5057 5.2
  if (status >= 300) return;
  ++call.refreshed;
  call.attempts = 0;
  learn_session(index, response.message);
}

void Phone::answer_refresh(const Incoming& request, size_t index) {
  Call& call = calls_[index];
  const sip::MessageView& message = request.message;
  if (call.over || call.outcome != 200) return transactions.reply_stateless(request, 481, {});
  const bool is_invite = message.method() == sip::Method::Invite;
  const auto server = transactions.open(request, *this, context_of(Refresh, index), false);
  if (!server) return report("no server transaction is free");
  const uint32_t cseq = message.typed<sip::HeaderId::CSeq>()->number;
  const uint16_t status = cseq > call.remote_cseq ? habits.refresh_answer : uint16_t{500};
  call.remote_cseq = std::max(call.remote_cseq, cseq);
  sip::ResponseParts parts;
  if (status != 200) {
    if (status == 422) parts.headers = "Min-SE: 3600\r\n";
    static_cast<void>(transactions.respond(*server, status, parts).has_value());
    return;
  }
  const std::string session = agree_on_session(call, message);
  if (is_invite) {
    call.invite = *server;
    call.answered_cseq = cseq;
    answer_with_ok(call, session);
  } else {
    parts.headers = session;
    static_cast<void>(transactions.respond(*server, status, parts).has_value());
  }
  start_session(index);
}

void Phone::fall_silent() {
  silent_ = true;
  for (Call& call : calls_) {
    call.abandoned = call.abandoned || !call.over;
    end(call);
  }
  registration_.pending = false;
}

// What its peers still wait for is given up.
void Phone::wake_up() {
  silent_ = false;
  at(host.loop().now(), [this] {
    for (Call& call : calls_) {
      if (!call.abandoned || call.outcome != 0) continue;
      if (call.caller) {
        transactions.cancel(call.request);
      } else {
        refuse(call, sip::status::kTemporarilyUnavailable);
      }
    }
  });
}

}  // namespace tipring::sim
