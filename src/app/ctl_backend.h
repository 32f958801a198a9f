// Where tipringctl gets its work done: the running server, or the database itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "admin/channel.h"
#include "admin/group_fields.h"
#include "admin/import_lines.h"
#include "admin/user_fields.h"
#include "admin/user_names.h"
#include "app/ctl_rows.h"
#include "port/http_client.h"

namespace tipring::app {

enum class CtlListing : uint8_t {
  Users,
  Groups,
  Credentials,
  Registrations,
  Blocks,
  Refused,
  Unknown,
  Calls,
  Pools,
  Status
};

// REQUIRES: a password or a field. All outlive the call.
struct CtlUserChange {
  const admin::UserName& user;
  admin::PutMode mode;
  std::string_view password;  // empty: as it is
  const admin::UserFields& fields;
  const admin::UserSecret* ha1 = nullptr;  // instead of a password; of an import alone
};

// A call as the trace shows it.
struct CtlLadder {
  CtlRows participants;
  CtlRows messages;
  CtlRows decisions;
  std::string json;
};

// Strings returned are what went wrong and what to do; empty for success.
class CtlBackend {
 public:
  virtual ~CtlBackend() = default;

  virtual std::string put_user(const CtlUserChange& change) = 0;
  // Without a password where the user has an auth_name of its own.
  virtual std::string rename_user(const admin::UserName& user, const std::string& new_name,
                                  std::string_view password) = 0;
  virtual std::string remove_user(const admin::UserName& user) = 0;
  virtual std::string show_user(const admin::UserName& user, CtlRow& row) = 0;
  // All lines were found right. Counts what was stored, also on failure.
  virtual std::string import(const admin::ImportLines& lines, uint32_t& created,
                             uint32_t& changed) = 0;
  virtual std::string put_group(const admin::UserName& group, admin::PutMode mode,
                                const admin::GroupFields& fields) = 0;
  virtual std::string rename_group(const admin::UserName& group, const std::string& new_name) = 0;
  virtual std::string remove_group(const admin::UserName& group) = 0;
  virtual std::string show_group(const admin::UserName& group, CtlRow& row) = 0;
  virtual std::string list_members(const admin::UserName& group, CtlRows& rows) = 0;
  virtual std::string put_member(const admin::UserName& group, const std::string& member,
                                 admin::PutMode mode, const admin::MemberFields& fields) = 0;
  virtual std::string remove_member(const admin::UserName& group, const std::string& member) = 0;
  // What is changed from one to the other is stored together, or not at all, where the backend can
  // do that; after_failure() says what is to be known where it cannot.
  virtual std::string begin_changes() { return ""; }
  virtual std::string end_changes() { return ""; }
  virtual std::string_view after_failure() const { return ""; }
  // Of one user from there, or with an empty one of all.
  virtual std::string lift_block(std::string_view source, std::string_view user) = 0;
  // The status is one row.
  virtual std::string list(CtlListing listing, CtlRows& rows) = 0;
  virtual std::string list_registrations(const admin::UserName& user, CtlRows& rows) = 0;
  // All registrations of a user, or the one with this contact.
  virtual std::string remove_registrations(const admin::UserName& user,
                                           std::string_view contact) = 0;

  // Of the running server only.
  // A request of its API, for commands that are about nothing else. `body` is what it answers.
  virtual std::string ask(const port::HttpRequest& request, std::string& body) {
    static_cast<void>(request);
    static_cast<void>(body);
    return std::string(kNeedsServer);
  }
  // By the id that the listing shows.
  virtual std::string end_call(std::string_view id) {
    static_cast<void>(id);
    return std::string(kNeedsServer);
  }
  // By Call-ID, or by the number of a call record.
  virtual std::string read_ladder(std::string_view call, CtlLadder& ladder) {
    static_cast<void>(call);
    static_cast<void>(ladder);
    return std::string(kNeedsServer);
  }
  virtual std::string read_capture(std::string& bytes) {
    static_cast<void>(bytes);
    return std::string(kNeedsServer);
  }
  // The newest 1000, of one party or, with an empty one, of all.
  virtual std::string list_records(std::string_view party, CtlRows& rows) {
    static_cast<void>(party);
    static_cast<void>(rows);
    return std::string(kNeedsServer);
  }
  // All, as CSV.
  virtual std::string export_records(std::string_view party,
                                     const std::function<void(std::string_view)>& write) {
    static_cast<void>(party);
    static_cast<void>(write);
    return std::string(kNeedsServer);
  }
  virtual std::string start_trace(std::string_view subject, uint64_t seconds) {
    static_cast<void>(subject);
    static_cast<void>(seconds);
    return std::string(kNeedsServer);
  }
  virtual std::string stop_trace() { return std::string(kNeedsServer); }
  // The pieces of messages behind `after`, which is what the last row had under that name, and
  // empty at first. No rows: there are none yet.
  virtual std::string read_trace(std::string_view after, CtlRows& rows) {
    static_cast<void>(after);
    static_cast<void>(rows);
    return std::string(kNeedsServer);
  }

 protected:
  static constexpr std::string_view kNeedsServer =
      "only the running server knows this: leave out --offline";
};

}  // namespace tipring::app
