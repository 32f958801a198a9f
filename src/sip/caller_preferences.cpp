#include "sip/caller_preferences.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/params.h"

namespace tipring::sip {

namespace {

// RFC 3840 9: these need no "+".
constexpr std::string_view kBaseTags[] = {
    "audio",       "automata", "class",    "duplex",  "data",       "control",     "mobility",
    "description", "events",   "priority", "methods", "schemes",    "application", "video",
    "actor",       "language", "isfocus",  "type",    "extensions", "text"};

bool is_feature(std::string_view name) {
  if (name.size() > 1 && name.front() == '+') return true;
  return std::any_of(std::begin(kBaseTags), std::end(kBaseTags),
                     [name](std::string_view tag) { return iequals(tag, name); });
}

std::string_view next_value(std::string_view& rest) {
  const size_t comma = rest.find(',');
  const std::string_view value = trim(rest.substr(0, comma));
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  return value;
}

// Thousandths, as far as they go.
std::optional<int64_t> read_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 12) return std::nullopt;
  int64_t value = 0;
  int decimals = -1;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if (!is_digit(c)) {
      return std::nullopt;
    } else if (decimals < 3) {
      value = 10 * value + (c - '0');
      if (decimals >= 0) ++decimals;
    }
  }
  for (int i = std::max(decimals, 0); i < 3; ++i) value *= 10;
  return negative ? -value : value;
}

struct Span {
  int64_t from = INT64_MIN;
  int64_t to = INT64_MAX;
};

// "#>=4", "#<=4", "#=4", "#2:4".
std::optional<Span> read_span(std::string_view text) {
  if (!text.starts_with('#')) return std::nullopt;
  text.remove_prefix(1);
  Span span;
  if (text.starts_with(">=") || text.starts_with("<=")) {
    const auto number = read_number(text.substr(2));
    if (!number) return std::nullopt;
    (text.front() == '>' ? span.from : span.to) = *number;
    return span;
  }
  if (text.starts_with('=')) text.remove_prefix(1);
  const size_t colon = text.find(':');
  const auto first = read_number(text.substr(0, colon));
  const auto last = colon == std::string_view::npos ? first : read_number(text.substr(colon + 1));
  if (!first || !last) return std::nullopt;
  return Span{*first, *last};
}

bool is_same_value(std::string_view one, std::string_view other) {
  const auto span = read_span(one);
  const auto other_span = read_span(other);
  if (span && other_span) return span->from <= other_span->to && other_span->from <= span->to;
  // A string in angle brackets counts as it is written, a token in any case.
  return one.starts_with('<') ? one == other : iequals(one, other);
}

// Whether one thing can be both.
bool agree(std::string_view one, std::string_view other) {
  const bool not_one = one.starts_with('!');
  const bool not_other = other.starts_with('!');
  if (not_one && not_other) return true;
  if (not_one) one.remove_prefix(1);
  if (not_other) other.remove_prefix(1);
  return is_same_value(one, other) != (not_one || not_other);
}

std::string_view values_of(const Param& param) { return param.has_value ? param.value : "TRUE"; }

bool overlap(const Param& wanted, const Param& has) {
  for (std::string_view left = values_of(wanted); !left.empty();) {
    const std::string_view value = next_value(left);
    for (std::string_view others = values_of(has); !others.empty();) {
      if (agree(value, next_value(others))) return true;
    }
  }
  return false;
}

// How one predicate fits a contact.
struct Fit {
  uint32_t terms = 0;
  uint32_t known = 0;  // of these, features that the contact says anything of
  bool matches = true;
};

Fit fit(const TokenParams& predicate, std::string_view contact) {
  Fit result;
  std::string_view rest = predicate.params;
  Param wanted;
  while (result.terms < kTermsMax && next_param(rest, wanted) == ParamStatus::Found) {
    if (!is_feature(wanted.name)) continue;
    ++result.terms;
    const auto has = find_param(contact, wanted.name);
    if (!has) continue;
    ++result.known;
    if (!overlap(wanted, *has)) result.matches = false;
  }
  return result;
}

bool has_features(std::string_view params) {
  Param param;
  while (next_param(params, param) == ParamStatus::Found) {
    if (is_feature(param.name)) return true;
  }
  return false;
}

// Calls visit(predicate, fit) for the values of one header.
template <class Visit>
void visit_predicates(const MessageView& request, HeaderId id, std::string_view contact,
                      const Visit& visit) {
  size_t count = 0;
  for (const std::string_view value : request.values(id)) {
    if (count++ == kPredicatesMax) return;
    const auto predicate = TokenParamsTraits::parse(value);
    if (predicate) visit(*predicate, fit(*predicate, contact));
  }
}

// 7.2.2: the method, and the event of a subscription; required, but not to be said.
Preference judge_implicit(const MessageView& request, std::string_view params) {
  Preference result;
  uint32_t terms = 0;
  uint32_t known = 0;
  const auto want = [&](std::string_view name, std::string_view value) {
    ++terms;
    const auto has = find_param(params, name);
    if (!has) return;
    ++known;
    if (!overlap({name, value, true}, *has)) result.dropped = true;
  };
  // What cannot be without an INVITE goes where that has gone.
  const bool of_invite = request.method() == Method::Ack || request.method() == Method::Cancel;
  want("methods", of_invite ? "INVITE" : request.method_text());
  const auto event = request.method() == Method::Subscribe ? request.header(HeaderId::Event)
                                                           : std::optional<std::string_view>();
  if (event) want("events", trim(split_once(*event, ';').first));
  result.score = static_cast<uint16_t>(1000 * known / terms);
  return result;
}

}  // namespace

bool are_implicit(const MessageView& request) {
  return !request.has(HeaderId::AcceptContact) && !request.has(HeaderId::RejectContact);
}

Preference judge_contact(const MessageView& request, std::string_view params) {
  Preference result;
  if (!has_features(params)) return result;
  if (are_implicit(request)) return judge_implicit(request, params);
  visit_predicates(request, HeaderId::RejectContact, params,
                   [&](const TokenParams&, const Fit& fit) {
                     // Only what it has said of itself can be held against it.
                     if (fit.terms != 0 && fit.known == fit.terms && fit.matches)
                       result.dropped = true;
                   });
  uint32_t sum = 0;
  uint32_t predicates = 0;
  visit_predicates(request, HeaderId::AcceptContact, params,
                   [&](const TokenParams& predicate, const Fit& fit) {
                     const bool requires_it = predicate.param("require").has_value();
                     const bool whole = fit.known == fit.terms;
                     const bool enough = whole || !predicate.param("explicit").has_value();
                     if (!fit.matches || !enough) {
                       if (requires_it) result.dropped = true;
                       if (!fit.matches) return;  // it leaves the matching set
                     }
                     ++predicates;
                     if (enough) sum += whole ? 1000 : 1000 * fit.known / fit.terms;
                   });
  if (request.has(HeaderId::AcceptContact)) {
    result.score = static_cast<uint16_t>(predicates == 0 ? 0 : sum / predicates);
  }
  return result;
}

}  // namespace tipring::sip
