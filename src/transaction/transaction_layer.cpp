#include "transaction/transaction_layer.h"

#include <new>

#include "core/recent_hashes.h"
#include "core/text.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "transaction/branch.h"
#include "transaction/client_table.h"
#include "transaction/matching.h"
#include "transaction/messages.h"
#include "transaction/refusal_log.h"
#include "transaction/server_table.h"
#include "transaction/shared.h"
#include "transport/trace.h"

namespace tipring::transaction {

static_assert(kTagSize <= TransactionLayer::kTagMax);
static_assert(BranchCodec::kSize <= TransactionLayer::kBranchMax);

namespace {

HashKey make_key(port::Entropy& entropy) {
  const uint64_t k0 = entropy.u64();
  return {k0, entropy.u64()};
}

// The status of a response that another part of this program has written.
Result<uint16_t> status_of(const MessageRef& response) {
  const std::string_view text = response.view();
  if (!starts_with(text, "SIP/2.0 ")) return Error::Invalid;
  return parse_u16(text.substr(8, 3));
}

// Whoever runs a call has a line of his own for what becomes of it.
bool begins_call(const sip::MessageView& request) {
  return request.method() == sip::Method::Invite && request.to_tag().empty();
}

bool is_within_call(const sip::MessageView& request) {
  return request.method() == sip::Method::Invite && !request.to_tag().empty();
}

}  // namespace

struct TransactionLayer::Parts {
  Parts(const TransactionDependencies& given, const Limits& limits, uint8_t node)
      : dependencies(given),
        shared{dependencies,
               BranchCodec(make_key(given.entropy), node),
               make_key(given.entropy),
               given.arena.take<char>(sip::kMessageSizeMax),
               {}},
        tag_key(make_key(given.entropy)),
        refusals(given.log, given.timers),
        servers(shared, given.arena, limits),
        clients(shared, given.arena, limits) {}

  TransactionDependencies dependencies;
  Shared shared;
  HashKey tag_key;
  RefusalLog refusals;
  ServerTable servers;
  ClientTable clients;
  RequestHandler* handler = nullptr;

  // INVITEs within dialogs that were refused without state, by their topmost Via, which is the ACK's:
  // the ACKs end here, and no tag tells them (17.1.1.3), since the dialog has its own.
  RecentHashes<64> refused_inside;

  bool was_refused(const sip::MessageView& ack) const {
    return refused_inside.any() && refused_inside.knows(top_via_hash(ack, shared.match_key));
  }
};

void TransactionLayer::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add("transaction_layer", 1, sizeof(Parts));
  plan.add("transaction_scratch", 1, sip::kMessageSizeMax);
  ServerTable::plan(limits, plan);
  ClientTable::plan(limits, plan);
}

TransactionLayer::TransactionLayer(const TransactionDependencies& dependencies,
                                   const Limits& limits, uint8_t node)
    : parts_(new (dependencies.arena.take_bytes(sizeof(Parts)).data())
                 Parts(dependencies, limits, node)) {}

TransactionLayer::~TransactionLayer() { parts_->~Parts(); }

void TransactionLayer::set_request_handler(RequestHandler& handler) { parts_->handler = &handler; }
void TransactionLayer::set_answer_observer(AnswerObserver& observer) {
  parts_->shared.answer_observer = &observer;
}

// --- from the wire -------------------------------------------------------------------------------

void TransactionLayer::on_message(const Incoming& incoming) {
  parts_->shared.current = &incoming;
  dispatch(incoming);
  parts_->shared.current = nullptr;
  parts_->shared.current_kept.reset();
}

void TransactionLayer::dispatch(const Incoming& incoming) {
  if (incoming.message.is_response()) return on_response(incoming);
  switch (incoming.message.method()) {
    case sip::Method::Ack: return on_ack(incoming);
    case sip::Method::Cancel: return on_cancel(incoming);
    default: return on_request(incoming);
  }
}

