// `config`: the server's configuration, as its API shows and changes it.
#include "admin/json.h"
#include "app/config.h"
#include "app/config_text.h"
#include "app/ctl_reply.h"
#include "app/ctl_session.h"
#include "core/text.h"

namespace tipring::app {

namespace {

constexpr std::string_view kNotUnderstood =
    "the server's answer is not understood: it is of another version";

// As the file writes it.
std::string toml_of(const CtlCell& cell) {
  if (!cell.is_list) return cell.is_text ? toml_text(cell.text) : cell.text;
  std::vector<std::string> list;
  for (std::string_view rest = cell.text; !rest.empty();) {
    const auto [item, more] = split_once(rest, '\n');
    list.emplace_back(item);
    rest = more;
  }
  return toml_text(list);
}

std::string place_of(const CtlRow& row) {
  const std::string source(cell_text(row, "source"));
  const std::string_view line = cell_text(row, "line");
  return line.empty() || line == "0" ? source : source + ":" + std::string(line);
}

CtlRow shown_row(const CtlRow& row) {
  const CtlCell* const value = find_cell(row, "value");
  const CtlCell* const next = find_cell(row, "next");
  return {{"key", std::string(cell_text(row, "key"))},
          {"value", value == nullptr ? "" : toml_of(*value)},
          {"from", place_of(row)},
          {"after restart", next == nullptr ? "" : toml_of(*next)}};
}

void append_json_value(std::string& out, const ConfigValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    out += std::to_string(*number);
  } else if (const auto* on = std::get_if<bool>(&value)) {
    out += *on ? "true" : "false";
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    admin::append_json(out, *text);
  } else {
    out += '[';
    for (const std::string& item : std::get<std::vector<std::string>>(value)) {
      if (out.back() != '[') out += ',';
      admin::append_json(out, item);
    }
    out += ']';
  }
}

// {"values": {…}} of the words KEY=VALUE. What is wrong with them, or nothing.
std::string edits_of(const CtlSession& session, std::string& body) {
  std::vector<std::string> words = {session.arguments.operand};
  words.insert(words.end(), session.arguments.more.begin(), session.arguments.more.end());
  body = "{\"values\":{";
  for (const std::string& word : words) {
    if (body.back() != '{') body += ',';
    const auto [key, value] = split_once(word, '=');
    if (word.find('=') == std::string::npos || trim(key).empty())
      return word + " must be KEY=VALUE";
    if (trim(value).empty()) {
      admin::append_json(body, trim(key));
      body += ":null";
      continue;
    }
    std::vector<ConfigFault> faults;
    const std::vector<ConfigEntry> entries = read_setting(word, faults);
    if (entries.size() != 1)
      return faults.empty() ? word + " must be KEY=VALUE" : faults[0].message;
    admin::append_json(body, entries[0].key);
    body += ':';
    append_json_value(body, entries[0].value);
  }
  body += "}}";
  return "";
}

void say_keys(CtlSession& session, const CtlRow& row, std::string_view name,
              std::string_view words) {
  const CtlCell* const cell = find_cell(row, name);
  if (cell == nullptr || cell->text.empty()) return;
  std::string keys;
  for (std::string_view rest = cell->text; !rest.empty();) {
    const auto [key, more] = split_once(rest, '\n');
    keys += (keys.empty() ? "" : ", ") + std::string(key);
    rest = more;
  }
  session.console.write(std::string(words) + ": " + keys + "\n");
}

int say_faults(CtlSession& session, const CtlRows& faults) {
  for (const CtlRow& fault : faults) {
    const std::string place = place_of(fault);
    const std::string key(cell_text(fault, "key"));
    session.fail((place.empty() ? "" : place + ": ") + (key.empty() ? "" : key + ": ") +
                 std::string(cell_text(fault, "message")));
  }
  return faults.empty() ? kCtlDone : kCtlFailed;
}

// The file as it stands.
int check_file(CtlSession& session) {
  std::string body;
  if (const std::string fault = session.backend.ask({"GET", "/api/v1/config", ""}, body);
      !fault.empty())
    return session.fail(fault);
  CtlRows faults;
  CtlRows values;
  std::string next;
  if (!parse_listing(body, "config.faults", faults, next) ||
      !parse_listing(body, "config.values", values, next))
    return session.fail(std::string(kNotUnderstood));
  if (session.arguments.json) {
    session.console.write(format_json(faults) + "\n");
    return faults.empty() ? kCtlDone : kCtlFailed;
  }
  if (!faults.empty()) return say_faults(session, faults);
  CtlRow waiting = {{"keys", "", true, true}};
  for (const CtlRow& row : values)
    if (find_cell(row, "next") != nullptr)
      waiting[0].text += std::string(cell_text(row, "key")) + "\n";
  session.console.write("the file is right\n");
  say_keys(session, waiting, "keys", "not in force yet");
  return kCtlDone;
}

}  // namespace

