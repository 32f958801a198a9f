#include "tools/load/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "core/text.h"

namespace tipring::load {

namespace {

constexpr std::string_view kHelp =
    R"(Puts a load of SIP on a server, and tells how it bore it.

    tipring-load SCENARIO --server ADDRESS:PORT [OPTION…]

Scenarios, each a number of operations that are started again and again:
  options    OPTIONS to the server, 200
  register   REGISTER, 401, REGISTER with digest, 200: a contact that the user has not had. The users
             follow one another; with --users as large as --count each gets his first registration
  refresh    the same with the contact that the user has, who is registered before the load begins
  call       INVITE, 100, 180, 200, ACK, BYE, 200 between two phones, both of them ours; the users are
             registered before the load begins. An INVITE that is challenged (401, 407) is sent again
             with digest
  echo       packets of the sizes given with --packets, for bench_echo of tests/bench

Load:
  --outstanding N   closed loop: N operations at a time (32). With --rate: so many at most (20000)
  --rate R          open loop: R operations are started a second, whether earlier ones are done or not
  --tick-ms N       with --rate: what is due within N milliseconds is started together (0: each at its
                    own time). SIPp's own default is 10
  --count N         operations in all
  --duration S      seconds for which operations are started; those under way are waited for. Without
                    either: 10 seconds

Phones:
  --transport udp|tcp   (udp)
  --sockets N       UDP sockets or TCP connections on each side, the callers' and the callees' (1)
  --users N         users u0, u1 … (1000). For refresh not fewer than operations at a time
  --first-user N    the number of the first user (0)
  --password TEXT   of all users (secret)
  --domain NAME     of all users (the server's address)
  --expires S       seconds of a registration (3600)
  --ring-ms N       the callee answers after so long (0)
  --hold-ms N       the caller hangs up so long after the answer (0)
  --no-prepare      the users are registered already
  --packets LIST    echo: sizes of one operation's packets in order, sent +N, received -N, and with a b
                    behind it by the callee's socket: +400,-350b

Output:
  --json            one line of JSON instead of the table. `packets` are the messages of one operation,
                    as --packets takes them
  --wait            print "ready" when all is prepared; then each line on standard input starts the
                    load once, and its end ends the program: for programs that measure the server
                    meanwhile

Requests are sent again, and given up, by the timers of RFC 3261 17.1 and 13.3.1.4; credentials whose
nonce is stale are made anew, once (RFC 7616 3.3). Latency is counted
exactly, each operation to the microsecond, from its first message to its last. The exit code is 0
when every operation was done, 1 when any failed, 2 for a wrong command line, and 3 when the load
could not begin.
)";

constexpr uint64_t kOutstandingClosed = 32;
constexpr uint64_t kOutstandingOpen = 20000;
constexpr uint64_t kUsers = 1000;
constexpr double kDuration = 10;
constexpr size_t kPacketMax = 1472;
constexpr size_t kPacketMin = 96;  // its size, a token, and seven replies with their ports
constexpr size_t kRepliesMax = 7;

constexpr std::array<std::string_view, 5> kScenarios = {"options", "register", "refresh", "call",
                                                        "echo"};

template <class Number>
bool read_number(std::string_view text, Number least, Number& out) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least)) return false;
  out = value;
  return true;
}

bool read_server(std::string_view text, port::SocketAddress& out) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto ip = port::parse_ip(text.substr(0, colon));
  uint16_t number = 0;
  if (!ip || !read_number<uint16_t>(text.substr(colon + 1), 1, number)) return false;
  out = {*ip, number};
  return true;
}

bool read_scenario(std::string_view text, Scenario& out) {
  const auto* const found = std::find(kScenarios.begin(), kScenarios.end(), text);
  if (found == kScenarios.end()) return false;
  out = static_cast<Scenario>(found - kScenarios.begin());
  return true;
}

bool read_transport(std::string_view text, bool& tcp) {
  tcp = text == "tcp";
  return tcp || text == "udp";
}

bool read_packets(std::string_view text, std::vector<Packet>& out) {
  auto packets = parse_packets(text);
  if (packets) out = std::move(*packets);
  return packets.has_value();
}

bool read_text(std::string_view text, std::string& out) {
  out = text;
  // It becomes part of a URI.
  return !text.empty() && text.find_first_of(" \t\r\n<>\"@;,?") == std::string_view::npos;
}

bool set_flag(std::string_view name, Options& options) {
  if (name == "--json") {
    options.json = true;
  } else if (name == "--wait") {
    options.wait = true;
  } else if (name == "--no-prepare") {
    options.prepare = false;
  } else {
    return false;
  }
  return true;
}

enum class Outcome : uint8_t { Taken, BadValue, Unknown };

