#include "server/registrar/contact.h"

#include "bench.h"
#include "sip/method.h"

using namespace tipring;
using namespace tipring::test;

TEST_CASE("contact: any URI may be registered, and is given back as it came" *
          doctest::description("RFC 3261 10.2.1, 10.3 step 7")) {
  Bench bench;
  const Answer answer = bench.send(
      "Contact: <mailto:alice@example.com>, tel:+15551234;x=y, <http://h/~a?b;c>, <urn:x:1>\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.has("Contact: <mailto:alice@example.com>;expires=3600\r\n"));
  CHECK(answer.has("Contact: <tel:+15551234>;x=y;expires=3600\r\n"));
  CHECK(answer.has("Contact: <http://h/~a?b;c>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <mailto:alice@example.com>;expires=0\r\n").contacts() == 3);
  for (const char* bad : {"<tel:>", "<mailto:a b>", "<mailto:a\"b>", "<x:a\\b>", "<sip:a@h:x>"}) {
    CAPTURE(bad);
    CHECK(bench.send("Contact: " + std::string(bad) + "\r\n").status == 400);
  }
  CHECK(bench.fetch().contacts() == 3);
}

TEST_CASE("contact: its display name is given back as it came, and may change" *
          doctest::description("RFC 3261 10.3 step 8; D11")) {
  Bench bench;
  const char* const named =
      "Contact: \"Alice \\\"A\\\"\" <sip:a@h>;q=0.5, Home Phone <sip:b@h>\r\n";
  const Answer answer = bench.send(named);
  CHECK(answer.has("Contact: \"Alice \\\"A\\\"\" <sip:a@h>;q=0.5;expires=3600\r\n"));
  CHECK(answer.has("Contact: Home Phone <sip:b@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: Other <sip:b@h>\r\n").has("Contact: Other <sip:b@h>;"));
  CHECK(bench.send("Contact: \"A\r\n B\" <sip:b@h>\r\n").has("Contact: \"A B\" <sip:b@h>;"));
  CHECK(bench.send("Contact: <sip:b@h>\r\n").has("Contact: <sip:b@h>;"));
  CHECK(bench.fetch().contacts() == 2);
}

TEST_CASE("contact: a sips contact is taken only where all the way to it is sips" *
          doctest::description("RFC 5630 5.2; D12")) {
  Bench bench;
  const std::string safe = "Contact: <sips:a@h>\r\n";
  CHECK(bench.send(safe).status == 400);
  bench.request_uri = "sips:10.0.0.1";
  CHECK(bench.send("Contact: <sips:a@h>, <sip:b@h>\r\n").status == 400);
  CHECK(bench.send("Supported: path\r\nPath: <sip:edge;lr>\r\n" + safe).status == 400);
  CHECK(bench.fetch().contacts() == 0);
  CHECK(bench.send(safe).status == 200);
  CHECK(bench.send("Supported: path\r\nPath: <sips:edge;lr>\r\n" + safe).contacts() == 1);
  bench.request_uri = "sip:10.0.0.1";
  CHECK(bench.send("Contact: <sips:a@h>;expires=0\r\n").contacts() == 0);
}

TEST_CASE("contact: a sips address-of-record wants sips contacts" *
          doctest::description("RFC 3261 10.2.1; D12")) {
  Bench bench;
  bench.send("Contact: <sip:a@h>\r\n");
  bench.scheme = "sips";
  CHECK(bench.send("Contact: <sip:b@h>\r\n").status == 400);
  // It is the same address-of-record (RFC 5630 5.2), and what is there can be removed.
  CHECK(bench.fetch().contacts() == 1);
  CHECK(bench.send("Contact: <sip:a@h>;expires=0\r\n").contacts() == 0);
}

TEST_CASE("contact: the methods that a phone names are kept" *
          doctest::description("RFC 3840 10")) {
  Bench bench;
  bench.send("Contact: <sip:a@h>;methods=\"INVITE, BYE,FOO\"\r\n");
  const auto bit = [](sip::Method method) { return 1U << static_cast<unsigned>(method); };
  const store::User* alice = bench.exchange.store.find_user("", "alice");
  REQUIRE(alice->first_binding() != nullptr);
  CHECK(alice->first_binding()->methods() ==
        (bit(sip::Method::Invite) | bit(sip::Method::Bye) | bit(sip::Method::Other)));
  CHECK(registrar::read_methods("") == 0);
  CHECK(registrar::read_methods(",,") == 0);
}

TEST_CASE("contact: an address that is none is 400, one with too many parameters too" *
          doctest::description("RFC 3261 10.3; R14.2")) {
  Bench bench;
  CHECK(bench.send("Contact: \r\n").status == 400);
  CHECK(bench.send("Contact: ,\r\n").status == 400);
  CHECK(bench.send("Contact: *;expires=0\r\n").status == 400);
  std::string many = "Contact: <sip:a@h>";
  for (int i = 0; i < 70; ++i) many += ";p" + std::to_string(i);
  CHECK(bench.send(many + "\r\n").status == 400);
}

TEST_CASE("contact: one that no host has to itself is 400, and can still be removed" *
          doctest::description("C21; R14.2")) {
  Bench bench;
  for (const char* host : {"224.0.1.75", "[ff02::1]", "0.0.0.0", "[::]:5060", "255.255.255.255",
                           "10.0.0.2;maddr=239.1.2.3"}) {
    CAPTURE(host);
    const std::string contact = std::string("Contact: <sip:alice@") + host + ">";
    const Answer answer = bench.send(contact + "\r\n");
    CHECK(answer.status == 400);
    CHECK(answer.has("SIP/2.0 400 Bad Request - Contact: an address that is no host's\r\n"));
    CHECK(bench.send(contact + ";expires=0\r\n").status == 200);
  }
  CHECK(bench.fetch().contacts() == 0);
}

TEST_CASE("contact: the server's own host is none for a phone elsewhere" *
          doctest::description("C21")) {
  Bench bench;
  for (const char* host : {"127.0.0.1:25;transport=tcp", "127.1.2.3", "[::1]", "localhost:5070",
                           "x.LocalHost.", "[::ffff:127.0.0.1]", "10.0.0.2;maddr=127.0.0.1"}) {
    CAPTURE(host);
    const Answer answer = bench.send(std::string("Contact: <sip:alice@") + host + ">\r\n");
    CHECK(answer.status == 403);
    CHECK(answer.has("SIP/2.0 403 Forbidden - Contact: the server's own host\r\n"));
  }
  CHECK(bench.send("Contact: <sip:alice@localhosts>\r\n").status == 200);
  CHECK(bench.send("Contact: <sip:alice@notlocalhost>\r\n").status == 200);
}

TEST_CASE("path: calls are not led by it to where no contact may lead them" *
          doctest::description("RFC 3327 5.2; C21")) {
  Bench bench;
  const auto status = [&bench](const std::string& host) {
    return bench
        .send("Contact: <sip:alice@10.0.0.2>\r\nSupported: path\r\nPath: <sip:" + host + ";lr>\r\n")
        .status;
  };
  CHECK(status("10.0.0.7") == 200);
  CHECK(status("224.0.1.75") == 400);
  CHECK(status("255.255.255.255") == 400);
  CHECK(status("10.0.0.7;lr>,<sip:0.0.0.0") == 400);
  CHECK(status("127.0.0.1:25;transport=tcp") == 403);
  CHECK(status("localhost") == 403);
}

TEST_CASE("contact: another user's address here is one, one's own only with the address of a NAT" *
          doctest::description("RFC 3261 10.2.1; RFC 5393 4.2")) {
  Bench bench;
  bench.exchange.third_party = true;  // nobody's source is looked at then
  CHECK(bench.send("Contact: <sip:alice@10.0.0.1>\r\n").status == 403);
  CHECK(bench.send("Contact: <sip:%61lice@10.0.0.1:5060;transport=tcp>\r\n").status == 403);
  CHECK(bench.send("Contact: <sip:10.0.0.1>\r\n").status == 403);
  CHECK(bench.send("Contact: <sip:bob@10.0.0.1>\r\n").status == 200);
  CHECK(bench.send("Contact: <sip:alice@10.0.0.1:5070>\r\n").status == 200);
  bench.exchange.third_party = false;
  CHECK(bench.send("Contact: <sip:alice@10.0.0.1>\r\n").status == 200);
}

TEST_CASE("contact: more of them than anyone may have are refused before they are compared") {
  Bench bench;
  std::string many = "Contact: <sip:a@h>;expires=0";
  for (int i = 0; i < 64; ++i) many += ",<sip:a" + std::to_string(i) + "@h>;expires=0";
  CHECK(bench.send(many + "\r\n").status == 403);
}
