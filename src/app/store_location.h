// Names, domains and locations over the transport and the store: what the proxy, the B2BUA and the
// policy ask about.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "port/address.h"
#include "server/b2bua/directory.h"
#include "server/policy/access.h"
#include "server/policy/emergency.h"
#include "server/proxy/location.h"
#include "service/environment.h"
#include "store/store.h"

namespace tipring::app {

// A domain of ours, which may be an address: behind NAT that of the router.
struct OwnDomain {
  std::string name;
  std::optional<port::IpAddress> ip;
};

std::vector<OwnDomain> own_domains(const std::vector<std::string>& names);

// Reads addresses as port::parse_ip() does. A request names one host time and again, so the last text
// and what it meant are kept.
class LastAddress {
 public:
  const std::optional<port::IpAddress>& read(std::string_view host);

 private:
  std::array<char, port::kAddressTextMax> text_;  // no address is longer
  size_t size_ = 0;
  std::optional<port::IpAddress> ip_;
};

class StoreLocation final : public service::OwnNames,
                            public policy::Domains,
                            public proxy::Location,
                            public b2bua::Directory {
 public:
  // Borrows the first three.
  StoreLocation(transport::TransportLayer& transport, const store::Store& store,
                const policy::Emergency& emergency, std::vector<OwnDomain> domains,
                uint16_t offline_status)
      : transport_(transport),
        store_(store),
        emergency_(emergency),
        domains_(std::move(domains)),
        offline_status_(offline_status) {}

  void swap_domains(std::vector<OwnDomain>& domains) { domains_.swap(domains); }
  // Requests come to the multicast address of all servers, which is ours then too.
  void set_found_by_group(bool found) { found_by_group_ = found; }
  void set_offline_status(uint16_t status) { offline_status_ = status; }

  bool is_own(std::string_view host, uint16_t port) const override;
  bool was_own(std::string_view host, uint16_t port) const override;
  std::optional<std::string_view> domain_of(std::string_view host, uint16_t port) const override;
  bool is_local(const sip::Uri& uri) const override {
    return policy::domain_of_target(*this, uri).has_value();
  }
  void find_targets(const sip::Uri& uri, proxy::TargetList& targets, uint16_t& status) override;
  std::string_view user_of(const sip::Uri& uri) const override;
  bool is_for_help(const sip::ParsedUri& uri) const override;
  void find_help(proxy::TargetList& targets, uint16_t& status) override;

  store::Extension find(const sip::Uri& uri) const override;
  store::Extension find(std::string_view domain, std::string_view name) const override {
    return store_.find_extension(domain, name);
  }
  void find_phones(const store::User& user, b2bua::PhoneList& phones) const override;
  store::User* get(Handle<store::User> user) const override { return store_.get(user); }
  store::Group* get(Handle<store::Group> group) const override { return store_.get(group); }
  store::GroupMember* get(Handle<store::GroupMember> member) const override {
    return store_.get(member);
  }
  Handle<store::User> handle_of(const store::User& user) const override {
    return store_.handle_of(user);
  }
  Handle<store::Group> handle_of(const store::Group& group) const override {
    return store_.handle_of(group);
  }
  Handle<store::GroupMember> handle_of(const store::GroupMember& member) const override {
    return store_.handle_of(member);
  }

 private:
  std::optional<size_t> domain_index(std::string_view host,
                                     const std::optional<port::IpAddress>& ip, uint16_t port) const;
  bool is_callable(const store::Binding& binding, const sip::ParsedUri& contact) const;
  store::Extension find_in(std::string_view domain, const sip::Uri& uri) const;
  store::Extension find_at_address(const sip::Uri& uri, uint16_t& status) const;
  store::Extension find_called(const sip::Uri& uri, uint16_t& status) const;
  void add_phones(const store::User& user, proxy::TargetList& targets) const;
  bool is_on_host(const store::Binding& binding, const sip::ParsedUri& contact) const;
  proxy::Target target_of(const store::Binding& binding, const sip::ParsedUri& uri) const;
  bool listens_on(uint16_t port) const;

  transport::TransportLayer& transport_;
  const store::Store& store_;
  const policy::Emergency& emergency_;
  std::vector<OwnDomain> domains_;  // the first is the default domain
  mutable LastAddress last_address_;
  bool found_by_group_ = false;
  uint16_t offline_status_;
};

}  // namespace tipring::app
