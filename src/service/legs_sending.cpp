// Requests of legs: RFC 3261 8.1, 9.1, 12.2.1, 13.2.2.4 and 15.1.1, RFC 3262 4.
#include <algorithm>
#include <array>

#include "core/text.h"
#include "service/leg_rewrite.h"
#include "service/leg_texts.h"
#include "service/legs.h"
#include "service/uri_headers.h"
#include "service/via_management.h"
#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"
#include "transaction/branch.h"
#include "transaction/timers.h"

namespace tipring::service {

using dialog::RequestContent;
using sdp::Carrier;
using sip::Method;
using Phase = LegRequest::Phase;
using Purpose = LegRequest::Purpose;

namespace {

constexpr size_t kTargetMax = 1024;  // longer ones are not followed
constexpr size_t kGrowth = 512;      // of a request beyond the texts of its dialog and its own
constexpr std::string_view kTimerLine = "Supported: timer\r\n";
constexpr std::string_view kDraftVia = "SIP/2.0/UDP 0.0.0.0;branch=z9hG4bK-";
constexpr std::string_view kDraftContact = "<sip:0.0.0.0>";

bool is_target_refresh(Method method) {
  return method == Method::Invite || method == Method::Update;
}

bool is_request_of_user(Method method) {
  switch (method) {
    case Method::Invite:
    case Method::Update:
    case Method::Info:
    case Method::Refer:
    case Method::Message:
    case Method::Notify:
    case Method::Options: return true;
    default: return false;
  }
}

// What is not copied into another try.
class Outdated final : public sip::LineFilter {
 public:
  // `uri`: of whose headers none stays; null where that is not asked.
  Outdated(bool interval, const sip::Uri* uri) : interval_(interval), uri_(uri) {}
  bool keep(const sip::HeaderView& line) const override {
    if (uri_ != nullptr && may_come_from_uri(line.id()) && names_header(*uri_, line.id())) {
      return false;
    }
    switch (line.id()) {
      case sip::HeaderId::Authorization:
      case sip::HeaderId::ProxyAuthorization: return false;
      case sip::HeaderId::SessionExpires:
      case sip::HeaderId::MinSe: return !interval_;
      default: return true;
    }
  }

