// The stateless proxy, composed on the transport layer alone: RFC 3261 16.11.
#include <doctest/doctest.h>

#include "bench.h"
#include "service/stateless_proxy.h"

using namespace tipring;
using proxy::Message;
using proxy::Phone;
using service::StatelessProxy;

namespace {

// On 10.0.0.1; sends everything to 10.0.0.3, and refuses who asks for "nobody".
class Stateless final : public sim::Node,
                        public service::OwnNames,
                        public service::StatelessRouting {
 public:
  explicit Stateless(port::SimWorld& world, HashKey key = {1, 2}, const char* name = "stateless",
                     const char* address = "10.0.0.1")
      : Node(world, name, address, kTinyLimits),
        own_address_(address),
        proxy(transport, slabs, *this, *this, key) {
    const transport::ListenPoint points[] = {
        {sip::Transport::Udp, {*port::parse_ip(address), 5060}},
        {sip::Transport::Tcp, {*port::parse_ip(address), 5060}}};
    transport::TransportOptions options;
    options.listen = points;
    transport::ListenPoint failed;
    REQUIRE(transport.start(options, proxy, failed) == 0);
  }

  bool is_own(std::string_view name, uint16_t port) const override {
    return name == own_address_ && (port == 0 || port == 5060);
  }
  service::StatelessRoute route(const service::Incoming& request, sip::RequestEdit& edit) override {
    const auto& uri = request.message.parsed_request_uri();
    if (uri && uri->user == "nobody") return {404, {}};
    edit.request_uri = "sip:bob@10.0.0.3";
    return {0, *transport.flow_to(sip::Transport::Udp, {*port::parse_ip("10.0.0.3"), 5060})};
  }

 private:
  std::string own_address_;

 public:
  StatelessProxy proxy;
};

std::string request(const std::string& method, const std::string& branch,
                    const std::string& user = "bob", const std::string& via = "UDP 10.0.0.2",
                    const std::string& lines = "Max-Forwards: 70\r\n") {
  return method + " sip:" + user + "@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/" + via +
         (branch.empty() ? "" : ";branch=" + branch) + "\r\n" + lines +
         "From: <sip:alice@h>;tag=a\r\nTo: <sip:bob@h>\r\nCall-ID: 1\r\nCSeq: 1 " + method +
         "\r\nContent-Length: 0\r\n\r\n";
}

std::string answer(const Message& request, const std::string& status) {
  std::string text = "SIP/2.0 " + status + "\r\n";
  for (const std::string& via : request.lines("Via")) text += "Via: " + via + "\r\n";
  for (const char* name : {"From", "To", "Call-ID", "CSeq"}) {
    text += std::string(name) + ": " + request.line(name) + "\r\n";
  }
  return text + "Content-Length: 0\r\n\r\n";
}

std::string branch_of(const Message& message) {
  const std::string via = message.line("Via");
  return via.substr(via.find(";branch=") + 8);
}

struct Bench {
  port::SimWorld world{1};
  Stateless exchange{world};
  Phone alice{world, "10.0.0.2"};
  Phone bob{world, "10.0.0.3"};

  std::string forwarded(const std::string& text) {
    alice.send(text);
    return branch_of(bob.take());
  }
};

}  // namespace

TEST_CASE("stateless: a request and its response pass, and nothing is kept of them" *
          doctest::description("RFC 3261 16.11, 16.6; F11")) {
  Bench bench;
  bench.alice.send(request("INVITE", "z9hG4bK1"));
  const Message got = bench.bob.take();
  CHECK(got.first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(got.line("Max-Forwards") == "69");
  REQUIRE(got.lines("Via").size() == 2);
  CHECK(got.lines("Via")[0].starts_with("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK"));
  CHECK(bench.alice.got_nothing());  // no 100
  bench.bob.send(answer(got, "180 Ringing"));
  const Message back = bench.alice.take();
  CHECK(back.first_line() == "SIP/2.0 180 Ringing");
  CHECK(back.lines("Via").size() == 1);
  bench.bob.send(answer(got, "200 OK"));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.bob.got_nothing(Millis(2000)));  // nothing is sent again
  CHECK(bench.exchange.leftovers() == "");
  CHECK(bench.exchange.proxy.counters().requests == 1);
  CHECK(bench.exchange.proxy.counters().responses == 2);
}

TEST_CASE("stateless: a retransmission, a CANCEL and an ACK have the branch of their request" *
          doctest::description("RFC 3261 16.11; F11")) {
  Bench bench;
  const std::string first = bench.forwarded(request("INVITE", "z9hG4bK1"));
  CHECK(bench.forwarded(request("INVITE", "z9hG4bK1")) == first);
  CHECK(bench.forwarded(request("CANCEL", "z9hG4bK1")) == first);
  CHECK(bench.forwarded(request("ACK", "z9hG4bK1")) == first);
  CHECK(bench.forwarded(request("INVITE", "z9hG4bK2")) != first);
  CHECK(bench.forwarded(request("INVITE", "z9hG4bK1", "bob", "UDP 10.0.0.2:5061")) != first);
}

