// Commands that show something, and those that go with a listing.
#include <algorithm>
#include <array>
#include <utility>

#include "admin/csv.h"
#include "app/ctl_session.h"
#include "core/log_sink.h"
#include "core/text.h"

namespace tipring::app {

namespace {

auto user_key(const CtlRow& row) {
  return std::make_pair(cell_text(row, "domain"), cell_text(row, "name"));
}

// For people: what is as ever is left out, so that columns in which it is everywhere go.
void blank(CtlRows& rows, std::string_view name, std::string_view usual) {
  for (CtlRow& row : rows) {
    for (CtlCell& cell : row) {
      if (cell.name == name && cell.text == usual) cell.text.clear();
    }
  }
}

void blank_usual(CtlRows& rows) {
  for (CtlRow& row : rows) {
    for (CtlCell& cell : row) {
      if (cell.name == "auth_name" && cell.text == cell_text(row, "name")) cell.text.clear();
    }
  }
  blank(rows, "session_timer", "default");
  blank(rows, "q_thousandths", "1000");
}

int show_facts(CtlSession& session, const CtlRow& row) {
  session.console.write(session.arguments.json ? format_json(row) + "\n" : format_facts(row));
  return kCtlDone;
}

// Items that stand one a line become a value of an export.
std::string with_commas(std::string_view lines) {
  std::string text(lines.substr(0, lines.empty() ? 0 : lines.size() - 1));
  std::replace(text.begin(), text.end(), '\n', ',');
  return text;
}

// Both sorted by user; without credentials their columns are left out. The auth_name is that of the
// hashes, since a user may have got another one between the two listings.
std::string export_text(const CtlRows& users, const CtlRows& credentials) {
  constexpr std::string_view kHashes[] = {"realm", "ha1_md5", "ha1_sha256"};
  std::string text = "name";
  for (const std::string_view field : admin::user_field_names()) text += "," + std::string(field);
  for (const std::string_view column : kHashes) {
    if (!credentials.empty()) text += "," + std::string(column);
  }
  text += "\n";
  auto secret = credentials.begin();
  for (const CtlRow& row : users) {
    while (secret != credentials.end() && user_key(*secret) < user_key(row)) ++secret;
    const bool found = secret != credentials.end() && user_key(*secret) == user_key(row);
    admin::append_value(text, name_of(row));
    for (const std::string_view field : admin::user_field_names()) {
      const CtlCell* cell = find_cell(found && field == "auth_name" ? *secret : row, field);
      text += ",";
      if (cell != nullptr)
        admin::append_value(text, cell->is_list ? with_commas(cell->text) : cell->text);
    }
    for (const std::string_view column : kHashes) {
      if (credentials.empty()) continue;
      text += ",";
      if (found) admin::append_value(text, cell_text(*secret, column));
    }
    text += "\n";
  }
  return text;
}

}  // namespace

// Rows of one user, his registrations, keep their order. The server lists by slot, and slots are
// used again.
void sort_by_user(CtlRows& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const CtlRow& a, const CtlRow& b) { return user_key(a) < user_key(b); });
}

std::string name_of(const CtlRow& row) {
  return admin::UserName{std::string(cell_text(row, "name")), std::string(cell_text(row, "domain"))}
      .text();
}

std::string shown_time(const CtlRow& row, std::string_view name) {
  const Result<uint64_t> time = parse_u64(cell_text(row, name));
  if (!time || *time == 0) return "";
  std::array<char, kTimestampMax> room;
  const std::string text(write_timestamp(Millis(static_cast<int64_t>(*time)), room));
  return text.substr(0, 10) + " " + text.substr(11, 8);
}

uint32_t lines_wanted(CtlSession& session, uint32_t otherwise) {
  if (session.arguments.lines.empty()) return otherwise;
  const Result<uint32_t> lines = parse_u32(session.arguments.lines);
  if (lines && *lines > 0) return *lines;
  session.fail("--lines must be a whole number from 1 on");
  return 0;
}

int show_table(CtlSession& session, CtlRows& rows, std::string_view none) {
  if (session.arguments.json) {
    session.console.write(format_json(rows) + "\n");
  } else if (rows.empty()) {
    session.console.write(std::string(none) + "\n");
  } else {
    blank_usual(rows);
    session.console.write(format_table(rows, session.console.width()));
  }
  return kCtlDone;
}

std::string_view cell_text(const CtlRow& row, std::string_view name) {
  const CtlCell* cell = find_cell(row, name);
  return cell == nullptr ? std::string_view() : cell->text;
}

int show_user(CtlSession& session) {
  const admin::UserName user = admin::split_user_name(session.arguments.operand);
  if (const char* fault = admin::fault_of(user)) return session.fail(fault);
  CtlRow row;
  if (const std::string fault = session.backend.show_user(user, row); !fault.empty())
    return session.fail(user, fault);
  return show_facts(session, row);
}

