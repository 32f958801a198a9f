// The pool of queries behind LinuxNames, and what c-ares calls. Internal to port/linux.
#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "port/linux/hosts_table.h"
#include "port/linux/linux_names.h"
#include "port/linux/loop_event.h"

struct ares_channeldata;

namespace tipring::port {

class Resolver final : public TimerHandler {
 public:
  Resolver(LinuxLoop& loop, const LinuxNamesOptions& options);
  ~Resolver();

  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  static size_t bytes_per_query() { return sizeof(Query); }
  bool ok() const { return channel_ != nullptr; }
  size_t in_use() const { return in_use_; }
  bool resolve(std::string_view host, QueryFamily family, Millis deadline, NamesHandler& handler,
               uint64_t tag);
  void cancel(NamesHandler& handler, uint64_t tag);

 private:
  // One name, with up to two questions to the servers.
  struct Query {
    Resolver* resolver = nullptr;
    NamesHandler* handler = nullptr;  // null once the handler was told
    uint64_t tag = 0;
    Millis deadline = kNever;
    std::array<IpAddress, Names::kAddressesMax> v4;
    std::array<IpAddress, Names::kAddressesMax> v6;
    size_t v4_count = 0;
    size_t v6_count = 0;
    uint8_t questions = 0;  // that c-ares has not answered yet
    bool in_use = false;
    NamesStatus without_address = NamesStatus::NotFound;  // the outcome if none is found
  };

  // c-ares has one socket per server and protocol.
  static constexpr size_t kSocketsMax = 32;
  struct Socket {
    Resolver* resolver = nullptr;
    int fd = -1;
    LoopEvent read_event;
    LoopEvent write_event;
    void on_readable();
    void on_writable();
  };

  static void on_answer_v4(void* query, int status, int timeouts, unsigned char* bytes, int size);
  static void on_answer_v6(void* query, int status, int timeouts, unsigned char* bytes, int size);
  static void on_socket_state(void* resolver, int fd, int readable, int writable);
  void on_timer(Millis now) override;

  void open_channel(const LinuxNamesOptions& options);
  Query* take();
  void ask(Query& query, const char* name, QueryFamily family);
  void process(int readable_fd, int writable_fd);
  void finish_questions(Query& query, int status);
  void tell_finished();
  void tell(Query& query, NamesStatus status, std::span<const IpAddress> addresses);
  void give_back_if_done(Query& query);
  void schedule();

  LinuxLoop& loop_;
  HostsTable hosts_;
  ares_channeldata* channel_ = nullptr;
  std::unique_ptr<LoopTimer> timer_;  // for the earliest of all deadlines and c-ares' own timeouts
  std::array<Socket, kSocketsMax> sockets_;
  std::vector<Query> queries_;
  size_t in_use_ = 0;
};

}  // namespace tipring::port
