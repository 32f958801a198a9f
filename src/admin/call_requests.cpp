#include "admin/call_requests.h"

#include "admin/api.h"
#include "admin/call_names.h"
#include "admin/reply.h"
#include "auth/source.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr uint64_t kTraceSecondsMax = 24 * 3600;

}  // namespace

void list_calls(Api& api, const Request& request) { api.list(request, Command::Kind::ListCalls); }

void end_call(Api& api, const Request& request) {
  const std::optional<uint64_t> id = parse_call_name(request.parts[0]);
  if (!id)
    return reply_invalid(request.exchange, "id",
                         "an id is as the list of calls shows it, such as 2f-3");
  Command command;
  command.kind = Command::Kind::EndCall;
  command.cursor = *id;
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "ended"));
}

void list_blocks(Api& api, const Request& request) { api.list(request, Command::Kind::ListBlocks); }

void lift_block(Api& api, const Request& request) {
  const auto source = auth::parse_source(request.exchange.query("source"));
  const std::string_view user = request.exchange.query("user");
  if (!source || user.size() > kNameMax) {
    return reply_invalid(
        request.exchange, source ? "user" : "source",
        "source must be an address, and user a name, as the list of blocks shows them");
  }
  Command command;
  command.kind = Command::Kind::LiftBlock;
  command.source = *source;
  command.name = FixedText<kNameMax>(user);
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "lifted"));
}

void read_trace(Api& api, const Request& request) { api.list(request, Command::Kind::ReadTrace); }

void start_trace(Api& api, const Request& request) {
  const std::string_view subject = request.exchange.query("subject");
  const Result<uint64_t> seconds = parse_u64(request.exchange.query("seconds"));
  if (subject.empty() || subject.size() > kNameMax || subject.front() == '@')
    return reply_invalid(request.exchange, "subject",
                         "subject must be a user's name, a number or an address");
  if (!seconds || *seconds == 0 || *seconds > kTraceSecondsMax)
    return reply_invalid(request.exchange, "seconds", "seconds must be from 1 to 86400");
  Command command;
  command.kind = Command::Kind::StartTrace;
  command.name = FixedText<kNameMax>(subject);
  command.cursor = *seconds;
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "on"));
}

void stop_trace(Api& api, const Request& request) {
  Command command;
  command.kind = Command::Kind::StopTrace;
  api.begin(request, command, std::make_shared<PlainJob>(request.exchange.id(), "off"));
}

}  // namespace tipring::admin
