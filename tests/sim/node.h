// One simulated host with the stack on it, up to the transaction layer: what phones are made of,
// and tests of single parts of the server.
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

// Zeroed memory for an arena.
class NodeMemory {
 public:
  explicit NodeMemory(size_t size)
      : size_((size + Arena::kAlignment - 1) / Arena::kAlignment * Arena::kAlignment),
        bytes_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, size_)), &std::free) {
    std::fill_n(bytes_.get(), size_, std::byte{0});
  }
  std::span<std::byte> view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<std::byte, decltype(&std::free)> bytes_;
};

class Node : public port::TurnHandler {
 public:
  Node(port::SimHost& on, const Limits& limits) : Node(on, limits, planned_bytes(limits)) {}
  // On a host of its own; leaves room in the arena for what a test puts on top.
  Node(port::SimWorld& world, std::string_view name, std::string_view address, const Limits& limits)
      : Node(world.make_host(name, {*port::parse_ip(address)}), limits,
             planned_bytes(limits) + kExtraBytes) {}
  virtual ~Node() { host.loop().set_turn_handler(nullptr); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Listens on UDP and TCP of its address; false when that fails.
  bool start(Millis idle_timeout = Millis(3'600'000)) {
    const port::SocketAddress bind{host.addresses().front(), 5060};
    const transport::ListenPoint points[] = {{sip::Transport::Udp, bind},
                                             {sip::Transport::Tcp, bind}};
    transport::TransportOptions options;
    options.listen = points;
    options.idle_timeout = idle_timeout;
    transport::ListenPoint failed;
    return transport.start(options, transactions, failed) == 0;
  }

  // As a host in a URI: with brackets around IPv6.
  const std::string& address() const { return address_; }

  // What is in use beside the buffers that wait for the next batch of datagrams; empty for nothing.
  std::string leftovers() const {
    std::string text;
    const auto look = [&](const PoolStats& stats) {
      if (stats.in_use == 0) return;
      text +=
          host.name() + ": " + std::string(stats.name) + ": " + std::to_string(stats.in_use) + "; ";
    };
    look(transactions.server_stats());
    look(transactions.client_stats());
    for (size_t i = 0; i < MessageSlabs::kClasses; ++i) {
      if (i != kReceiveClass) look(slabs.stats(i));
    }
    return text;
  }

 protected:
  void on_turn_end(Millis now) override {
    driver.on_turn_end(now);
    transactions.reap(now);
    transport.flush(now);
    driver.on_turn_end(now);
  }

 private:
  static constexpr size_t kReceiveClass = 3;
  static constexpr size_t kExtraBytes = 48 << 20;

  Node(port::SimHost& on, const Limits& limits, size_t bytes)
      : host(on),
        memory_(bytes),
        arena(memory_.view()),
        slabs(arena, message_slab_counts(limits), receive_buffers_max(limits)),
        wheel(host.loop().now()),
        driver(host.loop(), wheel),
        log_slots_(64),
        log_ring_(log_slots_),
        log(log_ring_, host.clock(), LogLevel::Error),
        transport({host.network(), host.loop(), wheel, slabs, arena, host.entropy(), log}, limits),
        locator(host.names(), host.loop(), transport, arena),
        transactions({transport, wheel, slabs, arena, host.entropy(), log, &host.loop()}, limits,
                     1) {
    char text[port::kAddressTextMax];
    address_ = port::write_host(host.addresses().front(), text);
    host.loop().set_turn_handler(this);
  }

  static size_t planned_bytes(const Limits& limits) {
    MemoryPlan plan;
    MessageSlabs::plan(plan, message_slab_counts(limits));
    transport::TransportLayer::plan(limits, plan);
    transport::Locator::plan(plan);
    transaction::TransactionLayer::plan(limits, plan);
    return static_cast<size_t>(plan.arena_bytes());
  }

 public:
  port::SimHost& host;

 private:
  NodeMemory memory_;

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