void TransactionLayer::on_request(const Incoming& incoming) {
  TransactionCounters& counters = parts_->shared.counters;
  const Result<RequestKey> key = request_key(incoming.message, parts_->shared.match_key);
  if (!key) {
    ++counters.malformed;
    return;
  }
  ServerTransaction* transaction = parts_->servers.find(*key);
  if (transaction != nullptr) {
    ++counters.retransmissions;
    transaction->on_event(Event::Request);
    return;
  }
  ++counters.requests;
  parts_->shared.figures.on_received(incoming.message.method());
  parts_->shared.current_key = *key;
  if (parts_->handler != nullptr) parts_->handler->on_request(incoming);
}

// 17.2.1 and RFC 6026 7.1: the ACK to a failure ends here, the one to a 2xx goes up.
void TransactionLayer::on_ack(const Incoming& incoming) {
  TransactionCounters& counters = parts_->shared.counters;
  const Result<RequestKey> key = request_key(incoming.message, parts_->shared.match_key);
  if (!key) {
    ++counters.malformed;
    return;
  }
  parts_->shared.figures.on_received(sip::Method::Ack);
  ServerTransaction* transaction = parts_->servers.find(*key);
  if (transaction != nullptr) {
    if (!transaction->on_event(Event::Ack)) return;
  } else if (has_own_tag(incoming.message, parts_->tag_key) ||
             parts_->was_refused(incoming.message)) {
    ++counters.absorbed_acks;
    return;
  }
  if (parts_->handler != nullptr) parts_->handler->on_request(incoming);
}

// 9.2. A CANCEL that matches has a transaction of its own, so that a repeated one gets the same
// answer when what it was for has gone.
void TransactionLayer::on_cancel(const Incoming& incoming) {
  TransactionCounters& counters = parts_->shared.counters;
  const Result<RequestKey> key = request_key(incoming.message, parts_->shared.match_key);
  if (!key) {
    ++counters.malformed;
    return;
  }
  if (ServerTransaction* own = parts_->servers.find(*key)) {
    ++counters.retransmissions;
    own->on_event(Event::Request);
    return;
  }
  parts_->shared.figures.on_received(sip::Method::Cancel);
  ServerTransaction* cancelled = parts_->servers.find_cancelled(*key);
  if (cancelled == nullptr) {
    if (parts_->handler != nullptr && parts_->handler->ignores(incoming)) return;
    if (parts_->handler != nullptr && parts_->handler->takes_stray_cancel(incoming)) return;
    ++counters.stray_cancels;
    return reply_stateless(incoming, sip::status::kCallOrTransactionDoesNotExist, {});
  }
  const ServerHandle server = parts_->servers.handle_of(*cancelled);
  const bool has_effect = cancelled->first_cancel();
  TransactionUser& user = cancelled->user();
  const uint64_t context = cancelled->context();
  accept_cancel(incoming, *key, user);  // which may reclaim a completed one to make room
  if (has_effect) user.on_cancel(context, server, incoming);
}

void TransactionLayer::accept_cancel(const Incoming& cancel, const RequestKey& key,
                                     TransactionUser& user) {
  ServerTransaction* own = parts_->servers.acquire(cancel, key, user, 0, Claim::Standing);
  if (own == nullptr) return reply_stateless(cancel, sip::status::kOk, {});
  own->keep_silent();
  own->on_event(Event::Start);
  if (!respond(parts_->servers.handle_of(*own), sip::status::kOk, {})) own->drop();
}

void TransactionLayer::on_response(const Incoming& incoming) {
  TransactionCounters& counters = parts_->shared.counters;
  ClientTransaction* transaction = parts_->clients.find(incoming.message);
  if (transaction == nullptr) {
    ++counters.stray_responses;
    if (parts_->handler != nullptr) parts_->handler->on_stray_response(incoming);
    return;
  }
  parts_->shared.figures.on_response_received(incoming.message.status());
  const bool for_tu =
      transaction->on_event(event_of_status(incoming.message.status()), &incoming.message);
  if (!for_tu) {
    ++counters.retransmissions;
    return;
  }
  TransactionUser* user = transaction->user();
  if (user == nullptr) return;  // to a CANCEL of our own
  user->on_response(transaction->context(), parts_->clients.handle_of(*transaction), incoming);
}

