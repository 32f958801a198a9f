#include "admin/metrics_requests.h"

#include <span>
#include <string>
#include <utility>

#include "admin/api.h"
#include "admin/json_members.h"
#include "admin/metrics.h"
#include "admin/metrics_text.h"
#include "admin/reply.h"
#include "tipring/version.h"

namespace tipring::admin {

namespace {

class MetricsJob final : public Job {
 public:
  MetricsJob(uint64_t exchange, MetricsDesk& metrics) : Job(exchange), metrics_(metrics) {}
  void on_answer(Desk& desk, const std::shared_ptr<Job>&, const Answer&) override {
    metrics_.on_answer(desk);
  }

 private:
  MetricsDesk& metrics_;
};

void ask(Api& api, const Request& request, MetricsDesk::Write write) {
  MetricsDesk* metrics = api.metrics();
  if (metrics == nullptr)
    return reply_problem(request.exchange, {503, "starting", "there are no figures"});
  metrics->ask(api, request.exchange, write);
}

std::string history_json(const HistoryFigures& history) {
  constexpr uint64_t kMinuteMs = 60'000;
  std::string body = "{\"history\":[";
  for (const HistorySample& sample : std::span(history.samples).first(history.count)) {
    if (body.back() != '[') body += ',';
    body += '{';
    append_member(body, "time_ms", sample.minute * kMinuteMs);
    append_member(body, "registrations", uint64_t{sample.registrations});
    append_member(body, "calls", uint64_t{sample.calls});
    body += '}';
  }
  return body + "]}\n";
}

}  // namespace

void MetricsDesk::ask(Desk& desk, port::HttpExchange& exchange, Write write) {
  if (waiting_.empty()) {
    Command command;
    command.kind = Command::Kind::CopyFigures;
    if (desk.send(command, std::make_shared<MetricsJob>(exchange.id(), *this)) == 0) {
      return reply_refusal(exchange, Outcome::Busy);
    }
  }
  waiting_.push_back({exchange.id(), write});
}

void MetricsDesk::on_answer(Desk& desk) {
  for (const Waiting& one : std::exchange(waiting_, {})) {
    port::HttpExchange* exchange = desk.find(one.exchange);
    if (exchange != nullptr) one.write(*exchange, figures_);
  }
}

void show_metrics(Api& api, const Request& request) {
  ask(api, request, [](port::HttpExchange& exchange, const Figures& figures) {
    exchange.reply(200, MetricsText::kContentType,
                   write_metrics(figures, port::read_process_facts(), kVersion));
  });
}

void show_history(Api& api, const Request& request) {
  ask(api, request, [](port::HttpExchange& exchange, const Figures& figures) {
    reply_json(exchange, 200, history_json(figures.history));
  });
}

}  // namespace tipring::admin
