// The configuration as the API shows and changes it. The app implements it over its file. All calls
// come on the admin thread, where it may block for a moment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/jobs.h"
#include "admin/reply.h"
#include "port/http_server.h"

namespace tipring::admin {

class ConfigDesk {
 public:
  // Each answers the exchange. REQUIRES: it is called once for one.
  virtual void show(port::HttpExchange& exchange) = 0;
  virtual void show_schema(port::HttpExchange& exchange) = 0;
  // `on_device`: the asker came by the Unix socket, and may name files.
  virtual void check(port::HttpExchange& exchange, bool on_device) = 0;
  // Answers when the server, which is told of it by `desk`, has taken what it can: from on_poll().
  virtual void change(port::HttpExchange& exchange, bool on_device, Desk& desk) = 0;

  // The values that the file sets, but for names of files, as a JSON object; empty without a file.
  virtual std::string settings() = 0;
  // What would be wrong with `edits`, a body of change(); otherwise the realm that they come to. Names
  // of files are passed over in both.
  virtual std::optional<Problem> check(std::string_view edits, std::string& realm) = 0;
  // As change(), but that nobody waits for what comes of it.
  virtual std::optional<Problem> apply(std::string_view edits, Desk& desk) = 0;

  // After HttpServer::notify(): answers those who wait, whom `desk` finds. True when something has
  // changed by another way, such as by hand and SIGHUP.
  virtual bool on_poll(Desk& desk) = 0;

 protected:
  ~ConfigDesk() = default;
};

}  // namespace tipring::admin