void TransactionLayer::on_malformed(const Incoming& incoming, const sip::ParseError& error) {
  ++parts_->shared.counters.malformed;
  const sip::MessageView& message = incoming.message;
  if (!message.is_request()) return;
  parts_->shared.figures.on_received(message.method());
  if (message.method() == sip::Method::Ack) return;
  // Without a Via nobody knows where an answer should go.
  if (!message.typed<sip::HeaderId::Via>()) return;
  if (parts_->handler != nullptr && parts_->handler->ignores(incoming)) return;
  std::array<char, sip::kFaultyPartMax> names;
  const std::string_view part = sip::write_faulty_part(message, error, names);
  std::array<char, sip::kErrorReasonMax> reason;
  std::array<char, sip::kErrorWarningMax> warning;
  sip::ResponseParts parts;
  parts.reason = sip::write_error_reason(error, part, reason);
  parts.headers = sip::write_error_warning(part, sip::to_text(error.fault), warning);
  reply_stateless(incoming, sip::status_for(error.fault), parts);
}

// What a challenge asks for is told by itself.
void TransactionLayer::note_refusal(const sip::MessageView& request, uint16_t status,
                                    std::string_view reason) const {
  transport::Trace* const trace = parts_->shared.dependencies.transport.tracing();
  if (trace == nullptr || status < 300) return;
  if (status == sip::status::kUnauthorized || status == sip::status::kProxyAuthenticationRequired)
    return;
  trace->decided(request.header(sip::HeaderId::CallId).value_or(""), transport::Decision::Refused,
                 {status, reason.empty() ? sip::default_reason(status) : reason});
}

// --- server side ---------------------------------------------------------------------------------

Result<ServerHandle> TransactionLayer::open(const Incoming& request, TransactionUser& user,
                                            uint64_t context, bool trying, Claim claim) {
  if (request.message.method() == sip::Method::Ack) return Error::MethodIsAck;
  // A CANCEL and an ACK are never opened as they come.
  const bool is_current =
      parts_->shared.current == &request && request.message.method() != sip::Method::Cancel;
  const Result<RequestKey> key = is_current
                                     ? parts_->shared.current_key
                                     : request_key(request.message, parts_->shared.match_key);
  if (!key) return key.error();
  ServerTransaction* transaction = parts_->servers.acquire(request, *key, user, context, claim);
  if (transaction == nullptr) {
    ++parts_->shared.counters.refused;
    return Error::PoolExhausted;
  }
  transaction->on_event(Event::Start);
  if (trying && transaction->is_invite()) transaction->send_trying();
  return parts_->servers.handle_of(*transaction);
}

Result<void> TransactionLayer::respond(ServerHandle server, MessageRef response) {
  const Result<uint16_t> status = status_of(response);
  if (!status) return status.error();
  note_answer(server, *status);
  return send_response(server, std::move(response), *status);
}

// Of one that has no line as a refusal of ours.
void TransactionLayer::note_answer(ServerHandle server, uint16_t status) {
  if (!parts_->refusals.wants_answers() || !sip::is_final(status)) return;
  const ServerTransaction* transaction = parts_->servers.get(server);
  if (transaction == nullptr || !transaction->is_open() || !transaction->request()) return;
  const Millis now = parts_->shared.now();
  sip::HeaderIndex room;
  parts_->refusals.on_answered(parts_->shared.read(transaction->request(), room),
                               {transaction->source(), transaction->reply_flow().transport}, status,
                               transaction->age(now), now);
}

Result<void> TransactionLayer::send_response(ServerHandle server, MessageRef response,
                                             uint16_t status) {
  ServerTransaction* transaction = parts_->servers.get(server);
  if (transaction == nullptr) return Error::Stale;
  uint32_t to_tag = 0;
  if (!transaction->has_cookie()) {
    sip::HeaderIndex index;
    const sip::ParsedMessage parsed =
        sip::parse_message(response.view(), index, sip::Framing::Datagram);
    to_tag = to_tag_hash(parsed.view, parts_->shared.match_key);
  }
  return transaction->respond(std::move(response), status, to_tag);
}

