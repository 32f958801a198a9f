// The command line of tipring-phone.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tipring/stack.h"

namespace tipring::phone {

struct Options {
  AccountOptions account;
  StackOptions stack;
  std::string password_file;
  std::string script;     // a file of commands; empty: standard input
  std::string call;       // whom to call at once
  std::string play;       // into every call: a WAV file, or "tone:HERTZ"
  std::string record;     // of every call: a WAV file, with "%d" for the number of the call
  std::string transport;  // of the registrar, where its URI names none
  bool registers = true;
  bool answers = false;  // incoming calls at once
  bool follows_refers = false;
  bool json = false;
  bool verbose = false;
};

// Nothing when the program is to end, with `exit_code`: help was asked for, or something is wrong,
// which has been said.
std::optional<Options> read_options(int count, char** words, int& exit_code);

// Where the password is: in the file, else in TIPRING_PASSWORD, else asked for at a terminal. False:
// it could not be read, which has been said.
bool read_password(Options& options);

}  // namespace tipring::phone
