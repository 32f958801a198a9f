// A store with all that it needs around it, on either port, and shorthand for what tests do with
// it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/memory_plan.h"
#include "port/sim/sim_host.h"
#include "store/store.h"

namespace tipring::store {

inline doctest::String toString(StoreStatus status) {
  const std::string_view text = to_text(status);
  return {text.data(), static_cast<unsigned>(text.size())};
}
inline doctest::String toString(const std::optional<StoreStatus>& status) {
  return status ? toString(*status) : doctest::String("no answer");
}

inline port::SocketAddress address(std::string_view ip, uint16_t port) {
  return {port::parse_ip(ip).value(), port};
}

inline Credentials secret(uint8_t fill) {
  Credentials credentials;
  credentials.md5.fill(fill);
  credentials.sha256.fill(static_cast<uint8_t>(fill + 1));
  credentials.present = kAlgorithmMd5 | kAlgorithmSha256;
  return credentials;
}

// Remembers what it was told, by tag.
class Answers final : public StoreWaiter {
 public:
  void on_stored(uint64_t tag, StoreStatus status) override {
    order.push_back(tag);
    CHECK(by_tag.emplace(tag, status).second);
  }
  std::optional<StoreStatus> operator[](uint64_t tag) const {
    const auto found = by_tag.find(tag);
    if (found == by_tag.end()) return std::nullopt;
    return found->second;
  }

  std::map<uint64_t, StoreStatus> by_tag;
  std::vector<uint64_t> order;
};

// Everything of one life of a server but the port: made at start, destroyed at its end.
class Server final : public port::TurnHandler {
 public:
  struct Ports {
    port::Loop& loop;
    const port::Clock& clock;
    port::Workers& workers;
    port::Files& files;
  };
  struct Settings {
    Limits limits = small();
    StoreOptions options{"/data/tipring.db", "example", Millis(10)};
  };

  static Limits small() {
    Limits limits;
    limits.users = 64;
    limits.bindings = 64;
    return limits;
  }

  Server(const Ports& ports, const Settings& settings)
      : ports_(ports),
        memory_(make_memory(settings.limits)),
        arena_(std::span(memory_.get(), bytes_)),
        wheel_(ports.loop.now()),
        driver_(ports.loop, wheel_),
        slots_(256),
        ring_(slots_),
        log_(ring_, ports.clock, LogLevel::Debug) {
    ports.loop.set_turn_handler(this);
    const StoreDependencies dependencies = {arena_,        ports.loop,  wheel_, ports.clock,
                                            ports.workers, ports.files, log_,   HashKey{1, 2}};
    store_.emplace(dependencies, settings.limits, settings.options);
    CHECK(arena_.used() == arena_.capacity());
    report = store_->open();
  }
  ~Server() { ports_.loop.set_turn_handler(nullptr); }

  Store& store() { return *store_; }
  Store* operator->() { return &*store_; }
  Millis now() const { return ports_.clock.monotonic(); }
  // What a test calls outside of the loop's turns can start timers, too.
  void turn() { driver_.on_turn_end(ports_.loop.now()); }

  bool put(std::string_view name, uint64_t tag, PutMode mode = PutMode::Either) {
    const Credentials credentials = secret(7);
    UserRecord record;
    record.name = name;
    return store_->put_user(record, &credentials, mode, answers, tag).has_value();
  }

