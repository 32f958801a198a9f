// Which INVITEs are for us, and which of them are let in: RFC 3261 8.2.2, 22.2, RFC 4028.
#include "core/text.h"
#include "server/b2bua/b2bua.h"
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
  if (request.method() != sip::Method::Invite || !request.to_tag().empty() || !uri) return false;
  const store::Extension callee = directory_.find(*uri);
  return callee.group != nullptr || (callee.user != nullptr && options_.anchors_users);
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

// As of a call that the proxy follows: 480, since others can go on. False: he has all that he may have.
bool B2bua::take_share(Call& call, const Incoming& invite, const sip::ParsedUri& uri,
                       uint64_t user) {
  service::CallTerms* terms = environment_.call_terms;
  if (terms == nullptr) return true;
  const Result<dialog::Holder*> holder =
      environment_.calls.take_share(terms->terms_of(invite, uri, user));
  if (holder) {
    call.holder = *holder;
    return true;
  }
  terms->on_over_share(invite, user);
  service::LegReply reply;
  reply.reason = "Temporarily Unavailable - capacity.calls_per_user";
  reply.content.lines = environment_.overload.retry_after(invite.message);
  (void)legs_.respond(call.caller->leg, {}, sip::status::kTemporarilyUnavailable, reply);
  finish(call, {}, {});
  return false;
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
