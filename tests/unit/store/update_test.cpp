#include "store/binding_table.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

// Those of a host, and how often one of them was woken.
class CountedWorkers final : public port::Workers {
 public:
  explicit CountedWorkers(port::Workers& workers) : workers_(workers) {}
  std::unique_ptr<port::Worker> start(std::string_view name, port::WorkerTask& task) override {
    return std::make_unique<Counted>(workers_.start(name, task), wakes);
  }

  int wakes = 0;

 private:
  struct Counted final : public port::Worker {
    Counted(std::unique_ptr<port::Worker> its_worker, int& its_wakes)
        : worker(std::move(its_worker)), wakes(its_wakes) {}
    void notify() override {
      ++wakes;
      worker->notify();
    }
    std::unique_ptr<port::Worker> worker;
    int& wakes;
  };

  port::Workers& workers_;
};

}  // namespace

TEST_CASE("store: an added binding becomes visible when it is durable" *
          doctest::description("RFC 3261 10.3 step 7; R9.2, D16")) {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  server.add("alice", "sip:alice@192.0.2.7:5062", 1);
  CHECK(server.contacts("alice").empty());
  CHECK(server->binding_count() == 0);
  CHECK(server.user("alice").busy());

  CHECK(bench.wait(1) == StoreStatus::Durable);
  CHECK(server.contacts("alice") == Contacts{"sip:alice@192.0.2.7:5062"});
  CHECK(server->binding_count() == 1);
  CHECK_FALSE(server.user("alice").busy());
}

TEST_CASE("store: the answer comes no earlier than the commit window and the sync of the disk") {
  SimBench bench;
  bench.make_user("alice");
  bench.host.files().faults().sync_latency = Millis(40);
  const Millis before = bench.world.now();
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(bench.world.now() - before >= Millis(50));
}

TEST_CASE("store: all fields of a binding are kept, and come back after a start" *
          doctest::description("RFC 3327 5.3, RFC 5626 4; R9.3")) {
  SimBench bench;
  bench.make_user("alice");
  BindingFields fields = bench.server->fields("sip:alice@[2001:db8::7]:5062;transport=tcp");
  fields.display_name = "\"Alice \\\"A\\\"\"";
  fields.params = ";audio;methods=\"INVITE,BYE\"";
  fields.path = "<sip:edge.example;lr>,<sip:core.example;lr>";
  fields.instance = "<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>";
  fields.received = address("2001:db8::7", 49152);
  fields.local = address("2001:db8::1", 5060);
  fields.transport = 2;
  fields.listener = 3;
  fields.flow = 0xfedcba9876543210;
  fields.q = 700;
  fields.reg_id = 2;
  fields.cseq = 4294967295U;
  fields.methods = 0x80000001;
  BindingUpdate& update = bench.server->begin("alice");
  REQUIRE(update.add(fields));
  bench.server->commit(update, 1);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);

  const auto check = [&](const Binding& binding) {
    CHECK(binding.contact() == fields.contact);
    CHECK(binding.display_name() == fields.display_name);
    CHECK(binding.params() == fields.params);
    CHECK(binding.path() == fields.path);
    CHECK(binding.call_id_hash() == (*bench.server)->call_id_hash(fields.call_id));
    CHECK(binding.instance() == fields.instance);
    CHECK(binding.user_agent() == fields.user_agent);
    CHECK(binding.received() == fields.received);
    CHECK(binding.local() == fields.local);
    CHECK(binding.transport() == fields.transport);
    CHECK(binding.listener() == fields.listener);
    CHECK(binding.q() == fields.q);
    CHECK(binding.reg_id() == fields.reg_id);
    CHECK(binding.cseq() == fields.cseq);
    CHECK(binding.methods() == fields.methods);
    CHECK(binding.interval() == Millis(3'600'000));
  };
  check(*bench.server->user("alice").first_binding());
  CHECK(bench.server->user("alice").first_binding()->flow() == fields.flow);

  bench.restart();
  REQUIRE(bench.server->report.ready());
  check(*bench.server->user("alice").first_binding());
  CHECK(bench.server->user("alice").first_binding()->flow() == 0);  // no connection outlives us
}