  // A binding of `user` as a phone makes it.
  BindingFields fields(std::string_view contact, Millis interval = Millis(3'600'000)) const {
    BindingFields fields;
    fields.contact = contact;
    fields.call_id = "a84b4c76e66710@pc33.example";
    fields.user_agent = "Phone 1.0";
    fields.received = address("192.0.2.7", 5062);
    fields.local = address("192.0.2.1", 5060);
    fields.cseq = 1;
    fields.expires_at = now() + interval;
    return fields;
  }
  User& user(std::string_view name) {
    User* user = store_->find_user("", name);
    REQUIRE(user != nullptr);
    return *user;
  }
  BindingUpdate& begin(std::string_view name) {
    const Result<BindingUpdate*> update = store_->begin_update(user(name));
    REQUIRE(update);
    return **update;
  }
  CommitState commit(BindingUpdate& update, uint64_t tag) {
    const Result<CommitState> state = store_->commit(update, answers, tag);
    REQUIRE(state);
    return *state;
  }
  void add(std::string_view name, std::string_view contact, uint64_t tag,
           Millis interval = Millis(3'600'000)) {
    BindingUpdate& update = begin(name);
    REQUIRE(update.add(fields(contact, interval)));
    CHECK(commit(update, tag) == CommitState::Pending);
  }
  void refresh(std::string_view name, Binding& binding, Millis interval, uint32_t cseq) {
    BindingUpdate& update = begin(name);
    update.refresh(binding, now() + interval, cseq);
    CHECK(commit(update, 0) == CommitState::Applied);
  }
  std::vector<std::string> contacts(std::string_view name) {
    std::vector<std::string> contacts;
    User& owner = user(name);
    for (Binding* b = owner.first_binding(); b != nullptr; b = owner.next_binding(*b)) {
      contacts.emplace_back(b->contact());
    }
    return contacts;
  }
  // How often a line of this event was logged since the last look.
  int logged(std::string_view event) {
    int count = 0;
    while (LogSlot* slot = ring_.front()) {
      if (std::string_view(slot->text.data(), slot->size).starts_with(event)) ++count;
      ring_.pop();
    }
    return count;
  }

  StartReport report;
  Answers answers;

 private:
  void on_turn_end(Millis now) override { driver_.on_turn_end(now); }

  std::byte* make_memory(const Limits& limits) {
    MemoryPlan plan;
    Store::plan(limits, plan);
    bytes_ = static_cast<size_t>(plan.arena_bytes());
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, bytes_));
    std::fill_n(memory, bytes_, std::byte{0});
    return memory;
  }
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };

  Ports ports_;
  size_t bytes_ = 0;
  std::unique_ptr<std::byte, Free> memory_;
  Arena arena_;
  TimerWheel wheel_;
  TimerDriver driver_;
  std::vector<LogSlot> slots_;
  LogRing ring_;
  Log log_;
  std::optional<Store> store_;
};

// A server in virtual time whose disk can fail and whose power can be cut.
class SimBench {
 public:
  explicit SimBench(const Server::Settings& with = {}, uint64_t seed = 1)
      : settings(with), world(seed), host(world.make_host("server", {})) {
    host.files().make_directory("/data");
    start();
  }

  Server& start() {
    server.reset();
    server.emplace(Server::Ports{host.loop(), host.clock(), host.workers(), host.files()},
                   settings);
    return *server;
  }
  // SIGTERM, and a new start.
  Server& restart() { return start(); }
  // The power goes and comes back after `down`.
  Server& crash(Millis down = Millis(0)) {
    host.crash();
    server.reset();
    world.run_for(down);
    host.restart();
    return start();
  }

  bool run_until(const std::function<bool()>& condition, Millis limit = Millis(10'000)) {
    server->turn();
    return world.run_until(condition, limit);
  }
  void run_for(Millis time) {
    server->turn();
    world.run_for(time);
  }
  std::optional<StoreStatus> wait(uint64_t tag, Millis limit = Millis(10'000)) {
    run_until([&] { return server->answers[tag].has_value(); }, limit);
    return server->answers[tag];
  }
  void make_user(std::string_view name) {
    const uint64_t tag = next_tag++;
    REQUIRE(server->put(name, tag));
    REQUIRE(wait(tag) == StoreStatus::Durable);
  }
  void make_binding(std::string_view name, std::string_view contact,
                    Millis interval = Millis(3'600'000)) {
    const uint64_t tag = next_tag++;
    server->add(name, contact, tag, interval);
    REQUIRE(wait(tag) == StoreStatus::Durable);
  }

  Server::Settings settings;
  port::SimWorld world;
  port::SimHost& host;
  std::optional<Server> server;
  uint64_t next_tag = 1'000'000;
};

using Contacts = std::vector<std::string>;

}  // namespace tipring::store
