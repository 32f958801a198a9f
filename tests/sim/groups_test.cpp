// Calls to hunt groups by chance: callers who hang up at any time, phones that answer, refuse or let
// ring as they like, packets that are lost, doubled and late.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "network.h"
#include "store/record_listing.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

using store::GroupStrategy;

constexpr size_t kCallers = 4;
constexpr size_t kMembers = 8;
constexpr size_t kGroups = store::kGroupStrategies;
constexpr Millis kCallsLast{100'000};  // ringing, talking, and a BYE that is repeated

app::Config groups_config(bool relayed) {
  app::Config config = test_config();
  config.capacity.calls = config.capacity.b2bua_calls = 64;
  config.capacity.relayed_calls = 64;
  config.capacity.transactions = 2048;
  config.capacity.group_members = 64;
  config.media.mode = relayed ? "relay" : "direct";
  config.media.ports = "30000-30511";
  return config;
}

// A group for each strategy, "600" to "604", and "605" of two of them.
struct Groups : Network {
  Groups(uint64_t seed, bool relayed) : Network(seed, groups_config(relayed)), chance(seed) {
    for (size_t i = 0; i < kCallers; ++i) {
      add("caller" + std::to_string(i), "10.0.1." + std::to_string(i + 1));
    }
    for (size_t i = 0; i < kMembers; ++i) {
      add("member" + std::to_string(i), "10.0.2." + std::to_string(i + 1)).habits.has_a_mind = true;
    }
    for (size_t i = 0; i < kGroups; ++i) make_group(i);
    std::vector<store::MemberRecord> inner(2);
    inner[0].name = "600";
    inner[1].name = "601";
    inner[1].delay_s = 3;
    store::GroupRecord outer;
    outer.name = "605";
    REQUIRE(exchange.add_group(outer, inner));
    exchange.remember_pools();
    register_all();
  }

  Phone& add(const std::string& user, const std::string& address) {
    Phone& phone =
        add_phone(user, address, any(2) == 0 ? sip::Transport::Udp : sip::Transport::Tcp);
    phone.habits.describes = true;
    return phone;
  }

  void make_group(size_t index) {
    const std::string name = "60" + std::to_string(index);
    std::vector<std::string> names;
    for (size_t i = 0; i < kMembers; ++i) {
      if (any(3) != 0) names.push_back("member" + std::to_string(i));
    }
    std::vector<store::MemberRecord> members(names.size());
    for (size_t i = 0; i < names.size(); ++i) {
      members[i].name = names[i];
      members[i].delay_s = static_cast<uint16_t>(any(4));
      members[i].ring_s = static_cast<uint16_t>(any(3) * 4);
    }
    store::GroupRecord record;
    record.name = name;
    record.strategy = static_cast<GroupStrategy>(index);
    record.ring_timeout_s = static_cast<uint16_t>(5 + any(20));
    record.member_ring_s = 3;
    if (any(3) == 0) record.no_answer_to = "member0";
    REQUIRE(exchange.add_group(record, members));
  }

  uint32_t any(uint32_t below) { return static_cast<uint32_t>(chance() % below); }

  void call_by_chance() {
    CallPlan plan;
    plan.talk_time = Millis(any(3000));
    plan.callee_ends = any(2) == 0;
    plan.both_end = any(4) == 0;
    if (any(3) == 0) plan.cancel_after = Millis(any(6000));
    phones[any(kCallers)].call("60" + std::to_string(any(kGroups + 1)), plan);
  }

  // Another caller takes the place of one who talks.
  void transfer_by_chance() {
    std::vector<const Call*> standing;
    for (size_t i = 0; i < kCallers; ++i) {
      for (const Call& call : phones[i].calls()) {
        if (call.outcome == 200 && !call.over) standing.push_back(&call);
      }
    }
    if (standing.empty()) return;
    const Call& call = *standing[any(static_cast<uint32_t>(standing.size()))];
    CallPlan plan;
    plan.replaces = call.id + ";to-tag=" + call.remote_tag + ";from-tag=" + call.local_tag;
    plan.talk_time = Millis(any(3000));
    if (any(3) == 0) plan.cancel_after = Millis(any(100));
    phones[any(kCallers)].call("600", plan);
    ++transfers;
  }

  // Each call has ended for both of its sides, and who has answered was told so.
  void check_group_calls() {
    size_t answered = 0;
    size_t taken = 0;
    for (const Phone& phone : phones) {
      for (const Call& call : phone.calls()) {
        if (!call.over || call.outcome == 0) findings.add(now(), call.id + " never ended");
        if (call.caller && call.outcome == 487 && !call.cancelled)
          findings.add(now(), call.id + ": ended by a CANCEL that nobody sent");
        if (call.outcome == 200 && !call.bye_sent && !call.bye_received)
          findings.add(now(), call.id + ": no BYE reached it");
        // Whoever is left alone talks for two minutes more: the other side's end has to reach it.
        if (call.outcome == 200 && call.ended_at - call.began_at > kCallsLast)
          findings.add(now(), call.id + ": was left alone");
        if (call.outcome == 200 && !call.plan.replaces.empty()) ++transferred;
        if (call.outcome == 200 && call.plan.replaces.empty()) ++(call.caller ? answered : taken);
      }
    }
    if (answered > taken) findings.add(now(), "callers were answered by nobody");
    all_answered += answered;
    check_findings();
  }

  std::mt19937_64 chance;
  size_t all_answered = 0;
  size_t transfers = 0;    // that were tried
  size_t transferred = 0;  // that were answered
};

void run(uint64_t seed, uint32_t loss, bool relayed) {
  INFO(replay(seed));
  Groups network(seed, relayed);
  network.world.default_link().loss_per_mille = loss;
  network.world.default_link().duplicate_per_mille = loss;
  network.world.default_link().delay_max = Millis(40);
  for (int i = 0; i < 60; ++i) {
    network.call_by_chance();
    network.world.run_for(Millis(network.any(1500)));
  }
  REQUIRE(network.settle());
  network.check_group_calls();
  CHECK(network.all_answered > 5);
  network.check_empty();
}

void run_transfers(uint64_t seed, uint32_t loss) {
  INFO(replay(seed));
  Groups network(seed, seed % 2 == 0);
  for (Phone& phone : network.phones) {
    if (network.any(4) == 0) phone.habits.refresh_answer = 488;
  }
  network.world.default_link().loss_per_mille = loss;
  network.world.default_link().duplicate_per_mille = loss;
  network.world.default_link().delay_max = Millis(40);
  for (int i = 0; i < 60; ++i) {
    network.call_by_chance();
    network.world.run_for(Millis(network.any(1000)));
    network.transfer_by_chance();
    network.world.run_for(Millis(network.any(500)));
  }
  REQUIRE(network.settle());
  network.check_group_calls();
  CHECK(network.transfers > 10);
  CHECK(network.transferred > 2);
  CHECK(network.transferred < network.transfers);
  network.check_empty();
}

}  // namespace