TEST_CASE("store: one update adds, replaces and removes together" *
          doctest::description("RFC 3261 10.3: atomically; D16")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1");
  bench.make_binding("alice", "sip:two@192.0.2.2");
  bench.make_binding("alice", "sip:three@192.0.2.3");
  Server& server = *bench.server;
  User& alice = server.user("alice");
  Binding& one = *alice.first_binding();
  Binding& two = *alice.next_binding(one);
  BindingUpdate& update = server.begin("alice");
  REQUIRE(update.add(server.fields("sip:four@192.0.2.4")));
  REQUIRE(update.replace(one, server.fields("sip:one@192.0.2.11")));
  update.remove(two);
  CHECK(update.touches(one));
  CHECK(update.added_count() == 2);
  CHECK(update.removed_count() == 2);
  CHECK(update.first_added()->contact() == "sip:four@192.0.2.4");
  CHECK(server.commit(update, 1) == CommitState::Pending);
  CHECK(server.contacts("alice") ==
        Contacts{"sip:one@192.0.2.1", "sip:two@192.0.2.2", "sip:three@192.0.2.3"});
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  const Contacts after = {"sip:three@192.0.2.3", "sip:four@192.0.2.4", "sip:one@192.0.2.11"};
  CHECK(server.contacts("alice") == after);

  bench.crash();
  Contacts found = bench.server->contacts("alice");
  std::sort(found.begin(), found.end());
  CHECK(found == Contacts{"sip:four@192.0.2.4", "sip:one@192.0.2.11", "sip:three@192.0.2.3"});
}

