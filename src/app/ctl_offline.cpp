#include "app/ctl_offline.h"

#include "admin/reply.h"
#include "admin/user_secret.h"

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

// Views into `user`.
store::UserRecord record_of(const admin::UserName& user) {
  store::UserRecord record;
  record.domain = user.domain;
  record.name = user.name;
  return record;
}

store::Credentials credentials_of(const admin::UserName& user, std::string_view realm,
                                  std::string_view password) {
  const admin::UserSecret secret = admin::make_secret(user.name, realm, password);
  return {secret.md5, secret.sha256,
          static_cast<uint8_t>(store::kAlgorithmMd5 | store::kAlgorithmSha256)};
}

CtlRow row_of(const store::OfflineUser& user) {
  const bool has_password = user.credentials != 0;
  return {{"name", user.name},
          {"domain", user.domain},
          {"bindings", std::to_string(user.bindings), false},
          {"has_password", has_password ? "true" : "false", false}};
}

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
  if (error == Error::Exists) return std::string(admin::refusal_of(admin::Outcome::Exists).message);
  if (error == Error::NotFound)
    return std::string(admin::refusal_of(admin::Outcome::NotFound).message);
  if (error == Error::Unsupported) return store_.failure();
  return "the store refused it: " + std::string(to_text(error));
}

std::string CtlOffline::put_user(const admin::UserName& given, std::string_view password,
                                 admin::PutMode mode) {
  const admin::UserName user = admin::in_store(given, default_domain(config_));
  if (mode == admin::PutMode::Change && !has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  const store::Credentials credentials = credentials_of(user, realm_, password);
  const Result<void> put = mode == admin::PutMode::Change
                               ? store_.set_credentials(user.domain, user.name, credentials)
                               : store_.put_user(record_of(user), &credentials, store_mode(mode));
  return put ? "" : describe(put.error());
}

std::string CtlOffline::remove_user(const admin::UserName& given) {
  const admin::UserName user = admin::in_store(given, default_domain(config_));
  if (!has_database()) return describe(Error::NotFound);
  if (std::string fault = open(); !fault.empty()) return fault;
  const Result<void> removed = store_.remove_user(user.domain, user.name);
  return removed ? "" : describe(removed.error());
}

std::string CtlOffline::import(const admin::ImportLines& lines, uint32_t& created,
                               uint32_t& changed) {
  if (std::string fault = open(); !fault.empty()) return fault;
  if (const Result<void> begun = store_.begin(); !begun) return describe(begun.error());
  uint32_t new_ones = 0;
  for (const admin::ImportLine& line : lines.lines) {
    const admin::UserName user = admin::in_store(line.user, default_domain(config_));
    const store::Credentials credentials = credentials_of(user, realm_, line.password);
    Result<void> put = store_.set_credentials(user.domain, user.name, credentials);
    if (!put && put.error() == Error::NotFound) {
      put = store_.put_user(record_of(user), &credentials, store::PutMode::Create);
      ++new_ones;
    }
    // Without end() the file keeps nothing of it.
    if (!put) return "line " + std::to_string(line.line) + ": " + describe(put.error());
  }
  if (const Result<void> ended = store_.end(); !ended) return describe(ended.error());
  created += new_ones;
  changed += static_cast<uint32_t>(lines.lines.size()) - new_ones;
  return "";
}

std::string CtlOffline::list(CtlListing listing, CtlRows& rows) {
  if (listing != CtlListing::Users)
    return "only the running server knows this: leave out --offline";
  if (!has_database()) return "";
  if (std::string fault = open(); !fault.empty()) return fault;
  const Result<std::vector<store::OfflineUser>> users = store_.list_users();
  if (!users) return describe(users.error());
  for (const store::OfflineUser& user : *users) rows.push_back(row_of(user));
  return "";
}

}  // namespace tipring::app