 private:
  bool interval_;
  const sip::Uri* uri_;
};

// As the Request-URI has it.
std::string_view write_target(std::string_view uri, std::span<char> out) {
  sip::Writer writer(out);
  sip::write_request_uri(writer, uri);
  return writer.view();
}

// Of a request without a transaction of ours.
std::string_view write_lone_via(const Environment& environment, port::Entropy& entropy,
                                const Flow& flow, ViaManagement::Text& text) {
  std::array<char, port::kAddressTextMax> sent_by;
  std::array<char, 16> digits;
  sip::Writer writer(text);
  writer.text("SIP/2.0/").text(sip::to_text(flow.transport)).text(" ");
  writer.text(port::write_address(environment.transport.sent_by(flow), sent_by));
  writer.text(";branch=").text(transaction::kMagicCookie);
  writer.text(write_hex_u64(entropy.u64(), digits));
  writer.text(write_hex_u64(entropy.u64(), digits)).text(";rport");
  return writer.view();
}

}  // namespace

// What a request is written with, over one flow.
struct Legs::Pen {
  Flow flow;
  std::string_view via;
  std::string_view credentials;  // whole lines
};

// Each leg can be ended, whatever else is under way.
LegRequest* Legs::make_request(Leg& leg, Method method, Purpose purpose) {
  const bool ends = purpose == Purpose::Bye || purpose == Purpose::Ack;
  const uint32_t kept_back = ends ? 0 : legs_.stats().capacity;
  LegRequest* request =
      requests_.acquire_leaving(kept_back, *this, legs_.handle_of(leg), method, purpose);
  if (request == nullptr) ++counters_.refused;
  return request;
}

Result<void> Legs::place(Leg& leg, const LegCall& call) {
  LegRequest* request = make_request(leg, Method::Invite, Purpose::Call);
  if (request == nullptr) return Error::PoolExhausted;
  LegGroup& group = leg.group;
  request->group = groups_.handle_of(group);
  group.invite = requests_.handle_of(*request);
  group.cseq = request->cseq = leg.dialog.next_cseq();
  const bool has_session = is_description(call.content);
  group.offerless = !has_session;
  request->has_offer = has_session;
  (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Invite, has_session);
  if (call.flow) {
    leg.flow = *call.flow;
    leg.by_flow = group.by_flow = true;
  }
  HeaderLines lines;
  std::array<char, SessionRefresh::kLinesMax> session;
  lines.capabilities(call.reliable_provisionals);
  lines.add(leg.services.get<LegInterval>().refresh.request_lines(session));
  RequestContent content;
  content.lines = lines.view();
  content.more_lines = call.content.lines;
  content.content_type = call.content.content_type;
  content.body = call.content.body;
  content.max_forwards = call.max_forwards;
  content.max_breadth = call.max_breadth;
  return begin(*request, leg, content);
}

// On failure the request has gone.
Result<void> Legs::begin(LegRequest& request, Leg& leg, const RequestContent& content) {
  const uint64_t id = requests_.handle_of(request).to_u64();
  const auto state =
      request.selection.select(environment_, destination_of(request, leg), *this, id);
  Result<void> done;
  if (!state) {
    done = state.error();
  } else if (*state == transport::LocateState::Done) {
    done = try_next(request, leg, &content);
  } else {
    request.sent = write(request, leg, {leg.flow, kDraftVia, {}}, &content);
    if (!request.sent) done = Error::PoolExhausted;
  }
  if (!done) release(request);
  return done;
}

// What was sent before, to wherever the peer is by now. On failure the request stands.
Result<void> Legs::begin_again(LegRequest& request, Leg& leg) {
  const uint64_t id = requests_.handle_of(request).to_u64();
  const auto state =
      request.selection.select(environment_, destination_of(request, leg), *this, id);
  if (!state) return state.error();
  if (*state == transport::LocateState::Suspended) return {};
  return try_next(request, leg, nullptr);
}

Destination Legs::destination_of(const LegRequest& request, const Leg& leg) const {
  Destination destination;
  destination.next_hop = leg.dialog.next_hop();
  const bool by_flow =
      leg.by_flow && (request.purpose == Purpose::Call || environment_.transport.stands(leg.flow));
  if (by_flow) destination.flow = leg.flow;
  // What a peer says of himself leads to this host only where he is on it.
  destination.keeps_off_host = request.purpose == Purpose::Call
                                   ? leg.keeps_off_host
                                   : !environment_.transport.is_of_host(leg.flow.remote.ip);
  destination.keeps_transport = request.method == Method::Ack || request.method == Method::Bye;
  return destination;
}

// `content`: of the first try; later ones are written from what was sent before.
Result<void> Legs::try_next(LegRequest& request, Leg& leg, const RequestContent* content) {
  Result<void> done = Error::Unreachable;
  while (const auto flow = request.selection.next(environment_, destination_of(request, leg))) {
    done = send(request, leg, *flow, content);
    if (done || done.error() == Error::TooLong) break;
  }
  return done;
}

Result<void> Legs::send(LegRequest& request, Leg& leg, Flow flow, const RequestContent* content) {
  transaction::TransactionLayer& transactions = environment_.transactions;
  ViaManagement::Text text;
  if (request.method == Method::Ack) {
    const MessageRef& known = leg.ack_credentials;
    MessageRef ack = write(request, leg,
                           {flow, write_lone_via(environment_, entropy_, flow, text),
                            known ? known.view() : std::string_view()},
                           content);
    if (!ack) return Error::PoolExhausted;
    leg.ack = ack;
    leg.ack_flow = flow;
    return transactions.send_stateless(std::move(ack), flow);
  }
  const auto claim =
      request.purpose == Purpose::Call ? transaction::Claim::New : transaction::Claim::Standing;
  const Result<ClientHandle> client =
      transactions.reserve(request.method, *this, requests_.handle_of(request).to_u64(), claim);
  if (!client) return client.error();
  HeaderLines room;
  const std::string_view credentials = write_credentials(request, leg, content, room);
  const auto write_over = [&] {
    return write(request, leg,
                 {flow, ViaManagement::write_own(environment_, *client, flow, text), credentials},
                 content);
  };
  MessageRef message = write_over();
  const bool switched = message && request.selection.switch_to_stream(
                                       environment_, stream_refusals_, message.size(), flow);
  if (switched) message = write_over();
  if (!message) {
    transactions.abandon(*client);
    return Error::PoolExhausted;
  }
  request.client = *client;
  request.phase = Phase::Sent;
  request.sent = message;
  return transactions.start(*client, std::move(message), flow);
}

// RFC 3261 22.2, 22.3: what we have been challenged with is answered in what follows too.
std::string_view Legs::write_credentials(LegRequest& request, Leg& leg,
                                         const RequestContent* content, HeaderLines& out) {
  DigestClientAuth& auth = leg.services.get<LegChallenge>().auth;
  if (!auth.has_answers()) return {};
  std::array<char, 4096> room;
  std::array<char, kTargetMax> uri;
  sip::HeaderIndex index;
  DigestClientAuth::Request asked{sip::to_text(request.method), leg.dialog.remote_target(), {}};
  if (content != nullptr) {
    asked.body = content->body;
  } else if (request.sent) {
    const sip::MessageView sent = environment_.transactions.read(request.sent, index);
    const std::string_view target = redirected_to(request, leg);
    asked.uri = target.empty() ? sent.request_uri() : write_target(target, uri);
    asked.body = sent.body();
  }
  const auto lines = auth.lines(asked, request.tries, entropy_, room);
  if (lines) out.add(*lines);
  return out.view();
}

MessageRef Legs::write(const LegRequest& request, const Leg& leg, const Pen& pen,
                       const RequestContent* content) const {
  std::array<char, kContactMax> room;
  const bool has_contact = is_target_refresh(request.method) || request.method == Method::Refer ||
                           request.method == Method::Notify;
  std::string_view contact;
  if (has_contact && pen.via != kDraftVia) {
    contact = write_contact(environment_, pen.flow, leg.dialog.contact_user(), room);
  } else if (has_contact) {
    contact = kDraftContact;
  }
  if (content == nullptr) return write_anew(request, leg, pen, contact);
  RequestContent full = *content;
  full.via = pen.via;
  full.contact = contact;
  full.credentials = pen.credentials;
  const size_t expected = leg.dialog.text_size() + kGrowth + full.lines.size() +
                          full.more_lines.size() + full.credentials.size() + full.body.size();
  return write_message(environment_.slabs, expected, [&](std::span<char> out) {
    return leg.dialog.write_request(request.method, request.cseq, full, out);
  });
}

// Empty where it goes where it went first.
std::string_view Legs::redirected_to(const LegRequest& request, const Leg& leg) {
  return request.redirected ? leg.services.get<LegRedirection>().targets.current()
                            : std::string_view();
}

MessageRef Legs::write_anew(const LegRequest& request, const Leg& leg, const Pen& pen,
                            std::string_view contact) const {
  if (!request.sent) return {};
  sip::HeaderIndex index;
  const sip::MessageView sent = environment_.transactions.read(request.sent, index);
  std::array<char, SessionRefresh::kLinesMax> session;
  HeaderLines lines;
  lines.add(pen.credentials);
  if (request.other_interval) {
    lines.add(leg.services.get<LegInterval>().refresh.request_lines(session));
  }
  std::array<char, kTargetMax> uri;
  Rewrite rewrite;
  rewrite.via = pen.via;
  rewrite.contact = contact;
  rewrite.cseq = request.cseq;
  const sip::ParsedUri target(redirected_to(request, leg));
  if (target) {
    std::array<char, kTargetMax> room;
    const auto headers = write_lines_of_uri(*target, sip::HeaderId::Other, room);
    if (headers) lines.add(*headers);
    rewrite.request_uri = write_target(target.text, uri);
  }
  const Outdated filter(request.other_interval, target ? &*target : nullptr);
  rewrite.filter = &filter;
  rewrite.lines = lines.view();
  const size_t expected = request.sent.size() + lines.view().size() + kGrowth / 4;
  return write_message(environment_.slabs, expected,
                       [&](std::span<char> out) { return write_again(sent, rewrite, out); });
}

void Legs::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  LegRequest* request = requests_.get(LegRequestHandle::from_u64(tag));
  if (request == nullptr) return;
  request->selection.resumed();
  Leg* leg = legs_.get(request->leg);
  if (leg == nullptr) return release(*request);
  Result<void> done = flows ? Result<void>() : Result<void>(flows.error());
  if (done) {
    request->selection.located(*flows);
    done = try_next(*request, *leg, nullptr);
  }
  if (!done) return on_not_answered(*request, sip::status::kServiceUnavailable);
  if (request->method == Method::Ack) release(*request);
}

