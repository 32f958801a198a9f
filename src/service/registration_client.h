// An outgoing registration: RFC 3261 10.2, with the waits of RFC 5626 4.5 when the registrar cannot
// be reached. One object keeps one contact of one address-of-record registered for as long as it is
// wanted: it refreshes, raises its interval when that is too short, answers challenges, follows
// redirections and tries again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/timer_wheel.h"
#include "port/entropy.h"
#include "service/digest_client_auth.h"
#include "service/environment.h"

namespace tipring::service {

// Texts and credentials are borrowed and outlive the registration.
struct RegistrationOptions {
  std::string_view registrar;       // the Request-URI: "sip:example.com;transport=tcp"
  std::string_view address;         // value of From and To: "\"Anna\" <sip:anna@example.com>"
  std::string_view contact_user;    // user part of the Contact
  std::string_view contact_params;  // of the Contact header: ";+sip.instance=\"<urn:uuid:…>\""
  std::string_view routes;          // values of Route, ", " between them; may be empty
  std::string_view lines;           // whole lines for every REGISTER: User-Agent, Allow
  std::span<const Credential> credentials;
  uint32_t expires_s = 3600;  // asked for; what is granted counts
};

class RegistrationObserver {
 public:
  // After the first 2xx and after every refresh.
  virtual void on_registered(uint32_t expires_s) = 0;
  // `status` is what the registrar has said, or 408 or 503 where nothing came from it. `retry_in`:
  // until the next try; kNever: there will be none before start().
  virtual void on_registration_failed(uint16_t status, std::string_view reason,
                                      Millis retry_in) = 0;
  // After stop(), whether the registrar has heard of it or not.
  virtual void on_unregistered() = 0;

 protected:
  ~RegistrationObserver() = default;
};

class RegistrationClient final : private transaction::TransactionUser,
                                 private transport::LocateHandler {
 public:
  // RFC 5626 4.5, for one flow: the time between two tries grows from 30 s to 30 minutes.
  static constexpr Millis kRetryBase{30 * 1000};
  static constexpr Millis kRetryMax{1800 * 1000};

  enum class State : uint8_t { Off, Registering, Registered, Waiting, Unregistering };

  // Borrows all three. While a REGISTER is under way it is not to be destroyed but with the whole
  // stack: state() is Off or Waiting otherwise, or Registered between two refreshes.
  RegistrationClient(const Environment& environment, port::Entropy& entropy,
                     RegistrationObserver& observer);
  ~RegistrationClient();
  RegistrationClient(const RegistrationClient&) = delete;
  RegistrationClient& operator=(const RegistrationClient&) = delete;

  // Registers at once, and from then on. While it runs already: with these options from the next
  // REGISTER on, which goes out now.
  void start(const RegistrationOptions& options);
  // Takes the contact back. Of no effect when it is off.
  void stop();

  State state() const { return state_; }
  // By which the registrar was reached last; where its requests come from.
  const Flow& flow() const { return flow_; }
  // What the registrar has asked for; empty while it has not. Good until the next turn.
  std::string_view realm() const { return auth_.realm(); }

 private:
  static constexpr uint8_t kRedirectsMax = 3;
  static constexpr uint8_t kRaisesMax = 3;
  static constexpr Millis kFlowLook{10 * 1000};
  static constexpr size_t kTargetMax = 256;

  void on_cancel(uint64_t, transaction::ServerHandle, const Incoming&) override {}
  void on_server_end(uint64_t, transaction::ServerHandle, transaction::EndReason) override {}
  void on_response(uint64_t context, transaction::ClientHandle client,
                   const Incoming& response) override;
  void on_client_end(uint64_t context, transaction::ClientHandle client,
                     transaction::EndReason reason) override;
  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;
  void on_timer(Millis now);
  void on_flow_look(Millis now);

  bool is_stopping() const { return state_ == State::Unregistering; }
  bool is_pending() const { return locating_ || pending_; }
  void begin(State state);
  void locate();
  void try_next(uint16_t status);
  Result<void> send(const Flow& flow);
  Result<size_t> write(transaction::ClientHandle client, const Flow& flow, std::span<char> out);
  void on_success(const Incoming& response);
  bool on_too_brief(const sip::MessageView& response);
  bool follow(const sip::MessageView& response);
  void fail(uint16_t status, std::string_view reason, Millis least);
  void finish();
  uint32_t granted(const sip::MessageView& response) const;
  Millis now() const { return environment_.now(); }

  const Environment& environment_;
  port::Entropy& entropy_;
  RegistrationObserver& observer_;
  RegistrationOptions options_;
  DigestClientAuth auth_;
  AuthTries tries_;
  State state_ = State::Off;
  transaction::ClientHandle client_;
  transport::FlowList flows_;
  uint8_t next_flow_ = 0;
  Flow flow_;
  bool locating_ = false;
  bool pending_ = false;  // a transaction runs
  bool again_ = false;    // when that is over: start() or stop() has been called meanwhile
  bool stops_ = false;
  bool bound_ = false;  // the registrar may know our contact
  uint8_t redirects_ = 0;
  uint8_t raises_ = 0;
  uint8_t failures_ = 0;    // in a row
  uint32_t expires_s_ = 0;  // asked for, raised by 423
  uint32_t cseq_ = 0;
  std::array<char, 32> call_id_{};
  std::array<char, 16> tag_{};
  std::array<char, kTargetMax> target_{};  // of a redirection
  size_t target_size_ = 0;
  MemberTimer<RegistrationClient, &RegistrationClient::on_timer> timer_{*this};
  MemberTimer<RegistrationClient, &RegistrationClient::on_flow_look> flow_timer_{*this};
};

}  // namespace tipring::service