Result<void> TransactionLayer::respond(ServerHandle server, uint16_t status,
                                       const sip::ResponseParts& parts) {
  ServerTransaction* transaction = parts_->servers.get(server);
  if (transaction == nullptr || !transaction->request()) return Error::Stale;
  sip::HeaderIndex room;
  return respond(server, parts_->shared.read(transaction->request(), room), status, parts);
}

Result<void> TransactionLayer::respond(ServerHandle server, const sip::MessageView& request,
                                       uint16_t status, const sip::ResponseParts& parts) {
  const ServerTransaction* transaction = parts_->servers.get(server);
  if (transaction == nullptr) return Error::Stale;
  std::array<char, kTagMax> tag;
  sip::ResponseParts tagged = parts;
  if (tagged.to_tag.empty() && status > sip::status::kTrying)
    tagged.to_tag = write_tag(request, tag);
  Result<MessageRef> response =
      write_response_to(parts_->shared, request, transaction->source(), status, tagged);
  if (!response) return response.error();
  if (status < 400 || begins_call(request)) {
    note_answer(server, status);
  } else {
    parts_->refusals.on_refused(request,
                                {transaction->source(), transaction->reply_flow().transport},
                                status, tagged.reason, parts_->shared.now());
  }
  note_refusal(request, status, tagged.reason);
  return send_response(server, std::move(*response), status);
}

void TransactionLayer::drop(ServerHandle server) {
  ServerTransaction* transaction = parts_->servers.get(server);
  if (transaction != nullptr) transaction->drop();
}

MessageRef TransactionLayer::request_of(ServerHandle server) const {
  const ServerTransaction* transaction = parts_->servers.get(server);
  return transaction == nullptr ? MessageRef() : transaction->request();
}

sip::MessageView TransactionLayer::read(const MessageRef& request, sip::HeaderIndex& room) const {
  return parts_->shared.read(request, room);
}

bool TransactionLayer::is_open(ServerHandle server) const {
  const ServerTransaction* transaction = parts_->servers.get(server);
  return transaction != nullptr && transaction->is_open();
}

bool TransactionLayer::stands(ServerHandle server) const {
  return parts_->servers.get(server) != nullptr;
}

const Flow* TransactionLayer::reply_flow_of(ServerHandle server) const {
  const ServerTransaction* transaction = parts_->servers.get(server);
  return transaction == nullptr ? nullptr : &transaction->reply_flow();
}

void TransactionLayer::reply_stateless(const Incoming& request, uint16_t status,
                                       const sip::ResponseParts& parts) {
  if (request.message.method() == sip::Method::Ack) return;
  std::array<char, kTagMax> tag;
  sip::ResponseParts tagged = parts;
  if (tagged.to_tag.empty() && status > sip::status::kTrying) {
    tagged.to_tag = write_tag(request.message, tag);
  }
  if (status >= 300 && is_within_call(request.message))
    parts_->refused_inside.note(top_via_hash(request.message, parts_->shared.match_key));
  const Result<MessageRef> response =
      write_bounded_response(parts_->shared, request, status, tagged);
  const RefusalLog::Source source{request.flow.remote, request.flow.transport};
  if (!response) {
    return parts_->refusals.on_unanswered(request.message, source, status, response.error(),
                                          request.now);
  }
  parts_->refusals.on_refused(request.message, source, status, tagged.reason, request.now);
  note_refusal(request.message, status, tagged.reason);
  if (status < 400 && parts_->refusals.wants_answers()) {
    parts_->refusals.on_answered(request.message, source, status, Millis{0}, request.now);
  }
  parts_->shared.figures.on_response_sent(status);
  const Flow reply = transport::reply_flow(request);
  if (sip::is_final(status)) {
    parts_->shared.figures.on_answered_at_once(request.message.method(), status);
    if (parts_->shared.answer_observer != nullptr) {
      parts_->shared.answer_observer->on_answered(
          {request.message, *response, status, request.flow.remote, reply, Millis{0}, true});
    }
  }
  // Whether it goes out is the peer's concern: without an answer he asks again.
  (void)parts_->dependencies.transport.send(*response, reply, nullptr, 0);
}