int show_configuration(CtlSession& session) {
  std::string body;
  if (const std::string fault = session.backend.ask({"GET", "/api/v1/config", ""}, body);
      !fault.empty())
    return session.fail(fault);
  CtlRows rows;
  std::string next;
  if (!parse_listing(body, "config.values", rows, next))
    return session.fail(std::string(kNotUnderstood));
  const std::string& wanted = session.arguments.operand;
  std::erase_if(rows, [&](const CtlRow& row) {
    const std::string_view key = cell_text(row, "key");
    return !wanted.empty() && key != wanted && !key.starts_with(wanted + ".");
  });
  if (rows.empty()) {
    const std::string meant(similar_key(wanted));
    return session.fail("there is no key or section " + wanted +
                        (meant.empty() ? "" : "; did you mean " + meant + "?"));
  }
  if (!session.arguments.json)
    for (CtlRow& row : rows) row = shown_row(row);
  return show_table(session, rows, "");
}

int check_configuration(CtlSession& session) {
  if (session.arguments.operand.empty()) return check_file(session);
  std::string body;
  if (const std::string fault = edits_of(session, body); !fault.empty()) {
    session.fail(fault);
    return kCtlWrongUsage;
  }
  std::string answer;
  if (const std::string fault = session.backend.ask({"POST", "/api/v1/config/check", body}, answer);
      !fault.empty())
    return session.fail(fault);
  CtlRows faults;
  std::string next;
  if (!parse_listing(answer, "check.faults", faults, next))
    return session.fail(std::string(kNotUnderstood));
  if (session.arguments.json) {
    session.console.write(answer);
    return faults.empty() ? kCtlDone : kCtlFailed;
  }
  if (!faults.empty()) return say_faults(session, faults);
  CtlRow keys = {{"reload", "", true, true}, {"restart", "", true, true}};
  if (!parse_list(answer, "check.reload", keys[0].text) ||
      !parse_list(answer, "check.restart", keys[1].text))
    return session.fail(std::string(kNotUnderstood));
  session.console.write("the changes are right\n");
  say_keys(session, keys, "reload", "would count at once");
  say_keys(session, keys, "restart", "would need a restart");
  return kCtlDone;
}

int set_configuration(CtlSession& session) {
  std::string body;
  if (const std::string fault = edits_of(session, body); !fault.empty()) {
    session.fail(fault);
    return kCtlWrongUsage;
  }
  std::string answer;
  if (const std::string fault = session.backend.ask({"PATCH", "/api/v1/config", body}, answer);
      !fault.empty()) {
    CtlRows faults;
    std::string next;
    if (!parse_listing(answer, "faults", faults, next) || faults.empty())
      return session.fail(fault);
    return say_faults(session, faults);
  }
  if (session.arguments.json) {
    session.console.write(answer);
    return kCtlDone;
  }
  CtlRow keys = {
      {"applied", "", true, true}, {"restart", "", true, true}, {"refused", "", true, true}};
  for (CtlCell& cell : keys)
    if (!parse_list(answer, cell.name, cell.text)) return session.fail(std::string(kNotUnderstood));
  say_keys(session, keys, "applied", "in force");
  say_keys(session, keys, "restart", "in the file, and in force after `tipringctl restart`");
  say_keys(session, keys, "refused",
           "in the file, but the server could not take it; its log says why");
  return keys[2].text.empty() ? kCtlDone : kCtlFailed;
}

}  // namespace tipring::app