// --- within the dialog ---------------------------------------------------------------------------

Result<LegRequestHandle> Legs::request(LegHandle handle, Method method, const LegContent& content,
                                       uint64_t tag) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr || !leg->stands() || leg->group.cancelled) return Error::Stale;
  const bool allowed = leg->state == LegState::Confirmed ||
                       (leg->state == LegState::Early && method != Method::Invite &&
                        !leg->dialog.remote_tag().empty());
  if (!allowed || !is_request_of_user(method) || !leg->dialog.has_cseq()) return Error::Invalid;
  if (!may_send(*leg, method, is_description(content))) return Error::Busy;
  return start(*leg, method, Purpose::Application, content, tag);
}

Result<LegRequestHandle> Legs::start(Leg& leg, Method method, Purpose purpose,
                                     const LegContent& content, uint64_t tag) {
  LegRequest* request = make_request(leg, method, purpose);
  if (request == nullptr) return Error::PoolExhausted;
  request->tag = tag;
  const bool has_offer = is_description(content);
  request->has_offer = has_offer;
  const LegRequestHandle made = requests_.handle_of(*request);
  const Result<void> done = send_within(*request, leg, content);
  if (!done) return done.error();
  if (method == Method::Invite) {
    leg.our_invite = made;
    (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Invite, has_offer);
  } else if (method == Method::Update) {
    leg.our_update = made;
    (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Update, has_offer);
  }
  if (has_offer) remember(leg, content.body);
  return made;
}

