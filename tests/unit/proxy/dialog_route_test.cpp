// The way of the requests of a dialog through the Record-Routes that its INVITE got.
#include <doctest/doctest.h>

#include "bench.h"
#include "server/proxy/flow_token.h"

using namespace tipring;
using proxy::Message;
using proxy::Phone;
using proxy::StreamPhone;

namespace {

// The two sides of a call, whatever they are connected by: messages as text.
struct Dialog {
  std::string caller_contact;
  std::string callee_contact;
  std::vector<std::string> record_routes;  // as the callee has got them

  // In a dialog between alice (tag a) and bob (tag b).
  std::string request(const std::string& method, bool from_callee, const std::string& via,
                      int cseq = 7) const {
    std::vector<std::string> routes = record_routes;
    if (!from_callee) std::reverse(routes.begin(), routes.end());
    std::string text = method + " " + (from_callee ? caller_contact : callee_contact) +
                       " SIP/2.0\r\nVia: " + via + ";branch=z9hG4bK" + method +
                       (from_callee ? "b" : "a") + "\r\nMax-Forwards: 70\r\n";
    for (const std::string& route : routes) text += "Route: " + route + "\r\n";
    const std::string alice = "<sip:alice@tipring>;tag=a";
    const std::string bob = "<sip:bob@tipring>;tag=b";
    return text + "From: " + (from_callee ? bob : alice) +
           "\r\nTo: " + (from_callee ? alice : bob) +
           "\r\nCall-ID: 1\r\nCSeq: " + std::to_string(cseq) + " " + method +
           "\r\nContent-Length: 0\r\n\r\n";
  }
};

std::string invite(const std::string& via, const std::string& contact,
                   const std::string& lines = "") {
  return "INVITE sip:bob@tipring SIP/2.0\r\nVia: " + via + ";branch=z9hG4bKi\r\n" + lines +
         "Max-Forwards: 70\r\nFrom: <sip:alice@tipring>;tag=a\r\nTo: <sip:bob@tipring>\r\n"
         "Call-ID: 1\r\nCSeq: 6 INVITE\r\nContact: <" +
         contact + ">\r\nContent-Length: 0\r\n\r\n";
}

// A REGISTER's flow: what the proxy saw `phone` send from.
template <class Device>
service::Flow flow_of(port::SimWorld& world, proxy::Exchange& exchange, Device& phone,
                      const std::string& via) {
  phone.send("OPTIONS sip:nobody@tipring SIP/2.0\r\nVia: " + via +
             ";branch=z9hG4bKf\r\nFrom: <sip:x@tipring>;tag=x\r\nTo: <sip:x@tipring>\r\n"
             "Call-ID: f\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
  const Message refused = phone.take();
  CHECK(refused.first_line() == "SIP/2.0 404 Not Found");
  world.run_for(Millis(10));
  return exchange.last_flow();
}

// The callee takes the call: tag b.
template <class Device>
void answer(Device& callee, Phone& caller, const Message& invite, const std::string& contact) {
  std::string text = "SIP/2.0 200 OK\r\n";
  for (const char* name : {"Via", "Record-Route"}) {
    for (const std::string& value : invite.lines(name)) {
      text += std::string(name) + ": " + value + "\r\n";
    }
  }
  for (const char* name : {"From", "Call-ID", "CSeq"}) {
    text += std::string(name) + ": " + invite.line(name) + "\r\n";
  }
  callee.send(text + "To: " + invite.line("To") + ";tag=b\r\nContact: <" + contact +
              ">\r\nContent-Length: 0\r\n\r\n");
  CHECK(caller.take().first_line() == "SIP/2.0 200 OK");
}

constexpr const char* kAliceVia = "SIP/2.0/UDP 10.0.0.2";
constexpr const char* kBobVia = "SIP/2.0/UDP 10.0.0.3";

}  // namespace

TEST_CASE("dialog route: phones that are where they say get one Record-Route without a flow" *
          doctest::description("RFC 3261 16.6 step 4; R2.5")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2");
  Phone bob(world, "10.0.0.3");
  exchange.bind("bob", "sip:bob@10.0.0.3");
  alice.send(invite(kAliceVia, "sip:alice@10.0.0.2"));
  const Message got = bob.take();
  const Dialog dialog{"sip:alice@10.0.0.2", "sip:bob@10.0.0.3", got.lines("Record-Route")};
  REQUIRE(dialog.record_routes.size() == 1);
  CHECK(dialog.record_routes[0].find(";ft=") == std::string::npos);
  CHECK(dialog.record_routes[0].find(";lr") != std::string::npos);
  CHECK(exchange.judged_in_dialog.back() == false);
  CHECK(alice.take().first_line().starts_with("SIP/2.0 100"));
  for (const char* method : {"ACK", "INFO", "BYE"}) {
    CAPTURE(method);
    alice.send(dialog.request(method, false, kAliceVia));
    const Message to_bob = bob.take();
    CHECK(to_bob.first_line() == std::string(method) + " sip:bob@10.0.0.3 SIP/2.0");
    CHECK(to_bob.lines("Route").empty());
    CHECK(to_bob.lines("Record-Route").empty());
  }
}

TEST_CASE("dialog route: a request in it is known by its Route, from both sides, and only there" *
          doctest::description("SPEC C21; R2.5")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2");
  Phone bob(world, "10.0.0.3");
  exchange.bind("bob", "sip:bob@10.0.0.3");
  alice.send(invite(kAliceVia, "sip:alice@10.0.0.2"));
  const Message got = bob.take();
  alice.take();  // 100
  Dialog dialog{"sip:alice@10.0.0.2", "sip:bob@10.0.0.3", got.lines("Record-Route")};
  // Nobody has answered: there is no dialog yet, whatever the cookie says.
  alice.send(dialog.request("INFO", false, kAliceVia, 6));
  bob.take();
  CHECK_FALSE(exchange.judged_in_dialog.back());
  answer(bob, alice, got, "sip:bob@10.0.0.3");
  alice.send(dialog.request("UPDATE", false, kAliceVia));
  CHECK(bob.take().first_line() == "UPDATE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(exchange.judged_in_dialog.back());
  bob.send(dialog.request("INFO", true, kBobVia));
  CHECK(alice.take().first_line() == "INFO sip:alice@10.0.0.2 SIP/2.0");
  CHECK(exchange.judged_in_dialog.back());
  // To another place than where the other side is.
  Dialog elsewhere = dialog;
  elsewhere.callee_contact = "sip:victim@10.0.0.4";
  alice.send(elsewhere.request("PRACK", false, kAliceVia));
  alice.take();
  CHECK_FALSE(exchange.judged_in_dialog.back());
  // Somebody else's cookie, and one that was made up.
  std::string other = dialog.request("MESSAGE", false, kAliceVia);
  other.replace(other.find("Call-ID: 1"), 10, "Call-ID: 2");
  alice.send(other);
  bob.take();
  CHECK_FALSE(exchange.judged_in_dialog.back());
  dialog.record_routes = {"<sip:10.0.0.1:5060;lr;tc=0123456789abcdef>"};
  alice.send(dialog.request("MESSAGE", false, kAliceVia));
  bob.take();
  CHECK_FALSE(exchange.judged_in_dialog.back());
}

TEST_CASE("dialog route: phones behind NAT are reached both ways by the flows of the call" *
          doctest::description("RFC 5626 5.3; R7.5, SPEC C22")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2", 40001);
  Phone bob(world, "10.0.0.3", 40002);
  const std::string via_a = "SIP/2.0/UDP 192.168.1.2:5060;rport";
  const std::string via_b = "SIP/2.0/UDP 192.168.7.3:5060;rport";
  const std::string contact_a = "sip:alice@192.168.1.2:5060";
  const std::string contact_b = "sip:bob@192.168.7.3:5060";
  exchange.bind("bob", contact_b, flow_of(world, exchange, bob, via_b));
  alice.send(invite(via_a, contact_a));
  const Message got = bob.take();
  alice.take();  // 100
  CHECK(got.first_line() == "INVITE " + contact_b + " SIP/2.0");
  const Dialog dialog{contact_a, contact_b, got.lines("Record-Route")};
  REQUIRE(dialog.record_routes.size() == 2);
  for (const char* method : {"ACK", "INFO", "BYE"}) {
    CAPTURE(method);
    alice.send(dialog.request(method, false, via_a));
    const Message to_bob = bob.take();
    CHECK(to_bob.first_line() == method + (" " + contact_b) + " SIP/2.0");
    CHECK(to_bob.lines("Route").empty());
  }
  for (const char* method : {"INFO", "BYE"}) {
    CAPTURE(method);
    bob.send(dialog.request(method, true, via_b));
    CHECK(alice.take().first_line() == method + (" " + contact_a) + " SIP/2.0");
  }
}

TEST_CASE("dialog route: a phone on a stream is called back on it, and elsewhere when it has gone" *
          doctest::description("RFC 5626 5.3, RFC 5658 3; R7.5")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2");
  StreamPhone bob(world, "10.0.0.3");
  const std::string via = "SIP/2.0/TCP 10.0.0.3:5062";
  const std::string contact = "sip:bob@10.0.0.3:5062;transport=tcp";  // where nobody listens
  exchange.bind("bob", contact, flow_of(world, exchange, bob, via));
  alice.send(invite(kAliceVia, "sip:alice@10.0.0.2"));
  const Message got = bob.take();
  CHECK(alice.take().first_line().starts_with("SIP/2.0 100"));
  const Dialog dialog{"sip:alice@10.0.0.2", contact, got.lines("Record-Route")};
  REQUIRE(dialog.record_routes.size() == 2);
  CHECK(dialog.record_routes[0].find(";transport=tcp") != std::string::npos);
  CHECK(dialog.record_routes[1].find(";transport=") == std::string::npos);
  alice.send(dialog.request("ACK", false, kAliceVia));
  CHECK(bob.take().first_line() == "ACK " + contact + " SIP/2.0");
  bob.send(dialog.request("INFO", true, via));
  CHECK(alice.take().first_line() == "INFO sip:alice@10.0.0.2 SIP/2.0");
  bob.close();
  alice.send(dialog.request("BYE", false, kAliceVia));
  CHECK(alice.take().first_line().starts_with("SIP/2.0 5"));  // the Contact was tried
}

TEST_CASE("dialog route: a connection of another peer in the same place is not the way" *
          doctest::description("RFC 5626 5.3; C21")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2");
  Phone bob(world, "10.0.0.3");
  StreamPhone stranger(world, "10.0.0.4");
  service::Flow flow = flow_of(world, exchange, stranger, "SIP/2.0/TCP 10.0.0.4");
  std::array<char, proxy::kFlowTokenMax> room;
  // As it is written before a restart that gives the handle to somebody else.
  flow.remote.ip = *port::parse_ip("10.0.0.3");
  const std::string token(proxy::write_flow_token({3, 4}, "1", flow, room));
  const Dialog dialog{"", "sip:bob@10.0.0.3", {"<sip:10.0.0.1;lr;ft=" + token + ">"}};
  alice.send(dialog.request("INFO", false, kAliceVia));
  CHECK(bob.take().first_line() == "INFO sip:bob@10.0.0.3 SIP/2.0");
  // And a listening point that there is no more.
  flow.transport = sip::Transport::Udp;
  flow.listener = 200;
  const std::string gone(proxy::write_flow_token({3, 4}, "1", flow, room));
  const Dialog other{"", "sip:bob@10.0.0.3", {"<sip:10.0.0.1;lr;ft=" + gone + ">"}};
  alice.send(other.request("BYE", false, kAliceVia));
  CHECK(bob.take().first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE("dialog route: behind another proxy no flow is written" *
          doctest::description("RFC 5626 5.1: the first hop alone")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone other(world, "10.0.0.2");
  Phone bob(world, "10.0.0.3");
  exchange.bind("bob", "sip:bob@10.0.0.3");
  other.send(invite(kAliceVia, "sip:alice@192.168.1.2",
                    "Via: SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKn\r\n"));
  const std::vector<std::string> routes = bob.take().lines("Record-Route");
  REQUIRE(routes.size() == 1);
  CHECK(routes[0].find(";ft=") == std::string::npos);
}

TEST_CASE("dialog route: a flow that we have not written for this call is not gone" *
          doctest::description("RFC 5626 9; C21")) {
  port::SimWorld world(1);
  proxy::Exchange exchange(world, kTinyLimits);
  Phone alice(world, "10.0.0.2");
  Phone bob(world, "10.0.0.3");
  Phone victim(world, "10.0.0.4");
  std::array<char, proxy::kFlowTokenMax> room;
  service::Flow flow;
  flow.local = {*port::parse_ip("10.0.0.1"), 5060};
  flow.remote = {*port::parse_ip("10.0.0.4"), 5060};
  const std::string forged(proxy::write_flow_token({9, 9}, "1", flow, room));
  const std::string other_call(proxy::write_flow_token({3, 4}, "2", flow, room));
  const std::string good(proxy::write_flow_token({3, 4}, "1", flow, room));
  int cseq = 10;
  for (const std::string& token : {forged, other_call, good, std::string("00")}) {
    const Dialog dialog{"", "sip:bob@10.0.0.3", {"<sip:10.0.0.1;lr;ft=" + token + ">"}};
    std::string text = dialog.request("INFO", false, kAliceVia, ++cseq);
    text.replace(text.find("z9hG4bKINFO"), 11, "z9hG4bK" + std::to_string(cseq));
    alice.send(text);
    CAPTURE(token);
    if (token == good) {
      CHECK(victim.take().first_line() == "INFO sip:bob@10.0.0.3 SIP/2.0");
    } else {
      CHECK(bob.take().first_line() == "INFO sip:bob@10.0.0.3 SIP/2.0");
    }
  }
  CHECK(victim.got_nothing());
}
