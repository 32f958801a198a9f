#include "admin/backup_requests.h"

#include "admin/access/access.h"
#include "admin/api.h"
#include "admin/backup_json.h"
#include "admin/json_members.h"
#include "admin/restore_job.h"
#include "admin/stored_reply.h"

namespace tipring::admin {

namespace {

constexpr size_t kStepsAwaited = 5000;

// A restore on its way: what was found right, until all of it is done.
struct Restore {
  uint64_t exchange = 0;
  store::Backup backup;
  store::Restored restored;
  std::string edits;  // of the configuration: a body of its PATCH; empty: none
  bool is_answered = false;
  bool needs_start = false;  // another realm: the running server has no use for the hashes
};

void answer(Api& api, const Restore& restore, size_t left) {
  port::HttpExchange* const client = api.find(restore.exchange);
  std::string refused;
  if (!restore.edits.empty()) {
    const std::optional<Problem> problem = api.config()->apply(restore.edits, api);
    if (problem) refused = problem->detail;
  }
  if (client == nullptr) return;
  std::string body = R"({"result":"restored")";
  append_member(body, "users", uint64_t{restore.backup.users.size()});
  append_member(body, "groups", uint64_t{restore.backup.groups.size()});
  append_member(body, "admins", uint64_t{restore.restored.admins.size()});
  append_flag(body, "settings", !restore.edits.empty() && refused.empty());
  if (!refused.empty()) append_member(body, "settings_refused", refused);
  append_flag(body, "restart", restore.needs_start || left > 0);
  reply_json(*client, 200, body + "}\n");
}

// The file has it all. Now the server's memory.
void take_over(Api& api, const std::shared_ptr<Restore>& restore) {
  if (api.has_access()) api.access().adopt(restore->restored.admins);
  if (restore->needs_start) return answer(api, *restore, 0);
  const auto job = std::make_shared<RestoreJob>(
      restore->exchange, std::shared_ptr<const store::Backup>(restore, &restore->backup),
      std::move(restore->restored.removed), [&api, restore](size_t left) {
        if (!restore->is_answered) answer(api, *restore, left);
      });
  // Nobody waits for minutes: the server's memory follows.
  restore->is_answered = job->steps() > kStepsAwaited;
  if (restore->is_answered) answer(api, *restore, 0);
  job->start(api, job);
}

void on_stored(Api& api, const std::shared_ptr<Restore>& restore, store::StoreStatus status) {
  port::HttpExchange* const client = api.find(restore->exchange);
  const store::RestoreFault& fault = restore->restored.fault;
  if (status != store::StoreStatus::Durable) return reply_stored(client, status, 200, "");
  if (fault.field.empty()) return take_over(api, restore);
  if (client != nullptr)
    reply_problem(*client,
                  {409, "does_not_fit", fault.detail + "; nothing was changed", fault.field});
}

// Whether what the settings come to is right. False when it is answered.
bool take_settings(Api& api, const Request& request, const std::string& settings, Restore& restore,
                   std::string& realm) {
  const std::string_view wanted = request.exchange.query("settings");
  if (!wanted.empty() && wanted != "yes" && wanted != "no") {
    reply_invalid(request.exchange, "settings", "settings must be yes or no, or left out for no");
    return false;
  }
  if (wanted != "yes" || settings.empty()) return true;
  restore.edits = R"({"values":)" + settings + "}";
  if (api.config() == nullptr) {
    reply_problem(request.exchange, {503, "no_configuration", "this server has no configuration"});
    return false;
  }
  if (const auto problem = api.config()->check(restore.edits, realm)) {
    reply_problem(request.exchange, {problem->status, problem->code,
                                     problem->detail + "; nothing was changed", problem->field});
    return false;
  }
  return true;
}

}  // namespace

void show_backup(Api& api, const Request& request) {
  const bool begun = api.hand_over(store::make_errand<store::Backup>(
      store::Errand::Kind::Read,
      [realm = std::string(api.realm())](store::Connection& database, store::Backup& backup) {
        backup.realm = realm;
        return read_backup(database, backup);
      },
      [&api, id = request.exchange.id()](store::StoreStatus status, store::Backup& backup) {
        port::HttpExchange* const client = api.find(id);
        if (client == nullptr) return;
        const std::string settings = api.config() == nullptr ? "" : api.config()->settings();
        const std::string body = backup_json(backup, settings, api.wall());
        reply_stored(client, status, 200, body);
      }));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

void restore(Api& api, const Request& request) {
  ReadBackup read = parse_backup(request.exchange.body(), api.default_domain());
  if (!read.fault.text.empty()) {
    return reply_problem(request.exchange,
                         {read.is_newer ? 422 : 400, read.is_newer ? "version" : "invalid",
                          read.fault.text + "; nothing was changed", read.fault.field});
  }
  const auto restore = std::make_shared<Restore>();
  restore->exchange = request.exchange.id();
  restore->backup = std::move(read.backup);
  std::string realm(api.realm());
  if (!take_settings(api, request, read.settings, *restore, realm)) return;
  if (restore->backup.realm != realm) {
    return reply_problem(
        request.exchange,
        {409, "realm",
         "the users' hashes are made for the realm \"" + restore->backup.realm +
             "\" and of no use for \"" + realm +
             "\", the one here: set auth.realm to the former "
             "and restart the server, or restore the settings too; nothing was changed",
         "realm"});
  }
  restore->needs_start = realm != api.realm();
  const store::RestoreRoom room{api.limits(), Access::kAccountsMax};
  const bool begun = api.hand_over(store::make_errand<int>(
      store::Errand::Kind::Write,
      [restore, room](store::Connection& database, int&) {
        return restore_backup(database, restore->backup, room, restore->restored);
      },
      [&api, restore](store::StoreStatus status, int&) { on_stored(api, restore, status); }));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

}  // namespace tipring::admin
