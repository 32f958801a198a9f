// A transaction layer on a fake transport in virtual time, with a TU that writes down what it
// hears.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "fake_transport.h"
#include "sip/headers.h"
#include "transaction/timers.h"
#include "transaction/transaction_layer.h"

namespace tipring::transaction {

struct SipText {
  std::string method = "INVITE";
  std::string uri = "sip:bob@192.0.2.7";
  std::string sent_by = "192.0.2.1:5060";
  std::string branch = "z9hG4bKa1";
  std::string to_tag;
  std::string from_tag = "f1";
  std::string call_id = "c1@192.0.2.1";
  std::string cseq = "7";
  std::string extra;  // whole lines

  std::string request() const {
    std::string via = "Via: SIP/2.0/UDP " + sent_by;
    if (!branch.empty()) via += ";branch=" + branch;
    return method + " " + uri + " SIP/2.0\r\n" + via + "\r\nMax-Forwards: 70\r\n" + common() +
           "CSeq: " + cseq + " " + method + "\r\n" + extra + "Content-Length: 0\r\n\r\n";
  }
  std::string response(int status) const {
    return "SIP/2.0 " + std::to_string(status) + " Text\r\nVia: SIP/2.0/UDP " + sent_by +
           ";branch=" + branch + "\r\n" + common() + "CSeq: " + cseq + " " + method + "\r\n" +
           extra + "Content-Length: 0\r\n\r\n";
  }

 private:
  std::string common() const {
    return "From: <sip:alice@192.0.2.1>;tag=" + from_tag + "\r\nTo: <sip:bob@192.0.2.7>" +
           (to_tag.empty() ? "" : ";tag=" + to_tag) + "\r\nCall-ID: " + call_id + "\r\n";
  }
};

class BenchLoop final : public port::Loop {
 public:
  Millis now() const override { return time; }
  std::unique_ptr<port::LoopTimer> make_timer(port::TimerHandler&) override { return nullptr; }
  std::unique_ptr<port::Wakeup> make_wakeup(port::WakeupHandler&) override { return nullptr; }
  bool watch_signals(port::SignalHandler&) override { return true; }
  void set_turn_handler(port::TurnHandler*) override {}
  void run() override {}
  void stop() override {}

  Millis time{1'000'000};  // Bench::kStart
};

class BenchNetwork final : public port::Network {
 public:
  std::unique_ptr<port::DatagramSocket> open_datagram(const port::DatagramOptions&,
                                                      port::DatagramHandler&, int&) override {
    return nullptr;
  }
  std::unique_ptr<port::Listener> listen(const port::SocketAddress&, port::ListenerHandler&,
                                         int&) override {
    return nullptr;
  }
  port::Stream* connect(const port::SocketAddress&, const port::SocketAddress&,
                        port::StreamHandler&, int&) override {
    return nullptr;
  }
  port::IpAddress source_for(const port::IpAddress&) override { return {}; }
  size_t local_addresses(std::span<port::IpAddress>) override { return 0; }
};

class BenchEntropy final : public port::Entropy {
 public:
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(next_ = next_ * 31 + 7);
  }

 private:
  uint32_t next_ = 1;
};

class BenchClock final : public port::Clock {
 public:
  Millis monotonic() const override { return Millis{0}; }
  Millis wall() const override { return Millis{0}; }
};

inline Limits small_limits(uint32_t transactions = 16) {
  Limits limits = kTinyLimits;
  limits.transactions = transactions;
  return limits;
}

class Bench final : public TransactionUser, public RequestHandler {
 public:
  explicit Bench(const Limits& limits = small_limits())
      : memory_(static_cast<std::byte*>(std::aligned_alloc(64, kMemory)), &std::free),
        arena_({clear(memory_.get()), kMemory}),
        slabs(arena_, message_slab_counts(limits), receive_buffers_max(limits)),
        log_ring_(log_slots_),
        log_(log_ring_, clock_, LogLevel::Error),
        transport_({network_, loop, wheel, slabs, arena_, entropy_, log_}, limits) {
    FakeWire::current = &wire;
    const size_t before = arena_.used();
    layer = std::make_unique<TransactionLayer>(
        TransactionDependencies{transport_, wheel, slabs, arena_, entropy_, log_, &loop}, limits,
        3);
    layer_bytes = arena_.used() - before;
    layer->set_request_handler(*this);
    flow.transport = sip::Transport::Udp;
    flow.remote = {*port::parse_ip("192.0.2.1"), 5060};
  }
  ~Bench() {
    kept.reset();
    layer.reset();
    FakeWire::current = nullptr;
  }

  // A message from the wire, and the end of the turn in which it came.
  void receive(const std::string& text) {
    deliver(text);
    layer->reap(loop.time);
  }
  void receive(const SipText& text) { receive(text.request()); }

