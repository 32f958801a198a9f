// What the load generator's phones do, each a small machine that is fed messages: OPTIONS to the
// server, a registration with digest, a call from INVITE to BYE with both of its phones.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "load_wire.h"

namespace bench {

enum class Progress { Pending, Done, Failed };

class Phone;

class Operation {
 public:
  virtual ~Operation() = default;
  virtual void start() = 0;
  // What `at` has received. Done or Failed once per start().
  virtual Progress on_message(Phone& at, std::string_view message) = 0;
};

// A user's phone: its socket and the texts of its messages.
class Phone {
 public:
  Phone(Transport transport, uint16_t server_port, unsigned long number);

  Wire wire;
  Operation* operation = nullptr;  // that hears of what comes
  const std::string user;
  const std::string aor;
  const std::string server_uri;

  struct Request {
    std::string_view method;
    std::string_view uri;
    std::string_view to;  // with brackets and tag
    std::string_view call_id;
    unsigned cseq = 1;
    std::string_view headers;  // whole lines
    std::string_view body;
    std::string_view branch;
  };
  void send(const Request& request);
  void respond(std::string_view request, std::string_view status, std::string_view body);

  std::string new_token();  // for branches, and for Call-IDs
  std::string contact() const;
  // The header that answers the challenge of `response` to a request to `uri`.
  std::string credentials(std::string_view response, std::string_view method, std::string_view uri);

 private:
  std::array<char, 32> ha1_of(std::string_view realm);

  std::string text_;  // of the message being written
  std::string realm_;
  std::array<char, 32> ha1_{};
  unsigned tokens_ = 0;
};

class OptionsOperation final : public Operation {
 public:
  explicit OptionsOperation(Phone& phone) : phone_(phone) {}
  void start() override;
  Progress on_message(Phone& at, std::string_view message) override;

 private:
  Phone& phone_;
};

// REGISTER, 401, REGISTER with credentials, 200.
class RegisterOperation final : public Operation {
 public:
  enum class Kind {
    Refresh,  // the same binding each time
    Move,     // a new contact each time, which the server writes to disk before it answers
    Clear     // removes all bindings of the user
  };

  RegisterOperation(Phone& phone, Kind kind);
  void start() override;
  Progress on_message(Phone& at, std::string_view message) override;

 private:
  void send(std::string_view credentials);
  std::string contact() const;

  Phone& phone_;
  const Kind kind_;
  const std::string call_id_;
  unsigned cseq_ = 0;
  unsigned moves_ = 0;
};

// INVITE, 407, ACK, INVITE with credentials, 100, 180, 200, ACK, BYE, 200; the callee answers at
// once.
class CallOperation final : public Operation {
 public:
  CallOperation(Phone& caller, Phone& callee) : caller_(caller), callee_(callee) {}
  void start() override;
  Progress on_message(Phone& at, std::string_view message) override;

 private:
  Progress on_caller(std::string_view message);
  Progress on_callee(std::string_view message);
  void invite(std::string_view credentials);
  void acknowledge_failure(std::string_view response);
  void acknowledge(std::string_view answer);
  void send_in_dialog(std::string_view method);

  Phone& caller_;
  Phone& callee_;
  std::string call_id_;
  std::string branch_;
  unsigned cseq_ = 0;
  bool invited_ = false;  // the callee has answered the INVITE
  bool hung_up_ = false;
  std::string target_;  // the dialog, as the 200 made it
  std::string to_;
  std::string routes_;
};

}  // namespace bench
