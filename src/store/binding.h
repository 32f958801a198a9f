// One binding of an address-of-record to a contact: RFC 3261 10.3, with the path of RFC 3327, the
// instance and reg-id of RFC 5626, and the address that the REGISTER really came from.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/list.h"
#include "core/slab_text.h"
#include "port/address.h"
#include "port/time.h"
#include "store/packed_address.h"

namespace tipring::store {

// What the registrar knows of a binding. Views are copied by the store.
struct BindingFields {
  std::string_view contact;       // the URI as sent, without angle brackets
  std::string_view display_name;  // before the URI, as sent, or empty
  std::string_view params;  // Contact parameters as sent but for expires, ";q=0.5;audio", or empty
  std::string_view path;    // field values of all Path headers, joined by ",", or empty
  std::string_view call_id;
  std::string_view instance;     // +sip.instance without quotes, or empty
  std::string_view user_agent;   // or empty
  port::SocketAddress received;  // where the request came from; port 0: not from the phone itself
  port::SocketAddress local;     // where it arrived
  uint8_t transport = 0;
  uint8_t listener = 0;
  uint64_t flow = 0;    // the connection; 0 for none. It does not outlive the process
  uint16_t q = 1000;    // thousandths
  uint32_t reg_id = 0;  // 0 for none
  uint32_t cseq = 0;
  uint32_t methods = 0;  // of RFC 3840, bits 1 << sip::Method; 0: not said
  Millis expires_at{0};  // of the monotonic clock
};

// There are as many of these as phones: what is only compared is kept as a hash, and all else that
// is text in one slab.
class Binding {
 public:
  Binding() = default;

  // Views live as long as the binding.
  std::string_view contact() const { return part(Contact); }
  std::string_view display_name() const { return part(DisplayName); }
  std::string_view params() const { return part(Params); }
  std::string_view path() const { return part(Path); }
  std::string_view instance() const { return {text_ + instance_begin_, instance_size_}; }
  std::string_view user_agent() const { return part(UserAgent); }

  port::SocketAddress received() const { return PackedAddress::unpack(part(Received)); }
  port::SocketAddress local() const { return PackedAddress::unpack(part(Local)); }
  uint64_t call_id_hash() const { return call_id_hash_; }  // as Store::call_id_hash() says
  uint8_t transport() const { return transport_; }
  uint8_t listener() const { return listener_; }
  uint64_t flow() const { return flow_; }
  uint16_t q() const { return q_; }
  uint32_t reg_id() const { return reg_id_; }
  uint32_t cseq() const { return cseq_; }
  uint32_t methods() const { return methods_; }
  Millis expires_at() const { return expires_at_; }
  Millis interval() const { return interval_; }  // from its last registration to its end

  uint32_t slot() const { return slot_; }  // its row in the file

  // An update that touches it waits for the disk.
  bool in_update() const { return update_node_.linked(); }

 private:
  friend class BindingTable;
  friend class BindingUpdate;
  friend class StorageTask;
  friend class UpdateQueue;
  friend class User;

  enum Part : uint8_t { Contact, Params, Path, UserAgent, DisplayName, Received, Local, Parts };

  std::string_view part(Part part) const {
    const size_t from = part == 0 ? 0 : ends_[part - 1U];
    return {text_ + from, ends_[part] - from};
  }

  ListNode user_node_;    // among the visible bindings of its user
  ListNode update_node_;  // in one of the lists of an update
  // All parts, one after the other, in a slab that the table gives back. The instance is mostly a
  // part of the params.
  const char* text_ = nullptr;
  std::array<uint16_t, Parts> ends_{};
  uint16_t instance_begin_ = 0;
  uint16_t instance_size_ = 0;
  uint16_t q_ = 1000;
  uint8_t text_class_ : 3 = 0;
  bool row_is_taken_ : 1 = false;  // by the one that replaces it, in an update on its way
  uint8_t transport_ : 4 = 0;
  uint8_t listener_ = 0;
  uint32_t slot_ = 0;
  uint32_t cseq_ = 0;
  uint32_t reg_id_ = 0;
  uint32_t methods_ = 0;
  uint32_t row_ = 0;  // where an update writes it: its slot, or that of the one it replaces
  Millis next_expires_at_{0};  // what an update on its way will make of it
  Millis expires_at_{0};
  Millis interval_{0};
  uint64_t flow_ = 0;
  uint64_t call_id_hash_ = 0;
};

static_assert(TextSlabs::kClasses <= 1 << 3);
static_assert(sizeof(Binding) <= 2 * sizeof(ListNode) + sizeof(char*) + 88);

}  // namespace tipring::store
