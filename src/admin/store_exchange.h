// The exchange as the admin API sees it, over the store: users and their registrations; who is
// blocked, whose calls were refused, and the calls that there are.
#pragma once

#include <array>
#include <cstdint>

#include "admin/call_desk.h"
#include "admin/exchange.h"
#include "admin/loop_endpoint.h"
#include "auth/blocks.h"
#include "port/loop.h"
#include "server/policy/sign_ins.h"
#include "server/policy/untimed_calls.h"
#include "store/store.h"

namespace tipring::admin {

// What the status shows besides what the store knows.
class StatusSource {
 public:
  // On the loop's thread. Adds facts while page.has_room().
  virtual void add_facts(Page& page) = 0;

 protected:
  ~StatusSource() = default;
};

// What becomes of a command whose write ended so.
Outcome outcome_of_status(store::StoreStatus status, Outcome success);

class StoreExchange final : public Exchange, private store::StoreWaiter {
 public:
  // All outlive it.
  // `revision_key`: see revision.h.
  StoreExchange(store::Store& store, auth::Blocks& blocks, const port::Loop& loop,
                StatusSource& status, const HashKey& revision_key)
      : store_(store), blocks_(blocks), loop_(loop), status_(status), revision_key_(revision_key) {}
  StoreExchange(const StoreExchange&) = delete;
  StoreExchange& operator=(const StoreExchange&) = delete;

  // Who is told of changes that are durable. Call before the first command.
  void set_endpoint(LoopEndpoint& endpoint) { endpoint_ = &endpoint; }

  // Who was refused for want of session timers; null: nobody. It outlives this.
  void set_sign_ins(const policy::SignIns* sign_ins) { sign_ins_ = sign_ins; }
  void set_untimed_calls(const policy::UntimedCalls* calls) { untimed_calls_ = calls; }

  // The calls; null: none. It outlives this.
  void set_calls(CallDesk* calls) { calls_ = calls; }

  // A change of a user that stands touches nothing but what it names. REQUIRES: it names something.
  std::optional<Outcome> put_user(const UserChange& change, uint64_t ticket) override;
  std::optional<Outcome> rename_user(std::string_view domain, std::string_view name,
                                     std::string_view new_name, const UserSecret* secret,
                                     uint64_t ticket) override;
  std::optional<Outcome> remove_user(std::string_view domain, std::string_view name,
                                     uint64_t ticket) override;
  std::optional<Outcome> remove_bindings(std::string_view domain, std::string_view name,
                                         std::string_view contact, uint64_t ticket) override;
  uint64_t revision_of_user(std::string_view domain, std::string_view name) const override;
  bool show_user(std::string_view domain, std::string_view name, Page& page) override;
  std::optional<uint64_t> list_bindings_of(std::string_view domain, std::string_view name,
                                           uint64_t cursor, Page& page) override;
  uint64_t list_users(uint64_t cursor, const UserFilter& filter, Page& page) override;
  uint64_t list_credentials(uint64_t cursor, Page& page) override;
  uint64_t list_bindings(uint64_t cursor, std::string_view search, Page& page) override;
  uint64_t list_blocks(uint64_t cursor, Page& page) override;
  uint64_t list_refused(uint64_t cursor, Page& page) override;
  uint64_t list_unknown(uint64_t cursor, Page& page) override;
  uint64_t list_calls(uint64_t cursor, Page& page) override;
  Outcome end_call(uint64_t id) override;
  Outcome lift_block(const port::IpAddress& source, std::string_view user) override;
  void status(Page& page) override;

 private:
  void on_stored(uint64_t tag, store::StoreStatus status) override;

  // One that waits until its user is free. Null owner: none.
  struct Removal final : store::UpdateWaiter {
    void on_user_free(store::User* user) override;

    StoreExchange* owner = nullptr;
    uint64_t ticket = 0;
    FixedText<kContactMax> contact;
  };

  std::optional<Outcome> outcome_of(const Result<void>& started) const;
  static std::optional<Outcome> auth_name_obstacle(const UserChange& change,
                                                   const store::User& user);
  std::optional<Outcome> remove_bindings(store::User& user, store::BindingUpdate& update,
                                         std::string_view contact, uint64_t ticket);
  void add_binding(const store::User& user, const store::Binding& binding, Page& page) const;
  UserRow row_of(const store::User& user) const;
  // What the views of the row are into.
  struct PhoneTexts {
    std::array<char, port::kAddressTextMax> refused;
    std::array<char, port::kAddressTextMax> seen;
    std::array<char, port::kAddressTextMax> failed;
  };
  uint32_t seconds_since(Millis at) const;
  const policy::UntimedCaller* find_refused(const store::User& user) const;
  const policy::SignIn* find_sign_in(const store::User& user) const;
  bool is_in_trouble(const store::User& user) const;
  void set_phone_facts(UserRow& row, const store::User& user, PhoneTexts& texts) const;

  store::Store& store_;
  auth::Blocks& blocks_;
  const port::Loop& loop_;
  StatusSource& status_;
  const HashKey revision_key_;
  LoopEndpoint* endpoint_ = nullptr;
  const policy::UntimedCalls* untimed_calls_ = nullptr;
  const policy::SignIns* sign_ins_ = nullptr;
  CallDesk* calls_ = nullptr;
  std::array<Removal, Channel::kEndings> removals_;
};

}  // namespace tipring::admin
