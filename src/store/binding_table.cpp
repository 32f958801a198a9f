#include "store/binding_table.h"

#include <algorithm>

#include "core/assert.h"

namespace tipring::store {

// What phones send takes 130 to 250 bytes: a contact, a Call-ID, an instance, a User-Agent. There
// is room for that many in every binding, and for longer ones in some: the path through other
// proxies, capabilities.
TextSlabs::Counts BindingTable::text_counts(const Limits& limits) {
  const uint32_t all = binding_slots(limits);
  return {0, all / 4, all - all / 8, all / 4, std::max(all / 32, 4u), std::max(all / 256, 2u)};
}

void BindingTable::plan(const Limits& limits, MemoryPlan& plan) {
  TextSlabs::plan(plan, "binding_texts", text_counts(limits));
  SlotBook::plan(plan, binding_slots(limits));
  Pool<Binding>::plan(plan, "bindings", binding_slots(limits));
}

BindingTable::BindingTable(Arena& arena, const Limits& limits, TimerWheel& timers,
                           const port::Loop& loop, Events& events)
    : texts_("binding_texts", arena, text_counts(limits)),
      slots_(arena, binding_slots(limits)),
      timers_(timers),
      loop_(loop),
      events_(events),
      standing_max_(limits.bindings),
      bindings_("bindings", arena, binding_slots(limits)) {}

Result<Binding*> BindingTable::make(const BindingFields& fields, Handle<User> user) {
  const uint32_t slot = slots_.lowest_free();
  if (slot == SlotSet::kNone) return Error::PoolExhausted;
  return make_at(slot, fields, user);
}

Result<Binding*> BindingTable::make_at(uint32_t slot, const BindingFields& fields,
                                       Handle<User> user) {
  TIPRING_ASSERT(slots_.is_free(slot));
  const std::array<std::string_view, Binding::Parts> parts = {fields.contact,  fields.params,
                                                              fields.path,     fields.call_id,
                                                              fields.instance, fields.user_agent};
  Result<SlabText> text = texts_.store(parts);
  if (!text) return text.error();
  Binding* binding = bindings_.acquire(*this);
  if (binding == nullptr) return Error::PoolExhausted;
  binding->text_ = std::move(*text);
  size_t end = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    end += parts[i].size();
    binding->ends_[i] = static_cast<uint16_t>(end);
  }
  binding->received_ = fields.received;
  binding->local_ = fields.local;
  binding->transport_ = fields.transport;
  binding->listener_ = fields.listener;
  binding->flow_ = fields.flow;
  binding->q_ = fields.q;
  binding->reg_id_ = fields.reg_id;
  binding->cseq_ = fields.cseq;
  binding->methods_ = fields.methods;
  binding->expires_at_ = fields.expires_at;
  binding->interval_ = std::max(fields.expires_at - loop_.now(), Millis(0));
  binding->user_ = user;
  binding->slot_ = slot;
  slots_.take(slot, *binding);
  return binding;
}

void BindingTable::discard(Binding& binding) {
  TIPRING_ASSERT(!binding.user_node_.linked());
  const uint32_t slot = binding.slot_;
  slots_.give_back(slot);
  bindings_.release(binding);
  events_.on_slot_free(slot);
}

void BindingTable::show(Binding& binding, User& user) {
  user.bindings_.push_back(binding);
  ++user.binding_count_;
  ++visible_;
  watch(binding);
}

void BindingTable::drop(Binding& binding, User& user) {
  TIPRING_ASSERT(binding.user_node_.linked());
  binding.user_node_.unlink();
  binding.update_node_.unlink();
  --user.binding_count_;
  --visible_;
  discard(binding);
}

void BindingTable::refresh(Binding& binding, Millis expires_at, uint32_t cseq) {
  binding.interval_ = std::max(expires_at - loop_.now(), Millis(0));
  binding.expires_at_ = expires_at;
  binding.cseq_ = cseq;
  watch(binding);
}

void BindingTable::watch(Binding& binding) { timers_.start(binding.timer_, binding.expires_at_); }

// While an update that touches it is on its way, its end waits: commit() and its reply see to it.
void BindingTable::expired(Binding& binding) {
  if (!binding.in_update()) events_.on_expiry(binding);
}

void Binding::on_expiry(Millis) { table_.expired(*this); }

void BindingTable::register_pools(PoolRegistry& registry) const {
  registry.add(bindings_.stats());
  for (size_t i = 0; i < TextSlabs::kClasses; ++i) {
    if (texts_.stats(i).capacity > 0) registry.add(texts_.stats(i));
  }
}

}  // namespace tipring::store
