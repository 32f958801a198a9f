#include "server/policy/untimed_calls.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sim/node.h"

using namespace tipring;
using namespace tipring::policy;

namespace {

constexpr auto kAsConfigured = store::SessionTimerRule::AsConfigured;
constexpr auto kExempt = store::SessionTimerRule::Exempt;

const Limits kLimits = [] {
  Limits limits = kTinyLimits;
  limits.users = 128;
  return limits;
}();

// The exceptions over a real store; alice has the auth_name "a-42" and the alias "sales", and dora is
// excepted.
class Bench final : public sim::Node, public Domains, public store::StoreWaiter {
 public:
  explicit Bench(port::SimWorld& world)
      : Node(world, "exchange", "10.0.0.1", kLimits),
        world_(world),
        store({arena, host.loop(), wheel, host.clock(), host.workers(), host.files(), log, {1, 2}},
              kLimits, {"/data/tipring.db", "tipring", Millis(10)}),
        slots_(64),
        ring_(slots_),
        log_to_read_(ring_, host.clock(), LogLevel::Info),
        calls(*this, store, emergency, log_to_read_, wheel, "") {
    host.files().make_directory("/data");
    REQUIRE(store.open().ready());
    put_alice();
    put("bob");
    put("bob", "branch.example");
    put("dora", "", kExempt);
    std::vector<std::string> numbers{"112", "*9#", "+49112", "0+0"};
    emergency.swap_numbers(numbers);
  }

  void put_alice(store::SessionTimerRule rule = kAsConfigured) {
    store::UserRecord record = record_of("alice", "", rule);
    record.auth_name = "a-42";
    record.aliases = "sales";
    put(record);
  }
  void put(std::string_view name, std::string_view domain = "",
           store::SessionTimerRule rule = kAsConfigured) {
    put(record_of(name, domain, rule));
  }
  void put(const store::UserRecord& record) {
    REQUIRE(store.put_user(record, nullptr, store::PutMode::Either, *this, 0));
    const int wanted = stored + 1;
    REQUIRE(world_.run_until([&] { return stored == wanted; }, Millis(1000)));
  }

  bool lets_through(const std::string& from, const std::string& uri = "sip:bob@tipring") {
    text_ = "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <" + from +
            ">;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
    const sip::ParsedMessage parsed = sip::parse_message(text_, index_, sip::Framing::Datagram);
    REQUIRE(parsed.status == sip::ParseStatus::Complete);
    transport::Flow flow;
    flow.remote = {*port::parse_ip("10.0.0.7"), 5062};
    return calls.lets_through({parsed.view, MessageRef(), flow, host.clock().monotonic()},
                              sip::ParsedUri(uri));
  }

  const UntimedCaller* find(std::string_view name, std::string_view domain = "") {
    return calls.find(*store.find_user(domain, name));
  }
  std::vector<std::string> listed() {
    std::vector<std::string> names;
    size_t cursor = 0;
    do {
      cursor = calls.walk(cursor, 2, [&](const store::User& user, const UntimedCaller&) {
        names.emplace_back(user.name());
      });
    } while (cursor != 0);
    return names;
  }
  // Of log, since the last call.
  std::vector<std::string> lines() {
    std::vector<std::string> texts;
    for (; const LogSlot* slot = ring_.front(); ring_.pop())
      texts.emplace_back(slot->text.data(), slot->size);
    return texts;
  }

  port::SimWorld& world_;
  store::Store store;

 private:
  std::vector<LogSlot> slots_;
  LogRing ring_;
  Log log_to_read_;

 public:
  Emergency emergency;
  UntimedCalls calls;
  int stored = 0;

 private:
  static store::UserRecord record_of(std::string_view name, std::string_view domain,
                                     store::SessionTimerRule rule) {
    store::UserRecord record;
    record.name = name;
    record.domain = domain;
    record.session_timer = rule;
    return record;
  }
  std::optional<std::string_view> domain_of(std::string_view host_name, uint16_t) const override {
    if (host_name == "tipring") return std::string_view();
    if (host_name == "branch.example") return host_name;
    return std::nullopt;
  }
  void on_stored(uint64_t, store::StoreStatus status) override {
    CHECK(status == store::StoreStatus::Durable);
    ++stored;
  }

  std::string text_;
  sip::HeaderIndex index_;
};

}  // namespace

TEST_CASE("untimed calls: a call for help goes through, however it is written" *
          doctest::description("RFC 5031, RFC 3966 5.1.1; C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* uri :
       {"sip:112@tipring", "sip:112@elsewhere", "SIP:1-1.2@tipring;user=phone", "sip:%3112@tipring",
        "sip:112;phone-context=+49@tipring", "sip:*9%23@tipring", "sip:*9#@tipring",
        "sip:0+0@tipring", "sip:+49(112)@tipring", "tel:+49-112", "tel:112;phone-context=tipring",
        "TEL:+49112", "urn:service:sos", "URN:Service:SOS.police", "urn:service:sos.fire"}) {
    CAPTURE(uri);
    CHECK(bench.lets_through("sip:alice@tipring", uri));
    CHECK(bench.lets_through("sip:x@elsewhere", uri));
  }
  CHECK(bench.calls.refused() == 0);
  CHECK(bench.listed().empty());
}

