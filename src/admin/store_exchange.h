// The exchange as the admin API sees it, over the store: users and their registrations.
#pragma once

#include <cstdint>

#include "admin/exchange.h"
#include "admin/loop_endpoint.h"
#include "port/loop.h"
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

class StoreExchange final : public Exchange, private store::StoreWaiter {
 public:
  // All outlive it.
  StoreExchange(store::Store& store, const port::Loop& loop, StatusSource& status)
      : store_(store), loop_(loop), status_(status) {}
  StoreExchange(const StoreExchange&) = delete;
  StoreExchange& operator=(const StoreExchange&) = delete;

  // Who is told of changes that are durable. Call before the first command.
  void set_endpoint(LoopEndpoint& endpoint) { endpoint_ = &endpoint; }

  // A change of a user that stands touches nothing but its credentials and algorithms. REQUIRES:
  // one of them.
  std::optional<Outcome> put_user(const UserChange& change, uint64_t ticket) override;
  std::optional<Outcome> remove_user(std::string_view domain, std::string_view name,
                                     uint64_t ticket) override;
  uint64_t list_users(uint64_t cursor, Page& page) override;
  uint64_t list_bindings(uint64_t cursor, Page& page) override;
  void status(Page& page) override;

 private:
  void on_stored(uint64_t tag, store::StoreStatus status) override;
  std::optional<Outcome> outcome_of(const Result<void>& started) const;
  void add_binding(const store::User& user, const store::Binding& binding, Page& page) const;

  store::Store& store_;
  const port::Loop& loop_;
  StatusSource& status_;
  LoopEndpoint* endpoint_ = nullptr;
};

}  // namespace tipring::admin
