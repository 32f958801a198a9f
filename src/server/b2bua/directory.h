// Who can be called and where: asked by the B2BUA, answered over the store.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "sip/uri.h"
#include "store/store.h"
#include "transport/flow.h"

namespace tipring::b2bua {

// A phone of a user as it can be called now. Views into its binding, good until the loop's next
// turn.
struct Phone {
  std::string_view contact;             // as registered
  std::string_view routes;              // RFC 3327: values of the Route to it; may be empty
  std::optional<transport::Flow> flow;  // behind NAT, or on a stream: where it registered from
  port::IpAddress local;                // ours, by which it registered; none where that is unknown
  port::SocketAddress remote;           // where it registered from, or is; port 0: unknown
  bool behind_nat = false;              // its contact is not where it registered from
  bool keeps_off_host = false;          // whatever it names does not lead to this host
};

class PhoneList {
 public:
  static constexpr size_t kMax = 10;

  void add(const Phone& phone) {
    if (count_ < kMax) phones_[count_++] = phone;
  }
  // One that needs another transport than those that are served.
  void note_out_of_reach() { ++out_of_reach_; }
  bool empty() const { return count_ == 0; }
  size_t size() const { return count_; }
  size_t out_of_reach() const { return out_of_reach_; }
  const Phone* begin() const { return phones_.data(); }
  const Phone* end() const { return phones_.data() + count_; }

 private:
  std::array<Phone, kMax> phones_;
  size_t count_ = 0;
  size_t out_of_reach_ = 0;
};

class Directory {
 public:
  // Who of ours is called by a Request-URI; nobody where it names no domain of ours.
  virtual store::Extension find(const sip::Uri& uri) const = 0;
  // Whether it names a domain of ours.
  virtual bool is_local(const sip::Uri& uri) const = 0;
  // By a name in a domain of ours.
  virtual store::Extension find(std::string_view domain, std::string_view name) const = 0;
  // His bindings that can be called, the newest first.
  virtual void find_phones(const store::User& user, PhoneList& phones) const = 0;

  // Null when it has gone.
  virtual store::User* get(Handle<store::User> user) const = 0;
  virtual store::Group* get(Handle<store::Group> group) const = 0;
  virtual store::GroupMember* get(Handle<store::GroupMember> member) const = 0;
  virtual Handle<store::User> handle_of(const store::User& user) const = 0;
  virtual Handle<store::Group> handle_of(const store::Group& group) const = 0;
  virtual Handle<store::GroupMember> handle_of(const store::GroupMember& member) const = 0;

 protected:
  ~Directory() = default;
};

}  // namespace tipring::b2bua