TEST_CASE("stateless: of an older client without the cookie the whole request decides" *
          doctest::description("RFC 3261 16.11; F11, G1")) {
  Bench bench;
  const std::string first = bench.forwarded(request("INVITE", "1"));
  CHECK(bench.forwarded(request("INVITE", "1")) == first);
  CHECK(bench.forwarded(request("CANCEL", "1")) == first);
  std::string next = request("INVITE", "1");
  next.replace(next.find("CSeq: 1"), 7, "CSeq: 2");
  CHECK(bench.forwarded(next) != first);
  std::string tagged = request("INVITE", "1");
  tagged.replace(tagged.find("tag=a"), 5, "tag=b");
  CHECK(bench.forwarded(tagged) != first);
}

TEST_CASE("stateless: after a restart the branch is the same, with another key it is not" *
          doctest::description("RFC 3261 16.11; F11")) {
  const auto branch_with = [](HashKey key, uint64_t seed) {
    port::SimWorld world(seed);
    Stateless exchange(world, key);
    Phone alice(world, "10.0.0.2");
    Phone bob(world, "10.0.0.3");
    alice.send(request("INVITE", "z9hG4bK1"));
    return branch_of(bob.take());
  };
  CHECK(branch_with({1, 2}, 1) == branch_with({1, 2}, 2));
  CHECK(branch_with({1, 2}, 1) != branch_with({3, 4}, 1));
}

TEST_CASE("stateless: what may not go on is refused, and the refusal comes again alike" *
          doctest::description("RFC 3261 16.3, 8.2.7")) {
  Bench bench;
  bench.alice.send(request("INVITE", "z9hG4bK1", "bob", "UDP 10.0.0.2", "Max-Forwards: 0\r\n"));
  const Message refused = bench.alice.take();
  CHECK(refused.first_line() == "SIP/2.0 483 Too Many Hops");
  CHECK(refused.line("To").find(";tag=") != std::string::npos);
  bench.alice.send(request("INVITE", "z9hG4bK1", "bob", "UDP 10.0.0.2", "Max-Forwards: 0\r\n"));
  CHECK(bench.alice.take().text == refused.text);
  bench.alice.send(request("MESSAGE", "z9hG4bK2", "nobody"));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 404 Not Found");
  bench.alice.send(request("ACK", "z9hG4bK3", "nobody"));
  std::string faulty = request("INVITE", "z9hG4bK4");
  faulty.erase(faulty.find("Call-ID"), 12);
  CHECK(bench.alice.got_nothing());
  bench.alice.send(faulty);
  CHECK(bench.alice.take().first_line().starts_with("SIP/2.0 400 "));
  CHECK(bench.bob.got_nothing());
  CHECK(bench.exchange.leftovers() == "");
}

TEST_CASE("stateless: a response that is not for us, or not from a request of ours, goes nowhere" *
          doctest::description("RFC 3261 16.11: silently discarded")) {
  Bench bench;
  Phone victim(bench.world, "10.0.0.4");
  bench.alice.send(request("INVITE", "z9hG4bK1"));
  const Message got = bench.bob.take();
  const std::string good = answer(got, "200 OK");
  std::string stray = good;
  stray.replace(stray.find("10.0.0.1:5060"), 13, "10.0.0.9:5060");
  bench.bob.send(stray);
  std::string elsewhere = good;
  elsewhere.replace(elsewhere.find("UDP 10.0.0.2"), 12, "UDP 10.0.0.4");
  bench.bob.send(elsewhere);
  std::string forged = good;
  const size_t branch = forged.find("z9hG4bK") + 7;
  forged[branch] = forged[branch] == '0' ? '1' : '0';
  bench.bob.send(forged);
  std::string ours_alone = good;
  const size_t theirs = ours_alone.find("Via: SIP/2.0/UDP 10.0.0.2");
  ours_alone.erase(theirs, ours_alone.find("\r\n", theirs) + 2 - theirs);
  bench.bob.send(ours_alone);
  CHECK(bench.alice.got_nothing());
  CHECK(victim.got_nothing());
  CHECK(bench.exchange.proxy.counters().dropped == 4);
  bench.bob.send(good);
  CHECK(bench.alice.take().first_line() == "SIP/2.0 200 OK");
}

TEST_CASE("stateless: a client behind NAT, and one on a stream, get their response where they are" *
          doctest::description("RFC 3581 4, RFC 3261 18.2.2")) {
  Bench bench;
  Phone natted(bench.world, "10.0.0.5", 40001);
  natted.send(request("OPTIONS", "z9hG4bK1", "bob", "UDP 192.168.1.2:5060;rport"));
  Message got = bench.bob.take();
  bench.bob.send(answer(got, "200 OK"));
  CHECK(natted.take().first_line() == "SIP/2.0 200 OK");
  proxy::StreamPhone stream(bench.world, "10.0.0.6");
  stream.send(request("OPTIONS", "z9hG4bK2", "bob", "TCP 10.0.0.6"));
  got = bench.bob.take();
  bench.bob.send(answer(got, "200 OK"));
  CHECK(stream.take().first_line() == "SIP/2.0 200 OK");
}
