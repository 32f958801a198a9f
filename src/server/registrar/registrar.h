// The registrar: RFC 3261 10.3. An answer that says a binding was made, moved or removed goes out
// when it is durable; the contacts of one REGISTER are taken all or none.
#pragma once

#include <utility>

#include "core/pool.h"
#include "server/registrar/merged.h"
#include "server/registrar/options.h"
#include "server/registrar/refusal.h"
#include "server/registrar/update.h"
#include "service/context.h"
#include "service/digest_server_auth.h"
#include "service/unregistered_phones.h"
#include "store/store.h"

namespace tipring::registrar {

using service::Incoming;

class Registrar;

struct RegistrarCounters {
  uint64_t added = 0;
  uint64_t refreshed = 0;
  uint64_t removed = 0;
};

// One REGISTER that has been authenticated, until it is answered.
struct Registration final : service::Context<service::DigestServerAuth>, store::UpdateWaiter {
  explicit Registration(Registrar& registrar) : owner(registrar) {}
  void on_user_free(store::User* free_user) override;

  Registrar& owner;
  transaction::ServerHandle server;
  Handle<store::User> user;
  transport::Flow flow;
  bool third_party = false;  // who sends it is not the user
  Changes changes;
};

class Registrar final : public transaction::TransactionUser,
                        public store::StoreWaiter,
                        public store::BindingObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows all but the options.
  Registrar(const service::Environment& environment, store::Store& store, const port::Clock& clock,
            const RegistrarOptions& options, Arena& arena, const Limits& limits);

  // A REGISTER whose Request-URI names a domain of ours, and which requires nothing that we do not
  // know.
  void handle(const Incoming& request);

  // What was in force goes back, so that no memory is given up here.
  void swap_options(RegistrarOptions& options) { std::swap(options_, options); }

  void set_unregistered(service::UnregisteredPhones& phones) { unregistered_ = &phones; }

  const PoolStats& stats() const { return registrations_.stats(); }
  // Bindings, since the start; without those whose time was over.
  const RegistrarCounters& counters() const { return counters_; }

 private:
  friend struct Registration;
  using Handle = tipring::Handle<Registration>;

  bool has_good_uri(const Incoming& request);
  void refuse_stateless(const Incoming& request, std::string_view key);
  void process(Registration& registration, store::User& user);
  void note_changes(const Registration& registration, const store::User& user);
  void answer(Registration& registration, store::User& user);
  void keep_connection(const Registration& registration, store::User& user);
  void refuse(Registration& registration, const Refusal& refusal);
  void release(Registration& registration) { registrations_.release(registration); }

  void on_cancel(uint64_t, transaction::ServerHandle, const Incoming&) override {}
  void on_server_end(uint64_t context, transaction::ServerHandle, transaction::EndReason) override;
  void on_response(uint64_t, transaction::ClientHandle, const Incoming&) override {}
  void on_client_end(uint64_t, transaction::ClientHandle, transaction::EndReason) override {}
  void on_stored(uint64_t tag, store::StoreStatus status) override;
  void on_binding_expired(const store::User& user, const store::Binding& binding) override;

  const service::Environment& environment_;
  store::Store& store_;
  const port::Clock& clock_;
  RegistrarOptions options_;
  Pool<Registration> registrations_;
  MergedRequests merged_;
  RegistrarCounters counters_;
  service::UnregisteredPhones* unregistered_ = nullptr;
  std::span<char> scratch_;
};

}  // namespace tipring::registrar
