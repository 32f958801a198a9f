// The process disappears at any moment and starts again over the same disk; and disks that fail.
#include <doctest/doctest.h>

#include <cerrno>

#include "crowd.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr port::SimCrashKeeps kKeeps[] = {port::SimCrashKeeps::Nothing, port::SimCrashKeeps::Prefix,
                                          port::SimCrashKeeps::Any};

// The power is gone for a while, and the exchange starts again.
void fail_power(Network& network, Millis dark) {
  network.referee.forget();
  network.exchange.cut_power(kKeeps[network.world.random().below(3)]);
  network.world.run_for(dark);
  const std::string fault = network.exchange.start();
  REQUIRE_MESSAGE(fault.empty(), fault);
}

// Every phone that has been told so can be called.
void call_everybody(Network& network) {
  for (Phone& callee : network.phones) {
    if (!callee.is_bound() || callee.registration().may_be_gone) continue;
    Phone& caller =
        &callee == &network.phones.front() ? network.phones.back() : network.phones.front();
    CHECK_MESSAGE(network.one_call(caller, callee).outcome == 200, callee.user());
  }
}

struct Pair : Network {
  explicit Pair(uint64_t seed, sip::Transport transport = sip::Transport::Udp)
      : Network(seed),
        alice(add_phone("alice", "10.0.0.2", transport)),
        bob(add_phone("bob", "10.0.0.3", transport)) {
    register_all();
  }
  Phone& alice;
  Phone& bob;
};

}  // namespace

TEST_CASE("power: whenever it fails, what was answered with 200 is there afterwards" *
          doctest::description("R9.1, R9.3, R1.2; RFC 3261 10.3; DESIGN: Storage and time")) {
  uint64_t done = 0;
  const std::vector<uint64_t> all = seeds({21, 22, 23, 24, 25, 26, 27, 28, 29, 30});
  for (const uint64_t seed : all) {
    CAPTURE(seed);
    Network network(seed, crowd_config());
    port::SimRandom& random = network.world.random();
    port::SimFileFaults& disk = network.exchange.host.files().faults();
    disk.sync_latency = Millis(static_cast<int64_t>(random.below(30)));
    disk.write_latency = Millis(static_cast<int64_t>(random.below(2)));
    CrowdOptions options;
    options.phones = 9;  // the tenth would be one whose connection nobody else can renew
    Crowd crowd(network, options);
    for (int life = 0; life < 8; ++life) {
      for (uint64_t left = 20 + random.below(200); left > 0; --left) {
        crowd.register_one();
        network.world.run_for(Millis(static_cast<int64_t>(random.below(40))));
      }
      fail_power(network, Millis(static_cast<int64_t>(random.below(5000))));
      network.check_bindings();
    }
    REQUIRE(network.settle());
    done += crowd.counts().registrations;
    call_everybody(network);
    network.check_calls();
    network.check_bindings();
    network.check_empty();
  }
  MESSAGE(done, " registrations between power cuts");
  CHECK(done > 200 * all.size());
}

