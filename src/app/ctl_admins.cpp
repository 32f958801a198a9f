// `admin`: accounts of the page, tokens of programs, the setup code and the audit log.
#include <algorithm>
#include <span>

#include "admin/access/password.h"
#include "admin/json_members.h"
#include "app/ctl_paths.h"
#include "app/ctl_reply.h"
#include "app/ctl_session.h"
#include "core/text.h"

namespace tipring::app {

namespace {

constexpr uint32_t kAuditLines = 100;
constexpr std::string_view kNotUnderstood =
    "the server's answer is not understood: it is of another version";

// The rows that `path` lists, of one page; what went wrong, or nothing.
std::string read_rows(CtlSession& session, const std::string& path, std::string_view name,
                      CtlRows& rows, std::string& next) {
  std::string body;
  if (std::string fault = session.backend.ask({"GET", path, ""}, body); !fault.empty())
    return fault;
  return parse_listing(body, name, rows, next) ? "" : std::string(kNotUnderstood);
}

std::string admin_path(const CtlSession& session) {
  return "/api/v1/admins/" + percent_encoded(session.arguments.operand);
}

struct Field {
  std::string_view name;
  std::string_view value;
};

// The words NAME=VALUE of a command line, each name one of `known`.
std::string read_fields(const CtlSession& session, std::span<const std::string_view> known,
                        std::vector<Field>& fields) {
  for (const std::string& word : session.arguments.more) {
    const auto [name, value] = split_once(word, '=');
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string_view one : known)
        names += (names.empty() ? "" : ", ") + std::string(one);
      return "there is no field " + std::string(name) + "; there is " + names;
    }
    fields.push_back({name, value});
  }
  return "";
}

int done(CtlSession& session, const std::string& what, std::string_view result,
         std::string_view secret_name = {}, std::string_view secret = {}) {
  const std::string name = session.arguments.operand;
  if (session.arguments.json) {
    CtlRow row = {{"result", std::string(result)}};
    if (!secret.empty()) row.push_back({std::string(secret_name), std::string(secret)});
    session.console.write(format_json(row) + "\n");
    return kCtlDone;
  }
  session.console.write(what + " " + name + " " + std::string(result) + "\n");
  if (!secret.empty())
    session.console.write(std::string(secret_name) + ": " + std::string(secret) + "\n");
  return kCtlDone;
}

int fail(CtlSession& session, const std::string& what, const std::string& fault) {
  return session.fail(what + " " + session.arguments.operand + ": " + fault);
}

std::string take_password(CtlSession& session, admin::SecretText& password) {
  const std::string& name = session.arguments.operand;
  if (session.arguments.generate) {
    session.console.make_password(password);
    return "";
  }
  if (std::string fault = session.console.read_password({name, ""}, password); !fault.empty())
    return fault;
  const char* const fault = admin::fault_of_admin_password(name, password.view());
  return fault == nullptr ? "" : fault;
}

void show_times(CtlRows& rows, std::string_view from, std::string_view to) {
  for (CtlRow& row : rows)
    for (CtlCell& cell : row)
      if (cell.name == from) cell = {std::string(to), shown_time(row, from)};
}

}  // namespace

int show_setup_code(CtlSession& session) {
  CtlRows rows;
  std::string next;
  if (const std::string fault = read_rows(session, "/api/v1/setup", "setup", rows, next);
      !fault.empty())
    return session.fail(fault);
  const std::string code(cell_text(rows.front(), "code"));
  if (cell_text(rows.front(), "needed") != "true")
    return session.fail(
        "there is an administrator already; `admin list` names those there are, "
        "and `admin password` gives one a new password");
  session.console.write(session.arguments.json ? format_json(CtlRow{{"code", code}}) + "\n"
                                               : code + "\n");
  return kCtlDone;
}

int list_admins(CtlSession& session) {
  CtlRows rows;
  std::string next;
  if (const std::string fault = read_rows(session, "/api/v1/admins", "admins", rows, next);
      !fault.empty())
    return session.fail(fault);
  if (!session.arguments.json) show_times(rows, "created_ms", "created");
  return show_table(session, rows, "no administrators; `admin setup-code` shows how to make one");
}

