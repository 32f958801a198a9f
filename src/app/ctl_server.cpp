#include "app/ctl_server.h"

#include <cerrno>
#include <cstring>

#include "admin/user_secret.h"
#include "app/ctl_reply.h"
#include "core/text.h"

namespace tipring::app {

namespace {

constexpr size_t kImportLinesMax = 500;
// As long as a person waits for a word, and longer than a disk should take for a batch.
constexpr Millis kTimeout{15000};

// RFC 3986 2.1: all but unreserved characters.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = to_lower(c) >= 'a' && to_lower(c) <= 'z';
    if (letter || is_digit(c) || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      char hex[2];
      out += '%';
      out += write_hex({&byte, 1}, hex);
    }
  }
  return out;
}

// Always with the domain, which may be empty, so that a name may hold "/".
std::string path_of(const admin::UserName& user) {
  return "/v1/users/" + percent_encoded(user.domain) + "/" + percent_encoded(user.name);
}

// As append_json(), into memory that is wiped.
void append_json_string(admin::SecretText& out, std::string_view text) {
  out.append("\"");
  for (const char& c : text) {
    if (c == '"' || c == '\\') out.append("\\");
    out.append({&c, 1});
  }
  out.append("\"");
}

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
    case CtlListing::Users: return {"/v1/users", "users"};
    case CtlListing::Registrations: return {"/v1/registrations", "registrations"};
    case CtlListing::Pools: return {"/v1/pools", "pools"};
    case CtlListing::Status: return {"/v1/status", "status"};
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
  const int error = port::http_request(socket_, request, {.timeout = kTimeout}, reply);
  if (error != 0) return reason_of(error, socket_);
  if (reply.status >= 200 && reply.status < 300) return "";
  const std::string message = parse_error_message(reply.body);
  return message.empty() ? "the server answered " + std::to_string(reply.status) : message;
}

std::string CtlServer::put_user(const admin::UserName& user, std::string_view password,
                                admin::PutMode mode) {
  std::string target = path_of(user);
  if (mode != admin::PutMode::Either)
    target += mode == admin::PutMode::Create ? "?mode=create" : "?mode=change";
  admin::SecretText body;
  body.append("{\"password\":");
  append_json_string(body, password);
  body.append("}");
  port::HttpReply reply;
  return ask({"PUT", target, body.view()}, reply);
}

std::string CtlServer::remove_user(const admin::UserName& user) {
  port::HttpReply reply;
  return ask({"DELETE", path_of(user), ""}, reply);
}

std::string CtlServer::import(const admin::ImportLines& lines, uint32_t& created,
                              uint32_t& changed) {
  for (size_t at = 0; at < lines.lines.size();) {
    const size_t first = at;
    admin::SecretText body;
    for (size_t i = 0; i < kImportLinesMax && at < lines.lines.size(); ++i, ++at) {
      const admin::ImportLine& line = lines.lines[at];
      body.append(line.user.text());
      body.append(",");
      body.append(line.password);
      body.append("\n");
    }
    port::HttpReply reply;
    const std::string fault = ask({"POST", "/v1/users/import", body.view()}, reply);
    if (!fault.empty()) return lines_text(lines, first, at - 1) + fault;
    uint32_t more_created = 0;
    uint32_t more_changed = 0;
    if (!parse_counts(reply.body, more_created, more_changed)) return reason_of(EPROTO, socket_);
    created += more_created;
    changed += more_changed;
  }
  return "";
}

std::string CtlServer::list(CtlListing listing, CtlRows& rows) {
  const ListingPath path = path_of(listing);
  std::string next;
  do {
    std::string target(path.path);
    if (!next.empty()) target += "?after=" + percent_encoded(next);
    port::HttpReply reply;
    if (std::string fault = ask({"GET", target, ""}, reply); !fault.empty()) return fault;
    if (!parse_listing(reply.body, path.name, rows, next)) return reason_of(EPROTO, socket_);
  } while (!next.empty());
  return "";
}

}  // namespace tipring::app
