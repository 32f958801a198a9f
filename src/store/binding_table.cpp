#include "store/binding_table.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace tipring::store {

// A contact, its params with an instance, a User-Agent and both addresses take 90 to 190 bytes.
// There is room for that many in every binding, and for longer ones in some: the path through other
// proxies, capabilities.
TextSlabs::Counts BindingTable::text_counts(const Limits& limits) {
  const uint32_t all = binding_slots(limits);
  return {0,
          0,
          all - all / 8,
          all / 8,
          std::max(all / 16, 8u),
          std::max(all / 128, 4u),
          std::max(all / 512, 2u)};
}

// One for each update on its way, few of them long.
TextSlabs::Counts BindingTable::call_id_counts(const Limits& limits) {
  const uint32_t all = updates_max(limits);
  return {all, all, 0, all / 16, 4, 2, 2};
}

void BindingTable::plan(const Limits& limits, MemoryPlan& plan) {
  TextSlabs::plan(plan, "binding_texts", text_counts(limits));
  TextSlabs::plan(plan, "call_ids", call_id_counts(limits));
  SlotBook::plan(plan, binding_slots(limits));
  Pool<Binding>::plan(plan, "bindings", binding_slots(limits));
}

BindingTable::BindingTable(Arena& arena, const Limits& limits, TimerWheel& timers,
                           const port::Loop& loop, Events& events, HashKey key)
    : key_(key),
      texts_("binding_texts", arena, text_counts(limits)),
      call_ids_("call_ids", arena, call_id_counts(limits)),
      slots_(arena, binding_slots(limits)),
      timers_(timers),
      loop_(loop),
      events_(events),
      standing_max_(limits.bindings),
      bindings_("bindings", arena, binding_slots(limits)) {}

Result<Binding*> BindingTable::make(const BindingFields& fields) {
  const uint32_t slot = slots_.lowest_free();
  if (slot == SlotSet::kNone) return Error::PoolExhausted;
  return make_at(slot, fields);
}

Result<Binding*> BindingTable::make_at(uint32_t slot, const BindingFields& fields) {
  TIPRING_ASSERT(slots_.is_free(slot));
  const PackedAddress received(fields.received);
  const PackedAddress local(fields.local);
  const size_t in_params = fields.params.find(fields.instance);
  const bool apart = in_params == std::string_view::npos;
  const std::array<std::string_view, Binding::Parts + 1> parts = {
      fields.contact,      fields.params,   fields.path,  fields.user_agent,
      fields.display_name, received.view(), local.view(), apart ? fields.instance : ""};
  const Result<TextSlab> text = texts_.take(parts);
  if (!text) return text.error();
  Binding* binding = bindings_.acquire();
  if (binding == nullptr) return texts_.give_back(*text), Error::PoolExhausted;
  binding->text_ = text->data;
  binding->text_class_ = text->size_class & 0x7;
  size_t end = 0;
  for (size_t i = 0; i < Binding::Parts; ++i) {
    end += parts[i].size();
    binding->ends_[i] = static_cast<uint16_t>(end);
  }
  binding->instance_begin_ =
      static_cast<uint16_t>(apart ? end : binding->ends_[Binding::Contact] + in_params);
  binding->instance_size_ = static_cast<uint16_t>(fields.instance.size());
  binding->transport_ = fields.transport & 0xf;
  binding->listener_ = fields.listener;
  binding->flow_ = fields.flow;
  binding->q_ = fields.q;
  binding->reg_id_ = fields.reg_id;
  binding->cseq_ = fields.cseq;
  binding->call_id_hash_ = call_id_hash(fields.call_id);
  binding->methods_ = fields.methods;
  binding->expires_at_ = fields.expires_at;
  binding->interval_ = std::max(fields.expires_at - loop_.now(), Millis(0));
  binding->slot_ = binding->row_ = slot;
  slots_.take(slot, *binding);
  return binding;
}

void BindingTable::discard(Binding& binding) {
  TIPRING_ASSERT(!binding.user_node_.linked());
  const uint32_t slot = binding.slot_;
  slots_.give_back(slot);
  texts_.give_back({const_cast<char*>(binding.text_), 0, binding.text_class_});
  bindings_.release(binding);
  events_.on_slot_free(slot);
}

void BindingTable::show(Binding& binding, User& user) {
  user.bindings_.push_back(binding);
  if (user.binding_count_++ == 0) ++users_on_line_;
  ++visible_;
  watch(binding, user);
}

void BindingTable::drop(Binding& binding, User& user) {
  TIPRING_ASSERT(binding.user_node_.linked());
  binding.user_node_.unlink();
  binding.update_node_.unlink();
  if (--user.binding_count_ == 0) {
    user.timer_.cancel();
    --users_on_line_;
  }
  --visible_;
  discard(binding);
}

void BindingTable::refresh(Binding& binding, User& user, uint32_t cseq) {
  binding.interval_ = std::max(binding.next_expires_at_ - loop_.now(), Millis(0));
  binding.expires_at_ = binding.next_expires_at_;
  binding.cseq_ = cseq;
  watch(binding, user);
}

void BindingTable::take_row(Binding& fresh) {
  Binding& old = *slots_.at(fresh.row_);
  std::swap(fresh.slot_, old.slot_);
  slots_.exchange(fresh, old);
}

// One timer wakes a user for the first of its bindings to end. A refresh leaves it alone: it then
// wakes the user too early, once for each interval, and looks for the next end.
void BindingTable::watch(const Binding& binding, User& user) {
  user.table_ = this;
  if (user.timer_.armed() && user.timer_.deadline() <= binding.expires_at_) return;
  timers_.start(user.timer_, binding.expires_at_);
}

// While an update that touches a binding is on its way, its end waits: commit() and its reply see
// to it.
void BindingTable::on_user_timer(User& user, Millis now) {
  for (Binding* binding = user.bindings_.front(); binding != nullptr;) {
    Binding* const next = user.bindings_.next(*binding);
    if (binding->in_update()) {
      // Watched again when that is over.
    } else if (binding->expires_at_ > now) {
      watch(*binding, user);
    } else {
      events_.on_expiry(user, *binding);
    }
    binding = next;
  }
}

void User::on_timer(Millis now) { table_->on_user_timer(*this, now); }

void BindingTable::register_pools(PoolRegistry& registry) const {
  registry.add(bindings_.stats());
  for (size_t i = 0; i < TextSlabs::kClasses; ++i) {
    if (texts_.stats(i).capacity > 0) registry.add(texts_.stats(i));
    if (call_ids_.stats(i).capacity > 0) registry.add(call_ids_.stats(i));
  }
}

}  // namespace tipring::store
