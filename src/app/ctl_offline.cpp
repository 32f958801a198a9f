#include "app/ctl_offline.h"

#include "admin/reply.h"
#include "admin/user_fields.h"
#include "admin/user_secret.h"
#include "core/text.h"

namespace tipring::app {

namespace {

store::PutMode store_mode(admin::PutMode mode) {
  switch (mode) {
    case admin::PutMode::Create: return store::PutMode::Create;
    case admin::PutMode::Change: return store::PutMode::Change;
    case admin::PutMode::Either: break;
  }
  return store::PutMode::Either;
}

std::string default_domain(const Config& config) {
  return config.sip.domains.empty() ? "" : config.sip.domains.front();
}

// Items with `separator` between them become those of a cell.
CtlCell list_cell(std::string name, std::string_view items, char separator) {
  CtlCell cell{std::move(name), "", true, true};
  while (!items.empty()) {
    const auto [item, rest] = split_once(items, separator);
    cell.text += std::string(item) + "\n";
    items = rest;
  }
  return cell;
}

// As the server's API has it.
CtlRow row_of(const store::OfflineUser& user) {
  const bool has_password = user.credentials != 0;
  const std::string algorithms =
      user.algorithms == 0 ? "" : admin::algorithms_text(user.algorithms);
  return {{"name", user.name},
          {"domain", user.domain},
          {"bindings", std::to_string(user.bindings), false},
          {"has_password", has_password ? "true" : "false", false},
          {"auth_name", user.auth_name},
          {"display_name", user.display_name},
          list_cell("aliases", user.aliases, '\n'),
          list_cell("algorithms", algorithms, ','),
          {"session_timer", std::string(admin::session_timer_text(user.session_timer))}};
}

constexpr const char* kServerOnly = "only the running server knows this: leave out --offline";

}  // namespace

CtlOffline::CtlOffline(port::Files& files, const port::Clock& clock, const Config& config)
    : files_(files),
      config_(config),
      realm_(effective_realm(config)),
      store_(files, clock, config.store.path, realm_) {}

bool CtlOffline::has_database() {
  port::FileInfo info;
  return files_.info(config_.store.path, info) == 0;
}

std::string CtlOffline::open() {
  if (open_) return "";
  const store::StartReport report = store_.open();
  open_ = report.ready();
  if (report.status == store::StartStatus::Locked) {
    // The server would go on with the users that it has read at its start.
    return config_.store.path +
           " is in use, as by a running server: leave out --offline to ask the server at " +
           config_.admin.socket + ", or end it first; fuser " + config_.store.path + " names it";
  }
  return open_ ? "" : report.message;
}

std::string CtlOffline::describe(Error error) {
  if (error == Error::Exists) return admin::problem_of(admin::Outcome::Exists).detail;
  if (error == Error::Taken) return admin::problem_of(admin::Outcome::Taken).detail;
  if (error == Error::TakenByGroup) return admin::problem_of(admin::Outcome::TakenByGroup).detail;
  if (error == Error::NotFound) return admin::problem_of(admin::Outcome::NotFound).detail;
  if (error == Error::Unsupported) return store_.failure();
  return "the store refused it: " + std::string(to_text(error));
}

std::string CtlOffline::put_user(const CtlUserChange& change) {
  const admin::UserName user = admin::in_store(change.user, default_domain(config_));
  if (change.mode == admin::PutMode::Change && !has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  bool created = false;
  return put(user, change, created);
}

// A digest's hash holds the auth_name, so both change together.
std::string CtlOffline::put(const admin::UserName& user, const CtlUserChange& change,
                            bool& created) {
  const Result<store::OfflineUser> stands = store_.find_user(user.domain, user.name);
  if (!stands && stands.error() != Error::NotFound) return describe(stands.error());
  const bool sets_auth_name = (change.fields.present & store::kAuthName) != 0;
  const bool has_hashes = change.ha1 != nullptr && change.ha1->present != 0;
  const bool has_password = !change.password.empty() || has_hashes;
  if (!stands && !has_password) return describe(Error::NotFound);
  created = !stands;
  store::UserRecord record = admin::record_of(user.domain, user.name, change.fields);
  if (!sets_auth_name && stands) record.auth_name = stands->auth_name;
  if (record.auth_name.empty()) record.auth_name = user.name;
  if (stands && !has_password && record.auth_name != stands->auth_name)
    return admin::problem_of(admin::Outcome::NeedsPassword).detail;
  store::Credentials credentials;
  if (has_hashes) {
    credentials = admin::credentials_of(*change.ha1);
  } else if (has_password) {
    credentials =
        admin::credentials_of(admin::make_secret(record.auth_name, realm_, change.password));
  }
  const Result<void> stored =
      store_.put_user(record, has_password ? &credentials : nullptr, store_mode(change.mode));
  return stored ? "" : describe(stored.error());
}

std::string CtlOffline::rename_user(const admin::UserName& given, const std::string& new_name,
                                    std::string_view password) {
  const admin::UserName user = admin::in_store(given, default_domain(config_));
  if (!has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  store::Credentials credentials;
  if (!password.empty())
    credentials = admin::credentials_of(admin::make_secret(new_name, realm_, password));
  const Result<void> renamed = store_.rename_user(user.domain, user.name, new_name,
                                                  password.empty() ? nullptr : &credentials);
  if (renamed) return "";
  if (renamed.error() != Error::Mismatch) return describe(renamed.error());
  return admin::problem_of(password.empty() ? admin::Outcome::NeedsPassword
                                            : admin::Outcome::KeepsPassword)
      .detail;
}

std::string CtlOffline::remove_user(const admin::UserName& given) {
  const admin::UserName user = admin::in_store(given, default_domain(config_));
  if (!has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  const Result<void> removed = store_.remove_user(user.domain, user.name);
  return removed ? "" : describe(removed.error());
}

std::string CtlOffline::show_user(const admin::UserName& given, CtlRow& row) {
  const admin::UserName user = admin::in_store(given, default_domain(config_));
  if (!has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  const Result<store::OfflineUser> found = store_.find_user(user.domain, user.name);
  if (!found) return describe(found.error());
  row = row_of(*found);
  return "";
}

std::string CtlOffline::list_registrations(const admin::UserName&, CtlRows&) { return kServerOnly; }

std::string CtlOffline::remove_registrations(const admin::UserName&, std::string_view) {
  return kServerOnly;
}

std::string CtlOffline::lift_block(std::string_view, std::string_view) { return kServerOnly; }

std::string CtlOffline::import(const admin::ImportLines& lines, uint32_t& created,
                               uint32_t& changed) {
  if (std::string fault = open(); !fault.empty()) return fault;
  if (const Result<void> begun = store_.begin(); !begun) return describe(begun.error());
  uint32_t new_ones = 0;
  for (const admin::ImportLine& line : lines.lines) {
    const admin::UserName user = admin::in_store(line.user, default_domain(config_));
    const bool has_secret = !line.password.view().empty() || line.ha1.present != 0;
    const auto mode = has_secret ? admin::PutMode::Either : admin::PutMode::Change;
    bool created_one = false;
    std::string fault = admin::fault_of_realm(line, realm_);
    if (fault.empty())
      fault = put(user, {user, mode, line.password.view(), line.fields, &line.ha1}, created_one);
    // Without end() the file keeps nothing of it.
    if (!fault.empty()) return "line " + std::to_string(line.line) + ": " + fault;
    if (created_one) ++new_ones;
  }
  if (const Result<void> ended = store_.end(); !ended) return describe(ended.error());
  created += new_ones;
  changed += static_cast<uint32_t>(lines.lines.size()) - new_ones;
  return "";
}

std::string CtlOffline::list_credentials(CtlRows& rows) {
  const Result<std::vector<store::OfflineCredentials>> all = store_.list_credentials();
  if (!all) return describe(all.error());
  for (const store::OfflineCredentials& one : *all) {
    rows.push_back({{"name", one.name},
                    {"domain", one.domain},
                    {"auth_name", one.auth_name},
                    {"realm", realm_},
                    {"ha1_md5", one.ha1_md5},
                    {"ha1_sha256", one.ha1_sha256}});
  }
  return "";
}

std::string CtlOffline::list(CtlListing listing, CtlRows& rows) {
  const bool credentials = listing == CtlListing::Credentials;
  const bool groups = listing == CtlListing::Groups;
  if (listing != CtlListing::Users && !credentials && !groups) return kServerOnly;
  if (!has_database()) return "";
  if (std::string fault = open(); !fault.empty()) return fault;
  if (credentials) return list_credentials(rows);
  if (groups) return list_groups(rows);
  const Result<std::vector<store::OfflineUser>> users = store_.list_users();
  if (!users) return describe(users.error());
  for (const store::OfflineUser& user : *users) rows.push_back(row_of(user));
  return "";
}

}  // namespace tipring::app
