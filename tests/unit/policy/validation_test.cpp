#include "server/policy/validation.h"

#include <doctest/doctest.h>

#include <string>

#include "service/via_management.h"
#include "support/service_bench.h"

using namespace tipring;
using namespace tipring::policy;

namespace {

class Bench final : public sim::ServiceBench, public Domains {
 public:
  explicit Bench(port::SimWorld& world, bool forward_unknown = true)
      : ServiceBench(world), validation(environment, forward_unknown) {
    REQUIRE(start());
  }

  Job job(const std::string& method, const std::string& uri, bool routed_on = false) {
    return job_of(environment, *this, parse_request(method, uri, ""),
                  read_request_uri(sip::ParsedUri(uri), !routed_on), routed_on);
  }

  Refusal check(const std::string& method, const std::string& uri, const std::string& lines = "",
                const std::string& body = "") {
    const sip::MessageView& request = parse_request(method, uri, lines, body);
    const RequestUri parsed_uri = read_request_uri(sip::ParsedUri(uri), true);
    const MessageRef buffer;
    const transport::Flow flow;
    return validation.check({request, buffer, flow, Millis(0)}, parsed_uri,
                            job_of(environment, *this, request, parsed_uri, false));
  }

 private:
  std::optional<std::string_view> domain_of(std::string_view host_name,
                                            uint16_t port) const override {
    if (host_name == "10.0.0.9" && port == 0) return std::string_view();  // listens on another port
    if (port != 0 && port != sip::kSipPort) return std::nullopt;
    if (host_name == "tipring" || host_name == "10.0.0.1") return std::string_view();
    return std::nullopt;
  }

 public:
  Validation validation;
};

}  // namespace

TEST_CASE("job: by Request-URI, method and Route" * doctest::description("RFC 3261 16.4, 10.3")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.job("REGISTER", "sip:tipring") == Job::Register);
  CHECK(bench.job("REGISTER", "sip:10.0.0.1:5060") == Job::Register);
  CHECK(bench.job("REGISTER", "sip:elsewhere") == Job::Proxy);
  CHECK(bench.job("REGISTER", "sip:tipring", true) == Job::Proxy);
  CHECK(bench.job("OPTIONS", "sip:tipring") == Job::AnswerHere);
  CHECK(bench.job("OPTIONS", "sip:10.0.0.1:5060;transport=udp") == Job::AnswerHere);
  CHECK(bench.job("OPTIONS", "sip:10.0.0.1:5062") == Job::Proxy);
  CHECK(bench.job("OPTIONS", "sip:10.0.0.9") == Job::AnswerHere);
  CHECK(bench.job("OPTIONS", "sip:10.0.0.9:5062") == Job::Proxy);
  CHECK(bench.job("OPTIONS", "sip:10.0.0.9;maddr=10.0.0.1") == Job::Proxy);
  CHECK(bench.job("OPTIONS", "sip:tipring", true) == Job::Proxy);
  CHECK(bench.job("INVITE", "sip:bob@tipring") == Job::Proxy);
  CHECK(bench.job("INVITE", "sip:bob@elsewhere") == Job::Proxy);
}

TEST_CASE("validation: a scheme that we do not know is 416, and a broken URI 400" *
          doctest::description("RFC 3261 16.3 step 2")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.check("INVITE", "fax:1234").status == 416);
  CHECK(bench.check("INVITE", "sip:").status == 400);
  CHECK(bench.check("INVITE", "sip:bob@tipring").status == 0);
}

TEST_CASE("validation: a Request-URI with headers is 400, and the reason names it" *
          doctest::description("RFC 3261 19.1.1; RFC 4475 3.1.2.11; R14.2")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.check("INVITE", "sip:bob@tipring?Route=%3Csip:x%3E").status == 400);
  const Refusal refusal = bench.check("INVITE", "sip:bob@tipring:0");
  CHECK(refusal.reason == "Bad Request - Request-URI: bad port");
  CHECK(refusal.headers == "Warning: 399 tipring \"Request-URI: bad port\"\r\n");
}

