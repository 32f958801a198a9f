// One run of tipringctl: what every command is given, and how each ends.
#pragma once

#include <string>

#include "app/ctl_run.h"

namespace tipring::app {

inline constexpr int kCtlDone = 0;
inline constexpr int kCtlFailed = 1;
inline constexpr int kCtlWrongUsage = 2;

struct CtlSession {
  const CtlArguments& arguments;
  std::string_view default_domain;
  CtlBackend& backend;
  CtlConsole& console;

  // Says why on standard error.
  int fail(const std::string& message) {
    console.write_error("tipringctl: " + message + "\n");
    return kCtlFailed;
  }
  int fail(const admin::UserName& user, const std::string& message) {
    return fail("user " + user.text() + ": " + message);
  }
};

std::string_view cell_text(const CtlRow& row, std::string_view name);

// "2026-11-21 19:17:03" in UTC, of a cell in milliseconds; empty where there is none.
std::string shown_time(const CtlRow& row, std::string_view name);

// --lines, or `otherwise`; 0 when it is no number, which was said.
uint32_t lines_wanted(CtlSession& session, uint32_t otherwise);

// "name" or "name@domain" of a row, and rows in the order of these.
std::string name_of(const CtlRow& row);
void sort_by_user(CtlRows& rows);

// The rows as JSON or as a table; `none` where there are none.
int show_table(CtlSession& session, CtlRows& rows, std::string_view none);

// ctl_users.cpp
int add_user(CtlSession& session);
int set_user(CtlSession& session);
int change_password(CtlSession& session);
int rename_user(CtlSession& session);
int delete_user(CtlSession& session);
int import_users(CtlSession& session);

// ctl_listings.cpp
int show_user(CtlSession& session);
int export_users(CtlSession& session);
int list_users(CtlSession& session);
int list_registrations(CtlSession& session);
int remove_registrations(CtlSession& session);
int list_blocks(CtlSession& session);
int lift_block(CtlSession& session);
int list_refused(CtlSession& session);
int list_unknown(CtlSession& session);
int list_pools(CtlSession& session);
int show_status(CtlSession& session);

// ctl_groups.cpp
int add_group(CtlSession& session);
int set_group(CtlSession& session);
int switch_group(CtlSession& session);
int rename_group(CtlSession& session);
int remove_group(CtlSession& session);
int show_group(CtlSession& session);
int list_groups(CtlSession& session);
int add_member(CtlSession& session);
int set_member(CtlSession& session);
int switch_member(CtlSession& session);
int remove_member(CtlSession& session);

// ctl_group_files.cpp
int export_groups(CtlSession& session);
int import_groups(CtlSession& session);

// ctl_calls.cpp
int list_calls(CtlSession& session);
int end_call(CtlSession& session);

// ctl_records.cpp
int list_records(CtlSession& session);

// ctl_admins.cpp
int show_setup_code(CtlSession& session);
int list_admins(CtlSession& session);
int put_admin(CtlSession& session);
int remove_admin(CtlSession& session);
int list_tokens(CtlSession& session);
int add_token(CtlSession& session);
int remove_token(CtlSession& session);
int list_audit(CtlSession& session);

// ctl_settings.cpp
int show_configuration(CtlSession& session);
int check_configuration(CtlSession& session);
int set_configuration(CtlSession& session);

// ctl_system.cpp
int show_log(CtlSession& session);
int restart_server(CtlSession& session);
int save_backup(CtlSession& session);
int restore_backup(CtlSession& session);

// ctl_trace.cpp
int start_trace(CtlSession& session);
int stop_trace(CtlSession& session);

// ctl_ladder.cpp
int show_ladder(CtlSession& session);
int save_capture(CtlSession& session);

int follow_trace(CtlSession& session);

}  // namespace tipring::app
