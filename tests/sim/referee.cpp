#include "referee.h"

#include <algorithm>

#include "sip/headers.h"

namespace tipring::sim {

namespace {

std::string text_of(const port::SocketAddress& address) {
  char text[port::kAddressTextMax];
  return std::string(port::write_address(address, text));
}

}  // namespace

uint64_t Referee::finals(uint16_t status) const {
  const auto found = final_counts_.find(status);
  return found == final_counts_.end() ? 0 : found->second;
}

bool Referee::is_server(const port::SocketAddress& address) const {
  return std::find(server_.begin(), server_.end(), address.ip) != server_.end();
}

void Referee::report(const port::SocketAddress& from, const sip::MessageView& message,
                     const std::string& fault) {
  findings_.add(world_.now(), text_of(from) + " sent " +
                                  (message.is_request() ? std::string(message.method_text())
                                                        : std::to_string(message.status())) +
                                  ": " + fault + " (Call-ID " +
                                  std::string(message.header(sip::HeaderId::CallId).value_or("")) +
                                  ")");
}

// FNV-1a: no secret is in it, and it is the same everywhere.
void Referee::mix(std::string_view bytes) {
  for (const char byte : bytes) {
    fingerprint_ = (fingerprint_ ^ static_cast<uint8_t>(byte)) * 0x100000001b3U;
  }
}

void Referee::mix(const port::SocketAddress& from, const port::SocketAddress& to,
                  std::string_view bytes) {
  mix(std::to_string(world_.now().count()));
  mix(text_of(from));
  mix(text_of(to));
  mix(bytes);
}

void Referee::on_datagram(const port::SocketAddress& from, const port::SocketAddress& to,
                          std::string_view bytes) {
  mix(from, to, bytes);
  ++messages_;
  sip::HeaderIndex index;
  const auto parsed = sip::parse_message(bytes, index, sip::Framing::Datagram);
  if (parsed.status == sip::ParseStatus::Complete) return judge(from, to, parsed.view);
  if (is_server(from)) findings_.add(world_.now(), "the server sent what is not SIP");
}

void Referee::on_stream(uint64_t connection, const port::SocketAddress& from,
                        const port::SocketAddress& to, std::string_view bytes) {
  mix(from, to, bytes);
  std::string& pending = streams_[{connection, from}];
  pending.append(bytes);
  while (!pending.empty()) {
    sip::HeaderIndex index;
    const auto parsed = sip::parse_message(pending, index, sip::Framing::Stream);
    if (parsed.status == sip::ParseStatus::Incomplete) return;
    if (parsed.status == sip::ParseStatus::Malformed) {
      findings_.add(world_.now(), text_of(from) + " sent what is not SIP on a stream");
      return pending.clear();
    }
    ++messages_;
    judge(from, to, parsed.view);
    pending.erase(0, parsed.used);
  }
}

void Referee::judge(const port::SocketAddress& from, const port::SocketAddress& to,
                    const sip::MessageView& message) {
  if (const auto fault = sip::check_message(message)) {
    return report(from, message, "a message with a fault");
  }
  if (message.is_response()) return judge_response(from, to, message);
  // What no proxy has passed on is its own: ACK and CANCEL (17.1.1.3, 9.1), the BYE of a session that
  // is over, and what a back-to-back user agent sends. Only an invitation counts on from the caller's
  // (RFC 7332 5).
  size_t vias = 0;
  for ([[maybe_unused]] const std::string_view via : message.values(sip::HeaderId::Via)) ++vias;
  const bool invites = message.method() == sip::Method::Invite && message.to_tag().empty();
  const bool own = message.method() == sip::Method::Cancel || (vias == 1 && !invites);
  if (!is_server(from) || own) return;
  const auto hops = message.typed<sip::HeaderId::MaxForwards>();
  if (!hops || *hops >= 70) report(from, message, "Max-Forwards was not counted down");
}

// RFC 3261 17.2 with 16.7: a transaction has provisional responses, and then one or more 2xx or
// exactly one other final one, which may be repeated.
void Referee::judge_response(const port::SocketAddress& from, const port::SocketAddress& to,
                             const sip::MessageView& response) {
  const auto via = response.typed<sip::HeaderId::Via>();
  const auto cseq = response.typed<sip::HeaderId::CSeq>();
  const uint16_t status = response.status();
  const std::string key = text_of(from) + ">" + text_of(to) + " " + std::string(via->branch) + " " +
                          std::string(cseq->method_text);
  const auto found = finals_.find(key);
  if (status < 200) {
    if (found != finals_.end()) report(from, response, "a provisional response after a final one");
    return;
  }
  const std::string tag(response.typed<sip::HeaderId::To>()->tag());
  if (found == finals_.end()) {
    finals_[key] = {status, tag};
    if (is_server(from)) ++final_counts_[status];
    return;
  }
  Final& before = found->second;
  // A CANCEL has no transaction of its own: its 200 lives as long as what it cancels.
  if (cseq->method == sip::Method::Cancel && before.status == 200 && status == 481) return;
  if (second_thoughts_ && before.status == 503) {
    before = {status, tag};
  } else if (before.status != status) {
    report(from, response, "after a " + std::to_string(before.status));
  } else if (before.to_tag != tag && !(forks_ && status == 200)) {
    report(from, response, "with another To tag than before");
  }
}

}  // namespace tipring::sim
