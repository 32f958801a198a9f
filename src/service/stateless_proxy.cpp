#include "service/stateless_proxy.h"

#include <array>
#include <optional>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

constexpr size_t kGrowth = 512;              // our Via, and what the received one learns
constexpr uint8_t kMaxForwardsDefault = 70;  // 16.6 step 3
constexpr size_t kDigits = 16;               // of a hash

using Digits = std::array<char, kDigits>;

// Where the response goes that has this Via on top: 18.2.2 and RFC 3581 4. Our own fix-up has put
// the source's address and port into it where they were not what it said.
std::optional<port::SocketAddress> place_of(const sip::Via& via) {
  const std::string_view host = via.received.empty() ? via.host : via.received;
  const auto ip = port::parse_ip(host);
  if (!ip) return std::nullopt;  // a name: finding its address would take state
  return port::SocketAddress{*ip, via.has_rport_value ? via.rport : via.port_or_default()};
}

}  // namespace

void StatelessProxy::on_message(const Incoming& incoming) {
  if (incoming.message.is_response()) return forward_back(incoming);
  forward(incoming);
}

// 16.3 step 1.
void StatelessProxy::on_malformed(const Incoming& incoming, const sip::ParseError& error) {
  const sip::MessageView& message = incoming.message;
  if (message.is_request() && message.typed<sip::HeaderId::Via>()) {
    return refuse(incoming, sip::status_for(error.fault));
  }
  ++counters_.dropped;
}

void StatelessProxy::forward(const Incoming& incoming) {
  const sip::MessageView& request = incoming.message;
  const auto& top = request.typed<sip::HeaderId::Via>();
  const auto& hops = request.typed<sip::HeaderId::MaxForwards>();
  if (hops && *hops == 0) return refuse(incoming, sip::status::kTooManyHops);
  sip::RequestEdit edit;
  const StatelessRoute route = routing_.route(incoming, edit);
  if (route.refusal != 0) return refuse(incoming, route.refusal);
  edit.max_forwards = hops ? static_cast<uint8_t>(*hops - 1) : kMaxForwardsDefault;
  if (top) edit.top_via = sip::make_via_fix_up(*top, incoming.flow.remote);
  // The response finds its connection by the port that the request came from.
  if (incoming.flow.transport != sip::Transport::Udp) {
    edit.top_via.add_received = edit.top_via.set_rport = true;
    edit.top_via.source = incoming.flow.remote;
  }
  const sip::ViaFixUp& learnt = edit.top_via;
  const uint16_t port =
      learnt.set_rport || !top ? incoming.flow.remote.port : top->port_or_default();
  Digits unique;
  Digits mac;
  write_hex_u64(stateless_hash(request, key_), unique);
  const std::string_view unique_text(unique.data(), unique.size());
  std::array<char, port::kAddressTextMax> sent_by;
  std::array<char, 160> text;
  sip::Writer via(text);
  via.text("SIP/2.0/").text(sip::to_text(route.flow.transport)).text(" ");
  via.text(port::write_address(transport_.sent_by(route.flow), sent_by));
  via.text(";branch=").text(sip::kMagicCookie).text(unique_text);
  via.text(write_hex_u64(mac_of(unique_text, {incoming.flow.remote.ip, port}), mac));
  edit.via = via.view();
  const bool sent = send(write_message(slabs_, request.text().size() + kGrowth,
                                       [&](std::span<char> out) {
                                         return sip::write_forwarded_request(request, edit, out);
                                       }),
                         route.flow);
  ++(sent ? counters_.requests : counters_.dropped);
}

uint64_t stateless_hash(const sip::MessageView& request, const HashKey& key) {
  SipHasher64 hasher(key);
  const auto& top = request.typed<sip::HeaderId::Via>();
  const bool unique = top && top->branch.starts_with(sip::kMagicCookie);
  const auto add = [&hasher](std::string_view part) {
    hasher.add(part);
    hasher.add("\n");
  };
  if (top) add(top->sent_by);  // two clients may choose the same branch
  if (unique) {
    add(top->branch);
    return hasher.finish();
  }
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  add(request.first_value(sip::HeaderId::Via));
  add(request.to_tag());
  add(request.from_tag());
  add(request.header(sip::HeaderId::CallId).value_or(""));
  hasher.add_u64(cseq ? cseq->number : 0);
  add(request.request_uri());
  return hasher.finish();
}

// Where the response may go. Without it anybody could have us throw responses at anyone.
uint64_t StatelessProxy::mac_of(std::string_view unique, const port::SocketAddress& back) const {
  SipHasher64 hasher(key_);
  hasher.add("back\n");
  hasher.add(unique);
  hasher.add({reinterpret_cast<const char*>(back.ip.bytes.data()), back.ip.bytes.size()});
  hasher.add_u64(back.port);
  return hasher.finish();
}

void StatelessProxy::forward_back(const Incoming& incoming) {
  const sip::MessageView& response = incoming.message;
  const auto& own = response.typed<sip::HeaderId::Via>();
  const sip::ValueRange vias = response.values(sip::HeaderId::Via);
  auto next = vias.begin();
  const bool ours = own && names_.is_own(own->host, own->port);
  if (!ours || ++next == vias.end()) {
    ++counters_.dropped;
    return;
  }
  const auto via = sip::parse_via(*next);
  const auto place = via ? place_of(*via) : std::nullopt;
  std::string_view branch = own->branch;
  if (branch.starts_with(sip::kMagicCookie)) branch.remove_prefix(sip::kMagicCookie.size());
  const auto mac = branch.size() == 2 * kDigits ? parse_hex_u64(branch.substr(kDigits))
                                                : Result<uint64_t>(Error::Invalid);
  if (!place || !mac || *mac != mac_of(branch.substr(0, kDigits), *place)) {
    ++counters_.dropped;
    return;
  }
  const auto flow = transport_.flow_to(via->transport, *place);
  const bool sent =
      flow && send(write_message(slabs_, response.text().size(),
                                 [&](std::span<char> out) {
                                   return sip::write_forwarded_response(response, {}, out);
                                 }),
                   *flow);
  ++(sent ? counters_.responses : counters_.dropped);
}

// A final response, never to an ACK, and never a provisional one. The To tag is a hash of what does
// not change when the request comes again (8.2.7).
void StatelessProxy::refuse(const Incoming& incoming, uint16_t status) {
  const sip::MessageView& request = incoming.message;
  if (request.method() == sip::Method::Ack) {
    ++counters_.dropped;
    return;
  }
  Digits tag;
  sip::ResponseParts parts;
  parts.to_tag = write_hex_u64(stateless_hash(request, key_), tag);
  const auto& top = request.typed<sip::HeaderId::Via>();
  if (top) parts.via = sip::make_via_fix_up(*top, incoming.flow.remote);
  const bool sent = send(write_message(slabs_, request.text().size() + kGrowth,
                                       [&](std::span<char> out) {
                                         return sip::write_response(request, status, parts, out);
                                       }),
                         transport::reply_flow(incoming));
  ++(sent ? counters_.refused : counters_.dropped);
}

bool StatelessProxy::send(MessageRef message, const Flow& flow) {
  return message && transport_.send(std::move(message), flow, nullptr, 0).has_value();
}

}  // namespace tipring::service
