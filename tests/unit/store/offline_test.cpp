#include "store/offline_store.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

struct Offline {
  explicit Offline(SimBench& bench)
      : store(bench.host.files(), bench.host.clock(), "/data/tipring.db", "example") {
    const StartReport report = store.open();
    REQUIRE_MESSAGE(report.ready(), report.message);
  }
  OfflineStore store;
};

}  // namespace

TEST_CASE("offline store: users made without a server are there at its start" *
          doctest::description("R9.4")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  bench.server.reset();
  {
    Offline offline(bench);
    const Credentials credentials = secret(5);
    const UserRecord bob = {"branch.example", "bob", "b.jones", "Bob", "200\n201", 1};
    REQUIRE(offline.store.put_user(bob, &credentials, PutMode::Create));
    REQUIRE(offline.store.set_credentials("", "alice", secret(6)));
    const auto users = offline.store.list_users();
    REQUIRE(users);
    REQUIRE(users->size() == 2);
    CHECK((*users)[0].name == "alice");
    CHECK((*users)[0].bindings == 1);
    CHECK((*users)[0].credentials == 3);
    CHECK((*users)[1].domain == "branch.example");
    CHECK((*users)[1].auth_name == "b.jones");
    CHECK((*users)[1].aliases == "200\n201");
  }
  bench.start();
  CHECK(bench.server->user("alice").credentials().md5 == secret(6).md5);
  CHECK(bench.server->contacts("alice").size() == 1);
  User* bob = bench.server->store().find_by_auth_name("branch.example", "b.jones");
  REQUIRE(bob != nullptr);
  CHECK(bob->display_name() == "Bob");
  CHECK(bob->credentials().sha256 == secret(5).sha256);
}

TEST_CASE("offline store: what cannot be done is refused as by the server") {
  SimBench bench;
  bench.make_user("alice");
  bench.server.reset();
  Offline offline(bench);
  OfflineStore& store = offline.store;
  CHECK(store.put_user({"", "alice", "", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Exists);
  CHECK(store.put_user({"", "bob", "", "", "", 0}, nullptr, PutMode::Change).error() ==
        Error::NotFound);
  CHECK(store.put_user({"", "bob", "alice", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Taken);
  CHECK(store.put_user({"", "", "", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Invalid);
  CHECK(store.remove_user("", "bob").error() == Error::NotFound);
  CHECK(store.set_credentials("", "bob", secret(1)).error() == Error::NotFound);
  REQUIRE(store.put_user({"", "carol", "", "", "100\n101", 0}, nullptr, PutMode::Create));
  CHECK(store.put_user({"", "101", "", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Taken);
  CHECK(store.put_user({"", "alice", "", "", "x\n100", 0}, nullptr, PutMode::Change).error() ==
        Error::Taken);
  REQUIRE(store.put_user({"", "carol", "", "", "100", 0}, nullptr, PutMode::Change));
  CHECK(store.put_user({"", "100", "", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Taken);
  REQUIRE(store.put_user({"", "101", "", "", "", 0}, nullptr, PutMode::Create));
  REQUIRE(store.put_user({"other.example", "100", "", "", "", 0}, nullptr, PutMode::Create));
  REQUIRE(store.remove_user("", "101"));
  REQUIRE(store.remove_user("", "carol"));
  REQUIRE(store.put_user({"", "alice", "", "", "100", 0}, nullptr, PutMode::Change));
  REQUIRE(store.remove_user("other.example", "100"));
  REQUIRE(store.remove_user("", "alice"));
  CHECK(store.list_users()->empty());

  bench.host.files().faults().write_error = EIO;
  CHECK(store.put_user({"", "carol", "", "", "", 0}, nullptr, PutMode::Create).error() ==
        Error::Unsupported);
  CHECK(store.failure().find("Check the disk") != std::string::npos);
}

TEST_CASE("offline store: an import is one transaction") {
  SimBench bench;
  bench.server.reset();
  {
    Offline offline(bench);
    REQUIRE(offline.store.begin());
    for (int i = 0; i < 50; ++i) {
      const std::string name = "user" + std::to_string(i);
      const UserRecord record = {"", name, "", "", "", 0};
      REQUIRE(offline.store.put_user(record, nullptr, PutMode::Either));
    }
    REQUIRE(offline.store.end());
  }
  bench.start();
  CHECK(bench.server->report.users == 50);
  bench.server.reset();
  {
    Offline offline(bench);
    REQUIRE(offline.store.begin());
    REQUIRE(offline.store.remove_user("", "user7"));
    // No end(): the tool was interrupted.
  }
  bench.start();
  CHECK(bench.server->report.users == 50);
}
