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
  CHECK(put({"", "bob", "alice", "", "", 0}, PutMode::Create) == Error::Taken);
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

TEST_CASE("store: of two users that want one name at one time the first gets it") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  Server& server = *bench.server;
  const auto put = [&](const UserRecord& record, uint64_t tag) {
    return server->put_user(record, nullptr, PutMode::Either, server.answers, tag);
  };
  REQUIRE(put({"", "alice", "same", "", "", 0}, 1));
  CHECK(put({"", "bob", "same", "", "", 0}, 2).error() == Error::Taken);
  CHECK(put({"", "bob", "", "", "same", 0}, 2).error() == Error::Taken);
  CHECK(put({"", "same", "", "", "", 0}, 2).error() == Error::Taken);
  REQUIRE(put({"", "bob", "", "", "one\nother", 0}, 3));
  CHECK(put({"", "alice", "", "", "other", 0}, 4).error() == Error::Taken);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  REQUIRE(bench.wait(3) == StoreStatus::Durable);
  CHECK(server->find_by_auth_name("", "same") == &server.user("alice"));
  CHECK(server->find_called("", "other") == &server.user("bob"));
}

TEST_CASE("store: a user is called by name and aliases, which follow its changes and a crash" *
          doctest::description("C21, V2")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  const auto put = [&](const UserRecord& record, PutMode mode = PutMode::Either) {
    const uint64_t tag = bench.next_tag++;
    const auto started =
        (*bench.server)->put_user(record, nullptr, mode, bench.server->answers, tag);
    if (started) REQUIRE(bench.wait(tag) == StoreStatus::Durable);
    return started ? std::optional<Error>() : std::optional(started.error());
  };
  const auto called = [&](std::string_view name) {
    const User* user = (*bench.server)->find_called("", name);
    return user == nullptr ? std::string() : std::string(user->name());
  };
  CHECK(called("alice") == "alice");
  CHECK_FALSE(put({"", "alice", "login", "", "100\n+4930100", 0}));
  CHECK(called("100") == "alice");
  CHECK(called("+4930100") == "alice");
  CHECK(called("login").empty());  // it is for the digest alone
  CHECK(put({"", "bob", "", "", "100", 0}) == Error::Taken);
  CHECK(put({"", "bob", "", "", "login", 0}) == Error::Taken);
  CHECK(put({"", "bob", "+4930100", "", "", 0}) == Error::Taken);
  CHECK(put({"", "100", "", "", "", 0}, PutMode::Create) == Error::Taken);
  CHECK_FALSE(put({"other.example", "100", "", "", "", 0}));
  // A change of another field keeps them; one of theirs gives those that go to others.
  UserRecord display = {"", "alice", "", "Alice", "", 0};
  display.fields = kDisplayName;
  CHECK_FALSE(put(display));
  CHECK(called("100") == "alice");
  CHECK_FALSE(put({"", "alice", "", "", "101", 0}));
  CHECK(called("100").empty());
  CHECK_FALSE(put({"", "bob", "", "", "100", 0}));
  bench.crash();
  CHECK(called("100") == "bob");
  CHECK(called("101") == "alice");
  REQUIRE((*bench.server)->remove_user("", "bob", bench.server->answers, 99));
  REQUIRE(bench.wait(99) == StoreStatus::Durable);
  CHECK(called("100").empty());
}

TEST_CASE("store: aliases beyond their room are refused, and what is given up is free again" *
          doctest::description("R5.5")) {
  SimBench bench;
  bench.make_user("alice");
  const auto put = [&](uint32_t count) {
    std::string aliases;
    for (uint32_t i = 0; i < count; ++i) aliases += (i == 0 ? "" : "\n") + std::to_string(i);
    const uint64_t tag = bench.next_tag++;
    const auto started = (*bench.server)
                             ->put_user({"", "alice", "", "", aliases, 0}, nullptr, PutMode::Change,
                                        bench.server->answers, tag);
    return started && bench.wait(tag) == StoreStatus::Durable;
  };
  const uint32_t room = aliases_max(bench.settings.limits);
  CHECK_FALSE(put(room + 1));
  CHECK(put(room));
  CHECK(put(room));  // those that it has take no further room
  CHECK(put(room - 1));
  CHECK_FALSE(put(room + 1));
  CHECK(put(0));
  CHECK(put(room));
  bench.crash();
  CHECK((*bench.server)->find_called("", std::to_string(room - 1)) != nullptr);
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
