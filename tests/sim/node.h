// One simulated host with the stack on it, up to the transaction layer: what the server and the
// phones have in common.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/timer_wheel.h"
#include "port/sim/sim_host.h"
#include "transaction/transaction_layer.h"
#include "transport/locator.h"

namespace tipring::sim {

class Node : public port::TurnHandler {
 public:
  Node(port::SimWorld& world, std::string_view name, std::string_view address, const Limits& limits)
      : host(world.make_host(name, {*port::parse_ip(address)})),
        memory_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kMemory)),
                &std::free),
        arena(clear(memory_.get())),
        slabs(arena, message_slab_counts(limits)),
        wheel(host.loop().now()),
        driver(host.loop(), wheel),
        log_slots_(64),
        log_ring_(log_slots_),
        log(log_ring_, host.clock(), LogLevel::Error),
        transport({host.network(), host.loop(), wheel, slabs, arena, host.entropy(), log}, limits),
        locator(host.names(), host.loop(), transport, arena),
        transactions({transport, wheel, slabs, arena, host.entropy(), log, &host.loop()}, limits,
                     1),
        address_(address) {
    host.loop().set_turn_handler(this);
  }
  virtual ~Node() { host.loop().set_turn_handler(nullptr); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Listens on UDP and TCP of its address; false when that fails.
  bool start() {
    const port::SocketAddress bind{*port::parse_ip(address_), 5060};
    const transport::ListenPoint points[] = {{sip::Transport::Udp, bind},
                                             {sip::Transport::Tcp, bind}};
    transport::TransportOptions options;
    options.listen = points;
    transport::ListenPoint failed;
    return transport.start(options, transactions, failed) == 0;
  }

  const std::string& address() const { return address_; }

  // Buffers in use beside those that wait for the next batch of datagrams.
  uint32_t buffers_in_use() const {
    uint32_t sum = 0;
    for (size_t i = 0; i < MessageSlabs::kClasses; ++i) {
      if (i != 3) sum += slabs.stats(i).in_use;
    }
    return sum;
  }

 protected:
  static constexpr size_t kMemory = 64 << 20;

  void on_turn_end(Millis now) override {
    driver.on_turn_end(now);
    transactions.reap(now);
    transport.flush(now);
    driver.on_turn_end(now);
  }

 private:
  static std::span<std::byte> clear(std::byte* memory) {
    std::fill_n(memory, kMemory, std::byte{0});
    return {memory, kMemory};
  }

 public:
  port::SimHost& host;

 private:
  std::unique_ptr<std::byte, decltype(&std::free)> memory_;

 public:
  Arena arena;
  MessageSlabs slabs;
  TimerWheel wheel;
  TimerDriver driver;

 private:
  std::vector<LogSlot> log_slots_;
  LogRing log_ring_;

 public:
  Log log;
  transport::TransportLayer transport;
  transport::Locator locator;
  transaction::TransactionLayer transactions;

 private:
  std::string address_;
};

}  // namespace tipring::sim
