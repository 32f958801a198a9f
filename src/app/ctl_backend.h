// Where tipringctl gets its work done: the running server, or the database itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/channel.h"
#include "admin/import_lines.h"
#include "admin/user_names.h"
#include "app/ctl_rows.h"

namespace tipring::app {

enum class CtlListing : uint8_t { Users, Registrations, Pools, Status };

// Strings returned are what went wrong and what to do; empty for success.
class CtlBackend {
 public:
  virtual ~CtlBackend() = default;

  virtual std::string put_user(const admin::UserName& user, std::string_view password,
                               admin::PutMode mode) = 0;
  virtual std::string remove_user(const admin::UserName& user) = 0;
  // All lines were found right. Counts what was stored, also on failure.
  virtual std::string import(const admin::ImportLines& lines, uint32_t& created,
                             uint32_t& changed) = 0;
  // The status is one row.
  virtual std::string list(CtlListing listing, CtlRows& rows) = 0;
};

}  // namespace tipring::app