TEST_CASE("power: a call that stands is ended after the exchange has come back" *
          doctest::description("RFC 3261 16.4, 12.2; R3.2; DESIGN: Handles on the wire")) {
  for (const bool callee_ends : {false, true}) {
    CAPTURE(callee_ends);
    Pair network(31);
    CallPlan plan;
    plan.talk_time = Millis(10'000);
    plan.callee_ends = callee_ends;
    const size_t index = network.alice.call("bob", plan);
    network.world.run_for(Millis(5000));
    REQUIRE(network.alice.calls()[index].outcome == 200);
    fail_power(network, Millis(2000));
    REQUIRE(network.settle());
    const Call& by = callee_ends ? network.bob.calls()[0] : network.alice.calls()[index];
    CHECK(by.bye_status == 200);
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("power: a phone on TCP connects again" * doctest::description("R7.5, R13.5, R9.3")) {
  Pair network(32, sip::Transport::Tcp);
  fail_power(network, Millis(2000));
  network.check_bindings();
  // The caller's first try may find its old connection dead.
  network.one_call(network.alice, network.bob);
  CHECK(network.one_call(network.alice, network.bob).outcome == 200);
  network.bob.send_register(600);
  REQUIRE(network.settle());
  network.check_empty();
}

TEST_CASE("power: an orderly stop writes what was in memory only" *
          doctest::description("R9.3; DESIGN: Storage and time")) {
  Pair network(34);
  for (Phone& phone : network.phones) phone.send_register(60);
  REQUIRE(network.settle());
  network.referee.forget();
  network.exchange.stop();
  network.world.run_for(Millis(50'000));
  REQUIRE(network.exchange.start().empty());
  network.check_bindings();
  CHECK(network.exchange.server().store().binding_count() == 2);
  // Without the refresh the row would live for the hour of the first registration.
  network.world.run_for(Millis(30'000));
  CHECK(network.exchange.server().store().binding_count() == 0);
}

TEST_CASE("power: a binding that expired in the dark is gone, the others live on" *
          doctest::description("R1.4, R9.3; RFC 3261 10.3")) {
  Pair network(33);
  network.alice.send_register(60);
  REQUIRE(network.settle());
  network.world.run_for(Millis(20'000));  // the refresh has reached the disk by then
  fail_power(network, Millis(100'000));
  network.check_bindings();
  CHECK(network.one_call(network.bob, network.alice).outcome == 404);
  CHECK(network.one_call(network.alice, network.bob).outcome == 200);
  network.check_calls();
}

namespace {

struct Fault {
  const char* name;
  void (*set)(port::SimFileFaults&);
};

constexpr Fault kFaults[] = {
    {"the disk is full", [](port::SimFileFaults& disk) { disk.space_left = 0; }},
    {"writes fail", [](port::SimFileFaults& disk) { disk.write_error = EIO; }},
    {"fsync fails", [](port::SimFileFaults& disk) { disk.sync_error = EIO; }},
    {"mounted read-only", [](port::SimFileFaults& disk) { disk.read_only = true; }},
};

}  // namespace

TEST_CASE("store failure: 503 to what needs the disk, and nothing that stood is lost" *
          doctest::description("R9.5, R5.5, R6.5; DESIGN: Storage and time")) {
  for (const Fault& fault : kFaults) {
    CAPTURE(fault.name);
    Network network(41);
    Phone& alice = network.add_phone("alice", "10.0.0.2");
    Phone& bob = network.add_phone("bob", "10.0.0.3");
    Phone& carol = network.add_phone("carol", "10.0.0.4");
    for (Phone* phone : {&alice, &bob}) phone->send_register(3600);
    REQUIRE(network.settle());
    port::SimFileFaults& disk = network.exchange.host.files().faults();
    fault.set(disk);

    carol.send_register(3600);
    bob.send_register(0);
    REQUIRE(network.settle());
    for (const Phone* phone : {&carol, &bob}) {
      CHECK(phone->registration().last_status == 503);
      CHECK(phone->registration().last_reason == "Service Unavailable - Store Failed");
      CHECK_FALSE(phone->registration().retry_after.empty());
    }
    // A refresh waits for better times in memory.
    alice.send_register(1800);
    REQUIRE(network.settle());
    CHECK(alice.registration().last_status == 200);
    // Calls go on, to those who are registered and not to others.
    CHECK(network.one_call(alice, bob).outcome == 200);
    CHECK(network.one_call(alice, carol).outcome == 404);
    CHECK(network.exchange.log_count(LogLevel::Error) > 0);

    disk = {};
    network.world.run_for(Millis(60'000));
    carol.send_register(3600);
    bob.send_register(0);
    REQUIRE(network.settle());
    CHECK(carol.registration().last_status == 200);
    CHECK(bob.registration().last_status == 200);
    fail_power(network, Millis(1000));
    network.check_bindings();
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("store failure: a disk that fails and recovers at random loses nothing" *
          doctest::description("R9.5; RFC 3261 10.3")) {
  uint64_t refused = 0;
  uint64_t done = 0;
  const std::vector<uint64_t> all = seeds({42, 43, 44, 45});
  for (const uint64_t seed : all) {
    CAPTURE(seed);
    Network network(seed, crowd_config());
    network.referee.allow_second_thoughts_after_503();
    CrowdOptions options;
    options.phones = 12;
    Crowd crowd(network, options);
    port::SimRandom& random = network.world.random();
    port::SimFileFaults& disk = network.exchange.host.files().faults();
    for (int spell = 0; spell < 40; ++spell) {
      disk = {};
      if (random.chance(600)) kFaults[random.below(std::size(kFaults))].set(disk);
      for (int i = 0; i < 50; ++i) {
        crowd.act();
        network.world.run_for(Millis(static_cast<int64_t>(random.below(40))));
      }
      network.check_bindings();
    }
    disk = {};
    REQUIRE(network.settle());
    network.check_calls();
    network.world.run_for(Millis(60'000));
    for (const Phone& phone : network.phones) refused += phone.registration().refused;
    done += crowd.counts().registrations;
    fail_power(network, Millis(1000));
    network.check_bindings();
    network.check_empty();
  }
  MESSAGE(done, " registrations, and ", refused, " refused");
  CHECK(refused > 20 * all.size());
  CHECK(done > 200 * all.size());
}
