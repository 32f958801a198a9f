// The stack: SIP and sound on one loop, for programs that are phones, proxies, or both.
//
//     std::string fault;
//     const auto stack = tipring::Stack::create({}, fault);
//     tipring::Account* anna = stack->add_account({.aor = "sip:anna@192.0.2.1", ...}, events, fault);
//     anna->register_again();
//     stack->run();
//
// Threads: a stack is used on the one thread that made it; all events come on that thread. Only
// notify() may be called from others. A process may have several stacks, each on a thread of its
// own.
//
// Memory: what requests, transactions and calls need is taken by create(), by the numbers in
// StackOptions; while a call stands nothing is taken from the heap on the stack's thread. The limit
// of descriptors must have room for the TCP connections, two sockets for each call, and some twenty.
//
// Times are milliseconds or, where a name ends in _s, seconds. Texts are UTF-8. Nothing here throws.
// Classes that a program derives from hold no state; those that it only uses belong to the stack.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tipring/account.h"
#include "tipring/call.h"
#include "tipring/log_level.h"
#include "tipring/proxy.h"
#include "tipring/sound.h"
#include "tipring/version.h"

namespace tipring {

struct StackOptions {
  // "udp:ADDRESS:PORT" and "tcp:ADDRESS:PORT"; 0.0.0.0 or [::] for all addresses, port 0 for any.
  // Both transports are needed to be called over both.
  std::vector<std::string> listen = {"udp:0.0.0.0:0", "tcp:0.0.0.0:0"};
  std::string user_agent;  // of User-Agent and Server; empty: "tipring/VERSION"
  uint32_t calls = 16;     // at one time
  uint32_t transactions = 128;
  uint32_t tcp_connections = 32;
  // Ports for sound, two for each call.
  uint16_t media_port_first = 16384;
  uint16_t media_port_last = 32767;
  // Codecs in the order of preference: "PCMU", "PCMA".
  std::vector<std::string> codecs = {"PCMU", "PCMA"};
  // Session timers (RFC 4028): the interval that calls ask for. 0: none is asked for, and a server
  // that insists on one refuses the call.
  uint32_t session_interval_s = 1800;
  // What happens inside, line by line, on a thread of the stack's own; empty: nobody wants it.
  std::function<void(LogLevel level, std::string_view line)> log;
  LogLevel log_level = LogLevel::Info;  // and what is graver
};

class Stack {
 public:
  // Null on failure, and `fault` says what is wrong: an address that cannot be listened on, no memory.
  static std::unique_ptr<Stack> create(const StackOptions& options, std::string& fault);

  // Whatever still stands ends without a word to the others and without an event: see shut_down().
  // Accounts and calls are gone with it. Not from within an event.
  virtual ~Stack() = default;

  // --- running -----------------------------------------------------------------------------------

  // In a loop of its own: works until stop(), which is called from within an event.
  virtual void run() = 0;
  virtual void stop() = 0;

  // In the caller's loop: whenever descriptor() can be read from, process() does what there is to do
  // and returns without waiting. The descriptor stands for sockets and timers both; it may be given
  // to poll(2) and its like, and is neither read nor closed by the caller.
  virtual int descriptor() const = 0;
  virtual void process() = 0;

  // From any thread: `on_notify` is called soon, on the stack's own. Calls that come together are
  // told once.
  virtual void notify() = 0;
  virtual void on_notify(std::function<void()> function) = 0;

  // Once, after so long. Not before this returns.
  virtual void call_later(std::chrono::milliseconds delay, std::function<void()> function) = 0;

  // Hangs up all calls and unregisters all accounts. is_quiet() when that is done, or five seconds
  // have passed.
  virtual void shut_down() = 0;
  virtual bool is_quiet() const = 0;

  // --- phones ------------------------------------------------------------------------------------

  // Null, and `fault` says why, for an address that is no SIP URI or is there already, and for texts
  // that no header field can hold. `events` outlives the stack.
  virtual Account* add_account(const AccountOptions& options, AccountEvents& events,
                               std::string& fault) = 0;

  // --- a proxy -----------------------------------------------------------------------------------

  // From now on, requests that are for no account are proxied. Once. `events` outlives the stack.
  virtual bool set_proxy(const ProxyOptions& options, ProxyEvents& events) = 0;
  virtual ProxyStatistics proxy_statistics() const = 0;

  // --- for everyone ------------------------------------------------------------------------------

  // Where it listens, with the real ports: "udp:192.0.2.1:5060".
  virtual std::vector<std::string> listening() const = 0;
  // Calls that stand, and those that end.
  virtual size_t calls() const = 0;
};

}  // namespace tipring
