#include "admin/log_requests.h"

#include "admin/access/access.h"
#include "admin/api.h"
#include "admin/json.h"
#include "admin/json_members.h"
#include "admin/reply.h"
#include "admin/revision.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr uint32_t kLines = 500;  // without a limit

std::string_view level_text(LogLevel level) {
  switch (level) {
    case LogLevel::Error: return "error";
    case LogLevel::Warning: return "warning";
    case LogLevel::Info: return "info";
    case LogLevel::Debug: break;
  }
  return "debug";
}

// A number of the query; `otherwise` where it is absent. False: it is none, which is answered.
bool read_number(const Request& request, std::string_view name, uint64_t otherwise,
                 uint64_t& number) {
  const std::string_view text = request.exchange.query(name);
  const Result<uint64_t> read = parse_u64(text);
  if (!text.empty() && !read) {
    reply_invalid(request.exchange, name, std::string(name) + " must be a whole number");
    return false;
  }
  number = text.empty() ? otherwise : *read;
  return true;
}

bool read_level(std::string_view text, LogLevel& level) {
  for (const LogLevel known :
       {LogLevel::Error, LogLevel::Warning, LogLevel::Info, LogLevel::Debug}) {
    if (text != level_text(known)) continue;
    level = known;
    return true;
  }
  return text.empty();
}

}  // namespace

void append_json(std::string& out, const LogTail::Line& line) {
  out += '{';
  append_member(out, "number", line.number);
  append_member(out, "time_ms", static_cast<uint64_t>(line.wall_ms));
  append_member(out, "level", level_text(line.level));
  append_member(out, "text", line.text);
  out += '}';
}

void list_log(Api& api, const Request& request) {
  uint64_t after = 0;
  uint64_t limit = 0;
  LogLevel level = LogLevel::Debug;
  if (!read_number(request, "after", 0, after) || !read_number(request, "limit", kLines, limit))
    return;
  if (!read_level(request.exchange.query("level"), level))
    return reply_invalid(request.exchange, "level",
                         "level must be error, warning, info or debug, or left out for all");
  std::string body = R"({"log":[)";
  if (api.log() != nullptr) {
    for (const LogTail::Line& line : api.log()->read(after, level, static_cast<size_t>(limit))) {
      if (body.back() != '[') body += ",\n";
      append_json(body, line);
    }
  }
  reply_tagged(request.exchange, body + "]}\n");
}

void stream_events(Api& api, const Request& request) {
  std::function<bool()> witness = [] { return true; };
  if (api.has_access()) witness = api.access().witness(request.exchange);
  api.events().open(request.exchange, std::move(witness));
}

}  // namespace tipring::admin
