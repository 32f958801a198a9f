#include "tools/load/operation.h"

#include <array>

#include "core/text.h"

namespace tipring::load {

std::string Operation::token(uint8_t step) const {
  std::array<char, kTokenChars> text;
  const std::span<char> all(text);
  write_hex_u64(uint64_t{around_.run} << 32 | slot_, all.first(kTokenChars / 2));
  write_hex_u64(uint64_t{serial_} << 8 | step, all.last(kTokenChars / 2));
  return {text.data(), text.size()};
}

std::optional<Token> parse_token(std::string_view text, uint32_t run) {
  if (text.size() != kTokenChars) return std::nullopt;
  const Result<uint64_t> place = parse_hex_u64(text.substr(0, kTokenChars / 2));
  const Result<uint64_t> which = parse_hex_u64(text.substr(kTokenChars / 2));
  if (!place || !which || *place >> 32 != run) return std::nullopt;
  return Token{static_cast<uint32_t>(*place), static_cast<uint32_t>(*which >> 8),
               static_cast<uint8_t>(*which)};
}

void Operation::start(uint64_t number) {
  ++serial_;
  under_way_ = true;
  recorded_ = statistics().started == 0;
  ++statistics().started;
  begun_ = std::chrono::steady_clock::now();
  begin(number);
}

void Operation::on_datagram(Endpoint& at, std::string_view bytes) {
  note(at, -static_cast<int>(bytes.size()));
  take_datagram(bytes);
}

void Operation::on_response(Endpoint& at, const sip::MessageView& message, uint8_t step) {
  note(at, -static_cast<int>(message.text().size()));
  take_response(message, step);
}

void Operation::on_request(Endpoint& at, const sip::MessageView& message) {
  note(at, -static_cast<int>(message.text().size()));
  take_request(at, message);
}

void Operation::note(const Endpoint& at, int size) {
  Statistics& all = statistics();
  if (size > 0) {
    ++all.sent;
    all.sent_bytes += static_cast<uint64_t>(size);
  } else {
    ++all.received;
    all.received_bytes += static_cast<uint64_t>(-size);
  }
  if (recorded_) all.packets.push_back({size, around_.callees.owns(at)});
}

void Operation::note_sent(const Endpoint& at, size_t bytes) { note(at, static_cast<int>(bytes)); }

void Operation::send(Endpoint& at, std::string_view text) {
  note_sent(at, text.size());
  at.send(text);
}

void Operation::finish() {
  if (!under_way_) return;
  ++statistics().done;
  statistics().latency.add(microseconds(begun_, std::chrono::steady_clock::now()));
  end();
}

void Operation::fail(Failure failure) {
  if (!under_way_) return;
  ++statistics().failures[static_cast<size_t>(failure)];
  end();
}

void Operation::refuse(uint16_t status) {
  if (under_way_ && status <= kStatusMax) ++statistics().refusals[status];
  fail(Failure::Refused);
}

void Operation::end() {
  under_way_ = false;
  recorded_ = false;
  stop_timers();
  around_.owner.on_end(*this);
}

}  // namespace tipring::load