// 14.1, RFC 3311 5.1.
bool Legs::may_send(const Leg& leg, Method method, bool has_offer, const LegRequest* own) const {
  if (!is_target_refresh(method)) return true;
  const Pending pending = pending_of(leg);
  const bool offers = pending.our_offer || pending.their_offer;
  if (method == Method::Update) {
    const LegRequest* update = requests_.get(leg.our_update);
    return (update == nullptr || update == own) && !(has_offer && offers);
  }
  const bool open = pending.our_invite || pending.their_invite || leg.ack_due || leg.our_ack_due;
  return !open && !offers;
}

Result<void> Legs::send_within(LegRequest& request, Leg& leg, const LegContent& content) {
  request.cseq = leg.dialog.next_cseq();
  HeaderLines lines;
  std::array<char, SessionRefresh::kLinesMax> session;
  if (is_target_refresh(request.method)) {
    lines.capabilities(true);
    lines.add(leg.services.get<LegInterval>().refresh.request_lines(session));
  } else {
    lines.add(kTimerLine);
  }
  RequestContent full;
  full.lines = lines.view();
  full.more_lines = content.lines;
  full.content_type = content.content_type;
  full.body = content.body;
  return begin(request, leg, full);
}

void Legs::cancel(LegRequestHandle handle, std::string_view lines) {
  LegRequest* request = requests_.get(handle);
  const bool pending = request != nullptr && request->method == Method::Invite &&
                       request->purpose == Purpose::Application && !request->cancelled;
  if (pending) cancel_request(*request, lines);
}

// 9.1: not before a provisional response has come.
void Legs::cancel_request(LegRequest& request, std::string_view lines) {
  request.cancelled = true;
  if (request.phase == Phase::Proceeding) {
    return environment_.transactions.cancel(request.client, lines);
  }
  if (!lines.empty()) request.cancel_lines = environment_.slabs.copy(lines);
}

// That within the dialog of a leg that ends: its peer may have said that he tries, and never say more.
void Legs::give_up_invite(Leg& leg) {
  LegRequest* invite = requests_.get(leg.our_invite);
  if (invite == nullptr || invite->cancelled || invite->phase == Phase::Accepted) return;
  const bool sent = invite->phase == Phase::Sent || invite->phase == Phase::Proceeding;
  sent ? cancel_request(*invite, {}) : release(*invite);
}

