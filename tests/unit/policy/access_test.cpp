#include "server/policy/access.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "sim/node.h"
#include "sip/headers.h"

using namespace tipring;
using namespace tipring::policy;

namespace {

const sip::ParsedUri kElsewhere("sip:x@elsewhere");
const sip::ParsedUri kPhone("sip:bob@10.0.0.9");

// The rules over a real store with alice (auth name "a-42", alias "sales") and bob in it.
class Bench final : public sim::Node, public Domains, public store::StoreWaiter {
 public:
  explicit Bench(port::SimWorld& world, const AccessOptions& options = {})
      : Node(world, "exchange", "10.0.0.1", kTinyLimits),
        store({arena, host.loop(), wheel, host.clock(), host.workers(), host.files(), log, {1, 2}},
              kTinyLimits, {"/data/tipring.db", "tipring", Millis(10)}),
        nonces_(arena, HashKey{3, 4}, 0, 16),
        blocks(arena, HashKey{5, 6}, 16),
        rules(options, *this, store, host.clock()),
        authenticator_(auth_options(), nonces_, blocks, rules.secrets()) {
    rules.set_authenticator(authenticator_, blocks);
    host.files().make_directory("/data");
    REQUIRE(store.open().ready());
    put("alice", "a-42", "sales");
    put("bob", "", "");
    put("bob", "", "", "branch.example", "other secret");
    put("carol", "", "", "", "secret", store::kAlgorithmSha256);
    REQUIRE(world.run_until([&] { return stored == 4; }, Millis(1000)));
  }

  Access judge(const std::string& method, const std::string& from, const std::string& to,
               const std::string& lines = "", const service::RouteFacts& route = {}) {
    text_ = method + " " + request_uri +
            " SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <" + from +
            ">;tag=1\r\nTo: <" + to + ">" + to_params + "\r\nCall-ID: 1\r\nCSeq: 1 " + method +
            "\r\n" + lines + "\r\n";
    const sip::ParsedMessage parsed = sip::parse_message(text_, index_, sip::Framing::Datagram);
    REQUIRE(parsed.status == sip::ParseStatus::Complete);
    const MessageRef buffer;
    return rules.judge({parsed.view, buffer, flow, host.clock().monotonic()}, route);
  }

  bool may_follow(const std::string& from, const std::string& uri) {
    judge("INVITE", from, "sip:bob@tipring");
    const sip::ParsedMessage parsed = sip::parse_message(text_, index_, sip::Framing::Datagram);
    return rules.may_follow(parsed.view, *sip::parse_uri(uri));
  }

  // With the password of `user`, after a fresh challenge.
  Access prove(const std::string& method, const std::string& from, const std::string& to,
               const std::string& user, const std::string& password = "secret",
               const service::RouteFacts& route = {},
               auth::Algorithm algorithm = auth::Algorithm::Md5) {
    char nonce_text[auth::NonceTable::kNonceSize];
    const std::string nonce(nonces_.write(flow.remote.ip, host.clock().wall(), nonce_text));
    char out[auth::kDigestTextMax];
    const std::string response(
        auth::write_response(algorithm, auth::make_ha1(algorithm, user, "tipring", password).view(),
                             {method, request_uri, nonce, "auth", "00000001", "c"}, out));
    const std::string header = method == "REGISTER" ? "Authorization" : "Proxy-Authorization";
    return judge(method, from, to,
                 header + ": Digest username=\"" + user + "\", realm=\"tipring\", nonce=\"" +
                     nonce + "\", uri=\"" + request_uri + "\", response=\"" + response +
                     "\", cnonce=\"c\", qop=auth, nc=00000001, algorithm=" +
                     std::string(auth::to_text(algorithm)) + "\r\n",
                 route);
  }

  uint64_t handle(std::string_view name) const {
    return store.handle_of(*store.find_user("", name)).to_u64();
  }

