// An account of a phone: its texts, and its registration.
#pragma once

#include <string>

#include "service/registration_client.h"
#include "stack/phone_call.h"
#include "tipring/account.h"

namespace tipring::stack {

class PhoneAccount final : public Account, private service::RegistrationObserver {
 public:
  // Empty `fault` on success.
  PhoneAccount(PhoneCalls& calls, Layers& layers, const StackOptions& stack,
               const AccountOptions& options, AccountEvents& events, std::string& fault);

  AccountEvents& events() { return events_; }
  const std::string& contact_user() const { return contact_user_; }
  const std::string& address() const { return address_; }  // value of From
  const std::string& uri() const { return aor_; }
  bool rings() const { return options_.rings; }
  // For calls of our own, and for those that come.
  std::span<const service::Credential> credentials() const { return {&in_calls_, 1}; }
  std::span<const service::Credential> credentials_toward_callers() const {
    return credentials().first(realm_.empty() ? 0 : 1);
  }
  bool is_off() const { return registration_.state() == service::RegistrationClient::State::Off; }

  // Where requests of calls go first; empty: where their URI says.
  std::string_view routes() const { return routes_; }
  // "bert" as "sip:bert@example.com"; a URI as it is. Empty: neither.
  std::string full_uri(std::string_view target) const;
  // Our address toward whom calls to `target` are sent first.
  port::IpAddress local_toward(std::string_view target) const;

  // --- Account -----------------------------------------------------------------------------------

  const std::string& aor() const override { return aor_; }
  void register_again() override;
  void unregister() override;
  bool is_registered() const override;
  Call* call(std::string_view target, CallEvents& events, std::string& fault) override;

  // The same with lines for the INVITE.
  PhoneCall* begin_call(std::string_view target, std::string_view lines, CallEvents& events,
                        std::string& fault);

 private:
  void on_registered(uint32_t expires_s) override;
  void on_registration_failed(uint16_t status, std::string_view reason, Millis retry_in) override;
  void on_unregistered() override;

  PhoneCalls& calls_;
  Layers& layers_;
  AccountOptions options_;
  AccountEvents& events_;
  std::string aor_;           // without parameters
  std::string domain_;        // host and port of it
  std::string contact_user_;  // its user part
  std::string user_;          // to log in with
  std::string address_;
  std::string registrar_;
  std::string routes_;
  std::string register_routes_;
  std::string lines_;
  std::string realm_;  // of calls
  service::Credential in_calls_;
  service::Credential at_registrar_;
  bool registered_ = false;
  service::RegistrationClient registration_;
};

}  // namespace tipring::stack
