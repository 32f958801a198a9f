#include "admin/metrics.h"

#include <array>
#include <span>

#include "admin/metrics_text.h"

namespace tipring::admin {

namespace {

using transaction::Machine;
using transaction::State;

constexpr std::array<std::string_view, transaction::kClasses> kClassNames = {"1xx", "2xx", "3xx",
                                                                             "4xx", "5xx", "6xx"};

std::string_view name_of(sip::Method method) {
  return method == sip::Method::Other ? "other" : sip::to_text(method);
}

std::string_view name_of(Machine machine) {
  switch (machine) {
    case Machine::InviteClient: return "invite_client";
    case Machine::Client: return "client";
    case Machine::InviteServer: return "invite_server";
    case Machine::Server: break;
  }
  return "server";
}

std::string_view name_of(State state) {
  switch (state) {
    case State::Initial: return "initial";
    case State::Calling: return "calling";
    case State::Trying: return "trying";
    case State::Proceeding: return "proceeding";
    case State::Accepted: return "accepted";
    case State::Completed: return "completed";
    case State::Confirmed: return "confirmed";
    case State::Terminated: break;
  }
  return "terminated";
}

bool can_be_in(Machine machine, State state) {
  for (const transaction::Row& row : transaction::rows_of(machine)) {
    if (row.state == state || row.next == state) return true;
  }
  return false;
}

// The labels of a place in the counts of statuses. `room` holds the number.
struct StatusName {
  explicit StatusName(size_t place) {
    constexpr size_t kExact = transaction::kCountedStatuses.size();
    if (place >= kExact) {
      group = kClassNames[place - kExact];
      return;
    }
    const uint16_t status = transaction::kCountedStatuses[place];
    group = kClassNames[status / 100U - 1];
    code = std::to_string(status);
  }

