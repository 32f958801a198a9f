// Answers to HTTP requests: refusals say what to do.
#pragma once

#include <string_view>

#include "admin/channel.h"
#include "port/http_server.h"

namespace tipring::admin {

void reply_json(port::HttpExchange& exchange, int status, std::string_view body);
void reply_error(port::HttpExchange& exchange, int status, std::string_view code,
                 std::string_view message);

// An outcome that is no success, as a person reads it.
struct Refusal {
  int status;
  std::string_view code;
  std::string_view message;
};
Refusal refusal_of(Outcome outcome);
bool is_success(Outcome outcome);

}  // namespace tipring::admin
