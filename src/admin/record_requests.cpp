#include "admin/record_requests.h"

#include <memory>

#include "admin/api.h"
#include "admin/record_text.h"
#include "admin/reply.h"
#include "core/text.h"

namespace tipring::admin {
namespace {

using store::RecordFilter;
using store::RecordListing;
using store::RecordPage;
using store::StoreStatus;

constexpr size_t kRowsDefault = 100;
constexpr size_t kTextMax = 200;
// Those of calls that rang long ago may be spread, but not so far.
constexpr size_t kLegsMax = RecordListing::kRowsMax;

constexpr store::RecordOutcome kOutcomes[] = {
    store::RecordOutcome::Open,     store::RecordOutcome::Answered,  store::RecordOutcome::Busy,
    store::RecordOutcome::NoAnswer, store::RecordOutcome::Cancelled, store::RecordOutcome::Refused,
    store::RecordOutcome::Failed,   store::RecordOutcome::Elsewhere};

struct Query {
  RecordFilter filter;
  size_t rows_max = kRowsDefault;
};

bool take_number(const Request& request, std::string_view name, uint64_t most, uint64_t& number) {
  const std::string_view text = request.exchange.query(name);
  if (text.empty()) return true;
  const Result<uint64_t> given = parse_u64(text);
  if (given && *given >= 1 && *given <= most) {
    number = *given;
    return true;
  }
  reply_invalid(request.exchange, name,
                std::string(name) + " must be a number from 1 to " + std::to_string(most));
  return false;
}

bool take_time(const Request& request, std::string_view name, Millis& time) {
  const std::string_view text = request.exchange.query(name);
  if (text.empty()) return true;
  if (const std::optional<Millis> given = parse_time(text)) {
    time = *given;
    return true;
  }
  reply_invalid(
      request.exchange, name,
      std::string(name) + " must be milliseconds since 1970, or UTC such as 2026-01-31T10:00:00Z");
  return false;
}

bool take_text(const Request& request, std::string_view name, std::string& text) {
  text = request.exchange.query(name);
  if (text.size() <= kTextMax) return true;
  reply_invalid(request.exchange, name, std::string(name) + " is too long");
  return false;
}

// False when it is answered.
bool take_query(const Request& request, Query& query) {
  uint64_t rows = query.rows_max;
  RecordFilter& filter = query.filter;
  if (!take_number(request, "limit", RecordListing::kRowsMax, rows) ||
      !take_number(request, "after", INT64_MAX, filter.before) ||
      !take_time(request, "from", filter.from) || !take_time(request, "to", filter.to) ||
      !take_text(request, "party", filter.party) || !take_text(request, "group", filter.group) ||
      !take_text(request, "outcome", filter.outcome)) {
    return false;
  }
  query.rows_max = rows;
  bool known = filter.outcome.empty();
  for (const store::RecordOutcome outcome : kOutcomes) known |= to_text(outcome) == filter.outcome;
  if (!known) {
    reply_invalid(request.exchange, "outcome",
                  "outcome must be open, answered, busy, no_answer, cancelled, refused, failed or "
                  "elsewhere");
    return false;
  }
  const std::string_view legs = request.exchange.query("legs");
  if (!legs.empty()) filter.with_legs = legs == "true";
  if (legs.empty() || legs == "true" || legs == "false") return true;
  reply_invalid(request.exchange, "legs", "legs must be true or false");
  return false;
}

// Answers with what `write` makes of the page, which may be an answer by itself.
template <class Write>
void ask(Api& api, const Request& request, const Query& query, Write write) {
  const uint64_t id = request.exchange.id();
  auto listing = std::make_unique<RecordListing>(
      query.filter, query.rows_max, [&api, id, write](StoreStatus status, RecordPage& page) {
        port::HttpExchange* exchange = api.find(id);
        if (exchange == nullptr) return;
        if (status == StoreStatus::Durable) return write(*exchange, page);
        reply_problem(*exchange,
                      {503, "store",
                       "the call records cannot be read: " + std::string(to_text(status)) + ". " +
                           std::string(advice(status))});
      });
  if (!api.hand_over(std::move(listing))) reply_refusal(request.exchange, Outcome::Busy);
}

std::string list_text(const RecordPage& page) {
  std::string body = "{\"records\":[";
  for (const store::RecordRow& row : page.rows) {
    if (&row != page.rows.data()) body += ',';
    append_json(body, row);
  }
  body += ']';
  if (page.next != 0) body += ",\"next\":\"" + std::to_string(page.next) + '"';
  return body + '}';
}

std::string call_text(const RecordPage& page) {
  std::string body = "{\"record\":";
  append_json(body, page.rows.front());
  body += ",\"legs\":[";
  for (size_t i = 1; i < page.rows.size(); ++i) {
    if (i > 1) body += ',';
    append_json(body, page.rows[i]);
  }
  return body + "]}";
}

}  // namespace

void list_records(Api& api, const Request& request) {
  Query query;
  if (!take_query(request, query)) return;
  ask(api, request, query, [](port::HttpExchange& exchange, const RecordPage& page) {
    reply_json(exchange, 200, list_text(page));
  });
}

// A page as text/csv (RFC 4180); where the export goes on, the header Link says how (RFC 8288).
void export_records(Api& api, const Request& request) {
  Query query;
  query.rows_max = RecordListing::kRowsMax;
  query.filter.with_legs = true;
  if (!take_query(request, query)) return;
  const bool is_first = request.exchange.query("after").empty();
  ask(api, request, query, [is_first](port::HttpExchange& exchange, const RecordPage& page) {
    std::string body(is_first ? csv_header() : std::string_view());
    for (const store::RecordRow& row : page.rows) append_csv(body, row);
    const std::string link = "<?after=" + std::to_string(page.next) + ">; rel=\"next\"";
    const port::HttpHeader headers[] = {
        {"Content-Disposition", "attachment; filename=\"calls.csv\""}, {"Link", link}};
    const size_t count = page.next != 0 ? 2 : 1;
    exchange.answer({200, "text/csv; charset=utf-8; header=present", body, {headers, count}});
  });
}

void show_record(Api& api, const Request& request) {
  Query query;
  const Result<uint64_t> call = parse_u64(request.parts[0]);
  if (!call || *call == 0 || *call > INT64_MAX)
    return reply_invalid(request.exchange, "call", "a call is named by the number of its record");
  query.filter.call = *call;
  query.rows_max = kLegsMax;
  ask(api, request, query, [](port::HttpExchange& exchange, const RecordPage& page) {
    if (!page.rows.empty()) return reply_json(exchange, 200, call_text(page));
    reply_problem(exchange, {404, "no_such_record",
                             "there is no such call; its record may have been too old to be kept"});
  });
}

}  // namespace tipring::admin