  store::Store store;
  std::string to_params;  // behind the To of what is judged
  transport::Flow flow;   // by which it comes
  std::string request_uri = "sip:tipring";

 private:
  static auth::AuthOptions auth_options() {
    auth::AuthOptions options;
    options.realm = "tipring";
    return options;
  }
  void put(std::string_view name, std::string_view auth_name, std::string_view aliases,
           std::string_view domain = "", std::string_view password = "secret",
           uint8_t algorithms = 0) {
    const std::string_view login = auth_name.empty() ? name : auth_name;
    const auth::DigestValue ha1 = auth::make_ha1(auth::Algorithm::Md5, login, "tipring", password);
    store::Credentials credentials;
    std::copy_n(ha1.bytes.begin(), credentials.md5.size(), credentials.md5.begin());
    credentials.sha256 = auth::make_ha1(auth::Algorithm::Sha256, login, "tipring", password).bytes;
    credentials.present = store::kAlgorithmMd5 | store::kAlgorithmSha256;
    store::UserRecord record;
    record.domain = domain;
    record.name = name;
    record.auth_name = auth_name;
    record.aliases = aliases;
    record.algorithms = algorithms;
    REQUIRE(store.put_user(record, &credentials, store::PutMode::Create, *this, 1).has_value());
  }
  std::optional<std::string_view> domain_of(std::string_view host_name, uint16_t) const override {
    if (host_name == "tipring" || host_name == "10.0.0.1") return std::string_view();
    if (host_name == "branch.example") return std::string_view("branch.example");
    return std::nullopt;
  }
  void on_stored(uint64_t, store::StoreStatus status) override {
    stored += status == store::StoreStatus::Durable;
  }

  int stored = 0;
  auth::NonceTable nonces_;

 public:
  auth::Blocks blocks;
  AccessRules rules;

 private:
  auth::Authenticator authenticator_;
  std::string text_;
  sip::HeaderIndex index_;
};

}  // namespace

