// Answers to HTTP requests: refusals say what to do.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/channel.h"
#include "port/http_server.h"

namespace tipring::admin {

struct ImportFault;

void reply_json(port::HttpExchange& exchange, int status, std::string_view body);

// A refusal, as a program and a person read it.
struct Problem {
  int status;
  std::string_view code;   // of lower case letters and "_"; never changes its meaning
  std::string detail;      // what is wrong, and what to do
  std::string field = {};  // of the query, the path or the body: which one is at fault; or empty
};
using JsonNumber = std::pair<std::string_view, uint64_t>;
// application/problem+json: RFC 9457 3, with the members "code" and, where there is one, "field".
// `more`: further members, as JSON.
void reply_problem(port::HttpExchange& exchange, const Problem& problem,
                   std::initializer_list<JsonNumber> numbers = {},
                   std::span<const port::HttpHeader> headers = {}, std::string_view more = {});

// 400 with the code "invalid".
void reply_invalid(port::HttpExchange& exchange, std::string_view field, std::string_view detail);
// What is wrong with a body, and with which of its members; no text: nothing.
struct BodyFault {
  std::string text;
  std::string field = "body";
};
void reply_invalid(port::HttpExchange& exchange, const BodyFault& fault);

// The lines of a table that are wrong: 400 with the member "lines", each with number and message.
void reply_lines(port::HttpExchange& exchange, const std::vector<ImportFault>& faults);

// REQUIRES of both: an outcome that is no success.
Problem problem_of(Outcome outcome);
void reply_refusal(port::HttpExchange& exchange, Outcome outcome);
bool is_success(Outcome outcome);

}  // namespace tipring::admin
