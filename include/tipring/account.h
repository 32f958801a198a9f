// Who a phone is: an address-of-record, where it is registered, and what it logs in with.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tipring/call.h"

namespace tipring {

class Account;

struct AccountOptions {
  std::string aor;           // "sip:anna@example.com": required
  std::string display_name;  // in UTF-8; may be empty
  std::string user;          // to log in with; empty: the user part of `aor`
  std::string password;      // kept in memory, never shown or logged
  // In calls only challenges for this realm are answered: whoever is sent an answer can guess at the
  // password at leisure, and a peer may challenge as well as a proxy. Empty: the one that the registrar
  // has asked for; before it has, those of outgoing calls are answered for any realm, of incoming calls
  // none.
  std::string realm;
  // Where REGISTER goes: "sip:192.0.2.1:5060;transport=tcp". Empty: the domain of `aor`. Calls go
  // there too, unless `outbound_proxy` says otherwise.
  std::string registrar;
  // The first hop of all requests: "sip:192.0.2.1;lr". Empty: requests of calls go to the registrar.
  std::string outbound_proxy;
  uint32_t expires_s = 3600;        // of the registration; the registrar may grant less
  bool rings = true;                // incoming calls are answered with 180 at once
  bool sends_calls_direct = false;  // calls go where their URI says, not to the registrar
};

class AccountEvents {
 public:
  // After the first time and after each refresh.
  virtual void on_registered(Account& account, uint32_t expires_s) {
    (void)account, (void)expires_s;
  }
  // `status` is the registrar's answer; 408: none came, 503: it could not be reached. With `again`
  // it is tried once more after that time, else not before register_again().
  virtual void on_registration_failed(Account& account, int status, std::string_view reason,
                                      bool again, std::chrono::milliseconds after) {
    (void)account, (void)status, (void)reason, (void)again, (void)after;
  }
  virtual void on_unregistered(Account& account) { (void)account; }

  // A call for this account. Null: it is refused as busy. Else who hears of it from now on.
  virtual CallEvents* on_call(Account& account, Call& call) {
    (void)account, (void)call;
    return nullptr;
  }

 protected:
  ~AccountEvents() = default;
};

// Belongs to its stack and lives as long.
class Account {
 public:
  virtual const std::string& aor() const = 0;

  // Registers, and stays registered by refreshing. Again: once more at once.
  virtual void register_again() = 0;
  virtual void unregister() = 0;
  virtual bool is_registered() const = 0;

  // Calls `target`: "sip:bert@example.com", or "bert" for somebody of the own domain. Null, and
  // `fault` says why: no URI, no room for another call, no port for its sound. Else its fate comes
  // by `events`, never from within.
  virtual Call* call(std::string_view target, CallEvents& events, std::string& fault) = 0;

 protected:
  ~Account() = default;
};

}  // namespace tipring