TEST_CASE("validation: the addresses that count are good, and a 400 names which is not" *
          doctest::description("RFC 3261 16.3 step 1, 10.3 step 5; RFC 4475 3.1.2.13; R14.2")) {
  port::SimWorld world(1);
  Bench bench(world);
  const char* const bad = ": <sip:a@b:x>\r\n";
  for (const std::string name : {"Route", "Record-Route", "Contact"}) {
    CAPTURE(name);
    const Refusal refusal = bench.check("INVITE", "sip:bob@tipring", name + bad);
    CHECK(refusal.status == 400);
    CHECK(refusal.reason == "Bad Request - " + name + ": bad port");
  }
  CHECK(bench.check("REGISTER", "sip:tipring", "Contact: sip:a@b?Route=%3Csip:c%3E\r\n").status ==
        400);
  CHECK(bench.check("REGISTER", "sip:tipring", "Contact: *\r\n").status == 0);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Contact: *\r\n").status == 400);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Contact: <tel:+1212>\r\n").status == 0);
  CHECK(bench.check("ACK", "sip:bob@tipring", "Contact: <sip:a@b:x>\r\n").status == 0);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Date: never\r\n").status == 0);
}

TEST_CASE("validation: a session interval that cannot be read is 400, where we work with it" *
          doctest::description("RFC 4028 8.1; RFC 3261 16.3 step 1; R14.2")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string uri = "sip:bob@tipring";
  CHECK(bench.check("INVITE", uri, "Session-Expires: soon\r\n").reason ==
        "Bad Request - Session-Expires: bad number");
  CHECK(bench.check("UPDATE", uri, "Min-SE: -1\r\n").reason == "Bad Request - Min-SE: bad number");
  CHECK(bench.check("INVITE", uri, "Session-Expires: 1800;refresher=uac\r\n").status == 0);
  CHECK(bench.check("MESSAGE", uri, "Session-Expires: soon\r\n").status == 0);
}

TEST_CASE("validation: the server itself takes OPTIONS and REGISTER, and tells so" *
          doctest::description("RFC 3261 8.2.1; R4.4, C3")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* method : {"INVITE", "MESSAGE", "FOO"}) {
    CAPTURE(method);
    const Refusal refusal = bench.check(method, "sip:tipring");
    CHECK(refusal.status == 405);
    CHECK(refusal.headers == "Allow: OPTIONS, REGISTER\r\n");
  }
  CHECK(bench.check("OPTIONS", "sip:tipring").status == 0);
  CHECK(bench.check("FOO", "sip:bob@tipring").status == 0);
}

TEST_CASE("validation: an unknown method goes to users only where that is configured" *
          doctest::description("C3: routing.forward_unknown")) {
  port::SimWorld world(1);
  Bench bench(world, false);
  const Refusal refusal = bench.check("FOO", "sip:bob@tipring");
  CHECK(refusal.status == 405);
  CHECK(refusal.headers.starts_with("Allow: INVITE, ACK, BYE"));
  CHECK(bench.check("MESSAGE", "sip:bob@tipring").status == 0);
}

TEST_CASE("validation: Max-Forwards 0 ends what is to be forwarded, not what is for us" *
          doctest::description("RFC 3261 16.3 step 3")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Max-Forwards: 0\r\n").status == 483);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Max-Forwards: 1\r\n").status == 0);
  CHECK(bench.check("OPTIONS", "sip:tipring", "Max-Forwards: 0\r\n").status == 0);
  CHECK(bench.check("REGISTER", "sip:tipring", "Max-Forwards: 0\r\n").status == 0);
}

TEST_CASE("validation: a next hop that no host has to itself is 400 with the name of its header" *
          doctest::description("RFC 3261 16.6 step 7; C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* host :
       {"224.0.1.75", "[ff02::1]", "0.0.0.0", "[::]", "255.255.255.255", "h;maddr=239.1.2.3",
        "[::ffff:0.0.0.0]:25;transport=tcp", "10.0.0.1;maddr=0.0.0.0"}) {
    CAPTURE(host);
    const Refusal in_uri = bench.check("INVITE", std::string("sip:x@") + host);
    CHECK(in_uri.status == 400);
    CHECK(in_uri.reason.find("Request-URI") != std::string_view::npos);
    const Refusal in_route =
        bench.check("INVITE", "sip:bob@tipring", std::string("Route: <sip:") + host + ";lr>\r\n");
    CHECK(in_route.status == 400);
    CHECK(in_route.reason.find("Route") != std::string_view::npos);
  }
  CHECK(bench.check("INVITE", "sip:x@192.0.2.1;maddr=192.0.2.2").status == 0);
  // Where it does not lead anywhere it is its receiver's affair.
  const RequestUri uri = read_request_uri(sip::ParsedUri("sip:x@0.0.0.0"), false);
  CHECK_FALSE(uri.fault);
}

