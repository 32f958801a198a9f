// Hunt groups as a table (group_lines.h), all of them at once.
#include <algorithm>

#include "admin/access/access.h"
#include "admin/api.h"
#include "admin/csv.h"
#include "admin/group_lines.h"
#include "admin/group_requests.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/restore_job.h"
#include "admin/stored_reply.h"

namespace tipring::admin {

namespace {

// --- out

GroupFields fields_of(const store::OfflineGroup& group) {
  GroupFields fields;
  fields.display_name = FixedText<store::kGroupDisplayMax>(group.display_name);
  fields.strategy = group.record.strategy;
  fields.ring_timeout_s = group.record.ring_timeout_s;
  fields.member_ring_s = group.record.member_ring_s;
  fields.no_answer_status = group.record.no_answer_status;
  fields.no_answer_to = FixedText<store::kExtensionMax>(group.no_answer_to);
  fields.enabled = group.record.enabled;
  return fields;
}

MemberFields fields_of(const store::OfflineMember& member) {
  MemberFields fields;
  fields.order = member.order;
  fields.delay_s = member.delay_s;
  fields.ring_s = member.ring_s;
  fields.enabled = member.enabled;
  return fields;
}

void append_line(std::string& text, const store::OfflineGroup& group) {
  append_value(text, UserName{group.name, group.domain}.text());
  const GroupFields fields = fields_of(group);
  for (const std::string_view field : group_field_names()) {
    text += ',';
    append_value(text, group_field_text(fields, field));
  }
  std::string members;
  for (const store::OfflineMember& member : group.members)
    members += (members.empty() ? "" : ",") + member_text(member.name, fields_of(member));
  text += ',';
  append_value(text, members);
  text += '\n';
}

// --- in

// A table on its way into the file, and from there into the server's memory.
struct GroupImport {
  uint64_t exchange = 0;
  GroupLines table;
  store::Backup backup;  // its groups, as they are to be
  store::Restored restored;
  size_t created = 0;
};

void set_fields(store::OfflineGroup& group, const GroupFields& fields) {
  const store::OfflineGroup before = group;
  store::GroupRecord record = record_of(before.domain, before.name, fields);
  keep_other_fields(record, before);
  group.display_name = record.display_name;
  group.no_answer_to = record.no_answer_to;
  group.record = record;
  group.record.domain = group.record.name = {};
  group.record.display_name = group.record.no_answer_to = {};
}

void set_members(store::OfflineGroup& group, const std::vector<MemberItem>& items) {
  group.members.clear();
  uint16_t last = 0;
  for (const MemberItem& item : items) {
    const MemberFields& fields = item.fields;
    last = fields.order != 0 ? fields.order : std::min<uint16_t>(last + 1, store::kMemberOrderMax);
    group.members.push_back({0, item.name, last, fields.delay_s, fields.ring_s, fields.enabled});
  }
}

// On the storage thread: SQLite's code.
int store_groups(store::Connection& database, const store::RestoreRoom& room, GroupImport& import) {
  store::OfflineGroupList stands;
  if (const int code = read_groups(database, stands); code != 0) return code;
  import.backup.groups.clear();
  import.created = 0;
  for (const GroupLine& line : import.table.lines) {
    const auto* before = find_group(stands, line.group.domain, line.group.name);
    store::OfflineGroup group;
    if (before != nullptr) group = *before;
    if (before == nullptr) ++import.created;
    group.domain = line.group.domain;
    group.name = line.group.name;
    set_fields(group, line.fields);
    if (import.table.has_members) set_members(group, line.members);
    import.backup.groups.push_back(std::move(group));
  }
  return restore_backup(database, import.backup, room, import.restored);
}

void reply_fault(port::HttpExchange& client, const GroupImport& import) {
  const store::RestoreFault& fault = import.restored.fault;
  const auto line =
      std::find_if(import.table.lines.begin(), import.table.lines.end(), [&](const GroupLine& one) {
        return one.group.domain == fault.domain && one.group.name == fault.name;
      });
  const Problem problem = {409, "does_not_fit", fault.detail + "; nothing was changed", "lines"};
  if (line == import.table.lines.end()) return reply_problem(client, problem);
  reply_problem(client, problem, {{"line", line->line}, {"created", 0}, {"changed", 0}});
}

void reply_imported(Api& api, const GroupImport& import, size_t left) {
  port::HttpExchange* const client = api.find(import.exchange);
  if (client == nullptr) return;
  std::string body = "{";
  append_member(body, "created", uint64_t{import.created});
  append_member(body, "changed", uint64_t{import.table.lines.size() - import.created});
  if (left > 0) append_flag(body, "restart", true);
  reply_json(*client, 200, body + "}\n");
}

void on_stored(Api& api, const std::shared_ptr<GroupImport>& import, store::StoreStatus status) {
  port::HttpExchange* const client = api.find(import->exchange);
  if (status != store::StoreStatus::Durable) return reply_stored(client, status, 200, "");
  if (!import->restored.fault.field.empty()) {
    if (client != nullptr) reply_fault(*client, *import);
    return;
  }
  const auto job = std::make_shared<RestoreJob>(
      import->exchange, std::shared_ptr<const store::Backup>(import, &import->backup),
      std::move(import->restored.removed),
      [&api, import](size_t left) { reply_imported(api, *import, left); });
  job->start(api, job);
}

}  // namespace

void export_groups(Api& api, const Request& request) {
  const bool begun = api.hand_over(store::make_errand<store::OfflineGroupList>(
      store::Errand::Kind::Read,
      [](store::Connection& database, store::OfflineGroupList& groups) {
        return read_groups(database, groups);
      },
      [&api, id = request.exchange.id()](store::StoreStatus status,
                                         const store::OfflineGroupList& groups) {
        port::HttpExchange* const client = api.find(id);
        if (client == nullptr) return;
        if (status != store::StoreStatus::Durable) return reply_stored(client, status, 200, "");
        std::string body = group_heading() + "\n";
        for (const store::OfflineGroup& group : groups) append_line(body, group);
        const port::HttpHeader headers[] = {
            {"Content-Disposition", "attachment; filename=\"groups.csv\""}};
        client->answer({200, "text/csv; charset=utf-8; header=present", body, headers});
      }));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

void import_groups(Api& api, const Request& request) {
  const auto import = std::make_shared<GroupImport>();
  import->exchange = request.exchange.id();
  import->table = parse_group_lines(request.exchange.body(), api.default_domain());
  if (!import->table.faults.empty()) return reply_lines(request.exchange, import->table.faults);
  for (GroupLine& line : import->table.lines)
    line.group = in_store(line.group, api.default_domain());
  import->backup.realm = api.realm();
  const store::RestoreRoom room{api.limits(), Access::kAccountsMax};
  const bool begun = api.hand_over(store::make_errand<int>(
      store::Errand::Kind::Write,
      [import, room](store::Connection& database, int&) {
        return store_groups(database, room, *import);
      },
      [&api, import](store::StoreStatus status, int&) { on_stored(api, import, status); }));
  if (!begun) reply_refusal(request.exchange, Outcome::Busy);
}

}  // namespace tipring::admin
