// Host names on c-ares: the hosts file, then the name servers of resolv.conf(5), both as they were
// at start. No search list: a name in SIP is complete.
#pragma once

#include <memory>
#include <string>

#include "port/linux/linux_loop.h"
#include "port/names.h"

namespace tipring::port {

class Resolver;

struct LinuxNamesOptions {
  size_t queries = 64;  // at one time
  std::string servers;  // "192.0.2.53,[2001:db8::53]:5353"; empty: those of resolv.conf
  std::string hosts_path = "/etc/hosts";
};

// One query asks a server for 1.5 s, then the next one, then with twice that time, three rounds in
// all. A query that was cancelled or met its deadline keeps its place in the pool until c-ares is
// done with it. c-ares takes its memory from the loop's heap: see LinuxLoopOptions::name_queries.
// Must be destroyed before the loop; queries under way then end without a word.
class LinuxNames final : public Names {
 public:
  LinuxNames(LinuxLoop& loop, const LinuxNamesOptions& options);
  ~LinuxNames() override;

  LinuxNames(const LinuxNames&) = delete;
  LinuxNames& operator=(const LinuxNames&) = delete;

  // Taken by the constructor besides the loop's heap: for the memory plan.
  static size_t memory_bytes(const LinuxNamesOptions& options);

  // False when c-ares could not start or the servers could not be read.
  bool ok() const;

  bool resolve(std::string_view host, QueryFamily family, Millis deadline, NamesHandler& handler,
               uint64_t tag) override;
  void cancel(NamesHandler& handler, uint64_t tag) override;

  size_t in_use() const;

 private:
  std::unique_ptr<Resolver> resolver_;
};

}  // namespace tipring::port
