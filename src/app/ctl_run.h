// Carries out one command of tipringctl.
#pragma once

#include <string>

#include "admin/user_secret.h"
#include "app/ctl_arguments.h"
#include "app/ctl_backend.h"
#include "port/files.h"
#include "port/time.h"

namespace tipring::app {

// What commands need of the person or script that runs them.
class CtlConsole {
 public:
  // The password of `user`, asked for twice at a terminal, else one line of standard input. Returns
  // what went wrong, or nothing.
  virtual std::string read_password(const admin::UserName& user, admin::SecretText& password) = 0;
  // A password of 16 letters and digits.
  virtual void make_password(admin::SecretText& password) = 0;
  // All of a file, or of standard input for "-".
  virtual std::string read_import(const std::string& path, admin::SecretText& text) = 0;
  // Makes a file that nobody but its owner can read; there may be none of that name.
  virtual std::string write_private(const std::string& path, std::string_view text) = 0;
  // Columns of the terminal that standard output goes to; 0 when it is none.
  virtual size_t width() const = 0;
  virtual void write(std::string_view text) = 0;        // to standard output
  virtual void write_error(std::string_view text) = 0;  // to standard error
  virtual void flush() {}                               // what was written is seen
  virtual void pause(Millis time) { static_cast<void>(time); }

 protected:
  ~CtlConsole() = default;
};

// `default_domain`: of users without a domain, as far as the tool knows it. The exit status: 0 done,
// 1 refused or failed (said on standard error), 2 wrong usage.
int run_ctl(const CtlArguments& arguments, std::string_view default_domain, CtlBackend& backend,
            CtlConsole& console);

}  // namespace tipring::app
