#include "store/offline_store.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

Result<void> rename(SimBench& bench, std::string_view from, std::string_view to, uint64_t tag,
                    bool with_credentials = true) {
  const Credentials credentials = secret(9);
  Server& server = *bench.server;
  return server->rename_user("", from, to, with_credentials ? &credentials : nullptr,
                             server.answers, tag);
}

void put(SimBench& bench, const UserRecord& record) {
  const uint64_t tag = bench.next_tag++;
  Server& server = *bench.server;
  REQUIRE(server->put_user(record, nullptr, PutMode::Either, server.answers, tag));
  REQUIRE(bench.wait(tag) == StoreStatus::Durable);
}

}  // namespace

TEST_CASE("store: a renamed user keeps bindings and fields, and has the new password" *
          doctest::description("R9.2, R9.3")) {
  SimBench bench;
  bench.make_user("alice");
  put(bench, {"", "alice", "", "Alice", "100\nbella\n101", 2, SessionTimerRule::Exempt});
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  REQUIRE(rename(bench, "alice", "bella", 1));
  CHECK((*bench.server)->find_user("", "alice") != nullptr);  // until it is durable
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  const auto check = [&] {
    Store& store = bench.server->store();
    CHECK(store.find_user("", "alice") == nullptr);
    CHECK(store.find_by_auth_name("", "alice") == nullptr);
    CHECK(store.user_count() == 1);
    const User& user = bench.server->user("bella");
    CHECK(store.find_by_auth_name("", "bella") == &user);
    CHECK(store.find_called("", "101") == &user);
    CHECK(user.aliases() == "100\n101");
    CHECK(user.display_name() == "Alice");
    CHECK(user.algorithms() == 2);
    CHECK(user.session_timer() == SessionTimerRule::Exempt);
    CHECK(user.credentials().md5 == secret(9).md5);
    CHECK(bench.server->contacts("bella").size() == 1);
  };
  check();
  // The old name is free, and what the user registers belongs to the new one.
  bench.make_user("alice");
  bench.make_binding("bella", "sip:bella@192.0.2.8");
  REQUIRE((*bench.server)->remove_user("", "alice", bench.server->answers, 3));
  REQUIRE(bench.wait(3) == StoreStatus::Durable);
  CHECK(bench.server->contacts("bella").size() == 2);
  bench.crash();
  CHECK(bench.server->contacts("bella").size() == 2);
  bench.server->user("bella");
}

TEST_CASE("store: a user with an auth_name of its own is renamed with its password") {
  SimBench bench;
  bench.make_user("alice");
  put(bench, {"", "alice", "login", "", "", 0});
  CHECK(rename(bench, "alice", "bella", 1).error() == Error::Mismatch);
  REQUIRE(rename(bench, "alice", "bella", 2, false));
  REQUIRE(bench.wait(2) == StoreStatus::Durable);
  bench.crash();
  CHECK(bench.server->user("bella").auth_name() == "login");
  CHECK(bench.server->user("bella").credentials().md5 == secret(7).md5);
  REQUIRE(rename(bench, "bella", "login", 3, false));
  REQUIRE(bench.wait(3) == StoreStatus::Durable);
  bench.crash();
  CHECK(bench.server->user("login").auth_name() == "login");
  CHECK(rename(bench, "login", "bella", 4, false).error() == Error::Mismatch);
}

TEST_CASE("store: a new name that another user has, or is to get, is refused") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  put(bench, {"", "bob", "login", "", "200", 0});
  for (const char* const name : {"bob", "login", "200"})
    CHECK(rename(bench, "alice", name, 1).error() == Error::Taken);
  CHECK(rename(bench, "alice", "alice", 1).error() == Error::Exists);
  CHECK(rename(bench, "alice", "", 1).error() == Error::Invalid);
  CHECK(rename(bench, "none", "other", 1).error() == Error::NotFound);

  bench.make_user("carol");
  Server& server = *bench.server;
  REQUIRE(rename(bench, "alice", "next", 1));
  CHECK(rename(bench, "carol", "next", 2).error() == Error::Taken);
  CHECK(rename(bench, "carol", "alice", 2).error() == Error::Taken);
  CHECK(server->put_user({"", "next", "", "", "", 0}, nullptr, PutMode::Either, server.answers, 2)
            .error() == Error::Taken);
  CHECK(
      server->put_user({"", "bob", "", "", "next", 0}, nullptr, PutMode::Change, server.answers, 2)
          .error() == Error::Taken);
  // What is asked of it under its old name meanwhile would come too late.
  CHECK(rename(bench, "alice", "last", 2).error() == Error::Busy);
  CHECK(server->remove_user("", "alice", server.answers, 2).error() == Error::Busy);
  CHECK(server->set_credentials("", "alice", secret(1), server.answers, 2).error() == Error::Busy);
  CHECK_FALSE(server.put("alice", 2));
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(server->user_count() == 3);
}