TEST_CASE("store: a binding that replaces another gets its row, and a failed one leaves it alone" *
          doctest::description("R9.2, R9.3")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:old@192.0.2.7");
  bench.make_binding("alice", "sip:other@192.0.2.7");
  const auto replace_first = [&](std::string_view contact) {
    BindingUpdate& update = bench.server->begin("alice");
    REQUIRE(update.replace(*bench.server->user("alice").first_binding(),
                           bench.server->fields(contact)));
    bench.server->commit(update, bench.next_tag);
    return bench.wait(bench.next_tag++);
  };
  const uint32_t row = bench.server->user("alice").first_binding()->slot();
  bench.host.files().faults().sync_error = EIO;
  CHECK(replace_first("sip:lost@192.0.2.8") == StoreStatus::Io);
  CHECK(bench.server->user("alice").first_binding()->slot() == row);
  bench.host.files().faults().sync_error = 0;
  bench.run_for(Millis(60'000));

  REQUIRE(replace_first("sip:new@192.0.2.8") == StoreStatus::Durable);
  CHECK(bench.server->contacts("alice") == Contacts{"sip:other@192.0.2.7", "sip:new@192.0.2.8"});
  User& alice = bench.server->user("alice");
  CHECK(alice.next_binding(*alice.first_binding())->slot() == row);
  // The slot that it was made in is free again, and its row is refreshed where it stands.
  bench.server->refresh("alice", *alice.next_binding(*alice.first_binding()), Millis(7'200'000), 9);
  bench.make_binding("alice", "sip:third@192.0.2.9");
  bench.run_for(Millis(60'000));
  bench.crash();
  CHECK(bench.server->contacts("alice") ==
        Contacts{"sip:new@192.0.2.8", "sip:other@192.0.2.7", "sip:third@192.0.2.9"});
  CHECK(bench.server->user("alice").first_binding()->cseq() == 9);
  CHECK(bench.server->user("alice").first_binding()->interval() == Millis(7'200'000));
}

TEST_CASE("store: a failed update leaves everything as it was" *
          doctest::description("RFC 3261 10.3: all tentative updates are removed; D16, R9.5")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1");
  bench.make_binding("alice", "sip:two@192.0.2.2");
  Server& server = *bench.server;
  bench.host.files().faults().sync_error = EIO;
  User& alice = server.user("alice");
  Binding& one = *alice.first_binding();
  Binding& two = *alice.next_binding(one);
  const Millis expires_at = two.expires_at();
  BindingUpdate& update = server.begin("alice");
  REQUIRE(update.replace(one, server.fields("sip:one@192.0.2.11")));
  update.refresh(two, server.now() + Millis(7'200'000), 99);
  server.commit(update, 1);
  CHECK(bench.wait(1) == StoreStatus::Io);
  CHECK(server.contacts("alice") == Contacts{"sip:one@192.0.2.1", "sip:two@192.0.2.2"});
  CHECK(two.expires_at() == expires_at);
  CHECK(two.cseq() == 1);
  CHECK_FALSE(one.in_update());
  CHECK_FALSE(alice.busy());
  CHECK(server->counters().commits_failed == 1);

  bench.host.files().faults().sync_error = 0;
  bench.make_binding("alice", "sip:three@192.0.2.3");
  bench.crash();
  CHECK(bench.server->contacts("alice").size() == 3);
}

TEST_CASE("store: an abandoned update gives back all it took") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1");
  Server& server = *bench.server;
  for (int i = 0; i < 1000; ++i) {
    BindingUpdate& update = server.begin("alice");
    REQUIRE(update.add(server.fields("sip:two@192.0.2.2")));
    update.remove(*server.user("alice").first_binding());
    server->abandon(update);
  }
  CHECK(server.contacts("alice") == Contacts{"sip:one@192.0.2.1"});
  CHECK_FALSE(server.user("alice").busy());
  CHECK(server->counters().updates == 1);
}

TEST_CASE("store: an update without any change is applied at once") {
  SimBench bench;
  bench.make_user("alice");
  CHECK(bench.server->commit(bench.server->begin("alice"), 1) == CommitState::Applied);
  CHECK_FALSE(bench.server->user("alice").busy());
}

namespace {

struct Registration final : UpdateWaiter {
  Registration(Server& its_server, std::string its_contact, uint64_t its_tag)
      : server(its_server), contact(std::move(its_contact)), tag(its_tag) {}
  void on_user_free(User* user) override {
    ++called;
    if (user == nullptr) return;
    const auto update = server->begin_update(*user);
    REQUIRE(update);
    REQUIRE((*update)->add(server.fields(contact)));
    server.commit(**update, tag);
  }

  Server& server;
  std::string contact;
  uint64_t tag;
  int called = 0;
};

}  // namespace

TEST_CASE("store: updates of one user are carried out one after the other, in order" *
          doctest::description("RFC 3261 10.3: in the order that they are received; D16")) {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  server.add("alice", "sip:0@192.0.2.7", 0);
  User& alice = server.user("alice");
  std::vector<std::unique_ptr<Registration>> waiting;
  for (uint64_t i = 1; i <= 5; ++i) {
    CHECK(server->begin_update(alice).error() == Error::Busy);
    waiting.push_back(
        std::make_unique<Registration>(server, "sip:" + std::to_string(i) + "@192.0.2.7", i));
    server->wait_for(alice, *waiting.back());
  }
  waiting[2]->stop_waiting();  // its transaction ended meanwhile
  REQUIRE(bench.wait(5) == StoreStatus::Durable);
  CHECK(server.answers.order == std::vector<uint64_t>{1'000'000, 0, 1, 2, 4, 5});
  CHECK(server.contacts("alice").size() == 5);
  CHECK(waiting[2]->called == 0);
  CHECK(server.contacts("alice").back() == "sip:5@192.0.2.7");
}

TEST_CASE("store: who waits is served when an update is abandoned, too") {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  BindingUpdate& update = server.begin("alice");
  Registration waiting(server, "sip:1@192.0.2.7", 1);
  server->wait_for(server.user("alice"), waiting);
  server->abandon(update);
  CHECK(waiting.called == 1);
  CHECK(bench.wait(1) == StoreStatus::Durable);
}

TEST_CASE("store: updates of many users within a window are one transaction" *
          doctest::description("DESIGN: group commit")) {
  SimBench bench;
  for (int i = 0; i < 16; ++i) bench.make_user("user" + std::to_string(i));
  Server& server = *bench.server;
  const uint64_t commits = server->counters().commits;
  for (uint64_t i = 0; i < 16; ++i) {
    server.add("user" + std::to_string(i), "sip:phone@192.0.2.7", i);
  }
  for (uint64_t i = 0; i < 16; ++i) CHECK(bench.wait(i) == StoreStatus::Durable);
  CHECK(server->counters().commits == commits + 1);
}

TEST_CASE("store: the storage thread sleeps until the window ends, whoever else comes") {
  SimBench bench;
  CountedWorkers workers(bench.host.workers());
  bench.server.reset();
  bench.server.emplace(Server::Ports{bench.host.loop(), bench.host.clock(), workers,  //
                                     bench.host.files()},
                       bench.settings);
  Server& server = *bench.server;
  const auto name = [](uint64_t i) { return "user" + std::to_string(i); };
  for (uint64_t i = 0; i < 10; ++i) bench.make_user(name(i));

  workers.wakes = 0;
  server.add(name(0), "sip:phone@192.0.2.7", 0);
  CHECK(workers.wakes == 1);
  bench.run_for(Millis(5));
  for (uint64_t i = 1; i < 10; ++i) server.add(name(i), "sip:phone@192.0.2.7", i);
  CHECK(workers.wakes == 1);
  for (uint64_t i = 0; i < 10; ++i) CHECK(bench.wait(i) == StoreStatus::Durable);
  CHECK(workers.wakes == 1);

  bench.run_for(Millis(1'000));
  server.add(name(0), "sip:other@192.0.2.7", 10);
  CHECK(workers.wakes == 2);
  CHECK(bench.wait(10) == StoreStatus::Durable);
}

TEST_CASE("store: half a batch of requests does not wait for the end of its window") {
  Server::Settings settings;
  settings.limits.users = 1'024;
  settings.limits.bindings = 1'024;
  settings.options.commit_window = Millis(10'000);
  SimBench bench(settings);
  constexpr uint64_t kUsers = 256;  // as many updates as there may be, half of what the ring holds
  const auto name = [](uint64_t i) { return "user" + std::to_string(i); };
  for (uint64_t i = 0; i < kUsers; i += 32) {
    for (uint64_t k = i; k < i + 32; ++k) REQUIRE(bench.server->put(name(k), 1000 + k));
    REQUIRE(bench.wait(1000 + i + 31, Millis(60'000)) == StoreStatus::Durable);
  }
  bench.run_for(Millis(30'000));

  bench.server->add(name(0), "sip:phone@192.0.2.7", 0);
  bench.run_for(Millis(100));
  for (uint64_t i = 1; i < kUsers; ++i) bench.server->add(name(i), "sip:phone@192.0.2.7", i);
  CHECK(bench.wait(kUsers - 1, Millis(1'000)) == StoreStatus::Durable);
}

TEST_CASE("store: when all updates are on their way the next user is refused, and served later" *
          doctest::description("DESIGN: a full pool is an ordinary result; R9.5")) {
  Server::Settings settings;
  settings.options.commit_window = Millis(1000);
  SimBench bench(settings);
  const uint32_t most = updates_max(settings.limits);
  for (uint32_t i = 0; i <= most; ++i) bench.make_user("user" + std::to_string(i));
  Server& server = *bench.server;
  for (uint32_t i = 0; i < most; ++i) {
    server.add("user" + std::to_string(i), "sip:phone@192.0.2.7", i);
  }
  User& last = server.user("user" + std::to_string(most));
  CHECK(server->begin_update(last).error() == Error::PoolExhausted);
  CHECK(server->counters().refused == 1);
  CHECK_FALSE(last.busy());
  for (uint32_t i = 0; i < most; ++i) CHECK(bench.wait(i) == StoreStatus::Durable);
  bench.make_binding("user" + std::to_string(most), "sip:phone@192.0.2.7");
}

TEST_CASE("store: beyond capacity.bindings an add is refused, a replacement is not" *
          doctest::description("R5.5")) {
  SimBench bench;
  bench.make_user("alice");
  const uint32_t most = bench.settings.limits.bindings;
  Server& server = *bench.server;
  for (uint32_t done = 0; done < most; done += 8) {
    BindingUpdate& update = server.begin("alice");
    for (int i = 0; i < 8; ++i) REQUIRE(update.add(server.fields("sip:phone@192.0.2.7")));
    server.commit(update, done);
    REQUIRE(bench.wait(done) == StoreStatus::Durable);
  }
  CHECK(server->binding_count() == most);
  BindingUpdate& update = server.begin("alice");
  CHECK(update.add(server.fields("sip:phone@192.0.2.7")).error() == Error::PoolExhausted);
  server->abandon(update);
  CHECK(server->binding_count() == most);

  BindingUpdate& moved = server.begin("alice");
  Binding* const first = server.user("alice").first_binding();
  CHECK(moved.replace(*first, server.fields("sip:phone@192.0.2.8")));
  server.commit(moved, most);
  REQUIRE(bench.wait(most) == StoreStatus::Durable);
  CHECK(server->binding_count() == most);
}

TEST_CASE("store: texts beyond the largest slab are refused, never cut") {
  SimBench bench;
  bench.make_user("alice");
  BindingUpdate& update = bench.server->begin("alice");
  const std::string path(TextSlabs::kTextMax, 'x');
  BindingFields fields = bench.server->fields("sip:alice@192.0.2.7");
  fields.path = path;
  CHECK(update.add(fields).error() == Error::TooLong);
  (*bench.server)->abandon(update);
}

TEST_CASE("store: when the long texts are used up an add is refused, and ordinary ones are not" *
          doctest::description("R1.6: each pool is run dry")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_user("bob");
  const uint32_t longest = BindingTable::text_counts(bench.settings.limits).back();
  const std::string path(1'500, 'x');
  const auto add_long = [&](std::string_view contact) {
    BindingUpdate& update = bench.server->begin("alice");
    BindingFields fields = bench.server->fields(contact);
    fields.path = path;
    const Result<void> added = update.add(fields);
    if (added) {
      bench.server->commit(update, bench.next_tag);
      CHECK(bench.wait(bench.next_tag++) == StoreStatus::Durable);
    } else {
      (*bench.server)->abandon(update);
    }
    return added;
  };
  for (uint32_t i = 0; i < longest; ++i) CHECK(add_long("sip:" + std::to_string(i) + "@h"));
  CHECK(add_long("sip:more@h").error() == Error::PoolExhausted);
  CHECK(bench.server->contacts("alice").size() == longest);
  bench.make_binding("bob", "sip:bob@192.0.2.7");
  CHECK(add_long("sip:more@h").error() == Error::PoolExhausted);

  BindingUpdate& gone = bench.server->begin("alice");
  gone.remove(*bench.server->user("alice").first_binding());
  bench.server->commit(gone, 1);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(add_long("sip:more@h"));
}

TEST_CASE("store: every place has room for what phones send" *
          doctest::description("R9.3: bounded and complete")) {
  SimBench bench;
  const uint32_t places = bench.settings.limits.bindings;
  for (uint32_t i = 0; i < places; ++i) {
    const std::string name = "user" + std::to_string(i % 60);
    if (i < 60) bench.make_user(name);
    BindingUpdate& update = bench.server->begin(name);
    const std::string contact =
        "sip:subscriber-1234@phone-" + std::to_string(100 + i) + ".office.example:50620;ob";
    BindingFields fields = bench.server->fields(contact);
    fields.call_id = "3848276298220188511-1234567890@192.168.100.200";
    fields.user_agent = "Yealink SIP-T46S 66.85.0.5 001";
    fields.instance = "<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>";
    const std::string params = ";+sip.instance=\"" + std::string(fields.instance) + "\";reg-id=1";
    fields.params = params;
    REQUIRE(update.add(fields));
    bench.server->commit(update, i);
    REQUIRE(bench.wait(i) == StoreStatus::Durable);
    const Binding& binding = *bench.server->user(name).first_binding();
    CHECK(binding.params() == params);
    CHECK(binding.instance() == fields.instance);
  }
}

TEST_CASE("store: the write-ahead log is copied into the file before it grows large") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:0@192.0.2.7");
  uint64_t largest = 0;
  for (uint64_t i = 1; i <= 2000; ++i) {
    Server& server = *bench.server;
    BindingUpdate& update = server.begin("alice");
    REQUIRE(
        update.replace(*server.user("alice").first_binding(), server.fields("sip:x@192.0.2.7")));
    server.commit(update, i);
    REQUIRE(bench.wait(i) == StoreStatus::Durable);
    port::FileInfo info;
    REQUIRE(bench.host.files().info("/data/tipring.db-wal", info) == 0);
    largest = std::max(largest, info.size);
  }
  CHECK(largest < 300 * 4200);
}