Outcome set_value(std::string_view name, std::string_view value, Options& options) {
  const auto outcome = [](bool good) { return good ? Outcome::Taken : Outcome::BadValue; };
  if (name == "--server") return outcome(read_server(value, options.server));
  if (name == "--transport") return outcome(read_transport(value, options.tcp));
  if (name == "--outstanding") return outcome(read_number(value, 1U, options.outstanding));
  if (name == "--rate") return outcome(read_number(value, 0.001, options.rate));
  if (name == "--tick-ms") return outcome(read_number(value, 0U, options.tick_ms));
  if (name == "--count") return outcome(read_number<uint64_t>(value, 1, options.count));
  if (name == "--duration") return outcome(read_number(value, 0.001, options.duration_s));
  if (name == "--sockets") return outcome(read_number(value, 1U, options.sockets));
  if (name == "--users") return outcome(read_number<uint64_t>(value, 1, options.users));
  if (name == "--first-user") return outcome(read_number<uint64_t>(value, 0, options.first_user));
  if (name == "--ring-ms") return outcome(read_number(value, 0U, options.ring_ms));
  if (name == "--hold-ms") return outcome(read_number(value, 0U, options.hold_ms));
  if (name == "--expires") return outcome(read_number(value, 1U, options.expires_s));
  if (name == "--domain") return outcome(read_text(value, options.domain));
  if (name == "--packets") return outcome(read_packets(value, options.packets));
  if (name == "--password") {
    options.password = value;
    return Outcome::Taken;
  }
  return Outcome::Unknown;
}

void set_defaults(Options& options) {
  if (options.count == 0 && options.duration_s <= 0) options.duration_s = kDuration;
  uint64_t at_a_time = options.outstanding;
  if (at_a_time == 0) {
    at_a_time = options.rate > 0 ? kOutstandingOpen : kOutstandingClosed;
    const bool by_users = options.scenario == Scenario::Refresh && options.users != 0;
    if (by_users) at_a_time = std::min(at_a_time, options.users);
  }
  if (options.count != 0) at_a_time = std::min(at_a_time, options.count);
  options.outstanding = static_cast<uint32_t>(at_a_time);
  if (options.users == 0) {
    options.users = options.scenario == Scenario::Refresh ? std::max(kUsers, at_a_time) : kUsers;
  }
  if (options.domain.empty()) {
    std::array<char, port::kAddressTextMax> text;
    options.domain = port::write_host(options.server.ip, text);
  }
}

// What is wrong with the whole; empty when nothing is.
std::string fault_of(const Options& options) {
  if (options.server.port == 0) return "--server ADDRESS:PORT is missing";
  if (options.scenario == Scenario::Refresh && options.users < options.outstanding)
    return "refresh needs as many --users as operations at a time";
  if (options.scenario == Scenario::Echo && options.packets.empty()) return "echo needs --packets";
  return {};
}

std::optional<Options> complain(const std::string& what, int& exit_code) {
  std::fprintf(stderr, "tipring-load: %s (see --help)\n", what.c_str());
  exit_code = 2;
  return std::nullopt;
}

}  // namespace

bool Options::has_callees() const {
  return scenario == Scenario::Call ||
         std::any_of(packets.begin(), packets.end(), [](const Packet& one) { return one.callee; });
}

std::string_view to_text(Scenario scenario) { return kScenarios[static_cast<size_t>(scenario)]; }

std::optional<std::vector<Packet>> parse_packets(std::string_view text) {
  std::vector<Packet> packets;
  size_t replies = 0;
  while (!text.empty()) {
    auto [first, rest] = split_once(text, ',');
    text = rest;
    const bool callee = first.ends_with('b');
    if (callee) first.remove_suffix(1);
    if (first.size() < 2 || (first[0] != '+' && first[0] != '-')) return std::nullopt;
    size_t size = 0;
    if (!read_number(first.substr(1), kPacketMin, size) || size > kPacketMax) return std::nullopt;
    const bool sent = first[0] == '+';
    replies = sent ? 0 : replies + 1;
    if ((packets.empty() && !sent) || replies > kRepliesMax) return std::nullopt;
    packets.push_back({sent ? static_cast<int>(size) : -static_cast<int>(size), callee});
  }
  if (packets.empty() || packets.back().size > 0) return std::nullopt;
  return packets;
}

std::string write_packets(const std::vector<Packet>& packets) {
  std::string text;
  for (const Packet& packet : packets) {
    if (!text.empty()) text += ',';
    if (packet.size > 0) text += '+';
    text += std::to_string(packet.size);
    if (packet.callee) text += 'b';
  }
  return text;
}

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  bool has_scenario = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      std::fputs(kHelp.data(), stdout);
      exit_code = 0;
      return std::nullopt;
    }
    if (!word.starts_with('-')) {
      if (has_scenario || !read_scenario(word, options.scenario))
        return complain("what is " + std::string(word) + "?", exit_code);
      has_scenario = true;
      continue;
    }
    if (set_flag(word, options)) continue;
    if (i + 1 == argc) return complain(std::string(word) + " needs a value", exit_code);
    const std::string_view value = argv[++i];
    switch (set_value(word, value, options)) {
      case Outcome::Taken: break;
      case Outcome::BadValue:
        return complain("bad value for " + std::string(word) + ": " + std::string(value),
                        exit_code);
      case Outcome::Unknown: return complain("unknown option " + std::string(word), exit_code);
    }
  }
  if (!has_scenario) return complain("no scenario is named", exit_code);
  set_defaults(options);
  const std::string fault = fault_of(options);
  if (!fault.empty()) return complain(fault, exit_code);
  return options;
}

}  // namespace tipring::load
