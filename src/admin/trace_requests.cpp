#include "admin/trace_requests.h"

#include <memory>

#include "admin/api.h"
#include "admin/reply.h"
#include "admin/trace_messages.h"
#include "core/text.h"
#include "store/record_listing.h"

namespace tipring::admin {
namespace {

using store::RecordFilter;
using store::RecordListing;
using store::RecordPage;
using store::RecordText;

constexpr size_t kTextMax = 256;

bool take_filter(const Request& request, TraceFilter& filter) {
  filter.number = request.exchange.query("number");
  filter.address = request.exchange.query("address");
  if (const std::string_view call = request.exchange.query("call"); !call.empty())
    filter.call_ids.emplace_back(call);
  for (const std::string_view name : {"number", "address", "call"}) {
    if (request.exchange.query(name).size() <= kTextMax) continue;
    reply_invalid(request.exchange, name, std::string(name) + " is too long");
    return false;
  }
  return true;
}

void read(Api& api, port::HttpExchange& exchange, TraceFilter filter, TraceJob::Done done) {
  const auto job = std::make_shared<TraceJob>(exchange.id(), std::move(filter), std::move(done));
  if (!job->start(api, job, 0)) reply_refusal(exchange, Outcome::Busy);
}

void reply_ladder(Api& api, port::HttpExchange& exchange, std::vector<std::string> call_ids) {
  TraceFilter filter;
  filter.call_ids = std::move(call_ids);
  filter.whole_call = true;
  read(api, exchange, std::move(filter), [](port::HttpExchange& client, const Traced& traced) {
    if (!traced.messages.empty()) return reply_json(client, 200, ladder_text(traced));
    reply_problem(client, {404, "no_such_call",
                           "none of its messages is kept any more: as many are as capacity.trace "
                           "has room for, and none "
                           "without trace.mode \"all\""});
  });
}

}  // namespace

void list_traced(Api& api, const Request& request) {
  TraceFilter filter;
  if (!take_filter(request, filter)) return;
  read(api, request.exchange, std::move(filter),
       [](port::HttpExchange& client, const Traced& traced) {
         std::string body = "{\"messages\":[";
         for (const TracedMessage& message : traced.messages) {
           if (&message != traced.messages.data()) body += ',';
           append_json(body, message);
         }
         reply_json(client, 200, body + "]}");
       });
}

void export_traced(Api& api, const Request& request) {
  TraceFilter filter;
  if (!take_filter(request, filter)) return;
  read(api, request.exchange, std::move(filter),
       [](port::HttpExchange& client, const Traced& traced) {
         const port::HttpHeader name{"Content-Disposition", "attachment; filename=\"trace.pcap\""};
         client.answer(
             {200, "application/vnd.tcpdump.pcap", pcap_bytes(traced.messages), {&name, 1}});
       });
}

// By a Call-ID, or the number of a call record: all legs of that call.
void show_ladder(Api& api, const Request& request) {
  const Result<uint64_t> call = parse_u64(request.parts[0]);
  if (!call || *call == 0 || *call > INT64_MAX)
    return reply_ladder(api, request.exchange, {std::string(request.parts[0])});
  const uint64_t id = request.exchange.id();
  RecordFilter filter;
  filter.call = *call;
  const std::string name(request.parts[0]);
  auto listing = std::make_unique<RecordListing>(
      filter, RecordListing::kRowsMax, [&api, id, name](store::StoreStatus, RecordPage& page) {
        port::HttpExchange* exchange = api.find(id);
        if (exchange == nullptr) return;
        std::vector<std::string> call_ids = {name};  // it may be a Call-ID all the same
        for (const store::RecordRow& row : page.rows)
          call_ids.push_back(row.text(RecordText::CallId));
        reply_ladder(api, *exchange, std::move(call_ids));
      });
  if (!api.hand_over(std::move(listing))) reply_refusal(request.exchange, Outcome::Busy);
}

}  // namespace tipring::admin
