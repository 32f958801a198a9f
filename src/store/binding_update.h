// What one REGISTER does to the bindings of one address-of-record: all of it or nothing (RFC 3261
// 10.3: "processed atomically"), in memory only when it is on the disk.
#pragma once

#include <cstdint>

#include "core/handle.h"
#include "core/list.h"
#include "core/result.h"
#include "core/slab_text.h"
#include "store/binding.h"
#include "store/store_status.h"

namespace tipring::store {

class BindingTable;
class User;

enum class CommitState : uint8_t {
  Applied,  // nothing but refreshes, which are written lazily: visible now, on_stored() will not
            // come
  Pending,  // on_stored() comes later
};

// Made by Store::begin_update() and ended by Store::commit() or Store::abandon().
class BindingUpdate {
 public:
  BindingUpdate(BindingTable& table, Handle<User> user, int64_t user_id)
      : table_(table), user_(user), user_id_(user_id) {}
  BindingUpdate(const BindingUpdate&) = delete;
  BindingUpdate& operator=(const BindingUpdate&) = delete;
  ~BindingUpdate();

  // Errors: PoolExhausted (capacity.bindings; answer 503), TooLong (its texts together exceed
  // TextSlabs::kTextMax). After an error the update can only be abandoned. All that one update adds
  // has one Call-ID: that of its REGISTER.
  Result<void> add(const BindingFields& fields);
  // As add(), and the old one goes; the new one is written where the old one stood. Same errors.
  // REQUIRES: !touches(old), as for the next two.
  Result<void> replace(Binding& old, const BindingFields& fields);
  // Same contact, path, received address and Call-ID as before. All have one CSeq, that of the
  // REGISTER.
  void refresh(Binding& binding, Millis expires_at, uint32_t cseq);
  void remove(Binding& binding);

  // This update refreshes, replaces or removes `binding` already.
  bool touches(const Binding& binding) const { return binding.in_update(); }

  // What it would add, in order: a REGISTER may name one contact twice.
  uint32_t added_count() const { return added_count_; }
  uint32_t removed_count() const { return removed_count_; }  // replaced ones included
  Binding* first_added() const { return added_.front(); }
  Binding* next_added(const Binding& binding) const { return added_.next(binding); }

  Handle<User> user() const { return user_; }
  uint64_t call_id_hash(std::string_view call_id) const;  // as Store::call_id_hash()
  bool only_refreshes() const { return added_.empty() && removed_.empty(); }

 private:
  friend class UpdateQueue;
  friend class StorageTask;
  using BindingList = List<Binding, &Binding::update_node_>;

  Result<Binding*> make(const BindingFields& fields);

  BindingTable& table_;
  Handle<User> user_;
  int64_t user_id_;
  SlabText call_id_;   // of those it adds, for their rows
  BindingList added_;  // fresh ones, not yet visible
  BindingList removed_;
  BindingList refreshed_;  // to become next_expires_at_ and `cseq_`
  uint32_t cseq_ = 0;      // of those it refreshes
  uint32_t added_count_ = 0;
  uint32_t removed_count_ = 0;
  StoreWaiter* waiter_ = nullptr;
  uint64_t tag_ = 0;
};

}  // namespace tipring::store