TEST_CASE("validation: what comes back unchanged is a loop, with another target a spiral" *
          doctest::description("RFC 5393 4.2.2, RFC 3261 16.3 step 4")) {
  port::SimWorld world(1);
  Bench bench(world);
  const sip::MessageView& request = bench.parse_request("INVITE", "sip:bob@tipring", "");
  const auto flow =
      bench.transport.flow_to(sip::Transport::Udp, {*port::parse_ip("10.0.0.2"), 5060});
  REQUIRE(flow);
  service::ViaManagement::Text text;
  const std::string ours = "Via: " +
                           std::string(service::ViaManagement::write_stateless(
                               bench.environment, *flow, request, text)) +
                           "\r\n";
  CHECK(bench.check("INVITE", "sip:bob@tipring", ours).status == 482);
  CHECK(bench.check("INVITE", "sip:carol@tipring", ours).status == 0);
  CHECK(bench.check("INVITE", "sip:bob@tipring", ours + "Route: <sip:next;lr>\r\n").status == 0);
  std::string theirs = ours;
  theirs.replace(theirs.find("10.0.0.1"), 8, "10.0.0.9");
  CHECK(bench.check("INVITE", "sip:bob@tipring", theirs).status == 0);
}

TEST_CASE("validation: required extensions are refused by their names, by whom they are meant for" *
          doctest::description("RFC 3261 8.2.2.3 and 16.3 step 5")) {
  port::SimWorld world(1);
  Bench bench(world);
  const Refusal proxied =
      bench.check("INVITE", "sip:bob@tipring", "Proxy-Require: x-a, x-b\r\nProxy-Require: x-c\r\n");
  CHECK(proxied.status == 420);
  CHECK(proxied.headers == "Unsupported: x-a, x-b, x-c\r\n");
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Require: x-a\r\n").status == 0);
  CHECK(bench.check("REGISTER", "sip:tipring", "Require: gruu\r\n").status == 420);
  const Refusal outbound = bench.check("REGISTER", "sip:tipring", "Require: path, outbound\r\n");
  CHECK(outbound.status == 420);
  CHECK(outbound.headers == "Unsupported: outbound\r\n");
  CHECK(bench.check("REGISTER", "sip:tipring", "Require: path\r\n").status == 0);
  CHECK(bench.check("OPTIONS", "sip:tipring", "Require: path\r\n").status == 0);
  CHECK(bench.check("OPTIONS", "sip:tipring", "Require: timer\r\n").status == 420);
  CHECK(bench.check("OPTIONS", "sip:tipring", "Require: gruu\r\n").status == 420);
  CHECK(bench.check("OPTIONS", "sip:tipring", "Proxy-Require: gruu\r\n").status == 0);
  CHECK(bench.check("ACK", "sip:bob@tipring", "Proxy-Require: x-a\r\n").status == 0);
}

TEST_CASE("validation: more extensions than an answer holds are refused without their names") {
  port::SimWorld world(1);
  Bench bench(world);
  const Refusal refusal =
      bench.check("REGISTER", "sip:tipring", "Require: " + std::string(2000, 'x') + "\r\n");
  CHECK(refusal.status == 420);
  CHECK(refusal.headers.empty());
}

