// The operations of the scenarios.
#pragma once

#include <memory>

#include "tools/load/operation.h"

namespace tipring::load {

// One request to the server and its answer, perhaps after a challenge: what the caller's side of
// most operations is.
class RequestOperation : public Operation, private ExchangeOwner {
 protected:
  RequestOperation(Surroundings& around, uint32_t slot)
      : Operation(around, slot), exchange_(around.wheel, *this) {}

  // Write the request into text(), then send it.
  std::string& text() { return exchange_.text(); }
  void send_request(Endpoint& at, bool invite);
  void on_provisional(Millis patience) { exchange_.on_provisional(now(), patience); }
  void stop_request() { exchange_.stop(); }
  bool request_open() const { return exchange_.open(); }
  // Whether the first answer to a challenge, in step 2, had but a nonce that is too old; counted.
  bool is_stale_once(const sip::MessageView& message, uint8_t step);

  void stop_timers() override { exchange_.stop(); }

 private:
  void on_sent_again(Endpoint& at) override;
  void on_no_answer() override { abort(Failure::NoAnswer); }

  Exchange exchange_;
};

// OPTIONS to the server itself.
class OptionsOperation final : public RequestOperation {
 public:
  OptionsOperation(Surroundings& around, uint32_t slot) : RequestOperation(around, slot) {}

 private:
  void begin(uint64_t number) override;
  void take_response(const sip::MessageView& message, uint8_t step) override;
};

// REGISTER, 401, REGISTER with credentials, 200; without the middle where nobody asks.
class BindingOperation final : public RequestOperation {
 public:
  enum class Kind : uint8_t {
    New,     // a contact that the user has not had
    Refresh  // the same one each time
  };

  // The user's contact is one of `wires`.
  BindingOperation(Surroundings& around, uint32_t slot, Wires& wires, Kind kind)
      : RequestOperation(around, slot), wires_(wires), kind_(kind) {}

 private:
  void begin(uint64_t number) override;
  void take_response(const sip::MessageView& message, uint8_t step) override;
  void send_register(uint8_t step, std::string_view credentials);

  Wires& wires_;
  const Kind kind_;
  uint64_t number_ = 0;
  std::string user_;
  Endpoint* at_ = nullptr;
};

// Packets of the sizes of another operation, with bench_echo (tests/bench/echo.h): what the system
// takes for as many.
inline constexpr size_t kEchoNumberChars = 4;
inline constexpr size_t kEchoHeadChars = kEchoNumberChars + kTokenChars;  // size and token
class EchoOperation final : public Operation {
 public:
  EchoOperation(Surroundings& around, uint32_t slot) : Operation(around, slot), timer_(*this) {}

 private:
  void begin(uint64_t number) override;
  void take_datagram(std::string_view bytes) override;
  void stop_timers() override { timer_.cancel(); }
  void on_timer(Millis) { fail(Failure::NoAnswer); }
  void send_group();
  Endpoint& socket_of(const Packet& packet);

  MemberTimer<EchoOperation, &EchoOperation::on_timer> timer_;
  uint64_t number_ = 0;
  size_t position_ = 0;  // in Options::packets
  size_t awaited_ = 0;
  std::string text_;
};

}  // namespace tipring::load
