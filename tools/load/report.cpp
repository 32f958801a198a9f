#include "tools/load/report.h"

#include <cstdio>
#include <string_view>

namespace tipring::load {

namespace {

constexpr std::string_view kFailureNames[kFailureCount] = {
    "no_answer", "no_ack", "no_request", "refused", "unreadable", "unreachable"};

using Counter = unsigned long long;

double per_second(const Statistics& statistics) {
  if (statistics.elapsed_us == 0) return 0;
  return static_cast<double>(statistics.done) * 1e6 / static_cast<double>(statistics.elapsed_us);
}

void print_histogram(const char* name, const Histogram& histogram) {
  std::printf(
      "\"%s\":{\"count\":%llu,\"mean\":%.1f,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,"
      "\"p999\":%llu,\"max\":%llu},",
      name, Counter{histogram.count()}, histogram.mean(), Counter{histogram.quantile(0.5)},
      Counter{histogram.quantile(0.9)}, Counter{histogram.quantile(0.99)},
      Counter{histogram.quantile(0.999)}, Counter{histogram.max()});
}

void print_failures(const Statistics& statistics) {
  std::printf("\"failures\":{");
  const char* comma = "";
  for (size_t i = 0; i < kFailureCount; ++i) {
    std::printf("%s\"%s\":%llu", comma, kFailureNames[i].data(), Counter{statistics.failures[i]});
    comma = ",";
  }
  std::printf("},\"refusals\":{");
  comma = "";
  for (size_t status = 0; status < statistics.refusals.size(); ++status) {
    if (statistics.refusals[status] == 0) continue;
    std::printf("%s\"%zu\":%llu", comma, status, Counter{statistics.refusals[status]});
    comma = ",";
  }
  std::printf("},");
}

void print_packets(const Statistics& statistics) {
  std::printf("\"packets\":\"%s\"", write_packets(statistics.packets).c_str());
}

void print_row(const char* name, uint64_t value) {
  std::printf("  %-32s %12llu\n", name, Counter{value});
}

void print_times(const char* name, const Histogram& histogram) {
  std::printf("  %-32s p50 %llu, p90 %llu, p99 %llu, p99.9 %llu, max %llu\n", name,
              Counter{histogram.quantile(0.5)}, Counter{histogram.quantile(0.9)},
              Counter{histogram.quantile(0.99)}, Counter{histogram.quantile(0.999)},
              Counter{histogram.max()});
}

void print_failure_rows(const Statistics& statistics) {
  print_row("failed", statistics.failed());
  for (size_t i = 0; i < kFailureCount; ++i) {
    if (statistics.failures[i] == 0) continue;
    std::printf("    %-30s %12llu\n", kFailureNames[i].data(), Counter{statistics.failures[i]});
  }
  for (size_t status = 0; status < statistics.refusals.size(); ++status) {
    if (statistics.refusals[status] == 0) continue;
    std::printf("    refused with %-17zu %12llu\n", status, Counter{statistics.refusals[status]});
  }
}

}  // namespace

std::string failure_line(const Statistics& statistics) {
  const uint64_t undone = statistics.started - statistics.done;
  std::string line =
      std::to_string(undone) + " of " + std::to_string(statistics.started) + " failed";
  const char* comma = ": ";
  const auto add = [&](const std::string& what, uint64_t count) {
    if (count == 0) return;
    line.append(comma).append(what).append(" (").append(std::to_string(count)).append(")");
    comma = ", ";
  };
  for (size_t i = 0; i < kFailureCount; ++i) {
    if (i == static_cast<size_t>(Failure::Refused)) continue;  // told by status
    add(std::string(kFailureNames[i]), statistics.failures[i]);
  }
  for (size_t status = 0; status < statistics.refusals.size(); ++status) {
    add("refused with " + std::to_string(status), statistics.refusals[status]);
  }
  return line;
}

void print_table(const Options& options, const Statistics& statistics) {
  std::printf("%s over %s, ", to_text(options.scenario).data(), options.tcp ? "TCP" : "UDP");
  if (options.rate > 0) {
    std::printf("%.0f a second", options.rate);
  } else {
    std::printf("%u at a time", options.outstanding);
  }
  std::printf(": %.1f s, %.0f a second\n", static_cast<double>(statistics.elapsed_us) / 1e6,
              per_second(statistics));
  print_row("started", statistics.started);
  print_row("done", statistics.done);
  print_failure_rows(statistics);
  print_times("latency, µs", statistics.latency);
  if (statistics.setup.count() != 0) print_times("INVITE to 180, µs", statistics.setup);
  if (options.rate > 0) print_times("started late by, µs", statistics.delay);
  print_row("requests sent again", statistics.requests_again);
  print_row("responses sent again", statistics.responses_again);
  print_row("received again", statistics.received_again);
  print_row("nonces stale", statistics.stale);
  print_row("strays", statistics.strays);
  print_row("unreadable", statistics.unreadable);
  print_row("lost in our own sockets", statistics.kernel_drops);
  print_row("messages sent", statistics.sent);
  print_row("messages received", statistics.received);
}

void print_json(const Options& options, const Statistics& statistics) {
  std::printf("{\"scenario\":\"%s\",\"transport\":\"%s\",\"outstanding\":%u,\"rate\":%g,",
              to_text(options.scenario).data(), options.tcp ? "tcp" : "udp", options.outstanding,
              options.rate);
  std::printf("\"started\":%llu,\"done\":%llu,\"failed\":%llu,", Counter{statistics.started},
              Counter{statistics.done}, Counter{statistics.failed()});
  print_failures(statistics);
  std::printf("\"elapsed_us\":%llu,\"per_second\":%.1f,", Counter{statistics.elapsed_us},
              per_second(statistics));
  print_histogram("latency_us", statistics.latency);
  print_histogram("setup_us", statistics.setup);
  print_histogram("delay_us", statistics.delay);
  std::printf("\"requests_again\":%llu,\"responses_again\":%llu,\"received_again\":%llu,",
              Counter{statistics.requests_again}, Counter{statistics.responses_again},
              Counter{statistics.received_again});
  std::printf("\"stale\":%llu,\"strays\":%llu,\"unreadable\":%llu,\"kernel_drops\":%llu,",
              Counter{statistics.stale}, Counter{statistics.strays}, Counter{statistics.unreadable},
              Counter{statistics.kernel_drops});
  std::printf("\"sent\":%llu,\"sent_bytes\":%llu,\"received\":%llu,\"received_bytes\":%llu,",
              Counter{statistics.sent}, Counter{statistics.sent_bytes},
              Counter{statistics.received}, Counter{statistics.received_bytes});
  print_packets(statistics);
  std::printf("}\n");
}

}  // namespace tipring::load