// Faults in the order in which they are looked for, each in what it changes of an INVITE to bob.
TEST_CASE("validation: of two faults the one that stands earlier in the order is answered" *
          doctest::description("RFC 3261 16.3; R12.3")) {
  port::SimWorld world(1);
  Bench bench(world, false);
  struct Fault {
    uint16_t status;
    const char* method;
    const char* uri;
    const char* lines;
  };
  const Fault faults[] = {
      {400, "", "", "Route: broken <\r\n"},
      {400, "", "sip:bob@tipring:0", ""},
      {416, "", "fax:1", ""},
      {484, "", "tel:1", ""},
      {405, "FOO", "", ""},
      {483, "", "", "Max-Forwards: 0\r\n"},
      {420, "", "", "Proxy-Require: x, y\r\n"},
  };
  const auto either = [](const char* first, const char* second, const char* none) {
    return std::string(*first != 0 ? first : *second != 0 ? second : none);
  };
  for (const Fault& first : faults) {
    for (const Fault& second : faults) {
      if (&second < &first) continue;
      CAPTURE(first.status);
      CAPTURE(second.status);
      const std::string lines =
          &first == &second ? first.lines : std::string(first.lines) + second.lines;
      const Refusal refusal = bench.check(either(first.method, second.method, "INVITE"),
                                          either(first.uri, second.uri, "sip:bob@tipring"), lines);
      CHECK(refusal.status == first.status);
    }
  }
}

TEST_CASE("validation: numbers and calls for help are no unknown schemes" *
          doctest::description("RFC 3966 3; RFC 5031 4; RFC 3261 21.4.14, 21.4.22")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const char* uri :
       {"tel:+49-30-1", "tel:1;phone-context=x", "urn:service:sos", "URN:service:sos.fire"}) {
    CAPTURE(uri);
    CHECK(bench.check("INVITE", uri).status == 0);
  }
  CHECK(bench.check("INVITE", "urn:service:sosumi").status == 416);
  CHECK(bench.check("INVITE", "urn:service:counseling").status == 416);
  CHECK(bench.check("INVITE", "tel:").status == 400);
  CHECK(bench.check("INVITE", "tel:42").reason ==
        "Address Incomplete - Request-URI: phone-context missing");
}

TEST_CASE("validation: a Route that SIP cannot follow is 400" *
          doctest::description("RFC 3261 16.6 step 7; R14.2")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Route: <tel:+1>\r\n").reason ==
        "Bad Request - Route: unknown URI scheme");
  CHECK(bench.check("INVITE", "sip:bob@tipring", "Record-Route: <tel:+1>\r\n").status == 0);
}

TEST_CASE("validation: a body for the server itself must be one that it reads" *
          doctest::description("RFC 3261 8.2.3, 7.4.1")) {
  port::SimWorld world(1);
  Bench bench(world);
  const auto status = [&](const std::string& uri, const std::string& lines) {
    return bench.check("OPTIONS", uri, lines, "body").status;
  };
  CHECK(status("sip:tipring", "Content-Type: application/sdp\r\n") == 0);
  CHECK(status("sip:tipring", "Content-Type: text/x-unknown\r\n") == 415);
  CHECK(status("sip:tipring",
               "Content-Type: text/x-unknown\r\nContent-Disposition: x;handling=optional\r\n") ==
        0);
  CHECK(status("sip:tipring", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n") ==
        415);
  CHECK(status("sip:tipring", "") == 0);
  CHECK(status("sip:tipring", "Content-Type: x\r\n") == 400);
  CHECK(status("sip:bob@tipring", "Content-Type: text/x-unknown\r\n") == 0);
  CHECK(bench.check("REGISTER", "sip:tipring", "Content-Type: text/x-unknown\r\n", "body")
            .headers.starts_with("Accept: application/sdp\r\n"));
}

TEST_CASE("validation: a request whose maddr is elsewhere is not for us" *
          doctest::description("RFC 3261 16.5")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.job("OPTIONS", "sip:tipring;maddr=10.0.0.9") == Job::Proxy);
  CHECK(bench.job("REGISTER", "sip:tipring;maddr=10.0.0.9") == Job::Proxy);
  const auto domain = [&](std::string_view uri) {
    return domain_of_target(bench, sip::ParsedUri(uri));
  };
  CHECK_FALSE(domain("sip:bob@tipring;maddr=10.0.0.9").has_value());
  CHECK(domain("sip:bob@tipring") == std::string_view());
  CHECK(domain("urn:service:sos") == std::string_view());
}