TEST_CASE("untimed calls: no other number is a call for help" * doctest::description("C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* uri :
       {"sip:1123@tipring", "sip:11@tipring", "sip:bob@112", "tel:+112", "urn:service:sosx",
        "urn:service:so", "urn:service:counseling", "sip:tipring", "sip:911@tipring",
        "sip:%zz@tipring", "mailto:112", "sip:@@"}) {
    CAPTURE(uri);
    CHECK_FALSE(bench.lets_through("sip:alice@tipring", uri));
  }
  std::vector<std::string> others{"911"};
  bench.emergency.swap_numbers(others);
  CHECK(bench.lets_through("sip:alice@tipring", "sip:911@tipring"));
  CHECK_FALSE(bench.lets_through("sip:alice@tipring", "sip:112@tipring"));
}

TEST_CASE("untimed calls: an excepted user is let through by any of his names" *
          doctest::description("C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.lets_through("sip:dora@tipring"));
  CHECK(bench.lets_through("sip:dor%61@tipring:5060"));
  CHECK_FALSE(bench.lets_through("sip:dora@branch.example"));
  CHECK_FALSE(bench.lets_through("sip:dora@elsewhere"));
  bench.put_alice(kExempt);
  for (const char* from : {"sip:alice@tipring", "sip:sales@tipring", "sip:a-42@tipring"}) {
    CAPTURE(from);
    CHECK(bench.lets_through(from));
  }
}

TEST_CASE("untimed calls: a refusal is kept with its number, time and source" *
          doctest::description("C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.find("alice") == nullptr);
  for (const char* from : {"sip:alice@tipring", "sip:sales@tipring", "sip:bob@branch.example"}) {
    CHECK_FALSE(bench.lets_through(from));
    world.run_for(Millis(1000));
  }
  REQUIRE(bench.find("alice") != nullptr);
  CHECK(bench.find("alice")->calls == 2);
  CHECK(bench.host.clock().monotonic() - bench.find("alice")->last == Millis(2000));
  CHECK(bench.find("alice")->source.port == 5062);
  CHECK(bench.find("bob", "branch.example") != nullptr);
  CHECK(bench.find("bob") == nullptr);
  CHECK(bench.listed() == std::vector<std::string>{"alice", "bob"});
}

TEST_CASE("untimed calls: who has been excepted is listed no more" * doctest::description("C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  bench.lets_through("sip:alice@tipring");
  bench.lets_through("sip:bob@tipring");
  bench.put("bob", "", kExempt);
  CHECK(bench.find("bob") == nullptr);
  CHECK(bench.listed() == std::vector<std::string>{"alice"});
}

TEST_CASE("untimed calls: of names that nobody has, only the number is kept" *
          doctest::description("C1; R15")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* from :
       {"sip:mallory@tipring", "sip:alice@elsewhere", "sip:tipring", "tel:+1", "sip:%zz@tipring"}) {
    CAPTURE(from);
    CHECK_FALSE(bench.lets_through(from));
  }
  CHECK(bench.calls.refused() == 5);
  CHECK(bench.listed().empty());
  CHECK(bench.lines().empty());
}

TEST_CASE("untimed calls: the log names the user and the command, once in a while" *
          doctest::description("C1")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (int i = 0; i < 100; ++i) bench.lets_through("sip:alice@tipring");
  bench.lets_through("sip:bob@branch.example");
  const auto lines = bench.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] ==
        "session_timer_missing user=alice domain=\"\" calls=1 source=10.0.0.7:5062 "
        "except=\"tipringctl user set alice session_timer=exempt\"");
  CHECK(lines[1].find("user set bob@branch.example session_timer=exempt") != std::string::npos);
  world.run_for(Millis(10'000));
  bench.lets_through("sip:alice@tipring");
  const auto later = bench.lines();
  REQUIRE(later.size() == 1);
  CHECK(later[0].find(" calls=100 ") != std::string::npos);
}

TEST_CASE("untimed calls: a stranger with many names fills neither table nor log" *
          doctest::description("C1; R15")) {
  port::SimWorld world(1);
  Bench bench(world);
  constexpr size_t kUsers = UntimedCalls::kCallersMax + 8;
  for (size_t i = 0; i < kUsers; ++i) bench.put("user" + std::to_string(i));
  for (size_t i = 0; i < kUsers; ++i) {
    bench.lets_through("sip:user" + std::to_string(i) + "@tipring");
    world.run_for(Millis(1));
  }
  CHECK(bench.listed().size() == UntimedCalls::kCallersMax);
  CHECK(bench.find("user7") == nullptr);  // those refused longest ago
  CHECK(bench.find("user8") != nullptr);
  CHECK(bench.find("user" + std::to_string(kUsers - 1)) != nullptr);
  CHECK(bench.lines().size() == LogBursts::kLinesAtOnce);
}

TEST_CASE("untimed calls: the command can be typed, whatever a name is" *
          doctest::description("C1")) {
  const auto command = [](std::string_view name, std::string_view domain, std::string_view socket) {
    std::array<char, kExceptingCommandMax> room;
    return std::string(write_excepting_command(name, domain, socket, room));
  };
  CHECK(command("anna b", "", "") == "tipringctl user set 'anna b' session_timer=exempt");
  CHECK(command("o'neil $(x)", "branch.example", "") ==
        "tipringctl user set 'o'\\''neil $(x)@branch.example' session_timer=exempt");
  CHECK(command("bob", "", "/run/t.sock") ==
        "tipringctl --socket /run/t.sock user set bob session_timer=exempt");
  CHECK(command("bob", "", "/my run/t") ==
        "tipringctl --socket '/my run/t' user set bob session_timer=exempt");
  std::array<char, 30> small;
  CHECK(write_excepting_command("bob", "", "", small).empty());
}
