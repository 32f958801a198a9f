// Standard input and output of tipringctl.
#pragma once

#include "app/ctl_run.h"

namespace tipring::app {

class StandardConsole final : public CtlConsole {
 public:
  explicit StandardConsole(port::Files& files) : files_(files) {}

  std::string read_password(const admin::UserName& user, admin::SecretText& password) override;
  std::string read_import(const std::string& path, admin::SecretText& text) override;
  void write(std::string_view text) override;
  void write_error(std::string_view text) override;

 private:
  port::Files& files_;
};

}  // namespace tipring::app
