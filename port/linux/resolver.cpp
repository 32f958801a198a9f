#include "port/linux/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>

#include <algorithm>

#include "port/linux/linux_files.h"
#include "port/linux/socket_address.h"

namespace tipring::port {
namespace {

constexpr size_t kNameMax = 253;
constexpr size_t kHostsBytesMax = 64 * 1024;
constexpr int kTimeoutMs = 1500;
constexpr int kTries = 3;

std::string read_hosts(const std::string& path) {
  LinuxFiles files;
  std::string text;
  if (read_file(files, path, kHostsBytesMax, text) != 0) text.clear();
  return text;
}

NamesStatus outcome_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: return NamesStatus::NotFound;
    case ARES_ETIMEOUT: return NamesStatus::TimedOut;
    default: return NamesStatus::Failed;
  }
}

}  // namespace

Resolver::Resolver(LinuxLoop& loop, const LinuxNamesOptions& options)
    : loop_(loop),
      hosts_(read_hosts(options.hosts_path)),
      timer_(loop.make_timer(*this)),
      queries_(options.queries) {
  for (Query& query : queries_) query.resolver = this;
  for (Socket& socket : sockets_) socket.resolver = this;
  open_channel(options);
}

Resolver::~Resolver() {
  // c-ares answers all its questions now, with an error: the handlers are not to hear of it.
  for (Query& query : queries_) query.handler = nullptr;
  if (channel_ != nullptr) ares_destroy(channel_);
}

void Resolver::open_channel(const LinuxNamesOptions& options) {
  ares_options settings{};
  settings.timeout = kTimeoutMs;
  settings.tries = kTries;
  settings.sock_state_cb = &Resolver::on_socket_state;
  settings.sock_state_cb_data = this;
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (ares_init_options(&channel_, &settings, mask) != ARES_SUCCESS) {
    channel_ = nullptr;
    return;
  }
  if (options.servers.empty()) return;
  if (ares_set_servers_ports_csv(channel_, options.servers.c_str()) != ARES_SUCCESS) {
    ares_destroy(channel_);
    channel_ = nullptr;
  }
}

Resolver::Query* Resolver::take() {
  const auto found = std::find_if(queries_.begin(), queries_.end(),
                                  [](const Query& query) { return !query.in_use; });
  if (found == queries_.end()) return nullptr;
  ++in_use_;
  found->in_use = true;
  found->v4_count = found->v6_count = 0;
  found->without_address = NamesStatus::NotFound;
  return &*found;
}

bool Resolver::resolve(std::string_view host, QueryFamily family, Millis deadline,
                       NamesHandler& handler, uint64_t tag) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  if (channel_ == nullptr || host.empty() || host.size() > kNameMax) return false;
  Query* const query = take();
  if (query == nullptr) return false;
  query->handler = &handler;
  query->tag = tag;
  query->deadline = deadline;

  std::array<IpAddress, Names::kAddressesMax> known;
  const size_t count = hosts_.find(host, family, known);
  for (const IpAddress& ip : std::span(known).first(count)) {
    if (ip.family == Family::V4) query->v4[query->v4_count++] = ip;
    if (ip.family == Family::V6) query->v6[query->v6_count++] = ip;
  }
  // A name with a NUL inside would be asked for as another one: it stays NotFound.
  if (count == 0 && host.find('\0') == std::string_view::npos) {
    std::array<char, kNameMax + 1> name{};
    std::copy(host.begin(), host.end(), name.begin());
    ask(*query, name.data(), family);
  }
  schedule();
  return true;
}

// c-ares may answer from within ares_query(), when it cannot send: so both questions count
// beforehand.
void Resolver::ask(Query& query, const char* name, QueryFamily family) {
  const bool v4 = family != QueryFamily::V6;
  const bool v6 = family != QueryFamily::V4;
  query.questions = static_cast<uint8_t>((v4 ? 1 : 0) + (v6 ? 1 : 0));
  if (v4) ares_query(channel_, name, ns_c_in, ns_t_a, &Resolver::on_answer_v4, &query);
  if (v6) ares_query(channel_, name, ns_c_in, ns_t_aaaa, &Resolver::on_answer_v6, &query);
}

void Resolver::on_answer_v4(void* owner, int status, int, unsigned char* bytes, int size) {
  Query& query = *static_cast<Query*>(owner);
  std::array<ares_addrttl, Names::kAddressesMax> records;
  int count = static_cast<int>(records.size());
  if (status == ARES_SUCCESS)
    status = ares_parse_a_reply(bytes, size, nullptr, records.data(), &count);
  if (status == ARES_SUCCESS) {
    for (const ares_addrttl& record : std::span(records).first(static_cast<size_t>(count))) {
      query.v4[query.v4_count++] = from_in_addr(record.ipaddr);
    }
  }
  query.resolver->finish_questions(query, status);
}

