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
  // Blocks are in the server's memory alone; the command line does not lead here.
  std::string lift_block(std::string_view source, std::string_view user) override;
  // Users and credentials only. None when there is no database yet.
  std::string list(CtlListing listing, CtlRows& rows) override;
  std::string list_registrations(const admin::UserName& user, CtlRows& rows) override;
  std::string remove_registrations(const admin::UserName& user, std::string_view contact) override;

 private:
  std::string list_credentials(CtlRows& rows);
  bool has_database();
  std::string open();
  std::string describe(Error error);
  std::string put(const admin::UserName& user, const CtlUserChange& change, bool& created);

  port::Files& files_;
  const Config& config_;
  std::string realm_;
  store::OfflineStore store_;
  bool open_ = false;
};

}  // namespace tipring::app
