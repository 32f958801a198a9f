// What port/names.h promises, on both ports; the real one asks a name server on loopback.
#include "port/names.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fake_dns.h"
#include "port/linux/hosts_table.h"
#include "port/linux/linux_names.h"

using namespace tipring::port;

namespace {

struct LinuxSetup {
  LinuxSetup() { REQUIRE(resolver.ok()); }
  LinuxNames& names() { return resolver; }
  void set(const std::string& name, std::vector<IpAddress> addresses) {
    dns.names[name] = {FakeDns::Behaviour::Answer, std::move(addresses)};
  }
  void set_failing(const std::string& name) {
    dns.names[name] = {FakeDns::Behaviour::ServerFailure, {}};
  }
  void set_silent(const std::string& name) { dns.names[name] = {FakeDns::Behaviour::Silent, {}}; }

  LinuxPort port;
  FakeDns dns{port.network()};
  LinuxNames resolver{static_cast<LinuxLoop&>(port.loop()),
                      {.queries = 4, .servers = dns.server(), .hosts_path = "/dev/null"}};
};

struct SimSetup {
  SimSetup() { names().set_capacity(4); }
  SimNames& names() { return host.names(); }
  void set(const std::string& name, std::vector<IpAddress> addresses) {
    names().set(name, std::move(addresses));
  }
  void set_failing(const std::string& name) { names().set_failure(name, NamesStatus::Failed); }
  void set_silent(const std::string& name) {
    names().set_failure(name, NamesStatus::TimedOut, kNever);
  }