TEST_CASE("groups: transfers at any time end for everybody, and nothing stays behind" *
          doctest::description("RFC 3891 3; C24, F22")) {
  for (const uint64_t seed : seeds({11, 12, 13, 14})) run_transfers(seed, 0);
}

TEST_CASE(
    "groups: the same for transfers while a tenth of all packets is lost and a tenth doubled" *
    doctest::description("RFC 3891 3; C24, F22")) {
  for (const uint64_t seed : seeds({15, 16, 17, 18})) run_transfers(seed, 100);
}

TEST_CASE("groups: calls of all kinds end for everybody, and nothing stays behind" *
          doctest::description("R15.2, R15.3, R15.4, R16.1, R16.4, R18.4")) {
  for (const uint64_t seed : seeds({1, 2, 3, 4})) run(seed, 0, seed % 2 == 0);
}

TEST_CASE("groups: the same while a tenth of all packets is lost and a tenth doubled" *
          doctest::description("R15.3, R18.4; RFC 3261 13.3.1.4")) {
  for (const uint64_t seed : seeds({5, 6, 7, 8})) run(seed, 100, seed % 2 == 0);
}

namespace {

// alice calls a group of bob alone, and talks for an hour; sessions are of the least interval there is.
struct Dying : Network {
  explicit Dying(bool knows_timer) : Network(9, config()) {
    for (const char* const user : {"alice", "bob"}) {
      Phone& phone = add_phone(user, *user == 'a' ? "10.0.1.1" : "10.0.1.2");
      phone.habits.describes = true;
      phone.habits.knows_timer = knows_timer;
    }
    store::GroupRecord record;
    record.name = "600";
    std::vector<store::MemberRecord> members(1);
    members[0].name = "bob";
    REQUIRE(exchange.add_group(record, members));
    exchange.remember_pools();
    register_all();
    CallPlan plan;
    plan.talk_time = Millis(3'600'000);
    phones[0].call("600", plan);
    world.run_for(Millis(5'000));
    REQUIRE(phones[1].calls().size() == 1);
    REQUIRE(phones[1].calls()[0].acked);
  }

  static app::Config config() {
    app::Config config = groups_config(false);
    config.session_timer.mode = "insert";
    config.session_timer.default_s = 90;
    return config;
  }
};

}  // namespace

TEST_CASE("groups: when one side dies, the session's end is the other's too" *
          doctest::description("RFC 4028 10; R3.5, R8.4; C4")) {
  for (const size_t dead : {size_t{0}, size_t{1}}) {
    CAPTURE(dead);
    Dying network(true);
    Phone& living = network.phones[1 - dead];
    network.phones[dead].fall_silent();
    network.world.run_for(Millis(150'000));
    REQUIRE(living.calls().size() == 1);
    CHECK(living.calls()[0].bye_received);
    CHECK(living.calls()[0].over);
    CHECK(network.exchange.pool("b2bua_calls").in_use == 0);
  }
}

TEST_CASE("groups: a session that both phones keep alive goes on" *
          doctest::description("RFC 4028 7; R8.3")) {
  Dying network(true);
  network.world.run_for(Millis(600'000));
  for (const Phone& phone : network.phones) {
    CHECK_FALSE(phone.calls()[0].over);
    CHECK_FALSE(phone.calls()[0].bye_received);
  }
  CHECK(network.exchange.pool("b2bua_calls").in_use == 1);
  network.check_findings();
}

TEST_CASE("groups: where there is no transaction left for a phone the caller is told 503" *
          doctest::description("R5.5, C7")) {
  app::Config config = groups_config(false);
  config.routing.anchor = "always";
  config.capacity.transactions = 32;
  Network network(10, config);
  constexpr size_t kPhones = 4;
  constexpr size_t kCalls = 8;
  network.add_phone("bob", "10.0.2.1").habits.describes = true;
  for (size_t i = 1; i < kPhones; ++i) {
    network.add_other_phone("bob", "10.0.2." + std::to_string(i + 1)).habits.describes = true;
  }
  for (size_t i = 0; i < kCalls; ++i) {
    const std::string number = std::to_string(i + 1);
    network.add_phone("caller" + number, "10.0.1." + number).habits.describes = true;
  }
  network.register_all();
  CallPlan plan;
  plan.ring_time = Millis(20'000);
  for (size_t i = 0; i < kCalls; ++i) {
    network.phones[kPhones + i].call("bob", plan);
    network.world.run_for(Millis(200));
  }
  CHECK(network.exchange.pool("client_transactions").refusals > 0);
  size_t refused = 0;
  for (size_t i = 0; i < kCalls; ++i) {
    const Call& call = network.phones[kPhones + i].calls()[0];
    if (call.outcome == 0) continue;
    CHECK(call.outcome == 503);
    ++refused;
  }
  CHECK(refused > 0);
  CHECK(refused < kCalls);
}

namespace {

// What is left of a phone whose host was started anew: a socket, and what is said by hand.
struct BareSocket final : port::DatagramHandler {
  explicit BareSocket(port::SimHost& host) {
    int error = 0;
    socket = host.network().open_datagram({{host.addresses().front(), 5060}}, *this, error);
    REQUIRE(socket);
  }
  void send(const std::string& text, const port::SocketAddress& to) {
    const port::OutgoingDatagram datagram{text, to, {}};
    CHECK(socket->send(std::span(&datagram, 1)) == 1);
  }
  // The first message that begins so; empty without any.
  std::string find(std::string_view begin) const {
    const auto found = std::find_if(received.begin(), received.end(),
                                    [begin](const auto& text) { return text.starts_with(begin); });
    return found == received.end() ? std::string() : *found;
  }
  void on_readable(port::DatagramSocket& from) override {
    std::string room(8192, '\0');
    port::DatagramSlot slot;
    slot.buffer = room;
    while (from.receive(std::span(&slot, 1)) == 1) received.push_back(room.substr(0, slot.size));
  }
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  std::unique_ptr<port::DatagramSocket> socket;
  std::vector<std::string> received;
};

std::string line_of(const std::string& message, const std::string& name) {
  const size_t at = message.find("\r\n" + name + ": ");
  REQUIRE(at != std::string::npos);
  const size_t begin = at + name.size() + 4;
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

// Of the request, with the tag of the one who answers.
std::string reply_to(const std::string& request, const std::string& status) {
  return "SIP/2.0 " + status + "\r\nVia: " + line_of(request, "Via") +
         "\r\nFrom: " + line_of(request, "From") + "\r\nTo: " + line_of(request, "To") +
         ";tag=b\r\nCall-ID: " + line_of(request, "Call-ID") +
         "\r\nCSeq: " + line_of(request, "CSeq") +
         "\r\nContact: <sip:bob@10.0.1.2>\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
         "Content-Length: 0\r\n\r\n";
}

// The records of all calls and their phones.
std::vector<store::RecordRow> records_of(Network& network) {
  store::Errands& errands = network.exchange.server().store().errands();
  std::vector<store::RecordRow> rows;
  store::RecordFilter all;
  all.with_legs = true;
  bool is_told = false;
  REQUIRE(errands.hand_over(std::make_unique<store::RecordListing>(
      all, 100, [&](store::StoreStatus, store::RecordPage& page) {
        rows = std::move(page.rows);
        is_told = true;
      })));
  REQUIRE(network.world.run_until([&] { return errands.poll() && is_told; }, Millis(10'000)));
  return rows;
}

}  // namespace

TEST_CASE("groups: a phone whose session runs out while it rings is recorded as unavailable" *
          doctest::description("RFC 4028 10, RFC 3311 5.1; R8.4")) {
  Network network(11, Dying::config());
  network.add_phone("alice", "10.0.1.1").habits.describes = true;
  port::SimHost& host = network.add_phone("bob", "10.0.1.2").host;
  store::GroupRecord record;
  record.name = "600";
  record.ring_timeout_s = record.member_ring_s = 170;
  std::vector<store::MemberRecord> members(1);
  members[0].name = "bob";
  REQUIRE(network.exchange.add_group(record, members));
  network.register_all();
  host.crash();
  network.phones.pop_back();
  host.restart();
  BareSocket bob(host);
  const port::SocketAddress server{*port::parse_ip(kServer4), 5060};

  network.phones[0].call("600", {});
  network.world.run_for(Millis(500));
  const std::string invite = bob.find("INVITE ");
  REQUIRE(!invite.empty());
  bob.send(reply_to(invite, "180 Ringing"), server);
  network.world.run_for(Millis(500));
  const std::string contact = line_of(invite, "Contact");
  const size_t uri = contact.find('<') + 1;
  bob.send("UPDATE " + contact.substr(uri, contact.find('>') - uri) +
               " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.1.2;branch=z9hG4bKupdate\r\nMax-Forwards: 70\r\n"
               "From: " +
               line_of(invite, "To") + ";tag=b\r\nTo: " + line_of(invite, "From") +
               "\r\nCall-ID: " + line_of(invite, "Call-ID") +
               "\r\nCSeq: 1 UPDATE\r\n"
               "Contact: <sip:bob@10.0.1.2>\r\nSupported: timer\r\n"
               "Session-Expires: 90;refresher=uac\r\nContent-Length: 0\r\n\r\n",
           server);
  network.world.run_for(Millis(500));
  REQUIRE(!bob.find("SIP/2.0 200").empty());

  network.world.run_for(Millis(95'000));
  const std::string cancel = bob.find("CANCEL ");
  REQUIRE(!cancel.empty());
  bob.send(reply_to(cancel, "200 OK"), server);
  bob.send(reply_to(invite, "487 Request Terminated"), server);
  network.world.run_for(Millis(5'000));
  CHECK(network.phones[0].calls()[0].outcome == 480);
  const std::vector<store::RecordRow> rows = records_of(network);
  REQUIRE(rows.size() == 2);
  for (const store::RecordRow& row : rows) {
    CAPTURE(row.leg);
    CHECK(row.status == 480);
    CHECK(row.outcome == store::RecordOutcome::NoAnswer);
    CHECK(row.ended > row.begun);
  }
}
