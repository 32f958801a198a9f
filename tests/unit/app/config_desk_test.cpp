#include "app/config_desk.h"

#include <doctest/doctest.h>

#include "port/sim/sim_host.h"
#include "port/sim/sim_world.h"
#include "unit/admin/fake_desk.h"

using namespace tipring;
using namespace tipring::app;

namespace {

constexpr std::string_view kFile = "tipring.toml";

struct Clients final : admin::Desk {
  uint64_t send(admin::Command command, const std::shared_ptr<admin::Job>&) override {
    sent.push_back(command.kind);
    return sent.size();
  }
  port::HttpExchange* find(uint64_t id) override { return &exchanges.at(id); }
  void note_done(uint64_t) override {}

  admin::test::FakeHttpExchange& ask(std::string body = "") {
    admin::test::FakeHttpExchange& exchange = exchanges[exchanges.size() + 1];
    exchange.id_ = exchanges.size();
    exchange.body_ = std::move(body);
    return exchange;
  }

  std::map<uint64_t, admin::test::FakeHttpExchange> exchanges;
  std::vector<admin::Command::Kind> sent;
};

Config read(const ConfigSource& source, port::Files& files) {
  std::vector<ConfigFault> faults;
  Config config = read_config(source, files, faults);
  REQUIRE(faults.empty());
  return config;
}

}  // namespace

TEST_CASE("config desk: whoever asks before it is told keeps nobody from being answered") {
  port::SimWorld world(1);
  port::Files& files = world.make_host("exchange", {*port::parse_ip("10.0.0.1")}).files();
  int error = 0;
  const auto file = files.open(kFile, port::OpenMode::CreateNew, error);
  REQUIRE(file != nullptr);
  REQUIRE(file->write_at(0, std::string_view("[log]\nlevel = \"info\"\n")) == 0);
  const ConfigSource source{std::string(kFile), {}};
  ConfigFileDesk desk(files, source, read(source, files));
  Clients clients;
  auto& first = clients.ask(R"({"values": {"log.level": "debug"}})");
  desk.change(first, true, clients);
  CHECK(clients.sent == std::vector{admin::Command::Kind::Reload});
  CHECK(first.replies_ == 0);

  // The server has read it; two more ask before the admin thread hears of that.
  desk.set_running(read(source, files), desk.changes_written());
  desk.show(clients.ask());
  auto& second = clients.ask(R"({"values": {"log.level": "warning"}})");
  desk.change(second, true, clients);
  desk.on_poll(clients);
  CHECK(first.replies_ == 1);
  CHECK(second.replies_ == 0);

  desk.set_running(read(source, files), desk.changes_written());
  desk.on_poll(clients);
  CHECK(first.replies_ == 1);
  CHECK(second.status_ == 200);
  CHECK(second.answer_.find(R"("applied":["log.level"])") != std::string::npos);
}

TEST_CASE("config desk: what was read before a change says nothing of it") {
  port::SimWorld world(1);
  port::Files& files = world.make_host("exchange", {*port::parse_ip("10.0.0.1")}).files();
  int error = 0;
  const auto file = files.open(kFile, port::OpenMode::CreateNew, error);
  REQUIRE(file != nullptr);
  REQUIRE(file->write_at(0, std::string_view("[log]\nlevel = \"info\"\n")) == 0);
  const ConfigSource source{std::string(kFile), {}};
  ConfigFileDesk desk(files, source, read(source, files));
  Clients clients;
  // SIGHUP has come, and the file is read as it was.
  const uint64_t before = desk.changes_written();
  const Config old = read(source, files);
  auto& change = clients.ask(R"({"values": {"log.level": "debug"}})");
  desk.change(change, true, clients);
  desk.set_running(old, before);
  CHECK(!desk.on_poll(clients));
  CHECK(change.replies_ == 0);

  desk.set_running(read(source, files), desk.changes_written());
  CHECK(!desk.on_poll(clients));
  CHECK(change.answer_.find(R"("applied":["log.level"],"restart":[],"refused":[])") !=
        std::string::npos);
}

TEST_CASE("config desk: what changes by hand is news once, and what is asked for here is none") {
  port::SimWorld world(1);
  port::Files& files = world.make_host("exchange", {*port::parse_ip("10.0.0.1")}).files();
  int error = 0;
  const auto file = files.open(kFile, port::OpenMode::CreateNew, error);
  REQUIRE(file != nullptr);
  const auto write = [&](std::string_view text) { REQUIRE(file->write_at(0, text) == 0); };
  write("[log]\nlevel = \"info\"\n");
  const ConfigSource source{std::string(kFile), {}};
  ConfigFileDesk desk(files, source, read(source, files));
  Clients clients;
  const auto reload = [&] {
    desk.set_running(read(source, files), desk.changes_written());
    return desk.on_poll(clients);
  };
  CHECK(!reload());  // as for a log file that was moved away
  write("[log]\nlevel = \"warning\"\n");
  desk.set_running(read(source, files), desk.changes_written());
  desk.show(clients.ask());  // it is news to the others all the same
  CHECK(desk.on_poll(clients));
  CHECK(!reload());
  write("[capacity]\nusers = 50\n       \n");  // counts from the next start on
  CHECK(reload());

  auto& change = clients.ask(R"({"values": {"log.level": "debug"}})");
  desk.change(change, true, clients);
  CHECK(!reload());
  CHECK(change.status_ == 200);
  // Of a restore nobody waits for what becomes of the settings.
  CHECK(!desk.apply(R"({"values": {"log.level": "info"}})", clients));
  CHECK(reload());
}

TEST_CASE("config desk: places on the device are named on the device alone") {
  port::SimWorld world(1);
  port::Files& files = world.make_host("exchange", {*port::parse_ip("10.0.0.1")}).files();
  int error = 0;
  const auto file = files.open(kFile, port::OpenMode::CreateNew, error);
  REQUIRE(file != nullptr);
  REQUIRE(file->write_at(0, std::string_view("[log]\nfile = \"/var/log/tipring.log\"\n")) == 0);
  const ConfigSource source{std::string(kFile), {}};
  ConfigFileDesk desk(files, source, read(source, files));
  Clients clients;
  const std::string edits = R"({"values": {"log.file": "/etc/cron.d/x", "log.level": "debug"}})";
  CHECK(desk.settings() == "{}");

  auto& checked = clients.ask(edits);
  desk.check(checked, false);
  CHECK(checked.answer_.find(R"("faults":[{"key":"log.file")") != std::string::npos);
  auto& by_network = clients.ask(edits);
  desk.change(by_network, false, clients);
  CHECK(by_network.status_ == 422);
  CHECK(clients.sent.empty());
  CHECK(read(source, files).log.file == "/var/log/tipring.log");

  // A backup of before had them.
  CHECK(!desk.apply(edits, clients));
  CHECK(read(source, files).log.level == "debug");
  CHECK(read(source, files).log.file == "/var/log/tipring.log");

  desk.change(clients.ask(edits), true, clients);
  CHECK(read(source, files).log.file == "/etc/cron.d/x");
}
