#include "server/registrar/same_phone.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::test;

namespace {

const std::string kUuid = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

std::string with_instance(const std::string& uri, const std::string& urn,
                          const std::string& more = "") {
  return "Contact: <" + uri + ">;+sip.instance=\"<" + urn + ">\"" + more + "\r\n";
}

std::string at(int port) { return "Contact: <sip:a@10.0.0.2:" + std::to_string(port) + ">\r\n"; }

// A binding that came over a connection of an earlier life, so that it is gone.
store::BindingFields over_lost_tcp(std::string_view contact, const Bench& bench) {
  store::BindingFields fields;
  fields.contact = contact;
  fields.call_id = "old";
  fields.cseq = 1;
  fields.received = {*port::parse_ip("10.0.0.2"), 40001};
  fields.local = {*port::parse_ip("10.0.0.1"), 5060};
  fields.transport = static_cast<uint8_t>(sip::Transport::Tcp);
  fields.listener = 1;
  fields.flow = 77;
  fields.expires_at = bench.world.now() + Millis(600'000);
  return fields;
}

}  // namespace

TEST_CASE("same phone: the same flow of the same phone replaces its old contact" *
          doctest::description("RFC 5626 6; D7")) {
  Bench bench;
  bench.send(with_instance("sip:a@10.0.0.2:5060", kUuid, ";reg-id=1"));
  const Answer moved = bench.send(with_instance("sip:a@10.0.0.9:7777", kUuid, ";reg-id=1"), "c2");
  CHECK(moved.contacts() == 1);
  CHECK(moved.has("<sip:a@10.0.0.9:7777>"));
  CHECK(bench.send(with_instance("sip:a@10.0.0.9:8888", kUuid, ";reg-id=2"), "c2").contacts() == 2);
  CHECK(bench.send(with_instance("sip:a@h", "urn:uuid:other", ";reg-id=1")).contacts() == 3);
}

TEST_CASE("same phone: an instance without reg-id replaces its binding without one" *
          doctest::description("RFC 5626 4.1, 6; D7")) {
  Bench bench;
  bench.send(with_instance("sip:a@10.0.0.2:5060", kUuid));
  std::string upper = kUuid;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const Answer again = bench.send(with_instance("sip:a@10.0.0.2:5070", upper), "c2");
  CHECK(again.contacts() == 1);
  CHECK(again.has(":5070>"));
  // Other namespaces mind the case of what follows them.
  bench.send(with_instance("sip:b@h:1", "urn:x:Abc"));
  CHECK(bench.send(with_instance("sip:b@h:2", "URN:X:Abc")).contacts() == 2);
  CHECK(bench.send(with_instance("sip:b@h:3", "urn:x:abc")).contacts() == 3);
  // One flow of it is another binding.
  CHECK(bench.send(with_instance("sip:a@10.0.0.2:5080", kUuid, ";reg-id=1")).contacts() == 4);
}

TEST_CASE("same phone: phones without an instance of their own send zeros" *
          doctest::description("RFC 5626 4.1; D7")) {
  Bench bench;
  const std::string nil = "urn:uuid:00000000-0000-0000-0000-000000000000";
  bench.send(with_instance("sip:c@h:1", nil));
  CHECK(bench.send(with_instance("sip:c@h:2", nil)).contacts() == 2);
}

TEST_CASE("same phone: a reg-id without an instance says nothing" *
          doctest::description("RFC 5626 6")) {
  Bench bench;
  bench.send("Contact: <sip:a@h:1>;reg-id=1\r\n");
  CHECK(bench.send("Contact: <sip:a@h:2>;reg-id=1\r\n").contacts() == 2);
}

TEST_CASE("same phone: a flow is registered alone" * doctest::description("RFC 5626 6")) {
  Bench bench;
  const std::string flow = ";+sip.instance=\"<" + kUuid + ">\";reg-id=1";
  CHECK(bench.send("Contact: <sip:a@h:1>" + flow + ", <sip:a@h:2>\r\n").status == 400);
  CHECK(bench.fetch().contacts() == 0);
  CHECK(bench.send("Contact: <sip:a@h:1>" + flow + ", <sip:a@h:2>;expires=0\r\n").contacts() == 1);
}

TEST_CASE("same phone: the contacts of one REGISTER stay apart, also when they are refreshed" *
          doctest::description("RFC 3261 10.3; D16")) {
  Bench bench;
  const std::string both = "Contact: <sip:a@10.0.0.2:1>;+sip.instance=\"<" + kUuid +
                           ">\", <sip:a@10.0.0.2:2>;+sip.instance=\"<" + kUuid + ">\"\r\n";
  CHECK(bench.send(both).contacts() == 2);
  CHECK(bench.send(both).contacts() == 2);
  bench.port = 5070;
  CHECK(bench.send(both, "c2").contacts() == 2);
  // Started again at other ports: the two old ones go.
  const Answer moved =
      bench.send("Contact: <sip:a@10.0.0.2:3>;+sip.instance=\"<" + kUuid +
                     ">\", <sip:a@10.0.0.2:4>;+sip.instance=\"<" + kUuid + ">\"\r\n",
                 "c3");
  CHECK(moved.contacts() == 2);
  CHECK(moved.has(":3>"));
  CHECK(moved.has(":4>"));
}

TEST_CASE("same phone: a refresh under another Call-ID is no second binding" *
          doctest::description("RFC 3261 10.3 step 7; D7")) {
  Bench bench;
  bench.send(at(5060), "c1", 7);
  bench.port = 5070;
  const Answer answer = bench.send(at(5060), "c2", 1);
  CHECK(answer.status == 200);
  CHECK(answer.contacts() == 1);
}

TEST_CASE("same phone: one Call-ID from another socket and another port is a phone that moved" *
          doctest::description("D7")) {
  Bench bench;
  bench.send(at(5060), "c1", 5);
  bench.port = 5070;
  CHECK(bench.send(at(5070), "c1", 5).status == 500);  // late
  const Answer moved = bench.send(at(5070), "c1", 6);
  CHECK(moved.contacts() == 1);
  CHECK(moved.has(":5070>"));
  // Another host, user or parameter is another contact.
  bench.port = 5080;
  CHECK(bench.send("Contact: <sip:a@10.0.0.3:5080>\r\n", "c1", 7).contacts() == 2);
  bench.port = 5090;
  CHECK(bench.send("Contact: <sip:b@10.0.0.2:5090>\r\n", "c1", 8).contacts() == 3);
  bench.port = 5100;
  CHECK(bench.send("Contact: <sip:a@10.0.0.2:5100;transport=tcp>\r\n", "c1", 9).contacts() == 4);
  // Nor does one that goes take another with it.
  bench.port = 5110;
  CHECK(bench.send("Contact: <sip:a@10.0.0.2:5110>;expires=0\r\n", "c1", 10).contacts() == 4);
}

TEST_CASE("same phone: several contacts of one socket, one after the other, are kept" *
          doctest::description("D11")) {
  Bench bench;
  for (int port = 1; port <= 3; ++port) CHECK(bench.send(at(port)).contacts() == port);
}

TEST_CASE("same phone: phones on one host are told apart by their sockets and Call-IDs" *
          doctest::description("D11")) {
  Bench bench;
  for (uint16_t i = 1; i <= 3; ++i) {
    bench.port = static_cast<uint16_t>(5060 + i);
    CHECK(bench.send(at(bench.port), "c" + std::to_string(i)).contacts() == i);
  }
  for (uint16_t i = 1; i <= 3; ++i) {
    bench.port = static_cast<uint16_t>(5060 + i);
    CHECK(bench.send(at(bench.port), "c" + std::to_string(i)).contacts() == 3);
  }
}

TEST_CASE("same phone: one whose connection is gone comes back under another port" *
          doctest::description("D7")) {
  Bench bench;
  bench.put(over_lost_tcp("sip:a@10.0.0.2:40001;transport=tcp", bench));
  const Answer answer = bench.send(at(5060), "c2");
  CHECK(answer.contacts() == 1);
  CHECK(answer.has("<sip:a@10.0.0.2:5060>"));
}

TEST_CASE("same phone: a lost connection of another phone is left alone" *
          doctest::description("D11")) {
  Bench bench;
  bench.put(over_lost_tcp("sip:a@10.0.0.3:40001;transport=tcp", bench));
  CHECK(bench.send(at(5060), "c2").contacts() == 2);
  store::BindingFields other_agent = over_lost_tcp("sip:a@10.0.0.2:1;transport=tcp", bench);
  other_agent.user_agent = "another make";
  bench.put(other_agent);
  CHECK(bench.send(at(5061), "c3").contacts() == 4);
  store::BindingFields along_path = over_lost_tcp("sip:a@10.0.0.2:2;transport=tcp", bench);
  along_path.path = "<sip:edge;lr>";
  bench.put(along_path);
  CHECK(bench.send(at(5062), "c4").contacts() == 6);
  store::BindingFields other_instance = over_lost_tcp("sip:a@10.0.0.2:3;transport=tcp", bench);
  other_instance.instance = "<urn:x:1>";
  bench.put(other_instance);
  CHECK(bench.send(with_instance("sip:a@10.0.0.2:5063", "urn:x:2"), "c5").contacts() == 8);
}

TEST_CASE("same phone: a look-alike makes room where one of the user's places is wanted" *
          doctest::description("D7, R5.5")) {
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 3;
  Bench bench(options);
  for (uint16_t i = 1; i <= 3; ++i) {
    bench.port = static_cast<uint16_t>(5060 + i);
    CHECK(bench.send(at(bench.port), "c" + std::to_string(i)).contacts() == i);
    bench.world.run_for(Millis(1000));
  }
  bench.port = 5061;
  bench.send(at(5061), "c1");  // the first is now the one that was heard of last
  bench.port = 5070;
  const Answer answer = bench.send(at(5070), "c4");
  CHECK(answer.contacts() == 3);
  CHECK(answer.has(":5061>"));
  CHECK_FALSE(answer.has(":5062>"));
  CHECK(answer.has(":5070>"));
  // What is no look-alike has no such claim, and nothing changes.
  bench.port = 5080;
  CHECK(bench.send("User-Agent: another\r\n" + at(5080), "c5").status == 403);
  CHECK(bench.send("Contact: <sip:b@10.0.0.2:5080>\r\n", "c5").status == 403);
  const Answer kept = bench.fetch();
  CHECK(kept.contacts() == 3);
  CHECK(kept.has(":5063>"));
}

TEST_CASE("same phone: what another has registered is told by its Contact alone" *
          doctest::description("RFC 3261 10.2; D6")) {
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 2;
  Bench bench(options);
  bench.exchange.third_party = true;
  CHECK(bench.send(at(5060), "c1").contacts() == 1);
  bench.port = 5070;
  CHECK(bench.send(at(5070), "c1").contacts() == 2);  // nothing is known of where its phone is
  const store::User* alice = bench.exchange.store.find_user("", "alice");
  CHECK(alice->first_binding()->received().port == 0);
  bench.port = 5080;
  CHECK(bench.send(at(5080), "c2").status == 403);
  // The phone itself takes its binding over.
  bench.exchange.third_party = false;
  CHECK(bench.send(at(5070), "c3").contacts() == 2);
}
