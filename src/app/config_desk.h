// The server's configuration for the administration: what is in force, what the file says, and
// changes of the file, which the running server then reads as after SIGHUP.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/config_desk.h"
#include "app/config_source.h"
#include "app/config_text.h"
#include "core/handover.h"
#include "port/files.h"

namespace tipring::app {

class ConfigFileDesk final : public admin::ConfigDesk {
 public:
  ConfigFileDesk(port::Files& files, ConfigSource source, const Config& running);

  // How often the file was changed from here. From any thread; whoever reads the file after it has read
  // those changes.
  uint64_t changes_written() const { return written_.load(std::memory_order_acquire); }
  // From any thread: the configuration was read, and this is in force. `written` is what
  // changes_written() said before it was read. HttpServer::notify() is due.
  void set_running(const Config& config, uint64_t written) {
    next_running_.give(std::make_unique<Running>(Running{config, written}));
  }

  void show(port::HttpExchange& exchange) override;
  void show_schema(port::HttpExchange& exchange) override;
  void check(port::HttpExchange& exchange, bool on_device) override;
  // Sends Command::Kind::Reload, which set_running() follows.
  void change(port::HttpExchange& exchange, bool on_device, admin::Desk& desk) override;
  std::string settings() override;
  std::optional<admin::Problem> check(std::string_view edits, std::string& realm) override;
  std::optional<admin::Problem> apply(std::string_view edits, admin::Desk& desk) override;
  bool on_poll(admin::Desk& desk) override;

 private:
  struct Running {
    Config config;
    uint64_t written;
  };

  struct Waiting {
    ConfigEdits edits;
    uint64_t written;  // changes_written() with these
  };

  struct Draft {
    ConfigEdits edits;
    std::string before;  // the file's text
    std::string after;
    Config config;  // what the next start would take
    std::vector<ConfigFault> faults;
  };

  struct Queued {
    uint64_t exchange = 0;
    bool on_device = false;
  };

  void change_now(port::HttpExchange& exchange, bool on_device, admin::Desk& desk);
  void take_running();
  int read_text(std::string& text) const;
  uint64_t file_revision() const;  // 0: it cannot be read
  // What becomes of names of files in the edits: they are taken, refused or passed over.
  enum class Places : uint8_t { Take, Refuse, Skip };
  std::optional<admin::Problem> draft(std::string_view body, Places places, Draft& draft);
  std::optional<admin::Problem> put_into_force(const Draft& draft, admin::Desk& desk,
                                               uint64_t exchange);
  void refuse_edits_of_settings(Draft& draft) const;
  int write(const std::string& text);
  std::string outcome_json(const ConfigEdits& edits);

  port::Files& files_;
  const ConfigSource source_;
  Config running_;
  uint64_t known_revision_;  // of the file: what was told of it last
  bool has_news_ = false;    // nobody who waits is told of them
  std::atomic<uint64_t> written_{0};
  Handover<Running> next_running_;
  std::map<uint64_t, Waiting> waiting_;  // by exchange
  std::deque<Queued> queued_;            // changes that came while one waits
  std::map<uint64_t, ConfigEdits> due_;  // by exchange: changes that running_ was read with
};

}  // namespace tipring::app
