// The configuration as the API shows and changes it. The app implements it over its file. All calls
// come on the admin thread, where it may block for a moment.
#pragma once

#include "admin/jobs.h"
#include "port/http_server.h"

namespace tipring::admin {

class ConfigDesk {
 public:
  // Each answers the exchange. REQUIRES: it is called once for one.
  virtual void show(port::HttpExchange& exchange) = 0;
  virtual void show_schema(port::HttpExchange& exchange) = 0;
  virtual void check(port::HttpExchange& exchange) = 0;
  // Answers when the server, which is told of it by `desk`, has taken what it can: from on_poll().
  virtual void change(port::HttpExchange& exchange, Desk& desk) = 0;

  // After HttpServer::notify(): answers those who wait, whom `desk` finds.
  virtual void on_poll(Desk& desk) = 0;

 protected:
  ~ConfigDesk() = default;
};

}  // namespace tipring::admin
