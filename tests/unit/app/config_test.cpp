#include "app/config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/listen_entry.h"

using namespace tipring;
using namespace tipring::app;

namespace {

std::string shipped_file() {
  std::ifstream file(TIPRING_SOURCE_DIR "/config/tipring.toml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Takes the "#" from lines that hold a key.
std::string with_defaults_in_force(const std::string& text) {
  std::istringstream lines(text);
  std::string line, result;
  while (std::getline(lines, line)) {
    const bool key = line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
    result += (key ? line.substr(1) : line) + "\n";
  }
  return result;
}

Config load(std::string_view text, std::vector<ConfigFault>& faults) {
  Config config;
  const auto entries = read_toml(text, "test.toml", faults);
  apply(entries, config, faults);
  check(config, faults);
  return config;
}

std::string only_fault(std::string_view text) {
  std::vector<ConfigFault> faults;
  load(text, faults);
  return faults.size() == 1 ? faults[0].text() : "faults: " + std::to_string(faults.size());
}

}  // namespace

TEST_CASE("configuration: the shipped file names every key once, with its default" *
          doctest::description("R11.1")) {
  const std::string text = with_defaults_in_force(shipped_file());
  std::vector<ConfigFault> faults;
  const auto entries = read_toml(text, "tipring.toml", faults);
  CHECK(faults.empty());
  for (const std::string_view key : config_keys()) {
    CAPTURE(key);
    CHECK(std::count_if(entries.begin(), entries.end(),
                        [&](const ConfigEntry& e) { return e.key == key; }) == 1);
  }
  Config config;
  apply(entries, config, faults);
  CHECK(faults.empty());
  CHECK(describe(config) == describe(Config{}));
}

TEST_CASE("configuration: values of every shape are taken" * doctest::description("R11.2, R11.3")) {
  std::vector<ConfigFault> faults;
  const Config config = load(
      "[sip]\nlisten = [\"udp:127.0.0.1:5070\"]\ndomains = [\"example.com\"]\n"
      "[auth]\nnonce_lifetime = 60\nalgorithms = [\"SHA-256\", \"MD5\"]\ninvite = 401\n"
      "[routing]\nforeign = true\n[store]\npath = \"/data/x.db\"\n",
      faults);
  CHECK(faults.empty());
  CHECK(config.sip.listen == std::vector<std::string>{"udp:127.0.0.1:5070"});
  CHECK(config.auth.nonce_lifetime_s == 60);
  CHECK(config.auth.algorithms[0] == "SHA-256");
  CHECK(config.auth.invite == "401");
  CHECK(config.routing.foreign);
  CHECK(config.store.path == "/data/x.db");
  CHECK(effective_realm(config) == "example.com");
  CHECK(effective_realm(Config{}) == "tipring");
}

TEST_CASE("configuration: an unknown key is refused with file, line and suggestion") {
  CHECK(only_fault("[sip]\n\nlistne = [\"udp:127.0.0.1:5060\"]\n") ==
        "test.toml:3: sip.listne: unknown key; did you mean sip.listen?");
  CHECK(only_fault("nonce_lifetime = 3\n") ==
        "test.toml:1: nonce_lifetime: unknown key; did you mean auth.nonce_lifetime?");
  CHECK(only_fault("[sip]\nthis_is_something_else_entirely = 1\n") ==
        "test.toml:2: sip.this_is_something_else_entirely: unknown key");
  CHECK(only_fault("a = 1\n") == "test.toml:1: a: unknown key");
}

TEST_CASE("configuration: bad values name file, line, key and what is wanted" *
          doctest::description("R11.5")) {
  CHECK(only_fault("[auth]\nnonce_lifetime = 0\n") ==
        "test.toml:2: auth.nonce_lifetime: must be a whole number from 1 to 86400");
  CHECK(only_fault("[auth]\nnonce_lifetime = \"long\"\n").find("whole number") !=
        std::string::npos);
  CHECK(only_fault("[auth]\nnonce_lifetime = -5\n").find("whole number") != std::string::npos);
  CHECK(only_fault("[auth]\nnonce_lifetime = 1.5\n").find("must be a whole number") !=
        std::string::npos);
  CHECK(only_fault("[routing]\nforeign = \"yes\"\n") ==
        "test.toml:2: routing.foreign: must be true or false");
  CHECK(only_fault("[sip]\nlisten = [\"sctp:0.0.0.0:5060\"]\n").find("TRANSPORT:ADDRESS:PORT") !=
        std::string::npos);
  CHECK(only_fault("[sip]\nlisten = [5060]\n").find("must be text in quotes") != std::string::npos);
  CHECK(only_fault("[sip]\nlisten = []\n").find("at least one address") != std::string::npos);
  CHECK(only_fault("[auth]\nalgorithms = [\"BASIC\"]\n").find("one of \"MD5\", \"SHA-256\"") !=
        std::string::npos);
  CHECK(only_fault("[auth]\nrealm = \"a\\\"b\"\n").find("printable") != std::string::npos);
  CHECK(only_fault("[routing]\nfork = \"all\"\n").find("one of \"q\", \"parallel\", \"serial\"") !=
        std::string::npos);
  CHECK(only_fault("[routing]\nserial_timeout = 181\n").find("0 to 180") != std::string::npos);
  CHECK(only_fault("[routing]\noffline_status = 450\n").find("404 or 480") != std::string::npos);
  CHECK(only_fault("[registrar]\nmin_expires = 3601\n").find("from 1 to 3600") !=
        std::string::npos);
  CHECK(only_fault("[security]\nsafe_sources = [\"10.0.0.0/33\"]\n").find("network") !=
        std::string::npos);
  CHECK(only_fault("[session_timer]\nmin_se = 89\n").find("from 90") != std::string::npos);
  CHECK(only_fault("[sip]\nmessage_size = 1000\n").find("from 4096 to 65535") != std::string::npos);
  for (const char* key :
       {"silence_timeout", "message_timeout", "write_timeout", "connect_timeout", "idle_timeout"}) {
    CAPTURE(key);
    CHECK(only_fault("[tcp]\n" + std::string(key) + " = 0\n").find("whole number from 1") !=
          std::string::npos);
  }
}

TEST_CASE("configuration: domains, numbers and places that can be none" *
          doctest::description("R11.5")) {
  for (const char* domain : {"", "-a.example", "a..b", "a.example:5060", "300.300.300.300", "a b",
                             "sip:example.com", "."}) {
    CAPTURE(domain);
    CHECK(
        only_fault("[sip]\ndomains = [\"" + std::string(domain) + "\"]\n").find("a domain name") !=
        std::string::npos);
  }
  std::vector<ConfigFault> faults;
  load(
      "[sip]\ndomains = [\"a\", \"b.example.\", \"192.0.2.1\", \"[2001:db8::1]\", \"4.example\"]\n"
      "[routing]\nemergency = [\"112\", \"*9#\", \"+1\"]\n",
      faults);
  CHECK(faults.empty());
  CHECK(only_fault("[routing]\nemergency = [\"1 1\"]\n").find("as it is dialled") !=
        std::string::npos);
  CHECK(only_fault("[store]\npath = \"\"\n").find("the path of a file") != std::string::npos);
  CHECK(only_fault("[admin]\nsocket = \"" + std::string(108, 'x') + "\"\n").find("107 bytes") !=
        std::string::npos);
}

TEST_CASE("configuration: a list tells all its faults, and what it names twice") {
  CHECK(only_fault("[security]\nsafe_sources = [\"x\", \"10.0.0.0/8\", \"y\"]\n")
            .find("\"x\" and \"y\" must be an address") != std::string::npos);
  CHECK(only_fault("[auth]\nalgorithms = [\"MD5\", \"SHA-256\", \"MD5\"]\n") ==
        "test.toml:2: auth.algorithms: names \"MD5\" twice");
}

TEST_CASE("configuration: keys that do not fit together name the place of one that was set" *
          doctest::description("R11.5")) {
  CHECK(only_fault("[capacity]\nbindings = 10\n") ==
        "test.toml:2: capacity.bindings: must be at least capacity.users, so that every user can "
        "register");
  CHECK(only_fault("[capacity]\n\nusers = 5000\n").starts_with("test.toml:3: capacity.bindings: "));
  CHECK(only_fault("[registrar]\nmax_expires = 600\n").starts_with("test.toml:2: "));
  CHECK(only_fault("[registrar]\ndefault_expires = 30\n").starts_with("test.toml:2: "));
  CHECK(only_fault("[tcp]\nconnections_per_source = 300\n") ==
        "test.toml:2: tcp.connections_per_source: must not be above capacity.tcp_connections, "
        "which is 256");
  std::string many;
  for (int i = 0; i < 33; ++i) many += "\"10." + std::to_string(i) + ".0.0/16\", ";
  CHECK(only_fault("[security]\nsafe_sources = [" + many + "]\n").find("more than 32") !=
        std::string::npos);
}

TEST_CASE("configuration: text that is no TOML names the line") {
  const std::string fault = only_fault("[sip]\nlisten = [\n");
  CHECK(fault.starts_with("test.toml:"));
  CHECK(only_fault("[auth]\nrealm = \"a\"\nrealm = \"b\"\n").starts_with("test.toml:3"));
}

TEST_CASE("configuration: all faults are found at once") {
  std::vector<ConfigFault> faults;
  load("[sip]\nlistne = []\n[auth]\nnonce_lifetime = 0\nalgorithms = []\n", faults);
  CHECK(faults.size() == 3);
}

TEST_CASE("settings: TOML values, lists, and plain text where it is no TOML") {
  std::vector<ConfigFault> faults;
  Config config;
  for (const char* setting :
       {"auth.nonce_lifetime=5", "store.path=/tmp/a b/x.db", "routing.foreign=true",
        "sip.listen=[\"udp:127.0.0.1:1\", \"tcp:127.0.0.1:1\"]", "log.level=debug",
        "auth.realm=\"quoted\"", "sip.domains=example.org"}) {
    const auto entries = read_setting(setting, faults);
    apply(entries, config, faults);
  }
  for (const ConfigFault& fault : faults) MESSAGE(fault.text());
  CHECK(faults.empty());
  CHECK(config.auth.nonce_lifetime_s == 5);
  CHECK(config.store.path == "/tmp/a b/x.db");
  CHECK(config.routing.foreign);
  CHECK(config.sip.listen.size() == 2);
  CHECK(config.log.level == "debug");
  CHECK(config.auth.realm == "quoted");
  CHECK(config.sip.domains == std::vector<std::string>{"example.org"});
}

TEST_CASE("settings: what is no assignment is refused") {
  for (const char* setting : {"auth.realm", "=x", ""}) {
    std::vector<ConfigFault> faults;
    CHECK(read_setting(setting, faults).empty());
    CHECK(faults.size() == 1);
  }
}

TEST_CASE("listen entries: transport, address and port") {
  const auto udp = parse_listen("udp:192.0.2.1:5060");
  REQUIRE(udp);
  CHECK(udp->transport == ListenTransport::Udp);
  CHECK(udp->address.port == 5060);
  CHECK(parse_listen("tcp:[::1]:5061")->address.ip.family == port::Family::V6);
  for (const char* bad : {"", "udp", "udp:1.2.3.4", "udp:1.2.3.4:70000", "udp:host:5060",
                          "tcp:::5060", "tls:1.2.3.4:5061"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_listen(bad));
  }
}

TEST_CASE("configuration: a running server takes what it can, and the rest is named" *
          doctest::description("R11.3")) {
  std::vector<ConfigFault> faults;
  Config now = load("[capacity]\nusers = 10\n", faults);
  const Config next = load("[sip]\ndomains = [\"a.example\"]\n[log]\nlevel = \"debug\"\n", faults);
  REQUIRE(faults.empty());
  const std::vector<ConfigChange> found = changes(now, next);
  REQUIRE(found.size() == 3);
  CHECK((found[0].key == "sip.domains" && found[0].at_run_time));
  CHECK(found[0].value == "[\"a.example\"]");
  CHECK((found[1].key == "capacity.users" && !found[1].at_run_time));
  CHECK((found[2].key == "log.level" && found[2].at_run_time));
  adopt(next, now);
  CHECK(now.sip.domains == next.sip.domains);
  CHECK(now.log.level == "debug");
  CHECK(now.capacity.users == 10);
  CHECK(changes(now, next).size() == 1);
  CHECK(changes(next, next).empty());
}

TEST_CASE("configuration: who registers for whom is checked" * doctest::description("D6, R11.5")) {
  const auto fault_of = [](const std::string& list) {
    return only_fault("[sip]\ndomains = [\"example.com\"]\n[registrar]\nthird_party = " + list);
  };
  std::vector<ConfigFault> faults;
  const Config config = load(
      "[sip]\ndomains = [\"example.com\"]\n[registrar]\n"
      "third_party = [\"a@example.com: b@EXAMPLE.com\", \"a:b\", \"a@[2001:db8::1] : "
      "b@192.0.2.1\"]\n",
      faults);
  CHECK(faults.empty());
  CHECK(config.registrar.third_party.size() == 3);
  for (const std::string bad : {"a", "a:", ":b", "a@: b", "a b: c", "a@example.com b@example.com",
                                "a: b c", "a@[::1: b", "a@ex ample: b"}) {
    CAPTURE(bad);
    CHECK(fault_of("[\"" + bad + "\"]").find("WHO: FOR WHOM") != std::string::npos);
  }
  CHECK(fault_of("[\"a@example.com: b@elsewhere.example\"]") ==
        "test.toml:4: registrar.third_party: \"elsewhere.example\" is not in sip.domains");
}

TEST_CASE("configuration: a service route is an address with lr" *
          doctest::description("RFC 3608 6.3; R11.5")) {
  const auto fault_of = [](const std::string& route) {
    return only_fault("[registrar]\nservice_route = [\"" + route + "\"]");
  };
  CHECK(fault_of("<sip:edge.example.com;lr>") == "faults: 0");
  for (const std::string bad : {"sip:edge;lr", "<sip:edge>", "<tel:1;lr>", "<sip:;lr>", ""}) {
    CAPTURE(bad);
    CHECK(fault_of(bad).find("with lr") != std::string::npos);
  }
  CHECK(fault_of("<sip:" + std::string(1000, 'x') + ";lr>").find("1000") != std::string::npos);
}

TEST_CASE("configuration: media ports are pairs, enough of them, and nobody else's" *
          doctest::description("RFC 3550 11; R11.5, R18.2")) {
  std::vector<ConfigFault> faults;
  load("[media]\nports = \"40000-40327\"\naddress = [\"203.0.113.5\", \"2001:db8::5\"]", faults);
  CHECK(faults.empty());
  load("[capacity]\nrelayed_calls = 0\n[media]\nports = \"40000-40001\"", faults);
  CHECK(faults.empty());
  CHECK(only_fault("[media]\nports = \"30001-30512\"") ==
        "test.toml:2: media.ports: must be FIRST-LAST such as \"30000-30511\": an even port from "
        "1024 on, and an odd one above it");
  CHECK(only_fault("[media]\nports = \"40000-40317\"") ==
        "test.toml:2: media.ports: has 159 pairs of ports, and capacity.relayed_calls needs 164, "
        "such as \"30000-30327\"");
  CHECK(only_fault("[capacity]\nrelayed_calls = 103") ==
        "test.toml:2: media.ports: has 256 pairs of ports, and capacity.relayed_calls needs 264, "
        "such as \"30000-30527\"");
  CHECK(only_fault("[media]\nports = \"5000-5999\"") ==
        "test.toml:2: media.ports: must leave out the port of \"udp:0.0.0.0:5060\" in sip.listen");
  std::vector<ConfigFault> tcp;
  load("[sip]\nlisten = [\"tcp:0.0.0.0:5060\"]\n[media]\nports = \"5000-5999\"", tcp);
  CHECK(tcp.empty());
  CHECK(only_fault("[media]\naddress = [\"host.example\"]") ==
        "test.toml:2: media.address: \"host.example\" must be the address of one host, such as "
        "\"203.0.113.5\"");
  CHECK(only_fault("[media]\naddress = [\"203.0.113.5\", \"203.0.113.6\"]") ==
        "test.toml:2: media.address: must not name more than one address of IPv4 and one of IPv6");
}