  std::string_view group;
  std::string code = "other";
};

template <class Visit>
void for_each_method(Visit visit) {
  for (size_t i = 0; i < transaction::kMethods; ++i) visit(static_cast<sip::Method>(i));
}

void add_process(MetricsText& out, const port::ProcessFacts& process, std::string_view version) {
  out.gauge("tipring_build_info", "Always 1; the version is in the label.");
  out.sample(1, {{"version", version}});
  out.counter("process_cpu_seconds_total", "Processor time of all threads, user and system.");
  out.seconds(process.processor_time);
  out.gauge("process_start_time_seconds", "Start of the process since 1970-01-01 UTC.");
  out.seconds(process.started);
  out.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.",
            process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Address space of the process.", process.virtual_bytes);
  out.gauge("process_open_fds", "Descriptors that are open.", process.descriptors_open);
  out.gauge("process_max_fds", "Descriptors that may be open.", process.descriptors_max);
  out.gauge("process_threads", "Threads of the process.", process.threads);
}

// Pools of one name are the classes of one kind of text, told apart by what a slot holds.
void add_pools(MetricsText& out, std::span<const PoolStats> pools) {
  const auto add = [&](auto field) {
    for (const PoolStats& pool : pools) {
      out.sample(pool.*field,
                 {{"pool", pool.name}, {"slot_bytes", std::to_string(pool.item_bytes)}});
    }
  };
  out.gauge("tipring_pool_capacity", "Slots of the pool; none is added while the server runs.");
  add(&PoolStats::capacity);
  out.gauge("tipring_pool_in_use", "Slots of the pool that are taken.");
  add(&PoolStats::in_use);
  out.gauge("tipring_pool_high_water", "The most slots that were ever taken at one time.");
  add(&PoolStats::high_water);
  out.counter("tipring_pool_refusals_total", "How often the pool was full when a slot was wanted.");
  add(&PoolStats::refusals);
}

void add_responses(MetricsText& out, const transaction::RequestFigures::Responses& counts) {
  for (size_t place = 0; place < counts.size(); ++place) {
    const StatusName status(place);
    if (counts[place] != 0) {
      out.sample(counts[place], {{"class", status.group}, {"code", status.code}});
    }
  }
}

void add_requests(MetricsText& out, const transaction::RequestFigures& requests) {
  out.counter("tipring_requests_received_total",
              "Requests, without those that were sent again to a transaction that stands.");
  for_each_method([&](sip::Method method) {
    out.sample(requests.received(method), {{"method", name_of(method)}});
  });
  out.counter(
      "tipring_requests_answered_total",
      "Final answers to requests, the first to each. Code \"other\": the rest of its class.");
  for_each_method([&](sip::Method method) {
    for (size_t place = 0; place < transaction::kStatusPlaces; ++place) {
      const uint64_t count = requests.answered(method, place);
      if (count == 0) continue;
      const StatusName status(place);
      out.sample(count,
                 {{"method", name_of(method)}, {"class", status.group}, {"code", status.code}});
    }
  });
  out.histogram("tipring_request_duration_seconds",
                "From a request's arrival until its final answer was sent.");
  for_each_method([&](sip::Method method) {
    const Histogram& times = requests.times(method);
    if (times.count() != 0) out.buckets(times, {{"method", name_of(method)}});
  });
  out.counter("tipring_responses_sent_total", "Responses, each once however often it was sent.");
  add_responses(out, requests.responses_sent());
  out.counter("tipring_responses_received_total",
              "Responses to requests of this server, those that came again among them.");
  add_responses(out, requests.responses_received());
}

void add_transactions(MetricsText& out, const Figures& figures) {
  constexpr std::array kAll = {Machine::InviteClient, Machine::Client, Machine::InviteServer,
                               Machine::Server};
  out.gauge("tipring_transactions",
            "Transactions by the machines of RFC 3261 17 and their states.");
  for (const Machine machine : kAll) {
    for (size_t i = 0; i < transaction::kStates; ++i) {
      const auto state = static_cast<State>(i);
      if (!can_be_in(machine, state)) continue;
      out.sample(figures.requests.transactions(machine, state),
                 {{"kind", name_of(machine)}, {"state", name_of(state)}});
    }
  }
  const transaction::TransactionCounters& counters = figures.transactions;
  out.counter("tipring_retransmissions_received_total", "Messages that had come before.",
              counters.retransmissions);
  out.counter("tipring_stray_responses_total", "Responses that fit no request of this server.",
              counters.stray_responses);
  out.counter("tipring_stray_cancels_total", "CANCELs that fit no request.",
              counters.stray_cancels);
  out.counter("tipring_transactions_timed_out_total", "Requests of this server without an answer.",
              counters.client_timeouts);
  out.counter("tipring_transactions_reclaimed_total",
              "Finished transactions that gave their place to a new one before their time.",
              counters.reclaimed);
  out.counter("tipring_replies_too_large_total",
              "Refusals that were not sent: more than twice as large as the datagram before them.",
              counters.replies_too_large);
}

void add_transport(MetricsText& out, const transport::TransportCounters& counters) {
  out.counter("tipring_messages_received_total", "SIP messages received.", counters.received);
  out.counter("tipring_messages_sent_total", "SIP messages sent.", counters.sent);
  out.counter("tipring_messages_dropped_total", "What came and was not served.", "reason",
              {{"not_sip", counters.not_sip},
               {"no_buffer", counters.dropped_no_buffer},
               {"kernel", counters.kernel_drops}});
  out.counter("tipring_messages_malformed_total", "Messages that could not be read.",
              counters.malformed);
  out.counter("tipring_send_failures_total", "Messages that could not be sent.",
              counters.send_failed);
  out.counter("tipring_keepalives_received_total", "Empty datagrams and pings of phones.",
              counters.keepalives);
  out.counter("tipring_connections_opened_total", "TCP connections that came to stand.", "by",
              {{"peer", counters.connections_accepted}, {"server", counters.connections_opened}});
  out.counter("tipring_connections_refused_total", "TCP connections that were not taken.", "reason",
              {{"full", counters.connections_refused},
               {"source_share", counters.connections_refused_source},
               {"system", counters.connections_refused_system}});
  out.counter("tipring_connections_closed_total", "TCP connections that have ended.");
  for (size_t i = 0; i < counters.connections_ended.size(); ++i) {
    out.sample(counters.connections_ended[i],
               {{"reason", transport::to_text(static_cast<transport::ConnectionEnd>(i))}});
  }
}

void add_registrations(MetricsText& out, const Figures& figures) {
  const RegistrationFigures& counts = figures.registrations;
  out.gauge("tipring_users", "Users of the exchange.", counts.users);
  out.gauge("tipring_users_on_line", "Users with a phone registered.", counts.users_on_line);
  out.gauge("tipring_bindings", "Phones that are registered.", counts.bindings);
  out.counter("tipring_binding_changes_total", "What has become of registrations.", "change",
              {{"added", counts.added},
               {"refreshed", counts.refreshed},
               {"removed", counts.removed},
               {"expired", figures.storage.counters.expired}});
  const auto answered = [&](uint16_t status) {
    return figures.requests.answered(sip::Method::Register, transaction::place_of_status(status));
  };
  uint64_t all = 0;
  uint64_t accepted = 0;
  for (size_t place = 0; place < transaction::kStatusPlaces; ++place) {
    const uint64_t count = figures.requests.answered(sip::Method::Register, place);
    all += count;
    if (StatusName(place).group == "2xx") accepted += count;
  }
  out.counter("tipring_register_results_total", "REGISTERs by what came of them.", "result",
              {{"accepted", accepted},
               {"challenged", answered(401)},
               {"refused", all - accepted - answered(401)}});
  const auth::BlockCounters& logins = figures.logins;
  out.counter("tipring_authentication_failures_total", "Wrong credentials.", logins.failures);
  out.counter("tipring_blocks_total", "Blocks of users and sources after wrong credentials.",
              logins.begun);
  out.gauge("tipring_blocked_sources", "Addresses that are not answered now.",
            figures.sources_blocked);
  out.counter("tipring_blocked_requests_total", "Requests of those who are blocked.", "block",
              {{"user", logins.refused}, {"source", logins.dropped}});
}

void add_calls(MetricsText& out, const Figures& figures) {
  const dialog::CallFigures& ends = figures.call_ends;
  out.gauge("tipring_calls_active",
            "Calls now: those that look for their callee, and those that "
            "were answered and are followed until they end.",
            "state", {{"ringing", ends.ringing()}, {"answered", ends.talking()}});
  out.counter("tipring_calls_total", "Calls that were let in, by what came of their INVITE.");
  for (size_t i = 0; i < dialog::kCallOutcomes; ++i) {
    const auto outcome = static_cast<dialog::CallOutcome>(i);
    out.sample(ends.outcomes(outcome), {{"outcome", to_text(outcome)}});
  }
  out.histogram("tipring_call_duration_seconds", "Answered calls that are over, since the answer.");
  out.buckets(ends.talks());
  out.counter("tipring_calls_expired_total", "Calls that nobody has refreshed (RFC 4028).",
              figures.calls.expired);
  out.counter("tipring_calls_untracked_total", "Dialogs that could not be followed.",
              figures.calls.untracked);
  out.gauge("tipring_groups", "Hunt groups.", figures.groups);
  out.counter("tipring_led_calls_total", "Calls led through the server, to groups and others.",
              "event",
              {{"begun", figures.b2bua.calls},
               {"answered", figures.b2bua.answered},
               {"broken", figures.b2bua.broken}});
  out.counter("tipring_group_invites_total", "INVITEs to phones of calls led through the server.",
              figures.b2bua.rung);
  out.counter("tipring_group_phones_skipped_total",
              "Phones of such calls that need TLS or another transport that is not served.",
              figures.b2bua.out_of_reach);
  out.counter(
      "tipring_calls_refused_total", "Calls that were not let in.", "reason",
      {{"no_session_timer", figures.refusals.no_timer}, {"over_share", figures.refusals.share}});
  out.counter("tipring_refused_for_capacity_total", "Requests refused with 503: a pool was full.",
              figures.refusals.capacity);
}

void add_forwarding(MetricsText& out, const Figures& figures) {
  out.counter("tipring_requests_forwarded_total",
              "Requests sent on, each as often as it was tried.", figures.proxy.forwarded);
  out.counter("tipring_requests_retried_total", "Of these to another target than the first.",
              figures.proxy.retried);
  out.counter("tipring_requests_forked_total", "Of these beside another one.",
              figures.proxy.forked);
  out.counter("tipring_redirections_followed_total", "Contacts of 3xx that became targets.",
              figures.proxy.redirected);
  const media::RelayCounters& media = figures.media;
  out.counter("tipring_media_packets_forwarded_total", "Packets of audio and video relayed.",
              media.forwarded);
  out.counter("tipring_media_packets_dropped_total", "Packets that were not relayed.", "reason",
              {{"garbage", media.garbage},
               {"stranger", media.strangers},
               {"late", media.late},
               {"no_target", media.no_target},
               {"send_failed", media.send_failed}});
  out.counter("tipring_media_packets_lost_total",
              "Packets that never came, of streams that are over (RFC 3550 A.3).", media.lost);
  out.counter("tipring_media_ports_taken_total", "Pairs of ports that another program had.",
              media.ports_taken);
  out.counter("tipring_media_silent_calls_total", "Calls that were taken for dead.",
              media.silent_calls);
}

void add_storage(MetricsText& out, const StorageFigures& storage) {
  out.histogram("tipring_storage_commit_duration_seconds", "Transactions of the database.");
  out.buckets(storage.commits);
  out.counter("tipring_storage_commits_total", "Transactions by how they ended.", "result",
              {{"durable", storage.counters.commits}, {"failed", storage.counters.commits_failed}});
  out.counter("tipring_storage_updates_total", "Registrations that went to the database.", "kind",
              {{"at_once", storage.counters.updates}, {"later", storage.counters.lazy_writes}});
  out.counter("tipring_storage_refusals_total", "Registrations that found no room on their way.",
              storage.counters.refused);
  out.gauge("tipring_storage_queue_depth", "Changes that wait for the storage thread.",
            storage.queue);
  out.gauge("tipring_storage_queue_capacity", "How many may wait.", storage.queue_max);
  out.gauge("tipring_storage_failing", "1 while the last write has failed.",
            storage.failing ? 1 : 0);
}

void add_loop(MetricsText& out, const Figures& figures) {
  out.histogram("tipring_loop_turn_duration_seconds",
                "Turns of the loop that serves SIP and media, from waking to the next wait.");
  out.buckets(figures.turns);
  out.counter("tipring_log_lines_total", "Lines of the log.", "fate",
              {{"written", figures.log.written},
               {"lost", figures.log.lost},
               {"suppressed", figures.log.suppressed}});
  out.counter("tipring_request_log_lines_total", "Lines of the request log.", "fate",
              {{"written", figures.request_log.written}, {"lost", figures.request_log.lost}});
  out.gauge("tipring_trace_on", "1 while messages are traced.", figures.trace.on ? 1 : 0);
  out.counter("tipring_trace_messages_total", "Messages that were traced.", figures.trace.messages);
}

}  // namespace

std::string write_metrics(const Figures& figures, const port::ProcessFacts& process,
                          std::string_view version) {
  MetricsText out;
  add_process(out, process, version);
  add_loop(out, figures);
  add_pools(out, {figures.pools.data(), figures.pool_count});
  add_transport(out, figures.transport);
  add_requests(out, figures.requests);
  add_transactions(out, figures);
  add_registrations(out, figures);
  add_calls(out, figures);
  add_forwarding(out, figures);
  add_storage(out, figures.storage);
  return out.text();
}

}  // namespace tipring::admin
