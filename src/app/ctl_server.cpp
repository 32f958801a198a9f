#include "app/ctl_server.h"

#include <cerrno>
#include <cstring>

#include "admin/user_secret.h"
#include "app/ctl_paths.h"
#include "app/ctl_reply.h"

namespace tipring::app {

namespace {

constexpr size_t kImportLinesMax = 500;
// As long as a person waits for a word, and longer than a disk should take for a batch.
constexpr Millis kTimeout{15000};
constexpr size_t kReplyMax = 128 << 20;  // a backup of many users

// Of one page of call records.
constexpr size_t kRecordsMax = 1000;

// Which lines of the file a refused batch was made of, and what became of those before.
std::string lines_text(const admin::ImportLines& lines, size_t first, size_t last) {
  std::string text = "lines " + std::to_string(lines.lines[first].line) + " to " +
                     std::to_string(lines.lines[last].line);
  if (first > 0) text += " (all before them are stored)";
  return text + ": ";
}

struct ListingPath {
  std::string_view path;
  std::string_view name;
};
ListingPath path_of(CtlListing listing) {
  switch (listing) {
    case CtlListing::Users: return {"/api/v1/users", "users"};
    case CtlListing::Groups: return {"/api/v1/groups", "groups"};
    case CtlListing::Credentials: return {"/api/v1/credentials", "credentials"};
    case CtlListing::Registrations: return {"/api/v1/registrations", "registrations"};
    case CtlListing::Blocks: return {"/api/v1/blocks", "blocks"};
    case CtlListing::Refused: return {"/api/v1/refused", "refused"};
    case CtlListing::Unknown: return {"/api/v1/unknown", "unknown"};
    case CtlListing::Calls: return {"/api/v1/calls", "calls"};
    case CtlListing::Pools: return {"/api/v1/pools", "pools"};
    case CtlListing::Status: return {"/api/v1/status", "status"};
  }
  return {};
}

std::string reason_of(int error, const std::string& socket) {
  switch (error) {
    case ENOENT:
    case ECONNREFUSED:
      return "no server answers at " + socket +
             ": start tipringd, name its socket with --socket, or work on the database with "
             "--offline";
    case EACCES:
    case EPERM: return "no permission to use " + socket + ": run tipringctl as the server's user";
    case ENAMETOOLONG:
      return "the socket's path " + socket + " is empty or longer than a socket's path can be";
    case ETIMEDOUT: return "the server at " + socket + " does not answer; its log may say why";
    case EPROTO:
      return "what listens at " + socket + " is not tipringd, or it ended while it answered";
    default: return "cannot talk to the server at " + socket + ": " + std::strerror(error);
  }
}

}  // namespace

std::string CtlServer::ask(const port::HttpRequest& request, port::HttpReply& reply) const {
  const int error = port::http_request(socket_, request,
                                       {.reply_bytes_max = kReplyMax, .timeout = kTimeout}, reply);
  if (error != 0) return reason_of(error, socket_);
  if (reply.status >= 200 && reply.status < 300) return "";
  const std::string message = parse_error_message(reply.body);
  return message.empty() ? "the server answered " + std::to_string(reply.status) : message;
}

std::string CtlServer::ask(const port::HttpRequest& request, std::string& body) {
  port::HttpReply reply;
  std::string fault = ask(request, reply);
  body = std::move(reply.body);
  return fault;
}

std::string CtlServer::put_user(const CtlUserChange& change) {
  std::string target = path_of("/api/v1/users/", change.user);
  if (change.mode != admin::PutMode::Either)
    target += change.mode == admin::PutMode::Create ? "?mode=create" : "?mode=change";
  admin::SecretText body;
  body.append("{");
  if (!change.password.empty()) {
    body.append("\"password\":");
    append_secret(body, change.password);
  }
  const admin::UserFields& fields = change.fields;
  const auto append = [&](uint8_t field, std::string_view name, std::string_view text) {
    if ((fields.present & field) == 0) return;
    body.append(body.view() == "{" ? "\"" : ",\"");
    body.append(name);
    body.append("\":");
    append_secret(body, text);
  };
  append(store::kAuthName, "auth_name", fields.auth_name.view());
  append(store::kDisplayName, "display_name", fields.display_name.view());
  append(store::kAliases, "aliases", admin::aliases_text(fields.aliases.view()));
  append(store::kAlgorithms, "algorithms", admin::algorithms_text(fields.algorithms));
  append(store::kSessionTimer, "session_timer", admin::session_timer_text(fields.session_timer));
  body.append("}");
  port::HttpReply reply;
  return ask({"PUT", target, body.view()}, reply);
}

std::string CtlServer::rename_user(const admin::UserName& user, const std::string& new_name,
                                   std::string_view password) {
  const std::string target = path_of("/api/v1/users/", user) + "?name=" + percent_encoded(new_name);
  admin::SecretText body;
  if (!password.empty()) {
    body.append("{\"password\":");
    append_secret(body, password);
    body.append("}");
  }
  port::HttpReply reply;
  return ask({"PATCH", target, body.view()}, reply);
}

std::string CtlServer::remove_user(const admin::UserName& user) {
  port::HttpReply reply;
  return ask({"DELETE", path_of("/api/v1/users/", user), ""}, reply);
}

std::string CtlServer::show_user(const admin::UserName& user, CtlRow& row) {
  CtlRows rows;
  if (std::string fault = list(path_of("/api/v1/users/", user), "user", rows); !fault.empty())
    return fault;
  if (rows.size() != 1) return reason_of(EPROTO, socket_);
  row = std::move(rows.front());
  return "";
}

std::string CtlServer::list_registrations(const admin::UserName& user, CtlRows& rows) {
  return list(path_of("/api/v1/registrations/", user), "registrations", rows);
}

std::string CtlServer::remove_registrations(const admin::UserName& user, std::string_view contact) {
  std::string target = path_of("/api/v1/registrations/", user);
  if (!contact.empty()) target += "?contact=" + percent_encoded(contact);
  port::HttpReply reply;
  return ask({"DELETE", target, ""}, reply);
}

std::string CtlServer::lift_block(std::string_view source, std::string_view user) {
  std::string target = "/api/v1/blocks?source=" + percent_encoded(source);
  if (!user.empty()) target += "&user=" + percent_encoded(user);
  port::HttpReply reply;
  return ask({"DELETE", target, ""}, reply);
}

std::string CtlServer::import(const admin::ImportLines& lines, uint32_t& created,
                              uint32_t& changed) {
  for (size_t at = 0; at < lines.lines.size();) {
    const size_t first = at;
    // The first line is the heading, or empty: a user called "name" makes none then.
    admin::SecretText body(lines.heading);
    body.append("\n");
    for (size_t i = 0; i < kImportLinesMax && at < lines.lines.size(); ++i, ++at) {
      body.append(lines.lines[at].text);
      body.append("\n");
    }
    port::HttpReply reply;
    const std::string fault = ask({"POST", "/api/v1/users/import", body.view()}, reply);
    CtlImportReply told;
    const bool understood = parse_import_reply(reply.body, told);
    created += told.created;
    changed += told.changed;
    if (fault.empty() && !understood) return reason_of(EPROTO, socket_);
    if (fault.empty()) continue;
    const size_t refused = first + told.line - 2;
    if (told.line < 2 || refused >= at) return lines_text(lines, first, at - 1) + fault;
    return "line " + std::to_string(lines.lines[refused].line) + ": " + fault + "; " +
           std::to_string(created + changed) + " of " + std::to_string(lines.lines.size()) +
           " users were stored; import the file once more when that is mended";
  }
  return "";
}

std::string CtlServer::list(CtlListing listing, CtlRows& rows) {
  const ListingPath path = path_of(listing);
  return list(std::string(path.path), path.name, rows);
}

std::string CtlServer::list(const std::string& path, std::string_view name, CtlRows& rows) {
  std::string next;
  do {
    const std::string target = next.empty() ? path : path + "?after=" + percent_encoded(next);
    port::HttpReply reply;
    if (std::string fault = ask({"GET", target, ""}, reply); !fault.empty()) return fault;
    if (!parse_listing(reply.body, name, rows, next)) return reason_of(EPROTO, socket_);
  } while (!next.empty());
  return "";
}

std::string CtlServer::end_call(std::string_view id) {
  port::HttpReply reply;
  return ask({"DELETE", "/api/v1/calls/" + percent_encoded(id), ""}, reply);
}

std::string CtlServer::read_ladder(std::string_view call, CtlLadder& ladder) {
  port::HttpReply reply;
  const std::string target = "/api/v1/trace/calls/" + percent_encoded(call);
  if (std::string fault = ask({"GET", target, ""}, reply); !fault.empty()) return fault;
  std::string next;
  const bool understood = parse_listing(reply.body, "participants", ladder.participants, next) &&
                          parse_listing(reply.body, "messages", ladder.messages, next) &&
                          parse_listing(reply.body, "decisions", ladder.decisions, next);
  ladder.json = std::move(reply.body);
  return understood ? "" : reason_of(EPROTO, socket_);
}

std::string CtlServer::read_capture(std::string& bytes) {
  port::HttpReply reply;
  std::string fault = ask({"GET", "/api/v1/trace.pcap", ""}, reply);
  bytes = std::move(reply.body);
  return fault;
}

std::string CtlServer::list_records(std::string_view party, CtlRows& rows) {
  port::HttpReply reply;
  const std::string target =
      "/api/v1/records?limit=" + std::to_string(kRecordsMax) + "&party=" + percent_encoded(party);
  if (std::string fault = ask({"GET", target, ""}, reply); !fault.empty()) return fault;
  std::string next;
  return parse_listing(reply.body, "records", rows, next) ? "" : reason_of(EPROTO, socket_);
}

// Page by page: a row begins with its number, and the next page has lower ones.
std::string CtlServer::export_records(std::string_view party,
                                      const std::function<void(std::string_view)>& write) {
  const std::string path = "/api/v1/records.csv?limit=" + std::to_string(kRecordsMax) +
                           "&party=" + percent_encoded(party);
  std::string after;
  for (;;) {
    port::HttpReply reply;
    if (std::string fault = ask({"GET", path + after, ""}, reply); !fault.empty()) return fault;
    const std::string_view body = reply.body;
    if (!body.ends_with("\r\n")) return body.empty() ? "" : reason_of(EPROTO, socket_);
    write(body);
    const size_t last = body.substr(0, body.size() - 2).rfind("\r\n");
    if (last == std::string_view::npos && after.empty()) return "";  // the heading alone
    const size_t begin = last == std::string_view::npos ? 0 : last + 2;
    after = "&after=" + std::string(body.substr(begin, body.find(',', begin) - begin));
  }
}

std::string CtlServer::start_trace(std::string_view subject, uint64_t seconds) {
  port::HttpReply reply;
  return ask(
      {"PUT",
       "/api/v1/trace?subject=" + percent_encoded(subject) + "&seconds=" + std::to_string(seconds),
       ""},
      reply);
}

std::string CtlServer::stop_trace() {
  port::HttpReply reply;
  return ask({"DELETE", "/api/v1/trace", ""}, reply);
}

std::string CtlServer::read_trace(std::string_view after, CtlRows& rows) {
  const std::string target =
      "/api/v1/trace?after=" + (after.empty() ? "0" : percent_encoded(after));
  port::HttpReply reply;
  if (std::string fault = ask({"GET", target, ""}, reply); !fault.empty()) return fault;
  std::string next;
  return parse_listing(reply.body, "trace", rows, next) ? "" : reason_of(EPROTO, socket_);
}

}  // namespace tipring::app
