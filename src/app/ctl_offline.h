// The database itself, while no server runs: one that runs keeps the file for itself. Passwords
// become hashes for the realm of the configuration.
#pragma once

#include <string>

#include "app/config.h"
#include "app/ctl_backend.h"
#include "port/files.h"
#include "port/time.h"
#include "store/offline_store.h"

namespace tipring::app {

class CtlOffline final : public CtlBackend {
 public:
  // All outlive it.
  CtlOffline(port::Files& files, const port::Clock& clock, const Config& config);

  std::string put_user(const CtlUserChange& change) override;
  std::string rename_user(const admin::UserName& user, const std::string& new_name,
                          std::string_view password) override;
  std::string remove_user(const admin::UserName& user) override;
  std::string show_user(const admin::UserName& user, CtlRow& row) override;
  // All or nothing.
  std::string import(const admin::ImportLines& lines, uint32_t& created,
                     uint32_t& changed) override;
  std::string put_group(const admin::UserName& group, admin::PutMode mode,
                        const admin::GroupFields& fields) override;
  std::string rename_group(const admin::UserName& group, const std::string& new_name) override;
  std::string remove_group(const admin::UserName& group) override;
  std::string show_group(const admin::UserName& group, CtlRow& row) override;
  std::string list_members(const admin::UserName& group, CtlRows& rows) override;
  std::string put_member(const admin::UserName& group, const std::string& member,
                         admin::PutMode mode, const admin::MemberFields& fields) override;
  std::string remove_member(const admin::UserName& group, const std::string& member) override;
  std::string begin_changes() override;
  std::string end_changes() override;
  // Blocks are in the server's memory alone; the command line does not lead here.
  std::string lift_block(std::string_view source, std::string_view user) override;
  // Users, credentials and groups only. None when there is no database yet.
  std::string list(CtlListing listing, CtlRows& rows) override;
  std::string list_registrations(const admin::UserName& user, CtlRows& rows) override;
  std::string remove_registrations(const admin::UserName& user, std::string_view contact) override;

 private:
  std::string list_credentials(CtlRows& rows);
  bool has_database();
  std::string open();
  std::string describe(Error error);
  std::string describe(store::GroupVerdict verdict, bool of_member);
  // Opens the file when there is one. The group as the store has it; what went wrong, or empty.
  std::string open_for(const admin::UserName& given, admin::UserName& group);
  std::string find_group(const admin::UserName& given, store::OfflineGroup& group);
  std::string list_groups(CtlRows& rows);
  std::string put(const admin::UserName& user, const CtlUserChange& change, bool& created);

  port::Files& files_;
  const Config& config_;
  std::string realm_;
  store::OfflineStore store_;
  bool open_ = false;
};

}  // namespace tipring::app
