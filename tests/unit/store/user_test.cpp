#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("store: a created user is found when it is durable, and after a crash" *
          doctest::description("R9.2, R9.3, R9.4")) {
  SimBench bench;
  Server& server = *bench.server;
  const Credentials credentials = secret(3);
  const UserRecord record = {"branch.example", "Alice", "a.smith", "Alice Smith", "100\noffice", 2};
  REQUIRE(server->put_user(record, &credentials, PutMode::Create, server.answers, 1));
  CHECK(server->find_user("branch.example", "Alice") == nullptr);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);

  const auto check = [](Store& store) {
    User* user = store.find_user("branch.example", "Alice");
    REQUIRE(user != nullptr);
    CHECK(user->domain() == "branch.example");
    CHECK(user->auth_name() == "a.smith");
    CHECK(user->display_name() == "Alice Smith");
    CHECK(user->has_alias("100"));
    CHECK(user->has_alias("office"));
    CHECK_FALSE(user->has_alias("1"));
    CHECK(user->algorithms() == kAlgorithmSha256);
    CHECK(user->credentials().present == (kAlgorithmMd5 | kAlgorithmSha256));
    CHECK(user->credentials().md5 == secret(3).md5);
    CHECK(user->credentials().sha256 == secret(3).sha256);
    CHECK(store.find_by_auth_name("branch.example", "a.smith") == user);
    CHECK(store.user_count() == 1);
    // The case of names matters, that of domains does not (RFC 3261 19.1.4).
    CHECK(store.find_user("Branch.Example", "Alice") == user);
    CHECK(store.find_user("branch.example", "alice") == nullptr);
    CHECK(store.find_user("", "Alice") == nullptr);
  };
  check(server.store());
  check(bench.crash().store());
}

TEST_CASE("store: a changed user keeps its bindings, and its password unless a new one is given") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  Server& server = *bench.server;
  const UserRecord record = {"", "alice", "auth-alice", "Alice", "", 0};
  REQUIRE(server->put_user(record, nullptr, PutMode::Change, server.answers, 1));
  CHECK(server.user("alice").auth_name() == "alice");
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(server->find_by_auth_name("", "alice") == nullptr);
  CHECK(server->find_by_auth_name("", "auth-alice") == &server.user("alice"));
  CHECK(server.user("alice").credentials().md5 == secret(7).md5);
  CHECK(server.contacts("alice").size() == 1);

  REQUIRE(server->set_credentials("", "alice", secret(9), server.answers, 2));
  REQUIRE(bench.wait(2) == StoreStatus::Durable);
  CHECK(server.user("alice").credentials().md5 == secret(9).md5);
  bench.crash();
  CHECK(bench.server->user("alice").credentials().md5 == secret(9).md5);
  CHECK(bench.server->user("alice").auth_name() == "auth-alice");
  CHECK(bench.server->contacts("alice").size() == 1);
}

TEST_CASE("store: two changes of other fields at a time, and both are kept") {
  SimBench bench;
  Server& server = *bench.server;
  const UserRecord first = {"", "alice", "a.smith", "Alice", "100", kAlgorithmMd5};
  REQUIRE(server->put_user(first, nullptr, PutMode::Create, server.answers, 1));
  REQUIRE(bench.wait(1) == StoreStatus::Durable);

  UserRecord renamed = {"", "alice", "", "Alice Smith", ""};
  renamed.fields = kDisplayName;
  UserRecord exempt = {"", "alice", "", "", ""};
  exempt.session_timer = SessionTimerRule::Exempt;
  exempt.fields = kSessionTimer;
  REQUIRE(server->put_user(renamed, nullptr, PutMode::Change, server.answers, 2));
  REQUIRE(server->put_user(exempt, nullptr, PutMode::Change, server.answers, 3));
  REQUIRE(bench.wait(3) == StoreStatus::Durable);

  const auto check = [](const User& user) {
    CHECK(user.auth_name() == "a.smith");
    CHECK(user.display_name() == "Alice Smith");
    CHECK(user.aliases() == "100");
    CHECK(user.algorithms() == kAlgorithmMd5);
    CHECK(user.session_timer() == SessionTimerRule::Exempt);
  };
  check(server.user("alice"));
  bench.crash();
  check(bench.server->user("alice"));
}

