// Which INVITEs are for us, and which of them are let in: RFC 3261 8.2.2, 22.2, RFC 4028.
#include "core/text.h"
#include "server/b2bua/b2bua.h"
#include "server/b2bua/planner.h"
#include "service/digest_server_auth.h"
#include "service/session_interval.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::b2bua {

namespace {

using service::DigestServerAuth;
using service::SessionInterval;

// What is asked of an INVITE before anything is kept for it: RFC 4028, then who sends it.
using Screens = service::Context<SessionInterval, DigestServerAuth>;

// What a group can do: RFC 3261 20.5. Others of these methods go on within a call.
#define TIPRING_ALLOW_GROUP \
  "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY\r\n"
constexpr std::string_view kAllowLine = TIPRING_ALLOW_GROUP;
constexpr std::string_view kCapabilities = TIPRING_ALLOW_GROUP
    "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n"
    "Supported: 100rel, replaces, timer\r\n";

// Extensions that a caller may require of us: what the legs do.
bool is_supported(std::string_view tag) {
  return iequals(tag, "100rel") || iequals(tag, "timer") || iequals(tag, "replaces");
}

// 8.2.2.3: a whole Unsupported line; empty when all is supported. What does not fit is left out.
std::string_view write_unsupported(const sip::MessageView& request, std::span<char> room) {
  sip::Writer out(room);
  std::string_view before = "Unsupported: ";
  for (const std::string_view tag : request.values(sip::HeaderId::Require)) {
    if (is_supported(tag)) continue;
    out.text(before).unfolded(tag);
    before = ", ";
  }
  if (out.size() == 0) return {};
  out.crlf();
  return out.full() ? std::string_view("Unsupported: \r\n") : out.view();
}

}  // namespace

bool B2bua::takes(const sip::MessageView& request, const sip::ParsedUri& uri) const {
  const bool is_invite = request.method() == sip::Method::Invite;
  const bool is_answered = request.method() != sip::Method::Ack;
  if (!is_answered || !request.to_tag().empty() || !uri) return false;
  const store::Extension callee = directory_.find(*uri);
  return callee.group != nullptr || (is_invite && callee.user != nullptr && options_.anchors_users);
}

// What is asked of an INVITE before anything is kept for it. False: it has been refused. `user`: who has
// sent it; 0 for a stranger.
bool B2bua::screen(const Incoming& invite, const service::RouteFacts& route, uint64_t& user) {
  std::array<char, 512> room;
  const std::string_view unsupported = write_unsupported(invite.message, room);
  if (!unsupported.empty()) {
    sip::ResponseParts parts;
    parts.headers = unsupported;
    environment_.transactions.reply_stateless(invite, sip::status::kBadExtension, parts);
    return false;
  }
  service::RouteFacts facts = route;
  facts.served_here = true;
  Screens screens;
  screens.get<SessionInterval>().configure(*facts.request_uri);
  screens.get<DigestServerAuth>().configure(facts);
  if (screens.screen_request(environment_, invite) == service::Screening::Refused) return false;
  user = screens.get<DigestServerAuth>().user();
  return true;
}

dialog::Terms B2bua::terms_of(const Incoming& invite, const sip::ParsedUri& uri,
                              uint64_t user) const {
  service::CallTerms* terms = environment_.call_terms;
  return terms == nullptr ? dialog::Terms() : terms->terms_of(invite, uri, user);
}

// As of a call that the proxy follows: 480, since others can go on. False: he has all that he may have.
bool B2bua::take_share(Call& call, const Incoming& invite, const dialog::Terms& terms,
                       uint64_t user) {
  if (environment_.call_terms == nullptr) return true;
  const Result<dialog::Holder*> holder = environment_.calls.take_share(terms);
  if (holder) {
    call.holder = *holder;
    return true;
  }
  environment_.call_terms->on_over_share(invite, user);
  service::LegReply reply;
  reply.reason = "Temporarily Unavailable - capacity.calls_per_user";
  reply.content.lines = environment_.overload.retry_after(invite.message);
  (void)legs_.respond(call.caller->leg, {}, sip::status::kTemporarilyUnavailable, reply);
  call.final_status = sip::status::kTemporarilyUnavailable;
  finish(call, {}, {});
  return false;
}

// Requests that begin no call: 11.2 and 8.2.1. A group has no mailbox, and nobody in it has been chosen
// yet who could take a MESSAGE. With a transaction, since the nonce of the sender has been used.
void B2bua::answer_here(const Incoming& request, const service::RouteFacts& route,
                        const store::Group& group) {
  uint64_t user = 0;
  if (!screen(request, route, user)) return;
  sip::ResponseParts parts;
  parts.headers = kAllowLine;
  uint16_t status = sip::status::kMethodNotAllowed;
  if (request.message.method() == sip::Method::Options) {
    const bool secure = wants_tls(route);
    const bool rings = !secure && can_ring(directory_, group);
    parts.headers = secure ? sip::kSipsNotAllowedLine : kCapabilities;
    status = rings ? sip::status::kOk : sip::status::kTemporarilyUnavailable;
  }
  const auto server = environment_.transactions.open(request, nobody_, 0, false);
  if (!server) return environment_.transactions.reply_stateless(request, status, parts);
  (void)environment_.transactions.respond(*server, status, parts);
}

// 26.2.2: nothing of a call to a sips URI may go over UDP or TCP, and its legs have nothing else.
bool B2bua::wants_tls(const service::RouteFacts& route) {
  return (*route.request_uri)->scheme == sip::Scheme::Sips;
}

// RFC 3261 8.2.2.2: what makes two copies of one request.
uint64_t B2bua::hash_of(const sip::MessageView& invite) const {
  const auto& cseq = invite.typed<sip::HeaderId::CSeq>();
  SipHasher64 hash(environment_.route_key);
  hash.add(invite.header(sip::HeaderId::CallId).value_or(""));
  hash.add_u64(cseq ? cseq->number : 0);
  hash.add(invite.from_tag());
  return hash.finish64();
}

bool B2bua::is_merged(const sip::MessageView& invite) const {
  return by_invite_.find(hash_of(invite), [&](const Call& call) {
    const auto leg = legs_.view(call.caller->leg);
    return leg && leg->call_id == invite.header(sip::HeaderId::CallId).value_or("") &&
           leg->remote_tag == invite.from_tag();
  }) != nullptr;
}

}  // namespace tipring::b2bua
