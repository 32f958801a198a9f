#include "tools/load/operations.h"

#include "core/text.h"
#include "tools/load/messages.h"

namespace tipring::load {

void RequestOperation::send_request(Endpoint& at, bool invite) {
  note_sent(at, text().size());
  exchange_.start(at, invite, now());
}

void RequestOperation::on_sent_again(Endpoint& at) {
  note_sent(at, text().size());
  ++statistics().requests_again;
}

bool RequestOperation::is_stale_once(const sip::MessageView& message, uint8_t step) {
  if (step != 2 || !is_stale(message)) return false;
  ++statistics().stale;
  return true;
}

// --- OPTIONS -------------------------------------------------------------------------------------

void OptionsOperation::begin(uint64_t number) {
  Endpoint& at = caller(number);
  const std::string uri = server_uri(options());
  const std::string to = "<" + uri + ">";
  const std::string from =
      address_of_record(options(), user_name(options().first_user + number % options().users));
  const std::string token = this->token(1);
  RequestParts parts;
  parts.method = "OPTIONS";
  parts.uri = uri;
  parts.from = from;
  parts.from_tag = std::string_view(token).substr(kTokenChars / 2);
  parts.to = to;
  parts.call_id = token;
  parts.branch = token;
  write_request(at, parts, text());
  send_request(at, false);
}

void OptionsOperation::take_response(const sip::MessageView& message, uint8_t) {
  if (message.status() < 200) return on_provisional({});
  if (message.status() >= 300) return refuse(message.status());
  finish();
}

// --- registration --------------------------------------------------------------------------------

void BindingOperation::begin(uint64_t number) {
  number_ = number;
  const uint64_t user = options().first_user + number % options().users;
  user_ = user_name(user);
  at_ = &wires_[user % wires_.size()];
  send_register(1, {});
}

void BindingOperation::send_register(uint8_t step, std::string_view credentials) {
  // Another run, or another round of the users, makes another contact.
  const std::string params = kind_ == Kind::New ? ";n=" + std::to_string(around_.session) + "." +
                                                      std::to_string(number_ / options().users)
                                                : std::string();
  const std::string uri = server_uri(options());
  const std::string from = address_of_record(options(), user_);
  const std::string to = "<" + from + ">";
  const std::string token = this->token(step);
  const std::string call_id = std::to_string(around_.session) + "." + user_;
  std::string headers = "Contact: " + contact(*at_, user_, params);
  headers.append(";+sip.instance=\"<urn:x-load:").append(user_).append(">\"\r\nExpires: ");
  headers.append(std::to_string(options().expires_s)).append("\r\n").append(credentials);
  RequestParts parts;
  parts.method = "REGISTER";
  parts.uri = uri;
  parts.from = from;
  parts.from_tag = user_;
  parts.to = to;
  parts.call_id = call_id;
  parts.cseq = ++around_.cseq;  // higher than all before, whichever user's (10.2)
  parts.branch = token;
  parts.headers = headers;
  write_request(*at_, parts, text());
  send_request(*at_, false);
}

void BindingOperation::take_response(const sip::MessageView& message, uint8_t step) {
  const uint16_t status = message.status();
  if (status < 200) return on_provisional({});
  if (status < 300) return finish();
  if (status == 401 && (step == 1 || is_stale_once(message, step))) {
    const std::string line =
        credentials(message, user_, options().password, "REGISTER", server_uri(options()));
    if (!line.empty()) return send_register(step + 1, line);
  }
  refuse(status);
}

// --- echo ----------------------------------------------------------------------------------------

namespace {

std::string hex(int number) {
  std::array<char, kTokenChars / 2> digits;
  const std::string_view all = write_hex_u64(static_cast<uint64_t>(number), digits);
  return std::string(all.substr(all.size() - kEchoNumberChars));
}

}  // namespace

void EchoOperation::begin(uint64_t number) {
  number_ = number;
  position_ = 0;
  around_.wheel.start(timer_, now() + 64 * kT1);
  send_group();
}

// All packets up to the next that is received. The first one of them asks for what the others
// leave.
void EchoOperation::send_group() {
  const std::vector<Packet>& packets = options().packets;
  const size_t first = position_;
  size_t replies = first;
  while (replies < packets.size() && packets[replies].size > 0) ++replies;
  size_t next = replies;
  while (next < packets.size() && packets[next].size < 0) ++next;
  awaited_ = next - replies;
  position_ = next;

  const size_t sent = replies - first;
  size_t reply = replies;
  for (size_t i = 0; i < sent; ++i) {
    const size_t others = sent - i - 1;
    const size_t left = next - reply;
    const size_t share = i == 0 && left > others ? left - others : std::min<size_t>(left, 1);
    const Packet& packet = packets[first + i];
    text_ = hex(packet.size) + token(1);
    text_ += static_cast<char>('0' + share);
    for (size_t k = 0; k < share; ++k) {
      const Packet& wanted = packets[reply++];
      text_ += hex(socket_of(wanted).port()) + hex(-wanted.size);
    }
    text_.resize(static_cast<size_t>(packet.size), 'x');
    send(socket_of(packet), text_);
  }
}

Endpoint& EchoOperation::socket_of(const Packet& packet) {
  return packet.callee ? callee(number_) : caller(number_);
}

void EchoOperation::take_datagram(std::string_view) {
  if (--awaited_ != 0) return;
  if (position_ == options().packets.size()) return finish();
  send_group();
}

}  // namespace tipring::load
