// `log`, `restart`, `backup` and `restore`.
#include "app/ctl_reply.h"
#include "app/ctl_session.h"

namespace tipring::app {

namespace {

constexpr uint32_t kLogLines = 50;
constexpr Millis kLook{500};

std::string read_log(CtlSession& session, const std::string& query, CtlRows& rows) {
  std::string body;
  if (std::string fault = session.backend.ask({"GET", "/api/v1/log" + query, ""}, body);
      !fault.empty())
    return fault;
  std::string next;
  return parse_listing(body, "log", rows, next) ? "" : "the server's answer is not understood";
}

void show(CtlSession& session, const CtlRows& rows) {
  for (const CtlRow& row : rows) {
    if (session.arguments.json) {
      session.console.write(format_json(row) + "\n");
      continue;
    }
    std::string level(cell_text(row, "level"));
    for (char& c : level) c = static_cast<char>(c & ~0x20);
    session.console.write(shown_time(row, "time_ms") + " " + level + " " +
                          std::string(cell_text(row, "text")) + "\n");
  }
  session.console.flush();
}

}  // namespace

int show_log(CtlSession& session) {
  const uint32_t lines = lines_wanted(session, kLogLines);
  if (lines == 0) return kCtlWrongUsage;
  CtlRows rows;
  std::string fault = read_log(session, "?limit=" + std::to_string(lines), rows);
  std::string after = "0";
  while (fault.empty()) {
    show(session, rows);
    if (!session.arguments.follow) return kCtlDone;
    if (!rows.empty()) after = cell_text(rows.back(), "number");
    session.console.pause(kLook);
    rows.clear();
    fault = read_log(session, "?after=" + after, rows);
  }
  return session.fail(fault);
}

int restart_server(CtlSession& session) {
  std::string body;
  if (const std::string fault = session.backend.ask({"POST", "/api/v1/restart", ""}, body);
      !fault.empty())
    return session.fail(fault);
  session.console.write(session.arguments.json ? "{\"result\":\"restarting\"}\n"
                                               : "the server restarts\n");
  return kCtlDone;
}

int save_backup(CtlSession& session) {
  const std::string& file = session.arguments.operand;
  std::string body;
  if (const std::string fault = session.backend.ask({"GET", "/api/v1/backup", ""}, body);
      !fault.empty())
    return session.fail(fault);
  if (file == "-") {
    session.console.write(body);
    return kCtlDone;
  }
  if (const std::string fault = session.console.write_private(file, body); !fault.empty())
    return session.fail(fault);
  session.console.write("the backup is in " + file +
                        ", with what suffices to log in as each user\n");
  return kCtlDone;
}

int restore_backup(CtlSession& session) {
  admin::SecretText text;
  if (const std::string fault = session.console.read_import(session.arguments.operand, text);
      !fault.empty())
    return session.fail(fault);
  const std::string_view path =
      session.arguments.with_settings ? "/api/v1/restore?settings=yes" : "/api/v1/restore";
  std::string body;
  if (const std::string fault = session.backend.ask({"POST", path, text.view()}, body);
      !fault.empty())
    return session.fail(fault);
  if (session.arguments.json) {
    session.console.write(body);
    return kCtlDone;
  }
  const std::string wrapped = "{\"row\":" + body + "}";
  CtlRows rows;
  std::string next;
  if (!parse_listing(wrapped, "row", rows, next) || rows.size() != 1)
    return session.fail("the server's answer is not understood");
  const CtlRow& row = rows.front();
  const auto count = [&](std::string_view name, const std::string& what) {
    const std::string number(cell_text(row, name));
    return number + " " + what + (number == "1" ? "" : "s");
  };
  session.console.write("restored: " + count("users", "user") + ", " + count("groups", "group") +
                        ", and " + count("admins", "administrator") + " that there was not" +
                        (cell_text(row, "settings") == "true" ? "; the settings\n" : "\n"));
  if (cell_text(row, "restart") == "true")
    session.console.write("the rest is in force after a restart of the server\n");
  const std::string refused(cell_text(row, "settings_refused"));
  return refused.empty() ? kCtlDone : session.fail("the settings were not taken: " + refused);
}

}  // namespace tipring::app
