#include "server/policy/stored_calls.h"

#include "sip/headers.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::policy {
namespace {

using store::CallRecord;
using store::RecordText;

using PeerText = std::array<char, port::kAddressTextMax + 8>;

std::string_view write_peer(const port::SocketAddress& remote, std::string_view transport,
                            PeerText& room) {
  if (remote.port == 0) return {};
  std::array<char, port::kAddressTextMax> address;
  sip::Writer out(room);
  out.text(port::write_address(remote, address)).text(" ").text(transport);
  return out.view();
}

// A quoted display name without its quotes; what is escaped in it stays so.
std::string_view unquoted(std::string_view name) {
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return name;
  return name.substr(1, name.size() - 2);
}

}  // namespace

uint64_t StoredCalls::begin(const transport::Incoming& invite, store::RecordKind kind,
                            uint64_t user, std::string_view to_uri, std::string_view group) {
  if (!store_.records().is_on()) return 0;
  PeerText peer;
  CallRecord record;
  record.kind = kind;
  record.begun = invite.now;
  record.text(RecordText::CallId) = invite.message.header(sip::HeaderId::CallId).value_or("");
  if (const auto& from = invite.message.typed<sip::HeaderId::From>()) {
    record.text(RecordText::FromUri) = from->uri;
    record.text(RecordText::FromName) = unquoted(from->display);
  }
  const store::User* caller = store_.get(Handle<store::User>::from_u64(user));
  if (caller != nullptr) record.text(RecordText::FromUser) = caller->name();
  record.text(RecordText::ToUri) = to_uri;
  record.text(RecordText::Group) = group;
  record.text(RecordText::Peer) =
      write_peer(invite.flow.remote, sip::to_text(invite.flow.transport), peer);
  return store_.records().add(record);
}

uint64_t StoredCalls::begin(const service::RungPhone& phone, Millis now) {
  if (phone.call == 0) return 0;
  PeerText peer;
  CallRecord record;
  record.call = phone.call;
  record.leg = phone.leg;
  record.kind = phone.kind;
  record.begun = now;
  record.text(RecordText::CallId) = phone.call_id;
  record.text(RecordText::ToUri) = phone.uri;
  record.text(RecordText::AnsweredBy) = phone.user;
  record.text(RecordText::Peer) = write_peer(phone.remote, phone.transport, peer);
  return store_.records().add(record);
}

}  // namespace tipring::policy
