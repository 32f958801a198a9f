// What is remembered of phones that were let in or not, and of names that are nobody's.
#include "server/policy/sign_ins.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "../core/test_arena.h"

using namespace tipring;
using namespace tipring::policy;

namespace {

constexpr uint32_t kUsers = 4;

struct Bench {
  TestArena arena;
  SignIns sign_ins{arena, kUsers};
  UnknownNames& names = sign_ins.unknown();

  const UnknownName* find(std::string_view name, std::string_view ip = "192.0.2.1") const {
    const auto all = sign_ins.unknown().all();
    const auto found = std::find_if(all.begin(), all.end(), [&](const UnknownName& one) {
      return one.tries != 0 && one.name.view() == name && one.source.ip == *port::parse_ip(ip);
    });
    return found == all.end() ? nullptr : &*found;
  }
  size_t count() const {
    const auto all = sign_ins.unknown().all();
    return static_cast<size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& one) { return one.tries != 0; }));
  }
};

port::SocketAddress from(std::string_view ip, uint16_t port = 5060) {
  return {*port::parse_ip(ip), port};
}

}  // namespace

TEST_CASE("unknown names: one place for a name from an address, its last port and time") {
  Bench bench;
  bench.names.note("jo", "example.com", from("192.0.2.1", 5060), Millis(10));
  bench.names.note("jo", "example.com", from("192.0.2.1", 5070), Millis(20));
  bench.names.note("jo", "example.com", from("192.0.2.2"), Millis(30));
  bench.names.note("jo", "example.org", from("192.0.2.3"), Millis(30));
  CHECK(bench.count() == 3);
  REQUIRE(bench.find("jo") != nullptr);
  CHECK(bench.find("jo")->tries == 2);
  CHECK(bench.find("jo")->source.port == 5070);
  CHECK(bench.find("jo")->last == Millis(20));
}

TEST_CASE("unknown names: of a flood of them the last are kept, and no text beyond its bound") {
  Bench bench;
  for (uint32_t i = 0; i < 1000; ++i)
    bench.names.note("guess" + std::to_string(i), "", from("192.0.2.1"), Millis(i + 1));
  CHECK(bench.count() == UnknownNames::kMax);
  CHECK(bench.find("guess999") != nullptr);
  CHECK(bench.find("guess968") != nullptr);
  CHECK(bench.find("guess967") == nullptr);
  bench.names.note(std::string(500, 'x'), std::string(500, 'd'), from("192.0.2.1"), Millis(2000));
  CHECK(bench.find(std::string(64, 'x')) != nullptr);
  bench.names.note("a\r\nb\xff", "", from("192.0.2.1"), Millis(2001));
  CHECK(bench.find("a\\r\\nb\\xff") != nullptr);
  bench.names.note("", "", from("192.0.2.9"), Millis(2002));
  CHECK(bench.find("", "192.0.2.9") == nullptr);
}

TEST_CASE(
    "sign-ins: a fault is over when a phone is let in, one too many when there is room for it") {
  Bench bench;
  Handle<store::User> user;
  user.index = 2;
  user.generation = 1;
  bench.sign_ins.set_allowed(2);
  uint32_t registered = 2;
  const auto shown = [&](Millis now) {
    return bench.sign_ins.shows_fault(*bench.sign_ins.find(user), registered, now);
  };
  bench.sign_ins.note_fault(user, SignInFault::WrongPassword, from("192.0.2.1"), Millis(10));
  CHECK(shown(Millis(10)));
  bench.sign_ins.note_seen(user, from("192.0.2.2"), registered, Millis(11));
  CHECK_FALSE(shown(Millis(11)));
  bench.sign_ins.on_too_many(user, from("192.0.2.1"), 2, 2, Millis(20));
  bench.sign_ins.note_seen(user, from("192.0.2.2"), registered, Millis(30));
  CHECK(shown(Millis(30)));
  CHECK(shown(Millis(20) + SignIns::kTooManyShown - Millis(1)));
  CHECK_FALSE(shown(Millis(20) + SignIns::kTooManyShown));
  registered = 1;
  CHECK_FALSE(shown(Millis(30)));
  registered = 2;
  bench.sign_ins.set_allowed(3);
  CHECK_FALSE(shown(Millis(30)));
  bench.sign_ins.set_allowed(1);
  CHECK(shown(Millis(30)));
  bench.sign_ins.note_seen(user, from("192.0.2.1"), registered, Millis(40));
  CHECK_FALSE(shown(Millis(40)));
  // It takes the place of another one, by another port.
  bench.sign_ins.set_allowed(2);
  bench.sign_ins.on_too_many(user, from("192.0.2.1"), 2, 2, Millis(50));
  bench.sign_ins.note_seen(user, from("192.0.2.3"), 1, Millis(60));
  CHECK_FALSE(shown(Millis(60)));
}