int put_admin(CtlSession& session) {
  constexpr std::string_view kFields[] = {"role"};
  const bool is_new = session.arguments.command == CtlCommand::AdminAdd;
  std::vector<Field> fields;
  if (const std::string fault = read_fields(session, kFields, fields); !fault.empty()) {
    session.fail(fault);
    return kCtlWrongUsage;
  }
  admin::SecretText password;
  admin::SecretText body("{");
  if (session.arguments.command != CtlCommand::AdminSet) {
    if (const std::string fault = take_password(session, password); !fault.empty())
      return fail(session, "administrator", fault);
    body.append("\"password\":");
    append_secret(body, password.view());
  }
  for (const Field& field : fields) {
    body.append(body.view() == "{" ? "\"role\":" : ",\"role\":");
    append_secret(body, field.value);
  }
  body.append("}");
  const std::string path = admin_path(session) + (is_new ? "?mode=create" : "?mode=change");
  std::string answer;
  const std::string fault = session.backend.ask({"PUT", path, body.view()}, answer);
  if (!fault.empty()) return fail(session, "administrator", fault);
  const std::string_view made = session.arguments.generate ? password.view() : std::string_view();
  return done(session, "administrator", is_new ? "created" : "changed", "password", made);
}

int remove_admin(CtlSession& session) {
  std::string body;
  const std::string fault = session.backend.ask({"DELETE", admin_path(session), ""}, body);
  return fault.empty() ? done(session, "administrator", "removed")
                       : fail(session, "administrator", fault);
}

int list_tokens(CtlSession& session) {
  CtlRows rows;
  std::string next;
  if (const std::string fault = read_rows(session, "/api/v1/tokens", "tokens", rows, next);
      !fault.empty())
    return session.fail(fault);
  if (!session.arguments.json) {
    // The first row says which columns there are.
    for (CtlRow& row : rows)
      if (find_cell(row, "expires_ms") == nullptr) row.push_back({"expires_ms", "", false});
    show_times(rows, "created_ms", "created");
    show_times(rows, "expires_ms", "expires");
  }
  return show_table(session, rows, "no tokens");
}

int add_token(CtlSession& session) {
  constexpr std::string_view kFields[] = {"scopes", "role", "days"};
  std::vector<Field> fields;
  if (const std::string fault = read_fields(session, kFields, fields); !fault.empty()) {
    session.fail(fault);
    return kCtlWrongUsage;
  }
  std::string body = "{";
  admin::append_member(body, "name", session.arguments.operand);
  bool has_role = false;
  for (const Field& field : fields) {
    has_role = has_role || field.name == "role";
    admin::append_member(body, field.name, field.value);
  }
  if (!has_role) admin::append_member(body, "role", std::string_view("viewer"));
  body += "}";
  std::string answer;
  if (const std::string fault = session.backend.ask({"POST", "/api/v1/tokens", body}, answer);
      !fault.empty())
    return fail(session, "token", fault);
  CtlRows rows;
  std::string next;
  if (!parse_listing(answer, "token", rows, next)) return session.fail(std::string(kNotUnderstood));
  return done(session, "token", "created", "token", cell_text(rows.front(), "token"));
}

int remove_token(CtlSession& session) {
  const std::string path = "/api/v1/tokens/" + percent_encoded(session.arguments.operand);
  std::string body;
  const std::string fault = session.backend.ask({"DELETE", path, ""}, body);
  return fault.empty() ? done(session, "token", "removed") : fail(session, "token", fault);
}

int list_audit(CtlSession& session) {
  const uint32_t lines = lines_wanted(session, kAuditLines);
  if (lines == 0) return kCtlWrongUsage;
  CtlRows rows;
  std::string next;
  do {
    const std::string path = next.empty() ? "/api/v1/audit" : "/api/v1/audit?after=" + next;
    if (const std::string fault = read_rows(session, path, "audit", rows, next); !fault.empty())
      return session.fail(fault);
  } while (rows.size() < lines && !next.empty());
  if (rows.size() > lines) rows.resize(lines);
  if (!session.arguments.json) show_times(rows, "at_ms", "time");
  return show_table(session, rows, "nothing was changed yet");
}

}  // namespace tipring::app
