// What is counted, gathered from all parts for /metrics.
#include "app/server.h"

namespace tipring::app {

namespace {

void fill_registrations(const Exchange& exchange, const store::Store& store,
                        admin::RegistrationFigures& out) {
  const registrar::RegistrarCounters& counters = exchange.registrar_counters();
  out.users = store.user_count();
  out.users_on_line = store.users_on_line();
  out.bindings = store.binding_count();
  out.added = counters.added;
  out.refreshed = counters.refreshed;
  out.removed = counters.removed;
}

void fill_storage(const store::Store& store, admin::StorageFigures& out) {
  out.counters = store.counters();
  out.commits = store.commit_times();
  out.queue = store.queue_depth();
  out.queue_max = store.queue_capacity();
  out.failing = store.failing_since() != kNever;
}

}  // namespace

void Server::fill(admin::Figures& figures) {
  figures.pool_count = 0;
  for (const PoolStats* pool : pools_.pools()) figures.pools[figures.pool_count++] = *pool;
  figures.turns = exchange_.turns();
  figures.requests = exchange_.request_figures();
  figures.transactions = exchange_.transaction_counters();
  figures.transport = exchange_.transport_counters();
  fill_registrations(exchange_, exchange_.store(), figures.registrations);
  figures.calls = exchange_.calls().counters();
  figures.call_ends = exchange_.calls().figures();
  figures.groups = exchange_.store().group_count();
  figures.b2bua = exchange_.b2bua().counters();
  const proxy::ProxyCounters& proxy = exchange_.proxy_counters();
  figures.proxy = {proxy.forwarded + exchange_.stateless_counters().forwarded, proxy.retried,
                   proxy.forked, proxy.redirected};
  figures.refusals = {exchange_.overload().refused(), exchange_.untimed_calls().refused(),
                      exchange_.call_shares().refused()};
  figures.media = exchange_.relay().counters();
  figures.logins = exchange_.blocks().counters();
  figures.sources_blocked = exchange_.blocks().sources_blocked(loop_.now());
  fill_storage(exchange_.store(), figures.storage);
  figures.log = {log_.written(), log_.lost(), log_.suppressed()};
  if (request_log_ != nullptr) {
    figures.request_log = {request_log_->written(), request_log_->lost()};
  }
  history_.copy(figures.history);
  figures.trace = {exchange_.trace().on(), exchange_.trace().recorded()};
}

uint32_t Server::registrations_now() const { return exchange_.store().binding_count(); }

uint32_t Server::calls_now() const {
  return exchange_.calls().call_stats().in_use + exchange_.b2bua().stats().in_use;
}

}  // namespace tipring::app
