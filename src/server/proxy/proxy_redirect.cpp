// Contacts of a redirection as further targets: RFC 3261 16.5 and 16.7 step 4.
#include "server/proxy/proxy.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/tel_uri.h"
#include "sip/uri_host.h"

namespace tipring::proxy {

namespace {

using service::BestResponse;
using service::BranchState;
using service::TransactionStatefulProxy;
using sip::Wish;

// 305 names a proxy and 380 a service, neither of them a place of the callee.
bool names_places(uint16_t status) {
  return status == sip::status::kMultipleChoices || status == sip::status::kMovedPermanently ||
         status == sip::status::kMovedTemporarily;
}

uint16_t q_of(const sip::NameAddr& contact) {
  const auto param = contact.param("q");
  const auto q = param ? sip::parse_q(param->value) : Result<uint16_t>(uint16_t{1000});
  return q ? *q : 0;
}

// As a SIP URI: a telephone number is one of ours, or of nobody (19.1.6).
std::string_view write_target(sip::Writer& out, const Environment& environment,
                              const sip::MessageView& request, const Flow& in,
                              std::string_view uri) {
  const size_t start = out.size();
  if (sip::parse_tel_uri(uri)) {
    write_as_sip(out, environment, request, in, uri.substr(sip::scheme_of(uri).size() + 1));
  } else {
    out.text(uri);
  }
  return out.full() ? std::string_view() : out.view().substr(start);
}

// Room for what write_target() makes of all contacts.
size_t targets_size(const sip::MessageView& response) {
  constexpr size_t kGrowth = 128;  // the domain that a number gets
  size_t size = 0;
  for (const std::string_view value : response.values(sip::HeaderId::Contact)) {
    size += value.size() + kGrowth;
  }
  return size;
}

}  // namespace

// What we may go to ourselves becomes a target and leaves the response, so that nobody upstream
// tries it again; the rest stays in it.
void Proxy::redirect(ProxyContext& context, const Incoming& response) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const bool wanted =
      context.wishes.recurse == Wish::None ? options_.recurse : context.wishes.recurse == Wish::Yes;
  const bool may = context.local && wanted && context.wishes.fork != Wish::No &&
                   proxy.may_branch() && names_places(response.message.status());
  MessageRef origin =
      may ? environment_.slabs.acquire(targets_size(response.message)) : MessageRef();
  if (!origin) return proxy.offer(response.message);
  const MessageRef kept = proxy.request();
  sip::HeaderIndex index;
  const sip::MessageView request = environment_.transactions.read(kept, index);
  UriRoom uri_room;
  const RouteInfo routes = read_routes(environment_, request, proxy.received_over(), uri_room);
  const uint64_t before = counters_.redirected;
  sip::Writer out(origin.room());
  uint32_t taken = 0;
  size_t count = 0;
  for (const std::string_view value : response.message.values(sip::HeaderId::Contact)) {
    const size_t place = count++;
    const auto contact = sip::parse_name_addr(value);
    if (!contact || place >= BestResponse::kContactsMax) continue;
    const Offer offer{origin,
                      sip::ParsedUri(write_target(out, environment_, request, proxy.received_over(),
                                                  contact->uri)),
                      q_of(*contact), environment_.transport.is_of_host(response.flow.remote.ip),
                      sip::parse_tel_uri(contact->uri).has_value()};
    if (follow({context, request, routes}, offer)) taken |= 1U << place;
  }
  origin.set_size(out.size());
  const bool all_taken =
      count != 0 && count <= BestResponse::kContactsMax && taken == (uint64_t{1} << count) - 1;
  if (!all_taken) return proxy.offer(response.message, taken);
  // It has led round in a circle, or to a user without a phone.
  if (counters_.redirected == before) proxy.note(sip::status::kTemporarilyUnavailable);
}

// Whether the contact is dealt with: its places are targets from now on, or were before.
bool Proxy::follow(const Work& work, const Offer& offer) {
  const sip::ParsedUri& uri = offer.uri;
  if (!uri || !may_follow(work, offer)) return false;
  TransactionStatefulProxy& proxy = work.context.get<TransactionStatefulProxy>();
  const TargetSet targets(environment_, location_, work.routes, uri);
  const uint64_t id = contexts_.handle_of(work.context).to_u64();
  // A number that is nobody's here is for the caller to dial.
  bool dealt = targets.is_local() && (targets.size() != 0 || !offer.is_number);
  for (size_t member = 0; member < targets.size(); ++member) {
    const uint64_t name = targets.name(member);
    dealt = true;
    if (proxy.has_target(name)) continue;
    // Those that wait for their turn leave half of the places to calls.
    const uint32_t kept_back = branches_.stats().capacity / 2;
    Branch* branch =
        proxy.is_full() ? nullptr : branches_.acquire_leaving(kept_back, *this, id, name);
    if (branch == nullptr) return member != 0;
    proxy.add_target(name);
    proxy.branches().push_back(*branch);
    branch->origin = offer.origin;
    branch->uri = uri.text;
    branch->q = offer.q;
    branch->from_host = offer.from_host;
    branch->state = BranchState::Waiting;
    ++counters_.redirected;
  }
  return dealt;
}

// A phone may send its callers on, but it makes us no relay: abroad only where the caller might
// have gone by himself, and never to what only we can reach.
bool Proxy::may_follow(const Work& work, const Offer& offer) const {
  const sip::Uri& uri = *offer.uri;
  if (!sip::names_one_host(uri)) return false;
  // 16.7 step 4: the caller has asked for TLS on every hop.
  const sip::ParsedUri& asked = work.routes.request_uri;
  if (asked->scheme == sip::Scheme::Sips && uri.scheme != sip::Scheme::Sips) return false;
  if (location_.is_local(uri)) return true;
  if (sip::names_loopback(uri) && !offer.from_host) return false;
  return environment_.access.may_follow(work.request, uri);
}

}  // namespace tipring::proxy
