#include <array>
#include <set>

#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

// Phones that register, refresh, move and leave at random, and what the server has told each of
// them.
class Crowd {
 public:
  static constexpr size_t kPhones = 12;

  explicit Crowd(SimBench& bench) : bench_(bench) {}

  // Everything a phone was told stands; what it was not yet told may or may not. A refresh may be
  // forgotten, but not its binding.
  void check(Server& server) const {
    for (size_t i = 0; i < kPhones; ++i) {
      const Contacts found = server.contacts(name(i));
      const Phone& phone = phones_[i];
      const std::string& told = phone.contact;
      const bool as_told = told.empty() ? found.empty() : found == Contacts{told};
      const bool as_asked =
          phone.tag != 0 && (phone.asked.empty() ? found.empty() : found == Contacts{phone.asked});
      CHECK_MESSAGE((as_told || as_asked), name(i) << " was told " << told << " asked "
                                                   << phone.asked << " found " << found.size());
    }
  }

  void act() {
    Server& server = *bench_.server;
    hear(server);
    port::SimRandom& random = bench_.world.random();
    Phone& phone = phones_[random.below(kPhones)];
    if (phone.tag != 0) return;
    const std::string who = name(static_cast<size_t>(&phone - phones_.data()));
    User& user = server.user(who);
    Binding* binding = user.first_binding();
    if (binding != nullptr && random.chance(400)) {
      server.refresh(who, *binding, Millis(3'600'000), binding->cseq() + 1);
      return;
    }
    const bool leaves = binding != nullptr && random.chance(300);
    phone.tag = ++last_tag_;
    phone.asked = leaves ? "" : "sip:" + std::to_string(phone.tag) + "@192.0.2.7";
    const std::string_view asked = phone.asked;
    BindingUpdate& update = server.begin(who);
    if (leaves) {
      update.remove(*binding);
    } else if (binding != nullptr) {
      REQUIRE(update.replace(*binding, server.fields(asked)));
    } else {
      REQUIRE(update.add(server.fields(asked)));
    }
    server.commit(update, phone.tag);
  }

  // What has been answered since the last look.
  void hear(Server& server) {
    for (Phone& phone : phones_) {
      if (phone.tag == 0) continue;
      const auto status = server.answers[phone.tag];
      if (!status) continue;
      if (*status == StoreStatus::Durable) phone.contact = phone.asked;
      phone.tag = 0;
    }
  }

  // The server is a new one: nobody answers what was asked of the old.
  void learn(Server& server) {
    for (size_t i = 0; i < kPhones; ++i) {
      const Contacts found = server.contacts(name(i));
      phones_[i] = {found.empty() ? "" : found.front(), "", 0};
    }
  }

  static std::string name(size_t i) { return "user" + std::to_string(i); }

 private:
  struct Phone {
    std::string contact;  // as last told; empty: none
    std::string asked;
    uint64_t tag = 0;  // of what it waits for
  };

  SimBench& bench_;
  std::array<Phone, kPhones> phones_;
  uint64_t last_tag_ = 0;
};

}  // namespace

TEST_CASE("store: whenever the power fails, every answered registration is found" *
          doctest::description("R9.3; DESIGN: a start after kill -9")) {
  const port::SimCrashKeeps keeps[] = {port::SimCrashKeeps::Nothing, port::SimCrashKeeps::Prefix,
                                       port::SimCrashKeeps::Any};
  uint64_t told = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    SimBench bench({}, seed);
    bench.host.files().set_crash_keeps(keeps[seed % 3]);
    bench.host.files().faults().sync_latency = Millis(static_cast<int64_t>(seed % 7));
    bench.host.files().faults().write_latency = Millis(static_cast<int64_t>(seed % 2));
    for (size_t i = 0; i < Crowd::kPhones; ++i) bench.make_user(Crowd::name(i));
    Crowd crowd(bench);
    port::SimRandom& random = bench.world.random();
    for (int life = 0; life < 6; ++life) {
      const uint64_t actions = 5 + random.below(120);
      for (uint64_t i = 0; i < actions; ++i) {
        crowd.act();
        bench.run_for(Millis(static_cast<int64_t>(random.below(6))));
      }
      crowd.hear(*bench.server);
      told += bench.server->answers.order.size();
      bench.crash();
      REQUIRE_MESSAGE(bench.server->report.ready(), bench.server->report.message);
      crowd.check(*bench.server);
      crowd.learn(*bench.server);
    }
  }
  CHECK(told > 5000);
}

TEST_CASE("store: whatever the disk refuses, what was answered stands" *
          doctest::description("R9.5")) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    SimBench bench({}, seed);
    for (size_t i = 0; i < Crowd::kPhones; ++i) bench.make_user(Crowd::name(i));
    Crowd crowd(bench);
    port::SimRandom& random = bench.world.random();
    port::SimFileFaults& faults = bench.host.files().faults();
    for (int life = 0; life < 8; ++life) {
      faults = {};
      switch (random.below(5)) {
        case 0: faults.space_left = random.below(200'000); break;
        case 1: faults.sync_error = EIO; break;
        case 2: faults.write_error = EIO; break;
        case 3: faults.read_only = true; break;
        default: break;
      }
      for (int i = 0; i < 60; ++i) {
        crowd.act();
        bench.run_for(Millis(static_cast<int64_t>(random.below(6))));
      }
      bench.run_for(Millis(5'000));
      crowd.hear(*bench.server);
      crowd.check(*bench.server);
    }
    faults = {};
    bench.run_for(Millis(10'000));
    bench.crash();
    REQUIRE(bench.server->report.ready());
    crowd.check(*bench.server);
  }
}