  void deliver(const std::string& text) {
    const MessageRef buffer = slabs.copy(text);
    REQUIRE(static_cast<bool>(buffer));
    sip::HeaderIndex index;
    const sip::ParsedMessage parsed =
        sip::parse_message(buffer.view(), index, sip::Framing::Datagram);
    const Incoming incoming{parsed.view, buffer, flow, loop.time};
    if (parsed.status == sip::ParseStatus::Complete) {
      if (const auto fault = sip::check_message(parsed.view)) {
        layer->on_malformed(incoming, *fault);
      } else {
        layer->on_message(incoming);
      }
    } else {
      layer->on_malformed(incoming, parsed.error);
    }
  }

  // Virtual time passes, a turn of the loop every millisecond.
  void pass(Millis duration) {
    for (const Millis end = loop.time + duration; loop.time < end;) {
      loop.time += Millis{1};
      wire.now = loop.time - kStart;
      wheel.advance(loop.time);
      layer->reap(loop.time);
    }
  }

  // Opens the transaction of every request that comes up, with these settings.
  void open_all(bool trying = false) {
    on_new = [this, trying](const Incoming& request) {
      const auto opened = layer->open(request, *this, 42, trying);
      if (opened) server = *opened;
      last_open = opened ? "opened" : std::string(to_text(opened.error()));
    };
  }

  // Starts a client transaction; the branch of `text` is replaced by ours.
  ClientHandle start(SipText& text, sip::Method method) {
    const auto handle = layer->reserve(method, *this, 77);
    REQUIRE(handle.has_value());
    std::array<char, TransactionLayer::kBranchMax> out;
    text.branch = std::string(layer->write_branch(*handle, text.sent_by, 0xabc, out));
    REQUIRE(layer->start(*handle, slabs.copy(text.request()), flow).has_value());
    return *handle;
  }

  Result<void> respond(const SipText& text, int status) {
    return layer->respond(server, slabs.copy(text.response(status)));
  }

  // When each message was sent, in milliseconds since the start: all that begin with `prefix`.
  std::vector<int64_t> times(std::string_view prefix) const {
    std::vector<int64_t> out;
    for (const Sent& message : wire.sent) {
      if (message.text.starts_with(prefix)) out.push_back(message.at.count());
    }
    return out;
  }
  size_t count(std::string_view prefix) const { return times(prefix).size(); }
  const std::string& last_sent() const { return wire.sent.back().text; }

  bool all_free() const {
    uint32_t slabs_in_use = 0;
    for (size_t i = 0; i < MessageSlabs::kClasses; ++i) slabs_in_use += slabs.stats(i).in_use;
    return slabs_in_use == 0 && layer->server_stats().in_use == 0 &&
           layer->client_stats().in_use == 0;
  }

  void on_cancel(uint64_t context, ServerHandle, const Incoming&) override {
    heard.push_back("cancel");
    CHECK(context == 42);
    if (on_cancelled) on_cancelled();
  }
  void on_server_end(uint64_t, ServerHandle handle, EndReason reason) override {
    heard.push_back("server " + name(reason));
    CHECK_FALSE(layer->is_open(handle));
  }
  void on_response(uint64_t context, ClientHandle handle, const Incoming& response) override {
    heard.push_back(std::to_string(response.message.status()));
    CHECK(context == 77);
    if (on_answer) on_answer(handle, response.message.status());
  }
  void on_client_end(uint64_t, ClientHandle, EndReason reason) override {
    heard.push_back("client " + name(reason));
    if (on_ended) on_ended();
  }
  void on_request(const Incoming& request) override {
    heard.push_back(std::string(request.message.method_text()));
    if (on_new) on_new(request);
  }
  bool ignores(const Incoming&) override { return ignored; }

  static std::string name(EndReason reason) {
    switch (reason) {
      case EndReason::Done: return "done";
      case EndReason::Timeout: return "timeout";
      case EndReason::TransportError: return "transport error";
      case EndReason::Reclaimed: return "reclaimed";
    }
    return "?";
  }

  static constexpr Millis kStart{1'000'000};
  static constexpr size_t kMemory = 8 << 20;

  FakeWire wire;
  BenchLoop loop;
  TimerWheel wheel{kStart};
  std::vector<std::string> heard;  // by the TU, in order
  bool ignored = false;            // who sends is not to be answered
  std::function<void(const Incoming&)> on_new;
  std::function<void(ClientHandle, uint16_t)> on_answer;
  std::function<void()> on_cancelled;
  std::function<void()> on_ended;
  std::string last_open;
  ServerHandle server;
  MessageRef kept;
  Flow flow;
  size_t layer_bytes = 0;

 private:
  static std::byte* clear(std::byte* memory) {
    for (size_t i = 0; i < kMemory; ++i) memory[i] = std::byte{0};
    return memory;
  }

  std::unique_ptr<std::byte, decltype(&std::free)> memory_;
  Arena arena_;

 public:
  MessageSlabs slabs;

 private:
  std::array<LogSlot, 2> log_slots_;
  LogRing log_ring_;
  BenchClock clock_;
  Log log_;
  BenchNetwork network_;
  BenchEntropy entropy_;
  transport::TransportLayer transport_;

 public:
  std::unique_ptr<TransactionLayer> layer;
};

using Heard = std::vector<std::string>;
using Times = std::vector<int64_t>;

}  // namespace tipring::transaction