TEST_CASE("store: a removed user goes with its bindings, and its slots can be used again" *
          doctest::description("R10.3")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  Server& server = *bench.server;
  const Handle<User> alice = server->handle_of(server.user("alice"));
  const Handle<Binding> binding = server->handle_of(*server.user("alice").first_binding());
  REQUIRE(server->remove_user("", "alice", server.answers, 1));
  CHECK(server->get(alice) != nullptr);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(server->get(alice) == nullptr);
  CHECK(server->get(binding) == nullptr);
  CHECK(server->find_user("", "alice") == nullptr);
  CHECK(server->binding_count() == 0);
  bench.make_binding("bob", "sip:bob@192.0.2.8");
  CHECK(server.user("bob").first_binding()->slot() == 0);
  bench.crash();
  CHECK(bench.server->store().find_user("", "alice") == nullptr);
  CHECK(bench.server->contacts("bob") == Contacts{"sip:bob@192.0.2.8"});
}

TEST_CASE("store: what a user change cannot mean is refused at once" *
          doctest::description("R10.5: duplicate, invalid")) {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  const auto put = [&](const UserRecord& record, PutMode mode) {
    const auto result = server->put_user(record, nullptr, mode, server.answers, 1);
    return result ? std::optional<Error>() : std::optional(result.error());
  };
  CHECK(put({"", "alice", "", "", "", 0}, PutMode::Create) == Error::Exists);
  CHECK(put({"", "bob", "", "", "", 0}, PutMode::Change) == Error::NotFound);
  CHECK(put({"", "bob", "alice", "", "", 0}, PutMode::Create) == Error::Exists);
  CHECK(put({"", "", "", "", "", 0}, PutMode::Create) == Error::Invalid);
  CHECK(put({"", "bo\nb", "", "", "", 0}, PutMode::Create) == Error::Invalid);
  CHECK(put({"Example.ORG", "bob", "", "", "", 0}, PutMode::Create) == Error::Invalid);
  CHECK(put({"", "bob", "", "", "a\n\nb", 0}, PutMode::Create) == Error::Invalid);
  CHECK(put({"", "bob", "", "", "", 8}, PutMode::Create) == Error::Invalid);
  const std::string long_name(TextSlabs::kTextMax, 'b');
  CHECK(put({"", long_name, "", "x", "", 0}, PutMode::Create) == Error::TooLong);
  CHECK(server->remove_user("", "bob", server.answers, 1).error() == Error::NotFound);
  CHECK(server->set_credentials("", "bob", secret(1), server.answers, 1).error() ==
        Error::NotFound);
  CHECK(server->user_count() == 1);
}

TEST_CASE("store: users beyond the capacity are refused") {
  SimBench bench;
  for (uint32_t i = 0; i < bench.settings.limits.users; ++i) {
    bench.make_user("user" + std::to_string(i));
  }
  CHECK_FALSE(bench.server->put("one-more", 1));
  REQUIRE((*bench.server)->remove_user("", "user7", bench.server->answers, 2));
  REQUIRE(bench.wait(2) == StoreStatus::Durable);
  bench.make_user("one-more");
}

TEST_CASE("store: too many changes on their way are refused, those before are carried out") {
  SimBench bench;
  uint64_t taken = 0;
  while (bench.server->put("user" + std::to_string(taken), taken)) ++taken;
  CHECK(taken == 32);
  const uint64_t commits = (*bench.server)->counters().commits;
  for (uint64_t i = 0; i < taken; ++i) CHECK(bench.wait(i) == StoreStatus::Durable);
  CHECK((*bench.server)->user_count() == taken);
  CHECK((*bench.server)->counters().commits == commits + 1);
}

TEST_CASE("store: changes of one user follow one another in order") {
  SimBench bench;
  Server& server = *bench.server;
  REQUIRE(server.put("alice", 1, PutMode::Create));
  REQUIRE(server.put("alice", 2, PutMode::Create));  // not known yet whether the first succeeds
  const UserRecord record = {"", "alice", "", "Third", "", 0};
  REQUIRE(server->put_user(record, nullptr, PutMode::Change, server.answers, 3));
  CHECK(bench.wait(3) == StoreStatus::Durable);
  CHECK(server.answers[1] == StoreStatus::Durable);
  CHECK(server.answers[2] == StoreStatus::Exists);
  CHECK(server.user("alice").display_name() == "Third");

  REQUIRE(server->remove_user("", "alice", server.answers, 4));
  REQUIRE(server->set_credentials("", "alice", secret(1), server.answers, 5));
  REQUIRE(server.put("alice", 6, PutMode::Either));
  CHECK(bench.wait(6) == StoreStatus::Durable);
  CHECK(server.answers[4] == StoreStatus::Durable);
  CHECK(server.answers[5] == StoreStatus::Gone);
  CHECK(server.user("alice").display_name() == "");
  CHECK(server->user_count() == 1);
}