std::string_view TransactionLayer::write_tag(const sip::MessageView& request,
                                             std::span<char> out) const {
  return write_tag_text(request, parts_->tag_key, out);
}

// --- client side ---------------------------------------------------------------------------------

Result<ClientHandle> TransactionLayer::reserve(sip::Method method, TransactionUser& user,
                                               uint64_t context, Claim claim) {
  if (method == sip::Method::Ack) return Error::MethodIsAck;
  ClientTransaction* transaction = parts_->clients.acquire(method, &user, context, claim);
  if (transaction == nullptr) {
    ++parts_->shared.counters.refused;
    return Error::PoolExhausted;
  }
  return parts_->clients.handle_of(*transaction);
}

std::string_view TransactionLayer::write_branch(ClientHandle client, std::string_view sent_by,
                                                uint64_t loop_hash, std::span<char> out) {
  const BranchCodec& branches = parts_->shared.branches;
  const BranchCodec::Parts branch = branches.parts_of(client, loop_hash);
  ClientTransaction* transaction = parts_->clients.get(client);
  if (transaction != nullptr && transaction->state() == State::Initial)
    transaction->set_via_hash(own_via_hash(branch, sent_by, parts_->shared.match_key));
  return branches.write(branch, out);
}

std::string_view TransactionLayer::write_stateless_branch(const sip::MessageView& request,
                                                          uint64_t loop_hash,
                                                          std::span<char> out) const {
  const HashKey& key = parts_->shared.match_key;
  SipHasher64 unique(key);
  unique.add_u64(tag_hash(request, key));
  unique.add_u64(top_via_hash(request, key));
  unique.add_u64(to_tag_hash(request, key));
  unique.add(request.method_text());
  unique.add(request.request_uri());
  return parts_->shared.branches.write_stateless(unique.finish(), loop_hash, out);
}

Result<void> TransactionLayer::start(ClientHandle client, MessageRef request, const Flow& flow) {
  ClientTransaction* transaction = parts_->clients.get(client);
  if (transaction == nullptr || transaction->state() != State::Initial) return Error::Stale;
  if (transaction->via_hash() == 0) return Error::Invalid;  // no response could be matched to it
  return transaction->start(std::move(request), flow);
}

void TransactionLayer::abandon(ClientHandle client) {
  ClientTransaction* transaction = parts_->clients.get(client);
  if (transaction != nullptr && transaction->state() == State::Initial) transaction->drop();
}

void TransactionLayer::cancel(ClientHandle client, std::string_view lines) {
  ClientTransaction* transaction = parts_->clients.get(client);
  if (transaction != nullptr) transaction->cancel(lines);
}

bool TransactionLayer::has_sent(const sip::MessageView& request) const {
  return parts_->clients.has_sent(request);
}

Result<void> TransactionLayer::send_stateless(MessageRef request, const Flow& flow,
                                              transport::SendObserver* observer, uint64_t tag) {
  return parts_->dependencies.transport.send(std::move(request), flow, observer, tag);
}

// --- for operators -------------------------------------------------------------------------------

const TransactionCounters& TransactionLayer::counters() const { return parts_->shared.counters; }
const RequestFigures& TransactionLayer::figures() const { return parts_->shared.figures; }
void TransactionLayer::note_turn(Micros lasted) { parts_->shared.figures.end_turn(lasted); }

uint32_t TransactionLayer::open_requests() const { return parts_->servers.requests_kept(); }
const PoolStats& TransactionLayer::server_stats() const { return parts_->servers.stats(); }
const PoolStats& TransactionLayer::client_stats() const { return parts_->clients.stats(); }

bool TransactionLayer::awaits(uint8_t listener) const {
  return parts_->servers.any_open_on(listener) || parts_->clients.any_open_on(listener);
}

void TransactionLayer::reap(Millis) {
  // A TU that hears of an end may end more, also on the other side; those go in the same turn. But
  // none can keep the loop here for ever.
  uint32_t left = 2 * (server_stats().capacity + client_stats().capacity);
  while (left > 0 && (parts_->clients.reap_one() || parts_->servers.reap_one())) --left;
}

}  // namespace tipring::transaction
