#include "exchange.h"

#include <algorithm>

#include "auth/digest.h"
#include "phone.h"

namespace tipring::sim {

namespace {

size_t planned_bytes(const app::Config& config) {
  MemoryPlan plan;
  app::Exchange::plan(config, plan);
  return static_cast<size_t>(plan.arena_bytes());
}

std::vector<port::IpAddress> parse_all(const std::vector<std::string>& addresses) {
  std::vector<port::IpAddress> all;
  for (const std::string& text : addresses) all.push_back(*port::parse_ip(text));
  return all;
}

}  // namespace

app::Config test_config() {
  app::Config config;
  config.capacity = kTinyLimits;
  config.capacity.transactions = 2048;
  config.capacity.tcp_connections = 64;
  config.capacity.calls = 128;
  config.sip.domains = {std::string(kDomain)};
  return config;
}

Exchange::Life::Life(const app::Config& config, port::SimHost& host, tipring::LogSink& sink)
    : memory(planned_bytes(config)),
      arena(memory.view()),
      log_slots(1024),
      log_ring(log_slots),
      log(log_ring, host.clock(), LogLevel::Info),
      log_writer(std::vector<LogRing*>{&log_ring}, sink),
      log_worker(host.workers().start("log", log_writer)) {
  log.connect(log_worker.get());
  exchange = std::make_unique<app::Exchange>(
      config,
      app::Ports{host.clock(), host.entropy(), host.files(), host.workers(), host.loop(),
                 host.network(), host.names()},
      arena, log);
  exchange->register_pools(pools);
}

Exchange::Exchange(port::SimWorld& world, const std::vector<std::string>& addresses,
                   const app::Config& config)
    : host(world.make_host("exchange", parse_all(addresses))), config_(config) {
  config_.sip.listen.clear();
  for (const port::IpAddress& ip : host.addresses()) {
    char text[port::kAddressTextMax];
    const std::string address(port::write_address({ip, 5060}, text));
    config_.sip.listen.push_back("udp:" + address);
    config_.sip.listen.push_back("tcp:" + address);
  }
}

Exchange::~Exchange() = default;

std::string Exchange::start() {
  if (!host.up()) host.restart();
  life_ = std::make_unique<Life>(config_, host, static_cast<tipring::LogSink&>(*this));
  return life_->exchange->start();
}

void Exchange::cut_power(port::SimCrashKeeps keeps) {
  host.files().set_crash_keeps(keeps);
  host.crash();
  life_.reset();
}

bool Exchange::add_user(const std::string& name, const std::string& password) {
  const auto change = [this, name, password] {
    store::UserRecord record;
    record.name = name;
    store::Credentials credentials;
    credentials.present = store::kAlgorithmMd5 | store::kAlgorithmSha256;
    const std::string_view realm = server().realm();
    const auto md5 = auth::make_ha1(auth::Algorithm::Md5, name, realm, password);
    const auto sha256 = auth::make_ha1(auth::Algorithm::Sha256, name, realm, password);
    std::copy_n(md5.bytes.begin(), credentials.md5.size(), credentials.md5.begin());
    std::copy_n(sha256.bytes.begin(), credentials.sha256.size(), credentials.sha256.begin());
    static_cast<void>(server()
                          .store()
                          .put_user(record, &credentials, store::PutMode::Create, *this, 0)
                          .has_value());
  };
  user_stored_ = false;
  host.loop().schedule(host.loop().now(), change);
  return host.world().run_until([this] { return user_stored_; }, Millis(10'000));
}

bool Exchange::add_group(const store::GroupRecord& record,
                         const std::vector<store::MemberRecord>& members) {
  // Only so many changes may be on their way at one time.
  const auto change = [this](const auto& put) {
    group_changes_ = 0;
    host.loop().schedule(host.loop().now(), [&put] { put(); });
    return host.world().run_until([this] { return group_changes_ == 1; }, Millis(10'000));
  };
  store::Store& store = server().store();
  const auto put_group = [&] {
    static_cast<void>(store.put_group(record, store::PutMode::Create, *this, 0).has_value());
  };
  if (!change(put_group)) return false;
  for (const store::MemberRecord& member : members) {
    const auto put_member = [&] {
      static_cast<void>(store
                            .put_group_member(record.domain, record.name, member,
                                              store::PutMode::Create, *this, 0)
                            .has_value());
    };
    if (!change(put_member)) return false;
  }
  return true;
}

void Exchange::on_group_changed(uint64_t, const store::GroupReply&) { ++group_changes_; }

void Exchange::on_stored(uint64_t, store::StoreStatus status) {
  user_stored_ = status == store::StoreStatus::Durable;
}

std::string Exchange::plan_fault() const {
  if (life_->arena.used() == life_->arena.capacity()) return {};
  return "planned " + std::to_string(life_->arena.capacity()) + " bytes, taken " +
         std::to_string(life_->arena.used());
}

void Exchange::remember_pools() {
  idle_pools_.clear();
  for (const PoolStats* stats : life_->pools.pools()) idle_pools_.push_back(stats->in_use);
}

std::string Exchange::leftovers() const {
  std::string text;
  const auto pools = life_->pools.pools();
  for (size_t i = 0; i < pools.size(); ++i) {
    const PoolStats& stats = *pools[i];
    if (i < idle_pools_.size() && stats.in_use == idle_pools_[i]) continue;
    // Those that wait for the next batch of datagrams, once there was one.
    if (stats.name == "messages_4k" && stats.in_use == config_.capacity.receive_batch) continue;
    text += std::string(stats.name) + ": " + std::to_string(stats.in_use) + " in use; ";
  }
  if (host.names().in_use() != 0) text += "names are being resolved";
  return text;
}

const PoolStats& Exchange::pool(std::string_view name) const {
  for (const PoolStats* stats : life_->pools.pools()) {
    if (stats->name == name) return *stats;
  }
  static const PoolStats none;
  return none;
}

bool Exchange::logged(std::string_view text) const {
  return std::any_of(log_lines_.begin(), log_lines_.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

void Exchange::write_text(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string line(lines.substr(0, end));
    for (size_t level = 0; level < log_counts_.size(); ++level) {
      const std::string word = " " + std::string(to_text(static_cast<LogLevel>(level))) + " ";
      if (line.find(word) == kTimestampMax) ++log_counts_[level];
    }
    log_lines_.push_back(line);
    if (log_lines_.size() > kLogLinesMax) log_lines_.pop_front();
    lines.remove_prefix(end + 1);
  }
}

}  // namespace tipring::sim