int list_users(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Users, rows); !fault.empty())
    return session.fail(fault);
  sort_by_user(rows);
  if (!session.arguments.quiet) return show_table(session, rows, "no users");
  for (const CtlRow& row : rows) session.console.write(name_of(row) + "\n");
  return kCtlDone;
}

int export_users(CtlSession& session) {
  const bool with_credentials = session.arguments.with_credentials;
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Users, rows); !fault.empty())
    return session.fail(fault);
  CtlRows credentials;
  if (with_credentials) {
    const std::string fault = session.backend.list(CtlListing::Credentials, credentials);
    if (!fault.empty()) return session.fail(fault);
    sort_by_user(credentials);
  }
  sort_by_user(rows);
  admin::SecretText text(session.arguments.json ? format_json(rows) + "\n"
                                                : export_text(rows, credentials));
  const std::string& file = session.arguments.operand;
  if (file.empty()) {
    session.console.write(text.view());
    return kCtlDone;
  }
  const std::string fault = session.console.write_private(file, text.view());
  if (!fault.empty()) return session.fail(fault);
  session.console.write(std::to_string(rows.size()) + (rows.size() == 1 ? " user" : " users") +
                        " written to " + file +
                        (with_credentials ? ", with what suffices to log in as each\n" : "\n"));
  return kCtlDone;
}

int list_registrations(CtlSession& session) {
  CtlRows rows;
  if (session.arguments.operand.empty()) {
    const std::string fault = session.backend.list(CtlListing::Registrations, rows);
    if (!fault.empty()) return session.fail(fault);
  } else {
    const admin::UserName user = admin::split_user_name(session.arguments.operand);
    if (const char* fault = admin::fault_of(user)) return session.fail(fault);
    if (const std::string fault = session.backend.list_registrations(user, rows); !fault.empty())
      return session.fail(user, fault);
  }
  sort_by_user(rows);
  return show_table(session, rows, "no registrations");
}

int remove_registrations(CtlSession& session) {
  const admin::UserName user = admin::split_user_name(session.arguments.operand);
  if (const char* fault = admin::fault_of(user)) return session.fail(fault);
  const std::string contact = session.arguments.more.empty() ? "" : session.arguments.more.front();
  if (const std::string fault = session.backend.remove_registrations(user, contact); !fault.empty())
    return session.fail(user, fault);
  if (session.arguments.json) {
    session.console.write("{\"result\":\"removed\"}\n");
  } else {
    const std::string what = contact.empty() ? "all registrations" : "the registration " + contact;
    session.console.write(what + " of user " + user.text() + " removed\n");
  }
  return kCtlDone;
}

int list_blocks(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Blocks, rows); !fault.empty())
    return session.fail(fault);
  return show_table(session, rows, "no blocks");
}

int lift_block(CtlSession& session) {
  const std::string& source = session.arguments.operand;
  const std::string user = session.arguments.more.empty() ? "" : session.arguments.more.front();
  if (const std::string fault = session.backend.lift_block(source, user); !fault.empty())
    return session.fail("blocks of " + source + ": " + fault);
  session.console.write(session.arguments.json ? "{\"result\":\"lifted\"}\n"
                                               : "blocks of " + source + " lifted\n");
  return kCtlDone;
}

// The commands follow the table, in which the screen would cut them.
int list_refused(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Refused, rows); !fault.empty())
    return session.fail(fault);
  sort_by_user(rows);
  std::string commands;
  if (!session.arguments.json) {
    for (CtlRow& row : rows) {
      commands += "  " + std::string(cell_text(row, "except")) + "\n";
      row.erase(std::remove_if(row.begin(), row.end(),
                               [](const CtlCell& cell) { return cell.name == "except"; }),
                row.end());
    }
  }
  const int code = show_table(session, rows, "no calls refused for want of session timers");
  if (!commands.empty())
    session.console.write("\nTo let them call from phones without session timers:\n" + commands);
  return code;
}

int list_unknown(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Unknown, rows); !fault.empty())
    return session.fail(fault);
  const auto last = [](const CtlRow& row) {
    return parse_u64(cell_text(row, "last_s")).value_or(0);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const CtlRow& a, const CtlRow& b) { return last(a) < last(b); });
  return show_table(session, rows, "no names that are nobody's");
}

int list_pools(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Pools, rows); !fault.empty())
    return session.fail(fault);
  return show_table(session, rows, "no pools");
}

int show_status(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Status, rows); !fault.empty())
    return session.fail(fault);
  if (rows.empty()) rows.emplace_back();
  return show_facts(session, rows.front());
}

}  // namespace tipring::app
