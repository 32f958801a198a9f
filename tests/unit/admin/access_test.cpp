#include <doctest/doctest.h>

#include "admin/access/backoff.h"
#include "admin/access/body.h"
#include "admin/access/password.h"
#include "admin/access/sessions.h"

using namespace tipring;
using namespace tipring::admin;

namespace {

// Counts up: what is made of it differs each time.
struct CountingEntropy final : port::Entropy {
  void fill(std::span<std::byte> out) override {
    for (std::byte& byte : out) byte = static_cast<std::byte>(next++ * 2654435761u >> 13);
  }
  uint32_t next = 1;
};

const port::IpAddress kHere = *port::parse_ip("192.0.2.1");
const port::IpAddress kThere = *port::parse_ip("192.0.2.2");

}  // namespace

TEST_CASE("password: the right one is known again, each hash has a salt of its own") {
  CountingEntropy entropy;
  store::AdminAccountRow one;
  store::AdminAccountRow two;
  set_password(one, "correct horse", 1000, entropy);
  set_password(two, "correct horse", 1000, entropy);
  CHECK(is_password(one, "correct horse"));
  CHECK_FALSE(is_password(one, "correct horsf"));
  CHECK_FALSE(is_password(one, ""));
  CHECK(one.hash != two.hash);
}

TEST_CASE("password: what is too short, too long or the name itself is refused") {
  CHECK(fault_of_admin_password("anna", "123456789") != nullptr);
  CHECK(fault_of_admin_password("anna", "1234567890") == nullptr);
  CHECK(fault_of_admin_password("anna", std::string(128, 'a') + "b") != nullptr);
  CHECK(fault_of_admin_password("anna", "xxxxannaxxxx1") != nullptr);
  CHECK(fault_of_admin_password("anna", "aaaaaaaaaaaa") != nullptr);
  for (const char* const name : {"", "a b", "a/b", "a\r\nb", "ä"})
    CHECK(fault_of_admin_name(name) != nullptr);
  CHECK(fault_of_admin_name("anna.b-c_9") == nullptr);
}

TEST_CASE("sessions: found by their id alone, and over after idling or at the last") {
  CountingEntropy entropy;
  Sessions sessions(entropy);
  const std::string id = sessions.begin("anna", Role::Viewer, Millis(0));
  CHECK(id.size() == 64);
  REQUIRE(sessions.find(id, Millis(1)) != nullptr);
  CHECK(sessions.find(id, Millis(1))->csrf != id);
  CHECK(sessions.find("", Millis(1)) == nullptr);
  CHECK(sessions.find(std::string(64, '0'), Millis(1)) == nullptr);
  CHECK(sessions.find(id, Sessions::kIdle + Millis(2)) == nullptr);

  const std::string busy = sessions.begin("anna", Role::Viewer, Millis(0));
  Millis now{};
  for (; now < Sessions::kWhole; now += Sessions::kIdle / 2)
    CHECK(sessions.find(busy, now) != nullptr);
  CHECK(sessions.find(busy, now) == nullptr);
}

TEST_CASE("sessions: there are no more than may be, of one account neither") {
  CountingEntropy entropy;
  Sessions sessions(entropy);
  const std::string first = sessions.begin("anna", Role::Viewer, Millis(0));
  for (size_t i = 0; i < 2 * Sessions::kMaxOfAccount; ++i)
    sessions.begin("anna", Role::Viewer, Millis(1));
  CHECK(sessions.size() == Sessions::kMaxOfAccount);
  CHECK(sessions.find(first, Millis(2)) == nullptr);
  for (size_t i = 0; i < 2 * Sessions::kMax; ++i)
    sessions.begin("user" + std::to_string(i), Role::Viewer, Millis(2));
  CHECK(sessions.size() == Sessions::kMax);
}

TEST_CASE("sessions: ended one by one, or all of an account but one") {
  CountingEntropy entropy;
  Sessions sessions(entropy);
  const std::string one = sessions.begin("anna", Role::Viewer, Millis(0));
  const std::string two = sessions.begin("anna", Role::Viewer, Millis(0));
  const std::string other = sessions.begin("bert", Role::Viewer, Millis(0));
  sessions.end_all("anna", two);
  CHECK(sessions.find(one, Millis(1)) == nullptr);
  CHECK(sessions.find(two, Millis(1)) != nullptr);
  sessions.end(two);
  CHECK(sessions.find(two, Millis(1)) == nullptr);
  CHECK(sessions.find(other, Millis(1)) != nullptr);
}

