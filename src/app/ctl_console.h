// Standard input and output of tipringctl.
#pragma once

#include "app/ctl_run.h"
#include "port/entropy.h"
#include "port/terminal.h"

namespace tipring::app {

class StandardConsole final : public CtlConsole {
 public:
  // Both outlive it.
  StandardConsole(port::Files& files, port::Entropy& entropy) : files_(files), entropy_(entropy) {}

  std::string read_password(const admin::UserName& user, admin::SecretText& password) override;
  void make_password(admin::SecretText& password) override;
  size_t width() const override { return port::output_width(); }
  std::string read_import(const std::string& path, admin::SecretText& text) override;
  std::string write_private(const std::string& path, std::string_view text) override;
  void write(std::string_view text) override;
  void write_error(std::string_view text) override;
  void flush() override;
  void pause(Millis time) override { port::pause(time); }

 private:
  port::Files& files_;
  port::Entropy& entropy_;
};

}  // namespace tipring::app
