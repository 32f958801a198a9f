// Who may do what: RFC 3261 22 and the rules for domains. A sender from our domains proves who he
// is and may only speak for himself; strangers and foreign domains are let through only where the
// configuration says so.
#pragma once

#include <array>
#include <vector>

#include "auth/authenticator.h"
#include "server/policy/domains.h"
#include "server/policy/passing.h"
#include "server/policy/sign_ins.h"
#include "server/policy/third_party.h"
#include "service/environment.h"
#include "store/store.h"
#include "transport/trace.h"

namespace tipring::policy {

using service::Access;
using service::Incoming;

enum class InviteChallenge : uint8_t { Proxy, Server, Off };  // 407, 401, nobody is asked

struct AccessOptions {
  InviteChallenge invite = InviteChallenge::Proxy;
  bool accept_foreign = false;
  bool foreign = false;
};

// The rule itself. `from_ours`, `to_ours`: the domains of From and Request-URI.
enum class Rule : uint8_t { Allow, Authenticate, Forbid };
Rule decide(bool from_ours, bool to_ours, bool in_dialog, const AccessOptions& options);

class AccessRules final : public service::AccessControl, private auth::SecretLookup {
 public:
  // Borrows all of them.
  AccessRules(const AccessOptions& options, const Domains& domains, const store::Store& store,
              const port::Clock& clock)
      : options_(options), domains_(domains), store_(store), clock_(clock) {}

  // Before the first request: the authenticator asks this object for secrets.
  void set_authenticator(auth::Authenticator& authenticator, auth::Blocks& blocks) {
    authenticator_ = &authenticator;
    blocks_ = &blocks;
  }
  // For a proxy that keeps no transactions.
  void set_passing(Passing& passing) { passing_ = &passing; }
  void set_sign_ins(SignIns& sign_ins) { sign_ins_ = &sign_ins; }
  void set_trace(transport::Trace& trace) { trace_ = &trace; }
  auth::SecretLookup& secrets() { return *this; }

  void set_options(const AccessOptions& options) { options_ = options; }
  void swap_third_party(std::vector<ThirdPartyRule>& rules) { third_party_.swap(rules); }

  Access judge(const Incoming& request, const service::RouteFacts& route) override;

  bool may_follow(const sip::MessageView& request, const sip::Uri& uri) override;

  // Whether its source is blocked as a whole: it is to be dropped unanswered, and has been counted.
  bool is_shut_out(const Incoming& request);

 private:
  bool find_secret(std::string_view username, auth::Algorithm algorithm,
                   auth::Secret& secret) override;
  // An address-of-record as the rules see it.
  struct Party {
    std::optional<std::string_view> domain;  // of ours
    std::optional<std::string_view> name;    // the user part without escapes
    std::array<char, 256> room;
  };

  void read_party(const Result<sip::Uri, sip::ParseError>& uri, Party& party) const;
  bool leads_to_phone(const sip::MessageView& request, const sip::ParsedUri& uri) const;
  Access judge_new(const Incoming& request, const service::RouteFacts& route);
  Access authenticate(const Incoming& request, auth::Role role, const Party& from, const Party& to,
                      bool served);
  Access challenge(auth::Role role, bool stale, const auth::Asker& asker, uint8_t algorithms);
  Access refuse_blocked(Millis left);
  void note(const Incoming& request, const auth::AuthResult& result) const;
  void note_fault(const Incoming& request, const Party& login, SignInFault fault);
  uint8_t algorithms_of(const Party& login) const;
  bool owns(const store::User& user, const Party& party) const;
  bool is_served_at(const Party& aor, const Result<sip::Uri, sip::ParseError>& request_uri) const;
  bool is_named(std::string_view name, std::string_view domain, std::string_view rule_name,
                std::string_view rule_domain) const;
  Access act_for(const store::User& user, const Party& party) const;

  AccessOptions options_;
  std::vector<ThirdPartyRule> third_party_;
  const Domains& domains_;
  const store::Store& store_;
  const port::Clock& clock_;
  auth::Authenticator* authenticator_ = nullptr;
  auth::Blocks* blocks_ = nullptr;
  Passing* passing_ = nullptr;
  transport::Trace* trace_ = nullptr;
  SignIns* sign_ins_ = nullptr;
  std::string_view login_domain_;  // of the request being judged: names are unique within it
  std::array<char, 1024> headers_;
};

}  // namespace tipring::policy