TEST_CASE("backoff: a source that fails has to wait, longer each time, and another is not held") {
  Backoff backoff;
  Millis now{100'000};
  for (uint32_t i = 0; i < Backoff::kFreeOfSource; ++i) {
    CHECK(backoff.ask(kHere, "", now) == Millis(0));
    backoff.fail(kHere, "", now);
  }
  CHECK(backoff.ask(kHere, "", now) == Backoff::kFirstWait);
  now += Backoff::kFirstWait;
  CHECK(backoff.ask(kHere, "", now) == Millis(0));
  backoff.fail(kHere, "", now);
  CHECK(backoff.ask(kHere, "", now) == 2 * Backoff::kFirstWait);
  CHECK(backoff.ask(kThere, "", now) == Millis(0));
  for (int i = 0; i < 20; ++i) backoff.fail(kHere, "", now);
  CHECK(backoff.ask(kHere, "", now) == Backoff::kLongestWait);
  backoff.succeed(kHere, "");
  CHECK(backoff.ask(kHere, "", now) == Millis(0));
}

TEST_CASE("backoff: a name that many sources guess at is held for all of them") {
  Backoff backoff;
  Millis now{100'000};
  for (uint32_t i = 0; i < Backoff::kFreeOfName; ++i) {
    port::IpAddress source = kHere;
    source.bytes[3] = static_cast<uint8_t>(i);
    backoff.fail(source, "anna", now);
  }
  CHECK(backoff.ask(kThere, "anna", now) > Millis(0));
  CHECK(backoff.ask(kThere, "bert", now) == Millis(0));
}

TEST_CASE("backoff: guesses from elsewhere do not keep out who has signed in from here") {
  Backoff backoff;
  const Millis now{100'000};
  backoff.succeed(kHere, "anna");
  for (uint32_t i = 0; i < 2 * Backoff::kFreeOfName; ++i) {
    port::IpAddress source = kThere;
    source.bytes[3] = static_cast<uint8_t>(100 + i);
    backoff.fail(source, "anna", now);
  }
  CHECK(backoff.ask(kHere, "anna", now) == Millis(0));
  CHECK(backoff.ask(kThere, "anna", now) > Millis(0));
  // Who guesses from here has to wait all the same.
  for (uint32_t i = 0; i < Backoff::kFreeOfSource; ++i) backoff.fail(kHere, "anna", now);
  CHECK(backoff.ask(kHere, "anna", now) > Millis(0));
}

TEST_CASE("backoff: only so many passwords are checked in a second, whoever sends them") {
  Backoff backoff;
  int checked = 0;
  for (uint8_t i = 0; i < 100; ++i) {
    port::IpAddress source = kHere;
    source.bytes[3] = i;
    checked += backoff.ask(source, "", Millis(100'000)) == Millis(0) ? 1 : 0;
  }
  CHECK(checked == 10);
}

TEST_CASE("body: texts, numbers and lists are taken, and nothing else") {
  constexpr std::array<std::string_view, 3> kNames = {"name", "days", "scopes"};
  const TextBody good(R"({"name":"a\"b","days":3,"scopes":["users","calls"]})", kNames);
  CHECK(good.fault().text.empty());
  CHECK(good.get("name") == "a\"b");
  CHECK(good.get("days") == "3");
  CHECK(good.get("scopes") == "users,calls");
  CHECK(good.get("other").empty());
  for (const char* const body : {"", "[]", "{", "{\"other\":\"x\"}", "{\"name\":null}",
                                 "{\"name\":{}}", "{\"scopes\":[1]}", "{\"days\":-1}"}) {
    CAPTURE(body);
    CHECK_FALSE(TextBody(body, kNames).fault().text.empty());
  }
  const std::string large = R"({"name":")" + std::string(5000, 'x') + "\"}";
  CHECK_FALSE(TextBody(large, kNames).fault().text.empty());
}