TEST_CASE("store: who waits for a user that is removed is told that it is gone") {
  struct Waiter final : UpdateWaiter {
    void on_user_free(User* user) override { gone = user == nullptr; }
    bool gone = false;
  };
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  REQUIRE(server->remove_user("", "alice", server.answers, 1));
  CHECK(server->begin_update(server.user("alice")).error() == Error::Busy);
  Waiter waiter;
  server->wait_for(server.user("alice"), waiter);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(waiter.gone);
}

TEST_CASE("store: a user that cannot be written does not come to be" *
          doctest::description("R9.5")) {
  SimBench bench;
  bench.make_user("alice");
  bench.host.files().faults().read_only = true;
  Server& server = *bench.server;
  REQUIRE(server.put("bob", 1));
  REQUIRE(server->remove_user("", "alice", server.answers, 2));
  CHECK(bench.wait(1) == StoreStatus::ReadOnly);
  CHECK(bench.wait(2) == StoreStatus::ReadOnly);
  CHECK(server->find_user("", "bob") == nullptr);
  CHECK(server->find_user("", "alice") != nullptr);
  bench.host.files().faults().read_only = false;
  bench.make_user("bob");
}

TEST_CASE(
    "store: two users that want one auth_name at one time: the file decides, the rest succeeds") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  bench.make_user("carol");
  Server& server = *bench.server;
  const UserRecord alice = {"", "alice", "same", "", "", 0};
  const UserRecord bob = {"", "bob", "same", "", "", 0};
  REQUIRE(server->put_user(alice, nullptr, PutMode::Change, server.answers, 1));
  REQUIRE(server->put_user(bob, nullptr, PutMode::Change, server.answers, 2));
  server.add("carol", "sip:carol@192.0.2.9", 3);
  bench.wait(1);
  bench.wait(2);
  CHECK(bench.wait(3) == StoreStatus::Durable);
  const bool first = server.answers[1] == StoreStatus::Durable;
  CHECK(server.answers[first ? 2 : 1] == StoreStatus::Exists);
  CHECK(server->find_by_auth_name("", "same") == &server.user(first ? "alice" : "bob"));
  CHECK(server->find_by_auth_name("", first ? "bob" : "alice") != nullptr);
}

TEST_CASE("store: a walk visits every user once, in bounded steps" *
          doctest::description("R10.4")) {
  SimBench bench;
  for (int i = 0; i < 20; ++i) bench.make_user("user" + std::to_string(i));
  std::map<std::string, int> seen;
  uint32_t cursor = 0;
  int steps = 0;
  do {
    int visited = 0;
    cursor = (*bench.server)->walk_users(cursor, 7, [&](const User& user) {
      ++seen[std::string(user.name())];
      ++visited;
    });
    CHECK(visited <= 7);
    ++steps;
  } while (cursor != 0);
  CHECK(seen.size() == 20);
  CHECK(steps == (64 + 6) / 7);
  for (const auto& [name, times] : seen) CHECK(times == 1);
}

TEST_CASE(
    "store: credentials for another realm are not used, and counted" *
    doctest::description("C22: changing auth.realm warns how many users lose their password")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  bench.settings.options.realm = "elsewhere";
  bench.restart();
  CHECK(bench.server->report.users_without_secret == 2);
  CHECK(bench.server->logged("realm_changed") == 1);
  CHECK(bench.server->user("alice").credentials().present == 0);

  Server& server = *bench.server;
  REQUIRE(server->set_credentials("", "alice", secret(9), server.answers, 1));
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  bench.restart();
  CHECK(bench.server->report.users_without_secret == 1);
  // A password that was replaced does not come back with the old realm.
  bench.settings.options.realm = "example";
  bench.restart();
  CHECK(bench.server->user("alice").credentials().present == 0);
  CHECK(bench.server->user("bob").credentials().md5 == secret(7).md5);
}
