#include "server/registrar/registrar.h"

#include "bench.h"

using namespace tipring;
using namespace tipring::test;

namespace {

// So long that a few of them make an answer that only the largest buffers hold.
std::string long_contact(int number) {
  return "Contact: <sip:alice@10.0.0.2:" + std::to_string(6000 + number) +
         ">;p=" + std::string(850, 'x') + "\r\n";
}

}  // namespace

TEST_CASE("registrar: a binding is added, refreshed, removed and expires, each with its own line" *
          doctest::description("RFC 3261 10.3; R1.2, R1.4, R6.4")) {
  Bench bench;
  const Answer added = bench.send("Contact: <sip:a@10.0.0.2>;expires=120\r\n");
  CHECK(added.status == 200);
  CHECK(added.has("Contact: <sip:a@10.0.0.2>;expires=120\r\n"));
  CHECK(bench.exchange.logged("binding_added user=alice") == 1);
  CHECK(bench.send("Contact: <sip:a@10.0.0.2>;expires=90\r\n").has(";expires=90\r\n"));
  CHECK(bench.exchange.logged("binding_refreshed user=alice") == 1);
  const Answer removed = bench.send("Contact: <sip:a@10.0.0.2>;expires=0\r\n");
  CHECK(removed.status == 200);
  CHECK(removed.contacts() == 0);
  CHECK(bench.exchange.logged("binding_removed user=alice") == 1);
  bench.send("Contact: <sip:a@10.0.0.2>;expires=60\r\n");
  bench.world.run_for(Millis(61'000));
  CHECK(bench.exchange.logged("binding_expired user=alice") == 1);
  CHECK(bench.fetch().contacts() == 0);
}

TEST_CASE("registrar: the parameter goes before the header, and both are clipped" *
          doctest::description("RFC 3261 10.3 step 7; R1.3")) {
  Bench bench;
  CHECK(bench.send("Contact: <sip:a@h>;expires=100\r\nExpires: 200\r\n")
            .has("<sip:a@h>;expires=100\r\n"));
  CHECK(bench.send("Contact: <sip:b@h>\r\nExpires: 200\r\n").has("<sip:b@h>;expires=200\r\n"));
  CHECK(bench.send("Contact: <sip:c@h>\r\n").has("<sip:c@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:d@h>;EXPIRES=99999\r\n").has("<sip:d@h>;expires=3600\r\n"));
}

TEST_CASE("registrar: an unreadable expiry counts as an hour" *
          doctest::description("RFC 3261 10.2.1.1; R1.3")) {
  registrar::RegistrarOptions options;
  options.max_expires = Millis(7'200'000);
  options.default_expires = Millis(600'000);
  Bench bench(options);
  CHECK(bench.send("Contact: <sip:a@h>;expires=soon\r\n").has("<sip:a@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:b@h>\r\nExpires: soon\r\n").has("<sip:b@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:b@h>;expires=-1\r\n").has("<sip:b@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:b@h>;expires\r\n").has("<sip:b@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:c@h>\r\n").has("<sip:c@h>;expires=600\r\n"));
}

TEST_CASE("registrar: a number above 2**32-1 counts as that" *
          doctest::description("RFC 3261 20.19; D9")) {
  registrar::RegistrarOptions options;
  options.max_expires = Millis(7'200'000);
  Bench bench(options);
  CHECK(bench.send("Contact: <sip:a@h>;expires=4294967295\r\n").has("<sip:a@h>;expires=7200\r\n"));
  CHECK(bench.send("Contact: <sip:b@h>;expires=4294967296\r\n").has("<sip:b@h>;expires=7200\r\n"));
  CHECK(bench.send("Contact: <sip:c@h>\r\nExpires: 99999999999999999999\r\n")
            .has("<sip:c@h>;expires=7200\r\n"));
}

TEST_CASE("registrar: too short an expiry gets 423 and Min-Expires" *
          doctest::description("RFC 3261 10.3 step 7; C23")) {
  Bench bench;
  const Answer answer = bench.send("Contact: <sip:a@h>;expires=59\r\n");
  CHECK(answer.status == 423);
  CHECK(answer.has("\r\nMin-Expires: 60\r\n"));
  CHECK(bench.fetch().contacts() == 0);
  CHECK(bench.send("Contact: <sip:a@h>;expires=60\r\n").status == 200);
}

TEST_CASE("registrar: one bad contact among three stores none" *
          doctest::description("RFC 3261 10.3")) {
  Bench bench;
  for (const char* bad : {"<sip:>", "<no uri>", "*", "<sip:b@h>;q=2", "<sip:b@h>;q=0.x"}) {
    CAPTURE(bad);
    CHECK(bench.send("Contact: <sip:a@h>, " + std::string(bad) + ", <sip:c@h>\r\n").status == 400);
    CHECK(bench.fetch().contacts() == 0);
  }
  CHECK(bench.send("Contact: <sip:a@h>, <sip:a@H>\r\n").status == 400);
  CHECK(bench.fetch().contacts() == 0);
}

TEST_CASE("registrar: * removes all, and only alone with Expires: 0" *
          doctest::description("RFC 3261 10.2.2")) {
  Bench bench;
  CHECK(bench.send("Contact: <sip:a@h>, <sip:b@h>\r\n").contacts() == 2);
  CHECK(bench.send("Contact: *\r\nExpires: 10\r\n").status == 400);
  CHECK(bench.send("Contact: *\r\n").status == 400);
  CHECK(bench.send("Contact: *, <sip:a@h>\r\nExpires: 0\r\n").status == 400);
  CHECK(bench.fetch().contacts() == 2);
  const Answer answer = bench.send("Contact: *\r\nExpires: 0\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.contacts() == 0);
  CHECK(bench.send("Contact: *\r\nExpires: 0\r\n").status == 200);  // nothing is left to remove
}

TEST_CASE("registrar: a CSeq that is not higher changes nothing" *
          doctest::description("RFC 3261 10.3 step 7; C23")) {
  Bench bench;
  CHECK(bench.send("Contact: <sip:a@h>\r\n", "c1", 10).status == 200);
  CHECK(bench.send("Contact: <sip:a@h>;expires=0\r\n", "c1", 10).status == 500);
  CHECK(bench.send("Contact: <sip:b@h>, <sip:a@h>;expires=90\r\n", "c1", 9).status == 500);
  CHECK(bench.send("Contact: *\r\nExpires: 0\r\n", "c1", 10).status == 500);
  const Answer fetched = bench.fetch();
  CHECK(fetched.contacts() == 1);
  CHECK(fetched.has("<sip:a@h>;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:a@h>;expires=0\r\n", "c2", 1).status == 200);  // another Call-ID
  CHECK(bench.fetch().contacts() == 0);
}

TEST_CASE("registrar: a copy that has come by another path is 482 while the first is known" *
          doctest::description("RFC 3261 8.2.2.2; C23")) {
  Bench bench;
  const std::string contact = "Contact: <sip:a@h>\r\n";
  bench.post(contact, "c1", 10);  // the copy overtakes its answer, which waits for the disk
  CHECK(bench.send(contact, "c1", 10).status == 482);
  REQUIRE(bench.world.run_until([&] { return bench.answer_count() == 2; }, Millis(1000)));
  CHECK(bench.answer(1).status == 200);
  CHECK(bench.send(contact, "c1", 10).status == 482);
  bench.world.run_for(Millis(33'000));  // Timer J
  CHECK(bench.send(contact, "c1", 10).status == 500);
  CHECK(bench.fetch().contacts() == 1);
}

TEST_CASE("registrar: another From tag, Call-ID or CSeq makes no copy" *
          doctest::description("RFC 3261 8.2.2.2")) {
  Bench bench;
  const std::string contact = "Contact: <sip:a@h>\r\n";
  CHECK(bench.send(contact, "c1", 10).status == 200);
  CHECK(bench.send(contact, "c1", 9).status == 500);
  CHECK(bench.send(contact, "c2", 10).status == 200);
  bench.from_tag = "g";
  CHECK(bench.send(contact, "c1", 11).status == 200);
  bench.from_tag = "h";
  CHECK(bench.send(contact, "c1", 11).status == 500);
}

TEST_CASE("registrar: all bindings are listed as they were sent, with q and the time" *
          doctest::description("RFC 3261 10.3 step 8, 20.17; U8")) {
  Bench bench;
  bench.send(
      "Contact: \"A\" "
      "<sip:a@h;transport=udp>;q=0.5;+sip.instance=\"<urn:x:1>\";audio;expires=100\r\n");
  const Answer answer = bench.send("Contact: <sip:b@h>;q=1.0\r\n");
  CHECK(answer.has(
      "Contact: \"A\" <sip:a@h;transport=udp>;q=0.5;+sip.instance=\"<urn:x:1>\";audio;expires="));
  CHECK(answer.has("Contact: <sip:b@h>;q=1.0;expires=3600\r\n"));
  CHECK(answer.has("\r\nDate: "));
  CHECK(answer.has(" GMT\r\n"));
}

TEST_CASE("registrar: a changed q is kept" * doctest::description("RFC 3261 10.3 step 7")) {
  Bench bench;
  bench.send("Contact: <sip:a@h>;q=0.5\r\n");
  CHECK(bench.send("Contact: <sip:a@h>;q=0.7\r\n").has("<sip:a@h>;q=0.7;expires=3600\r\n"));
  CHECK(bench.send("Contact: <sip:a@h>;q=0.700\r\n").has("<sip:a@h>;q=0.700;expires="));
}

TEST_CASE("registrar: more contacts than allowed are refused and none is stored") {
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 2;
  Bench bench(options);
  const Answer refused = bench.send("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>\r\n");
  CHECK(refused.status == 403);
  CHECK(refused.has("registrar.max_bindings_per_aor"));
  CHECK(bench.fetch().contacts() == 0);
  CHECK(bench.send("Contact: <sip:a@h>, <sip:b@h>\r\n").status == 200);
  CHECK(bench.send("Contact: <sip:a@h>;expires=0, <sip:c@h>\r\n").contacts() == 2);
}

TEST_CASE("registrar: a full pool of bindings gets 503 and Retry-After, and refreshes go on" *
          doctest::description("R5.5, C7")) {
  Limits limits = kTinyLimits;
  limits.bindings = 4;
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 100;
  Bench bench(options, limits);
  Answer answer;
  int stored = 0;
  for (int i = 0; i < 64; ++i) {
    answer = bench.send("Contact: <sip:a" + std::to_string(i) + "@h>\r\n");
    if (answer.status != 200) break;
    ++stored;
  }
  CHECK(answer.status == 503);
  CHECK(answer.has("\r\nRetry-After: "));
  CHECK(stored >= 4);
  CHECK(bench.send("Contact: <sip:a0@h>;expires=1000\r\n").contacts() == stored);
}

TEST_CASE("registrar: those who come while an update waits for the disk are served in order" *
          doctest::description("RFC 3261 10.3; R5.1")) {
  Bench bench;
  bench.post("Contact: <sip:a@h>\r\n", "c1");
  bench.post("Contact: <sip:b@h>\r\n", "c1");
  bench.post("Contact: <sip:x@h>\r\n", "c1", {}, "bob");
  REQUIRE(bench.world.run_until([&] { return bench.answer_count() == 3; }, Millis(5000)));
  for (size_t i = 0; i < 3; ++i) CHECK(bench.answer(i).status == 200);
  CHECK(bench.fetch().contacts() == 2);
  bench.world.run_for(Millis(60'000));
  CHECK(bench.exchange.registrar.stats().in_use == 0);
}

TEST_CASE("registrar: a folded contact is kept and given back on one line" *
          doctest::description("RFC 3261 7.3.1; R1.2, C9")) {
  Bench bench;
  const Answer answer =
      bench.send("Contact: <sip:alice@10.0.0.2>\r\n ;foo=bar\r\n\t;+sip.x=\"a\r\n b\"\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.has("Contact: <sip:alice@10.0.0.2>;foo=bar\t;+sip.x=\"a b\";expires="));
}

TEST_CASE("registrar: contacts that no answer could hold are refused, and nothing is stored" *
          doctest::description("RFC 3261 10.3 step 8; R1.2")) {
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 100;
  Bench bench(options, kDefaultLimits);
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    const Answer answer = bench.send(long_contact(i));
    CHECK((answer.status == 200 || (answer.status == 403 && answer.has("Too Many Contacts"))));
    refused += answer.status == 403;
    bench.world.run_for(Millis(33000));  // a large answer is kept until Timer J
  }
  CHECK(refused > 0);
  const Answer fetched = bench.fetch();
  CHECK(fetched.status == 200);
  CHECK(fetched.contacts() == 20 - refused);
}

TEST_CASE("registrar: where no buffer is free for the answer, the transaction goes with it" *
          doctest::description("RFC 3261 17.2.2; R5.5")) {
  registrar::RegistrarOptions options;
  options.max_bindings_per_aor = 100;
  Bench bench(options, kDefaultLimits);
  for (int i = 0; i < 15; ++i) {
    bench.post(long_contact(i), "c1");
    bench.world.run_for(Millis(100));
  }
  const size_t answered = bench.answer_count();
  CHECK(answered < 15);
  bench.world.run_for(Millis(60000));
  CHECK(bench.answer_count() == answered);
  CHECK(bench.exchange.transactions.server_stats().in_use == 0);
}

TEST_CASE("registrar: a path is kept with its binding and told in the answer" *
          doctest::description("RFC 3327 5.3; C23")) {
  Bench bench;
  const std::string path = "Path: <sip:edge1;lr>\r\nPath: <sip:edge2;lr>\r\n";
  const std::string contact = "Contact: <sip:a@10.0.0.2>\r\n";
  const Answer answer = bench.send("Supported: path\r\n" + path + contact);
  CHECK(answer.status == 200);
  CHECK(answer.has("\r\nPath: <sip:edge1;lr>,<sip:edge2;lr>\r\n"));
  const store::User* alice = bench.exchange.store.find_user("", "alice");
  REQUIRE(alice->first_binding() != nullptr);
  CHECK(alice->first_binding()->path() == "<sip:edge1;lr>,<sip:edge2;lr>");
  // Another way to the same phone.
  CHECK(bench.send("Supported: path\r\nPath: <sip:edge3;lr>\r\n" + contact).contacts() == 1);
  CHECK(alice->first_binding()->path() == "<sip:edge3;lr>");
  CHECK_FALSE(bench.send(contact).has("\r\nPath:"));
  CHECK(alice->first_binding()->path().empty());
}

TEST_CASE("registrar: a path that the phone knows nothing of is 420, a bad one 400" *
          doctest::description("RFC 3327 5.3; C23")) {
  const std::string contact = "Contact: <sip:a@10.0.0.2>\r\n";
  Bench bench;
  const Answer refused = bench.send("Path: <sip:edge1;lr>\r\n" + contact);
  CHECK(refused.status == 420);
  CHECK(refused.has("\r\nUnsupported: path\r\n"));
  for (const std::string bad : {"<sip:edge1>", "nonsense", "<tel:1;lr>", "<sip:;lr>"}) {
    CAPTURE(bad);
    CHECK(bench.send("Supported: path\r\nPath: " + bad + "\r\n" + contact).status == 400);
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "Path: <sip:edge1.example.com;lr>\r\n";
  CHECK(bench.send("Supported: path\r\n" + many + contact).status == 400);
  CHECK(bench.fetch().contacts() == 0);
  registrar::RegistrarOptions lax;
  lax.path_needs_support = false;
  bench.exchange.registrar.swap_options(lax);
  CHECK(bench.send("Path: <sip:edge1;lr>\r\n" + contact).status == 200);
}

TEST_CASE("registrar: a Request-URI with a user is 400, or taken and logged" *
          doctest::description("RFC 3261 10.2; D4")) {
  Bench bench;
  bench.request_uri = "sip:alice@10.0.0.1";
  const Answer refused = bench.send("Contact: <sip:a@h>\r\n");
  CHECK(refused.status == 400);
  CHECK(refused.has("Request-URI: a user in it"));
  CHECK(refused.has("\r\nWarning: 399 "));
  CHECK(refused.has("registrar.lenient_request_uri"));
  registrar::RegistrarOptions options;
  options.lenient_request_uri = true;
  bench.exchange.registrar.swap_options(options);
  CHECK(bench.send("Contact: <sip:a@h>\r\n").contacts() == 1);
  CHECK(bench.exchange.logged("lenient_request_uri uri=sip:alice@10.0.0.1") == 1);
}

TEST_CASE("registrar: the service route is in every 200, when there is one" *
          doctest::description("RFC 3608 6.3")) {
  registrar::RegistrarOptions options;
  options.service_route = "<sip:edge;lr>, <sip:home;lr>";
  Bench bench(options);
  const std::string line = "\r\nService-Route: <sip:edge;lr>, <sip:home;lr>\r\n";
  CHECK(bench.send("Contact: <sip:a@h>\r\n").has(line));
  CHECK(bench.fetch().has(line));
  CHECK_FALSE(bench.send("Contact: <nonsense>\r\n").has(line));
  registrar::RegistrarOptions none;
  bench.exchange.registrar.swap_options(none);
  CHECK_FALSE(bench.fetch().has("Service-Route"));
}

TEST_CASE("registrar: who has a display name is told so under the address-of-record" *
          doctest::description("RFC 7315 4.1.2.2; C12")) {
  Bench bench;
  CHECK(bench.send("Contact: <sip:b@h>\r\n", "c1", {}, "bob")
            .has("\r\nP-Associated-URI: \"Bob \\\"B\\\" Baker\" <sip:bob@10.0.0.1>\r\n"));
  CHECK(bench.send("", "c1", {}, "bob").has("\r\nP-Associated-URI: "));
  CHECK_FALSE(bench.send("Contact: <sip:a@h>\r\n").has("P-Associated-URI"));
}