TEST_CASE("access: a REGISTER is challenged by 401, an INVITE by 407" *
          doctest::description("R1.1, C17, C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  const Access registers = bench.judge("REGISTER", "sip:alice@tipring", "sip:alice@tipring");
  CHECK(registers.status == 401);
  CHECK(registers.headers.starts_with("WWW-Authenticate: Digest realm=\"tipring\""));
  const Access invites = bench.judge("INVITE", "sip:alice@tipring", "sip:bob@tipring");
  CHECK(invites.status == 407);
  CHECK(invites.headers.starts_with("Proxy-Authenticate: Digest realm=\"tipring\""));
}

TEST_CASE("access: the digest user must own the address that it speaks for" *
          doctest::description("C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  const Access own = bench.prove("REGISTER", "sip:alice@tipring", "sip:alice@tipring", "a-42");
  CHECK(own.status == 0);
  CHECK(own.user == bench.handle("alice"));
  CHECK(bench.prove("REGISTER", "sip:sales@tipring", "sip:a-42@tipring", "a-42").status == 0);
  CHECK(bench.prove("REGISTER", "sip:alice@tipring", "sip:sales@tipring", "a-42").status == 0);
  // Where the name that is nobody's seems to have another algorithm, it is 401.
  CHECK(bench.prove("REGISTER", "sip:x@tipring", "sip:alice@tipring", "a-42").status != 0);
  CHECK(bench.prove("REGISTER", "sip:bob@tipring", "sip:alice@tipring", "a-42").status == 403);
  CHECK(bench.prove("REGISTER", "sip:alice@tipring", "sip:bob@tipring", "a-42").status == 403);
  CHECK(bench.prove("REGISTER", "sip:alice@tipring", "sip:alice@elsewhere", "a-42").status == 403);
  CHECK(bench.prove("INVITE", "sip:alice@tipring", "sip:bob@tipring", "a-42").status == 0);
  CHECK(bench.prove("INVITE", "sip:bob@tipring", "sip:alice@tipring", "a-42").status == 403);
}

TEST_CASE(
    "access: a wrong password, an unknown user and a name without secret are challenged alike" *
    doctest::description("R1.5, C6")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.prove("REGISTER", "sip:bob@tipring", "sip:bob@tipring", "bob", "wrong").status ==
        401);
  CHECK(bench.prove("REGISTER", "sip:bob@tipring", "sip:bob@tipring", "nobody").status == 401);
  CHECK(bench.prove("REGISTER", "sip:alice@tipring", "sip:alice@tipring", "alice").status == 401);
}

TEST_CASE("access: a foreign sender is refused, not asked" * doctest::description("C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.judge("INVITE", "sip:eve@elsewhere", "sip:bob@tipring").status == 403);
  CHECK(bench.prove("INVITE", "sip:eve@elsewhere", "sip:bob@tipring", "a-42").status == 403);
}

TEST_CASE("access: a name means the user of the domain that is spoken for" *
          doctest::description("C21, C22")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string here = "sip:bob@tipring";
  const std::string there = "sip:bob@branch.example";
  CHECK(bench.prove("REGISTER", here, here, "bob").user == bench.handle("bob"));
  bench.request_uri = "sip:branch.example";
  const Access other = bench.prove("REGISTER", there, there, "bob", "other secret");
  CHECK(other.status == 0);
  CHECK(other.user ==
        bench.store.handle_of(*bench.store.find_user("branch.example", "bob")).to_u64());
  CHECK(bench.prove("REGISTER", there, there, "bob").status == 401);
  bench.request_uri = "sip:tipring";
  CHECK(bench.prove("REGISTER", here, here, "bob", "other secret").status == 401);
  CHECK(bench.prove("INVITE", there, here, "bob", "other secret").status == 0);
  CHECK(bench.prove("INVITE", here, there, "bob", "other secret").status == 407);
}

TEST_CASE("access: an address-of-record of another domain than the Request-URI's is not found" *
          doctest::description("RFC 3261 10.3 step 5")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string there = "sip:bob@branch.example";
  const auto prove = [&](const std::string& password) {
    return bench.prove("REGISTER", there, there, "bob", password).status;
  };
  CHECK(prove("other secret") == 404);
  CHECK(prove("secret") == 401);  // strangers learn nothing
  bench.request_uri = "sip:branch.example";
  CHECK(prove("other secret") == 0);
  bench.request_uri = "sip:10.0.0.1";  // a phone that knows our address only
  CHECK(prove("other secret") == 0);
}

TEST_CASE("access: who registers for another is let in by a rule only" *
          doctest::description("RFC 3261 10.2, 10.3 step 4; D6")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string alice = "sip:alice@tipring";
  const std::string bob = "sip:bob@tipring";
  const std::string there = "sip:bob@branch.example";
  const auto prove = [&](const std::string& from, const std::string& to) {
    return bench.prove("REGISTER", from, to, "a-42");
  };
  CHECK(prove(alice, bob).status == 403);
  std::vector<ThirdPartyRule> rules = {{"alice", "", "bob", "tipring"},
                                       {"alice", "tipring", "nobody", ""},
                                       {"alice", "", "bob", "branch.example"}};
  bench.rules.swap_third_party(rules);
  const Access access = prove(alice, bob);
  CHECK(access.status == 0);
  CHECK(access.third_party);
  CHECK(access.user == bench.handle("bob"));
  CHECK_FALSE(prove(alice, alice).third_party);
  CHECK(prove(bob, bob).status == 403);  // in From stands who it is
  CHECK(prove(alice, "sip:carol@tipring").status == 403);
  CHECK(prove(alice, "sip:nobody@tipring").status == 404);
  CHECK(prove(alice, "sip:bob@elsewhere").status == 403);
  CHECK(bench.prove("REGISTER", bob, alice, "bob").status == 403);  // not the other way round
  CHECK(bench.prove("REGISTER", alice, bob, "a-42", "wrong").status == 401);
  CHECK(bench.prove("INVITE", bob, alice, "a-42").status == 403);  // it is for registering only
  bench.request_uri = "sip:branch.example";
  CHECK(prove(alice, there).user ==
        bench.store.handle_of(*bench.store.find_user("branch.example", "bob")).to_u64());
  CHECK(prove(alice, bob).status == 404);
}

TEST_CASE("access: a redirection leads nobody where he could not have gone by himself" *
          doctest::description("RFC 3261 16.5; C21, U21")) {
  const std::string abroad = "sip:x@elsewhere";
  for (const bool foreign : {false, true}) {
    for (const bool accept_foreign : {false, true}) {
      port::SimWorld world(1);
      AccessOptions options;
      options.foreign = foreign;
      options.accept_foreign = accept_foreign;
      Bench bench(world, options);
      CHECK(bench.may_follow("sip:alice@tipring", abroad) == foreign);
      CHECK_FALSE(bench.may_follow("sip:eve@elsewhere", abroad));
      CHECK(bench.may_follow("sip:alice@tipring", "sip:carol@tipring"));
      CHECK(bench.may_follow("sip:eve@elsewhere", "sip:carol@tipring") == accept_foreign);
    }
  }
}

TEST_CASE("access: a preloaded Route to elsewhere makes the request one to elsewhere" *
          doctest::description("RFC 3261 16.4; C21")) {
  port::SimWorld world(1);
  AccessOptions options;
  options.accept_foreign = true;
  Bench bench(world, options);
  const std::string alice = "sip:alice@tipring";
  const std::string eve = "sip:eve@elsewhere";
  const service::RouteFacts routed_on{.routed_on = true};
  CHECK(bench.judge("INVITE", eve, "sip:bob@tipring").status == 0);
  CHECK(bench.judge("INVITE", eve, "sip:bob@tipring", "", routed_on).status == 403);
  CHECK(bench.judge("INVITE", alice, "sip:bob@tipring", "", routed_on).status == 403);
  CHECK(bench.judge("REGISTER", alice, alice, "", routed_on).status == 403);
  // A strict router has put our own URI into the Request-URI.
  const service::RouteFacts strict{.request_uri = &kElsewhere};
  CHECK(bench.judge("INVITE", eve, "sip:bob@tipring", "", strict).status == 403);
  CHECK(bench.judge("INVITE", alice, "sip:bob@tipring", "", strict).status == 403);
}

TEST_CASE("access: the cookie of a dialog lets its requests pass, and begins nothing new here" *
          doctest::description("C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string eve = "sip:eve@elsewhere";
  const service::RouteFacts to_phone{.request_uri = &kPhone, .in_dialog = true};
  CHECK(bench.judge("INVITE", eve, "sip:bob@tipring", "", to_phone).status == 0);
  CHECK(bench.judge("BYE", eve, "sip:bob@tipring", "", to_phone).status == 0);
  const service::RouteFacts to_user{.in_dialog = true};
  CHECK(bench.judge("BYE", eve, "sip:bob@tipring", "", to_user).status == 0);
  CHECK(bench.judge("INVITE", eve, "sip:bob@tipring", "", to_user).status == 403);
  CHECK(bench.judge("INVITE", "sip:alice@tipring", "sip:bob@tipring", "", to_user).status == 407);
  CHECK(bench.judge("MESSAGE", "sip:alice@tipring", "sip:bob@tipring", "", to_user).status == 407);
}

TEST_CASE("access: a call from before the last start is ended by who proves who he is" *
          doctest::description("RFC 3261 12.2, 16.4; C21")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string alice = "sip:alice@tipring";
  const std::string bob = "sip:bob@tipring";
  bench.to_params = ";tag=2";
  const service::RouteFacts to_phone{.request_uri = &kPhone, .may_be_older = true};
  CHECK(bench.judge("BYE", alice, bob, "", to_phone).status == 407);
  CHECK(bench.prove("BYE", alice, bob, "a-42", "secret", to_phone).status == 0);
  CHECK(bench.judge("BYE", "sip:eve@elsewhere", bob, "", to_phone).status == 403);
  // What could begin something new may not, nor what names no dialog or goes on to elsewhere.
  CHECK(bench.judge("INVITE", alice, bob, "", to_phone).status == 403);
  CHECK(bench.judge("INVITE", alice, alice, "", to_phone).status == 403);
  const service::RouteFacts routed_on{
      .request_uri = &kPhone, .routed_on = true, .may_be_older = true};
  CHECK(bench.judge("BYE", alice, bob, "", routed_on).status == 403);
  // Calls that began since are known.
  const service::RouteFacts later{.request_uri = &kPhone};
  CHECK(bench.judge("BYE", alice, bob, "", later).status == 403);
  bench.to_params = "";
  CHECK(bench.judge("BYE", alice, bob, "", to_phone).status == 403);
}

TEST_CASE("access: an ACK reaches our phones and its dialog, and nobody else" *
          doctest::description("RFC 3261 16.11; C21")) {
  port::SimWorld world(1);
  AccessOptions options;
  options.foreign = true;
  options.accept_foreign = true;
  Bench bench(world, options);
  const std::string alice = "sip:alice@tipring";
  const service::RouteFacts elsewhere{.request_uri = &kElsewhere};
  CHECK(bench.judge("ACK", alice, "sip:bob@tipring").status == 0);
  CHECK(bench.judge("ACK", alice, "sip:x@elsewhere", "", elsewhere).status == 403);
  CHECK(bench.judge("ACK", "sip:eve@elsewhere", "sip:x@elsewhere", "", elsewhere).status == 403);
  const service::RouteFacts routed_on{.routed_on = true};
  CHECK(bench.judge("ACK", alice, "sip:bob@tipring", "", routed_on).status == 403);
  const service::RouteFacts in_dialog{.request_uri = &kElsewhere, .in_dialog = true};
  CHECK(bench.judge("ACK", "sip:eve@elsewhere", "sip:x@elsewhere", "", in_dialog).status == 0);
}

TEST_CASE("access: a user with algorithms of his own is asked by these, and others as configured" *
          doctest::description("RFC 8760 2.4; R1.1, C13")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string carol = "sip:carol@tipring";
  const Access asked = bench.judge("REGISTER", carol, carol);
  CHECK(asked.status == 401);
  CHECK(asked.headers.find("algorithm=SHA-256") != std::string::npos);
  CHECK(asked.headers.find("algorithm=MD5") == std::string::npos);
  const auto prove = [&](const std::string& user, auth::Algorithm algorithm) {
    const std::string aor = "sip:" + user + "@tipring";
    return bench.prove("REGISTER", aor, aor, user, "secret", {}, algorithm).status;
  };
  CHECK(prove("carol", auth::Algorithm::Sha256) == 0);
  CHECK(prove("carol", auth::Algorithm::Md5) == 401);
  CHECK(prove("bob", auth::Algorithm::Md5) == 0);
  CHECK(prove("bob", auth::Algorithm::Sha256) == 401);
}

TEST_CASE("access: a challenge does not tell whether there is such a user" *
          doctest::description("C6, R1.5")) {
  port::SimWorld world(1);
  Bench bench(world);  // one of its users in four is asked for SHA-256 alone
  int sha256 = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string aor = "sip:nobody" + std::to_string(i) + "@tipring";
    const bool asked =
        bench.judge("REGISTER", aor, aor).headers.find("algorithm=SHA-256") != std::string::npos;
    const std::string again(bench.judge("INVITE", aor, "sip:bob@tipring").headers);
    CHECK((again.find("algorithm=SHA-256") != std::string::npos) == asked);
    CHECK((again.find("algorithm=MD5") != std::string::npos) != asked);
    sha256 += asked ? 1 : 0;
  }
  CHECK(sha256 > 190);
  CHECK(sha256 < 310);
}