void Legs::cancel_call(Leg& leg, std::string_view lines) {
  LegGroup& group = leg.group;
  if (group.cancelled) return;
  group.cancelled = true;
  LegRequest* invite = requests_.get(group.invite);
  const bool sent =
      invite != nullptr && (invite->phase == Phase::Sent || invite->phase == Phase::Proceeding);
  if (sent) return cancel_request(*invite, lines);
  // One that was answered meanwhile is looked at by who waits for the other dialogs.
  if (invite != nullptr && invite->phase != Phase::Accepted) release(*invite);
  end_later(leg, {EndCause::Cancelled});
}

// 15.1.1. Who has not acknowledged our 2xx yet is not sent one before he has, or it is late.
void Legs::send_bye(Leg& leg, std::string_view lines, const LegEnd& end) {
  if (leg.our_ack_due) acknowledge_and_reject(leg);  // before the state forbids it
  answer_pending(leg);
  leg.end = end;
  leg.end.message = nullptr;
  if (leg.ack_due) {
    leg.state = LegState::Ended;
    leg.session_timer.cancel();
    leg.bye_waits = true;
    if (!lines.empty()) leg.bye_lines = environment_.slabs.copy(lines);
    return;
  }
  close(leg);
  LegRequest* request =
      leg.dialog.has_cseq() ? make_request(leg, Method::Bye, Purpose::Bye) : nullptr;
  if (request == nullptr) return;
  leg.bye = requests_.handle_of(*request);
  if (!send_within(*request, leg, {lines, {}, {}})) leg.bye = {};
}

// --- acknowledgements ----------------------------------------------------------------------------

Result<void> Legs::ack(LegHandle handle, const LegContent& content) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr || !leg->our_ack_due) return Error::Stale;
  const Result<void> sent = send_ack(*leg, content);
  if (!sent) {
    // Not from within: the leg ends in a moment.
    leg->ack_failed = true;
    environment_.timers.start(leg->wait_timer, environment_.now());
  }
  return sent;
}

Result<void> Legs::send_ack(Leg& leg, const LegContent& content) {
  LegRequest* request = make_request(leg, Method::Ack, Purpose::Ack);
  if (request == nullptr) return Error::PoolExhausted;
  request->cseq = leg.ack_cseq;
  RequestContent full;
  full.more_lines = content.lines;
  full.content_type = content.content_type;
  full.body = content.body;
  const Result<void> done = begin(*request, leg, full);
  if (!done) return done;
  if (!request->selection.suspended()) release(*request);
  if (is_description(content)) remember(leg, content.body);
  leg.our_ack_due = false;
  leg.wait_timer.cancel();
  leg.offer.reset();
  (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Ack, is_description(content));
  return done;
}

// SPEC C24: an offer is not left without an answer, even where nothing of it is wanted.
void Legs::acknowledge_and_reject(Leg& leg) {
  std::array<char, 4096> room;
  LegContent content;
  if (leg.offer) {
    content.content_type = "application/sdp";
    content.body = write_rejection(leg.offer.view(), leg.flow.local.ip, entropy_.u64(), room);
  }
  (void)send_ack(leg, content);
}

Result<void> Legs::prack(LegHandle handle, const LegContent& content) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr || !leg->stands() || !leg->prack_due) return Error::Stale;
  return send_prack(*leg, content);
}

Result<void> Legs::send_prack(Leg& leg, const LegContent& content) {
  LegRequest* request = make_request(leg, Method::Prack, Purpose::Prack);
  if (request == nullptr) return Error::PoolExhausted;
  std::array<char, ReliableReceiver::kLineMax> room;
  HeaderLines lines;
  lines.add(leg.services.get<ReliableReceiver>().rack_line(room));
  lines.add(content.lines);
  const Result<void> done =
      send_within(*request, leg, {lines.view(), content.content_type, content.body});
  if (!done) return done;
  leg.prack_due = false;
  (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Prack, is_description(content));
  return done;
}

}  // namespace tipring::service