void Resolver::on_answer_v6(void* owner, int status, int, unsigned char* bytes, int size) {
  Query& query = *static_cast<Query*>(owner);
  std::array<ares_addr6ttl, Names::kAddressesMax> records;
  int count = static_cast<int>(records.size());
  if (status == ARES_SUCCESS) {
    status = ares_parse_aaaa_reply(bytes, size, nullptr, records.data(), &count);
  }
  if (status == ARES_SUCCESS) {
    for (const ares_addr6ttl& record : std::span(records).first(static_cast<size_t>(count))) {
      in6_addr address{};
      std::copy_n(std::begin(record.ip6addr._S6_un._S6_u8), 16, address.s6_addr);
      query.v6[query.v6_count++] = from_in6_addr(address, 0);
    }
  }
  query.resolver->finish_questions(query, status);
}

// Counts only. The handler is told later, when c-ares is not on the stack: what it does then may
// well be another query.
void Resolver::finish_questions(Query& query, int status) {
  --query.questions;
  const NamesStatus outcome = outcome_of(status);
  if (outcome != NamesStatus::NotFound) query.without_address = outcome;
  give_back_if_done(query);
}

void Resolver::give_back_if_done(Query& query) {
  if (query.handler != nullptr || query.questions != 0 || !query.in_use) return;
  query.in_use = false;
  --in_use_;
}

void Resolver::tell(Query& query, NamesStatus status, std::span<const IpAddress> addresses) {
  NamesHandler* const handler = query.handler;
  const uint64_t tag = query.tag;
  query.handler = nullptr;
  give_back_if_done(query);
  handler->on_names(tag, status, addresses);
}

void Resolver::tell_finished() {
  const Millis now = loop_.now();
  for (Query& query : queries_) {
    if (query.handler == nullptr) continue;
    const bool answered = query.questions == 0;
    if (!answered && query.deadline > now) continue;
    if (!answered) {
      tell(query, NamesStatus::TimedOut, {});
      continue;
    }
    // Half of the places are for either family, and what one leaves is the other's.
    std::array<IpAddress, Names::kAddressesMax> all;
    constexpr size_t kHalf = Names::kAddressesMax / 2;
    const size_t v4 = std::min(query.v4_count, all.size() - std::min(query.v6_count, kHalf));
    const size_t v6 = std::min(query.v6_count, all.size() - v4);
    std::copy_n(query.v4.begin(), v4, all.begin());
    std::copy_n(query.v6.begin(), v6, all.begin() + static_cast<std::ptrdiff_t>(v4));
    const size_t count = v4 + v6;
    tell(query, count != 0 ? NamesStatus::Found : query.without_address,
         std::span(all).first(count));
  }
}

void Resolver::cancel(NamesHandler& handler, uint64_t tag) {
  for (Query& query : queries_) {
    if (query.handler == &handler && query.tag == tag) tell(query, NamesStatus::Cancelled, {});
  }
}

void Resolver::on_socket_state(void* owner, int fd, int readable, int writable) {
  Resolver& self = *static_cast<Resolver*>(owner);
  const auto find = [&](int wanted) {
    return std::find_if(self.sockets_.begin(), self.sockets_.end(),
                        [&](const Socket& socket) { return socket.fd == wanted; });
  };
  auto socket = find(fd);
  if (socket == self.sockets_.end()) {
    if (readable == 0 && writable == 0) return;
    socket = find(-1);
    // There are more servers than we watch: the answers of this one time out.
    if (socket == self.sockets_.end()) return;
    socket->fd = fd;
    socket->read_event.assign(self.loop_, fd, EV_READ | EV_PERSIST, bound<&Socket::on_readable>,
                              &*socket);
    socket->write_event.assign(self.loop_, fd, EV_WRITE | EV_PERSIST, bound<&Socket::on_writable>,
                               &*socket);
  }
  socket->read_event.set(readable != 0);
  socket->write_event.set(writable != 0);
  if (readable == 0 && writable == 0) socket->fd = -1;
}

void Resolver::Socket::on_readable() { resolver->process(fd, ARES_SOCKET_BAD); }

void Resolver::Socket::on_writable() { resolver->process(ARES_SOCKET_BAD, fd); }

void Resolver::on_timer(Millis) { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::process(int readable_fd, int writable_fd) {
  ares_process_fd(channel_, readable_fd, writable_fd);
  tell_finished();
  schedule();
}

void Resolver::schedule() {
  const Millis now = loop_.now();
  Millis next = kNever;
  for (const Query& query : queries_) {
    if (query.handler != nullptr)
      next = std::min(next, query.questions == 0 ? now : query.deadline);
  }
  timeval wait{};
  if (ares_timeout(channel_, nullptr, &wait) != nullptr) {
    // Rounded up: a moment too early, c-ares would find nothing to do.
    next = std::min(next, now + std::chrono::ceil<Millis>(std::chrono::seconds(wait.tv_sec) +
                                                          std::chrono::microseconds(wait.tv_usec)));
  }
  timer_->arm(next);
}

}  // namespace tipring::port