TEST_CASE("store: a rename waits for what was asked before it, and keeps what that has changed") {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  bench.server->add("alice", "sip:a@192.0.2.7", 1);
  REQUIRE(server->put_user({"", "alice", "", "Alice", "", 0}, nullptr, PutMode::Change,
                           server.answers, 2));
  REQUIRE(rename(bench, "alice", "bella", 3));
  REQUIRE(bench.wait(3) == StoreStatus::Durable);
  CHECK(server.user("bella").display_name() == "Alice");
  CHECK(server.contacts("bella").size() == 1);

  // Another auth_name makes the hashes wrong that came with the rename.
  REQUIRE(server->put_user({"", "bella", "login", "", "", 0}, nullptr, PutMode::Change,
                           server.answers, 4));
  REQUIRE(rename(bench, "bella", "carol", 5));
  REQUIRE(bench.wait(5) == StoreStatus::Rejected);
  CHECK(server.user("bella").auth_name() == "login");

  REQUIRE(server->remove_user("", "bella", server.answers, 6));
  REQUIRE(rename(bench, "bella", "carol", 7, false));
  CHECK(bench.wait(7) == StoreStatus::Gone);
  CHECK(server->user_count() == 0);
}

TEST_CASE("store: a rename that cannot be written changes nothing" * doctest::description("R9.5")) {
  SimBench bench;
  bench.make_user("alice");
  bench.host.files().faults().read_only = true;
  REQUIRE(rename(bench, "alice", "bella", 1));
  CHECK(bench.wait(1) == StoreStatus::ReadOnly);
  CHECK((*bench.server)->find_user("", "bella") == nullptr);
  CHECK(bench.server->user("alice").credentials().md5 == secret(7).md5);
  bench.host.files().faults().read_only = false;
  REQUIRE(rename(bench, "alice", "bella", 2));
  CHECK(bench.wait(2) == StoreStatus::Durable);
}

TEST_CASE("offline store: a user is renamed as by the server") {
  SimBench bench;
  bench.make_user("alice");
  put(bench, {"", "alice", "", "Alice", "bella\n100", 0});
  bench.make_user("bob");
  put(bench, {"", "bob", "login", "", "", 0});
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  bench.server.reset();
  {
    OfflineStore store(bench.host.files(), bench.host.clock(), "/data/tipring.db", "example");
    REQUIRE(store.open().ready());
    const Credentials credentials = secret(9);
    for (const char* const name : {"bob", "login"})
      CHECK(store.rename_user("", "alice", name, &credentials).error() == Error::Taken);
    CHECK(store.rename_user("", "alice", "bella", nullptr).error() == Error::Mismatch);
    CHECK(store.rename_user("", "alice", "alice", &credentials).error() == Error::Exists);
    CHECK(store.rename_user("", "none", "bella", &credentials).error() == Error::NotFound);
    REQUIRE(store.rename_user("", "alice", "bella", &credentials));
    CHECK(store.rename_user("", "bob", "carol", &credentials).error() == Error::Mismatch);
    REQUIRE(store.rename_user("", "bob", "alice", nullptr));
  }
  bench.start();
  const User& bella = bench.server->user("bella");
  CHECK(bella.auth_name() == "bella");
  CHECK(bella.aliases() == "100");
  CHECK(bella.display_name() == "Alice");
  CHECK(bella.credentials().md5 == secret(9).md5);
  CHECK(bench.server->contacts("bella").size() == 1);
  CHECK(bench.server->user("alice").auth_name() == "login");
  CHECK(bench.server->user("alice").credentials().md5 == secret(7).md5);
}