  SimWorld world{1};
  SimHost& host = world.make_host("a", {});
  struct {
    SimWorld& world;
    SimHost& host;
    bool run_until(const std::function<bool()>& condition) {
      return world.run_until(condition, Millis(20'000));
    }
    void run_for(Millis time) { world.run_for(time); }
    Loop& loop() { return host.loop(); }
  } port{world, host};
};

struct Result {
  uint64_t tag;
  NamesStatus status;
  std::vector<IpAddress> addresses;
};

struct Asker final : NamesHandler {
  void on_names(uint64_t tag, NamesStatus status, std::span<const IpAddress> addresses) override {
    results.push_back({tag, status, {addresses.begin(), addresses.end()}});
    if (then) then();
  }
  bool has(uint64_t tag, NamesStatus status) const {
    return std::count_if(results.begin(), results.end(), [&](const Result& result) {
             return result.tag == tag && result.status == status;
           }) == 1;
  }
  std::vector<Result> results;
  std::function<void()> then;
};

template <class Setup>
Result ask(Setup& setup, std::string_view name, QueryFamily family = QueryFamily::Both) {
  Asker asker;
  REQUIRE(setup.names().resolve(name, family, setup.port.loop().now() + Millis(2000), asker, 7));
  CHECK(asker.results.empty());
  REQUIRE(setup.port.run_until([&] { return !asker.results.empty(); }));
  CHECK(asker.results[0].tag == 7);
  return asker.results[0];
}

}  // namespace

TEST_CASE_TEMPLATE("names: a name's addresses of both families are found, or of the one asked for" *
                       doctest::description("RFC 3263 4.2; F51"),
                   Setup, LinuxSetup, SimSetup) {
  Setup setup;
  setup.set("proxy.example.com", {ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")});
  const Result both = ask(setup, "proxy.example.com");
  CHECK(both.status == NamesStatus::Found);
  CHECK(both.addresses == std::vector{ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")});
  CHECK(ask(setup, "proxy.example.com", QueryFamily::V4).addresses ==
        std::vector{ip("192.0.2.1"), ip("192.0.2.2")});
  CHECK(ask(setup, "proxy.example.com", QueryFamily::V6).addresses ==
        std::vector{ip("2001:db8::1")});
  CHECK(ask(setup, "proxy.example.com.").addresses == both.addresses);
}

TEST_CASE_TEMPLATE("names: what does not exist, or not in that family, is not found", Setup,
                   LinuxSetup, SimSetup) {
  Setup setup;
  setup.set("v4.example.com", {ip("192.0.2.1")});
  setup.set("empty.example.com", {});
  CHECK(ask(setup, "none.example.com").status == NamesStatus::NotFound);
  CHECK(ask(setup, "empty.example.com").status == NamesStatus::NotFound);
  const Result v6 = ask(setup, "v4.example.com", QueryFamily::V6);
  CHECK(v6.status == NamesStatus::NotFound);
  CHECK(v6.addresses.empty());
}

TEST_CASE_TEMPLATE("names: a failing server is a failure", Setup, LinuxSetup, SimSetup) {
  Setup setup;
  setup.set_failing("broken.example.com");
  CHECK(ask(setup, "broken.example.com").status == NamesStatus::Failed);
}

TEST_CASE_TEMPLATE(
    "names: a silent server is a timeout at the deadline, and others are served meanwhile" *
        doctest::description("R5.2"),
    Setup, LinuxSetup, SimSetup) {
  Setup setup;
  setup.set_silent("slow.example.com");
  setup.set("fast.example.com", {ip("192.0.2.9")});
  Asker asker;
  const Millis start = setup.port.loop().now();
  REQUIRE(
      setup.names().resolve("slow.example.com", QueryFamily::Both, start + Millis(300), asker, 1));
  CHECK(ask(setup, "fast.example.com").status == NamesStatus::Found);
  CHECK(asker.results.empty());
  REQUIRE(setup.port.run_until([&] { return !asker.results.empty(); }));
  CHECK(asker.has(1, NamesStatus::TimedOut));
  CHECK(setup.port.loop().now() >= start + Millis(300));
  CHECK(setup.port.loop().now() < start + Millis(1000));
}

TEST_CASE_TEMPLATE("names: cancelling ends the queries of that handler and tag alone, at once",
                   Setup, LinuxSetup, SimSetup) {
  Setup setup;
  setup.set_silent("slow.example.com");
  Asker asker, other;
  const Millis deadline = setup.port.loop().now() + Millis(200);
  REQUIRE(setup.names().resolve("slow.example.com", QueryFamily::V4, deadline, asker, 1));
  REQUIRE(setup.names().resolve("slow.example.com", QueryFamily::V4, deadline, asker, 2));
  REQUIRE(setup.names().resolve("slow.example.com", QueryFamily::V4, deadline, other, 1));
  setup.names().cancel(asker, 1);
  CHECK(asker.results.size() == 1);
  CHECK(asker.has(1, NamesStatus::Cancelled));
  CHECK(other.results.empty());
  REQUIRE(
      setup.port.run_until([&] { return asker.results.size() == 2 && other.results.size() == 1; }));
  CHECK(asker.has(2, NamesStatus::TimedOut));
  CHECK(other.has(1, NamesStatus::TimedOut));
  setup.names().cancel(asker, 1);
  CHECK(asker.results.size() == 2);
}

TEST_CASE_TEMPLATE("names: the pool runs dry and fills again" * doctest::description("R5.5"), Setup,
                   LinuxSetup, SimSetup) {
  Setup setup;
  setup.set("a.example.com", {ip("192.0.2.1")});
  Asker asker;
  const Millis deadline = setup.port.loop().now() + Millis(2000);
  for (uint64_t tag = 0; tag < 4; ++tag) {
    REQUIRE(setup.names().resolve("a.example.com", QueryFamily::Both, deadline, asker, tag));
  }
  CHECK_FALSE(setup.names().resolve("a.example.com", QueryFamily::Both, deadline, asker, 4));
  REQUIRE(setup.port.run_until([&] { return asker.results.size() == 4; }));
  CHECK(setup.names().in_use() == 0);
  CHECK(ask(setup, "a.example.com").status == NamesStatus::Found);
}

TEST_CASE_TEMPLATE("names: a handler may ask again from its answer", Setup, LinuxSetup, SimSetup) {
  Setup setup;
  setup.set("a.example.com", {ip("192.0.2.1")});
  Asker asker;
  const Millis deadline = setup.port.loop().now() + Millis(5000);
  asker.then = [&] {
    if (asker.results.size() < 20) {
      REQUIRE(setup.names().resolve("a.example.com", QueryFamily::Both, deadline, asker, 1));
    }
  };
  REQUIRE(setup.names().resolve("a.example.com", QueryFamily::Both, deadline, asker, 1));
  REQUIRE(setup.port.run_until([&] { return asker.results.size() == 20; }));
  CHECK(std::all_of(asker.results.begin(), asker.results.end(),
                    [](const Result& result) { return result.status == NamesStatus::Found; }));
}

TEST_CASE_TEMPLATE("names: more addresses than one answer holds are left out", Setup, LinuxSetup,
                   SimSetup) {
  Setup setup;
  std::vector<IpAddress> many;
  for (int i = 1; i <= 20; ++i) many.push_back(ip("192.0.2." + std::to_string(i)));
  setup.set("many.example.com", many);
  const Result result = ask(setup, "many.example.com");
  CHECK(result.addresses.size() == Names::kAddressesMax);
}

TEST_CASE_TEMPLATE("names: impossible names are refused or not found", Setup, LinuxSetup,
                   SimSetup) {
  Setup setup;
  Asker asker;
  const Millis deadline = setup.port.loop().now() + Millis(100);
  CHECK_FALSE(setup.names().resolve("", QueryFamily::Both, deadline, asker, 1));
  CHECK_FALSE(setup.names().resolve(std::string(254, 'a'), QueryFamily::Both, deadline, asker, 1));
  CHECK(ask(setup, std::string_view("a.example.com\0.evil", 19)).status == NamesStatus::NotFound);
  CHECK(ask(setup, "a..b").status == NamesStatus::NotFound);
  CHECK(ask(setup, std::string(64, 'a') + ".com").status == NamesStatus::NotFound);
}

TEST_CASE("linux names: one family silent does not hide the other's failure, nor an answer") {
  LinuxSetup setup;
  setup.dns.names["garbage.example.com"] = {FakeDns::Behaviour::Garbage, {}};
  Asker asker;
  REQUIRE(setup.names().resolve("garbage.example.com", QueryFamily::V4,
                                setup.port.loop().now() + Millis(200), asker, 1));
  REQUIRE(setup.port.run_until([&] { return !asker.results.empty(); }));
  CHECK(asker.results[0].addresses.empty());
  CHECK(asker.results[0].status != NamesStatus::Found);
}

TEST_CASE(
    "linux names: a query past its deadline keeps its place until c-ares is done, and destroying "
    "is silent") {
  LinuxSetup setup;
  setup.set_silent("slow.example.com");
  Asker asker;
  REQUIRE(setup.resolver.resolve("slow.example.com", QueryFamily::Both,
                                 setup.port.loop().now() + Millis(20), asker, 1));
  REQUIRE(setup.port.run_until([&] { return !asker.results.empty(); }));
  CHECK(setup.resolver.in_use() == 1);
}

TEST_CASE("linux names: the hosts file comes first and asks nobody") {
  const std::string path = (std::filesystem::temp_directory_path() / "tipring-hosts-test").string();
  std::ofstream(path)
      << "192.0.2.7 pbx.example.com pbx # the exchange\n2001:db8::7 PBX.example.com\n";
  LinuxPort port;
  FakeDns dns(port.network());
  LinuxNames names(static_cast<LinuxLoop&>(port.loop()),
                   {.queries = 4, .servers = dns.server(), .hosts_path = path});
  std::filesystem::remove(path);
  Asker asker;
  REQUIRE(names.resolve("Pbx.Example.Com", QueryFamily::Both, port.loop().now() + Millis(1000),
                        asker, 1));
  CHECK(asker.results.empty());
  REQUIRE(port.run_until([&] { return !asker.results.empty(); }));
  CHECK(asker.results[0].addresses == std::vector{ip("192.0.2.7"), ip("2001:db8::7")});
  CHECK(dns.questions == 0);
}

TEST_CASE("linux names: thousands of queries leave nothing in the bounded heap") {
  const LibraryMemory memory(256 * 1024);
  LinuxSetup setup;
  setup.set("a.example.com", {ip("192.0.2.1"), ip("2001:db8::1")});
  ask(setup, "a.example.com");
  const size_t settled = memory.heap().used();
  for (int i = 0; i < 1000; ++i) CHECK(ask(setup, "a.example.com").status == NamesStatus::Found);
  CHECK(memory.heap().used() == settled);
  CHECK(memory.heap().refusals() == 0);
}

TEST_CASE("linux names: a server list that cannot be read is told at start") {
  LinuxPort port;
  const LinuxNames names(static_cast<LinuxLoop&>(port.loop()),
                         {.queries = 4, .servers = "not an address", .hosts_path = "/dev/null"});
  CHECK_FALSE(names.ok());
}

TEST_CASE("hosts table: lines that cannot be read are left out, the others count" *
          doctest::description("RFC 6761 6.3")) {
  const HostsTable table(
      "# comment\n\n   \nnonsense\n1.2.3 short\n127.0.0.1\tlocalhost\r\n"
      "192.0.2.1 a b\t c#d e\n192.0.2.1 a\n192.0.2.2 a\nfe80::1%eth0 scoped\n2001:db8::1 a");
  std::array<IpAddress, 4> out;
  const auto find = [&](std::string_view name, QueryFamily family) {
    const size_t count = table.find(name, family, out);
    return std::vector(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count));
  };
  CHECK(find("a", QueryFamily::Both) ==
        std::vector{ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")});
  CHECK(find("A", QueryFamily::V6) == std::vector{ip("2001:db8::1")});
  CHECK(find("c", QueryFamily::V4) == std::vector{ip("192.0.2.1")});
  for (const char* const name : {"d", "e", "short", "scoped", "nonsense", "", "ab"}) {
    CHECK(find(name, QueryFamily::Both).empty());
  }
  CHECK(find("localhost", QueryFamily::Both) == std::vector{ip("127.0.0.1")});
  CHECK(find("phone.localhost", QueryFamily::Both) == std::vector{ip("127.0.0.1"), ip("::1")});
  CHECK(find("notlocalhost", QueryFamily::Both).empty());
  IpAddress one;
  CHECK(table.find("a", QueryFamily::Both, std::span(&one, 1)) == 1);
}

TEST_CASE("hosts table: a file without end is cut off at the table's size") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "192.0.2.1 n" + std::to_string(i) + "\n";
  const HostsTable table(text);
  IpAddress one;
  CHECK(table.find("n0", QueryFamily::Both, std::span(&one, 1)) == 1);
  CHECK(table.find("n999", QueryFamily::Both, std::span(&one, 1)) == 0);
}
