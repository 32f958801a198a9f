// The client side of one request: when it is sent again and when it is given up, as RFC 3261 17.1
// has it. It does not know what the request is about; its owner feeds it the kinds of responses.
#pragma once

#include <string>
#include <string_view>

#include "core/timer_wheel.h"
#include "tools/load/wires.h"

namespace tipring::load {

using port::Millis;

inline constexpr Millis kT1{500};
inline constexpr Millis kT2{4000};

class ExchangeOwner {
 public:
  virtual void on_sent_again(Endpoint& at) = 0;
  virtual void on_no_answer() = 0;  // Timer B or F

 protected:
  ~ExchangeOwner() = default;
};

class Exchange {
 public:
  Exchange(TimerWheel& wheel, ExchangeOwner& owner) : wheel_(wheel), owner_(owner), timer_(*this) {}

  // The request to be sent; the owner writes it here and calls start().
  std::string& text() { return text_; }

  void start(Endpoint& endpoint, bool invite, Millis now);
  // A provisional response: an INVITE is not sent again, and gets `patience` for its final one; all
  // else goes on every T2 (17.1.2.2).
  void on_provisional(Millis now, Millis patience);
  void stop() { timer_.cancel(); }
  bool open() const { return timer_.armed(); }

 private:
  void on_timer(Millis now);
  void arm();

  TimerWheel& wheel_;
  ExchangeOwner& owner_;
  MemberTimer<Exchange, &Exchange::on_timer> timer_;
  std::string text_;
  Endpoint* endpoint_ = nullptr;
  Millis interval_{0};
  Millis again_ = port::kNever;  // when to send it again
  Millis deadline_{0};
  bool invite_ = false;
};

}  // namespace tipring::load
