// One binding of an address-of-record to a contact: RFC 3261 10.3, with the path of RFC 3327, the
// instance and reg-id of RFC 5626, and the address that the REGISTER really came from.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/handle.h"
#include "core/list.h"
#include "core/slab_text.h"
#include "core/timer_wheel.h"
#include "port/address.h"
#include "port/time.h"

namespace tipring::store {

class BindingTable;
class User;

// What the registrar knows of a binding. Views are copied by the store.
struct BindingFields {
  std::string_view contact;  // the URI as sent, without angle brackets
  std::string_view params;   // Contact parameters as sent but for expires, ";q=0.5;audio", or empty
  std::string_view path;     // field values of all Path headers, joined by ",", or empty
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

class Binding {
 public:
  explicit Binding(BindingTable& table) : timer_(*this), table_(table) {}

  // Views live as long as the binding.
  std::string_view contact() const { return part(Contact); }
  std::string_view params() const { return part(Params); }
  std::string_view path() const { return part(Path); }
  std::string_view call_id() const { return part(CallId); }
  std::string_view instance() const { return part(Instance); }
  std::string_view user_agent() const { return part(UserAgent); }

  const port::SocketAddress& received() const { return received_; }
  const port::SocketAddress& local() const { return local_; }
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
  Handle<User> user() const { return user_; }

  // An update that touches it waits for the disk.
  bool in_update() const { return update_node_.linked(); }

 private:
  friend class BindingTable;
  friend class BindingUpdate;
  friend class StorageTask;
  friend class User;

  enum Part : uint8_t { Contact, Params, Path, CallId, Instance, UserAgent, Parts };

  std::string_view part(Part part) const {
    const size_t from = part == 0 ? 0 : ends_[part - 1U];
    return text_.view().substr(from, ends_[part] - from);
  }
  void on_expiry(Millis now);

  SlabText text_;  // all parts, one after the other
  std::array<uint16_t, Parts> ends_{};
  uint16_t q_ = 1000;
  uint8_t transport_ = 0;
  uint8_t listener_ = 0;
  port::SocketAddress received_;
  port::SocketAddress local_;
  Handle<User> user_;
  uint64_t flow_ = 0;
  Millis expires_at_{0};
  Millis interval_{0};
  Millis next_expires_at_{0};  // what an update on its way will make of it
  uint32_t next_cseq_ = 0;
  uint32_t cseq_ = 0;
  uint32_t reg_id_ = 0;
  uint32_t methods_ = 0;
  uint32_t slot_ = 0;
  ListNode user_node_;    // among the visible bindings of its user
  ListNode update_node_;  // in one of the lists of an update
  MemberTimer<Binding, &Binding::on_expiry> timer_;
  BindingTable& table_;
};

}  // namespace tipring::store
