#include "admin/decision_text.h"

#include <array>

#include "core/text.h"

namespace tipring::admin {
namespace {

using transport::Decision;

// "{1}" is the first value.
std::string_view pattern_of(Decision decision) {
  switch (decision) {
    case Decision::Refused: return "refused by the server: {1} {2}";
    case Decision::WrongPassword: return "wrong password or user name: {1}, from {2}";
    case Decision::LoginBlocked:
      return "{1} is blocked from there after too many wrong passwords, for {2} s more";
    case Decision::NonceStale: return "the challenge that {1} answers is too old: a new one";
    case Decision::LoginForAnother:
      return "{1} has signed in, but speaks for an address that is not that user's";
    case Decision::PhonesFound: return "phones registered for {1}: {2}";
    case Decision::GoesElsewhere: return "not for this server: goes to {1}";
    case Decision::TimerB: return "no answer to the INVITE from {1}: Timer B fired";
    case Decision::TimerF: return "no answer to {1} from {2}: Timer F fired";
    case Decision::TimerC: return "it has rung for too long: Timer C fired";
    case Decision::NextPhones: return "rung for {1} s: the next phones have their turn";
    case Decision::AllRefused: return "all phones have said no ({2} tries): {1} is the best answer";
    case Decision::OthersCancelled: return "answered: {1} that still ring are cancelled";
    case Decision::SessionExpired:
      return "nobody has refreshed the session within {1} s: both sides get a BYE";
    case Decision::EndedByOperator: return "an operator has ended the call";
    case Decision::GroupCalled:
      return "hunt group {1}, strategy {2}: {3} to ring, for {4} s at most";
    case Decision::MemberSkipped: return "{1} in {3} is passed over: {2}";
    case Decision::MemberRung: return "rings {1} at {2}";
    case Decision::MemberNotRung: return "{1} cannot be rung";
    case Decision::PhonesSkipped:
      return "phones of {1} that are passed over, for they need TLS or another transport that is "
             "not "
             "served: {2}";
    case Decision::MemberStopped: return "{1} has rung for {2} s: the time is over";
    case Decision::MemberRefused: return "{1} does not take it: {2}";
    case Decision::MemberAnswered: return "{1} has answered: all others stop ringing";
    case Decision::GroupTimeOver: return "hunt group {1} has rung for {2} s: its time is over";
    case Decision::GoesOnTo: return "nobody has answered: goes on to {1}";
    case Decision::NobodyAnswered: return "nobody has answered: the caller is told {1}";
    case Decision::SessionOver: return "nobody has refreshed the session of this leg";
    case Decision::NoMedia: return "no sound came for as long as media.timeout allows";
    case Decision::LegLost: return "the other side is lost: {1}";
    case Decision::NotRecorded: return "no place for the record of this call";
  }
  return "";
}

}  // namespace

std::vector<std::string> values_of_decision(std::string_view text) {
  std::vector<std::string> values;
  for (size_t end = text.find(transport::kValueEnd); end != std::string_view::npos;
       end = text.find(transport::kValueEnd)) {
    values.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return values;
}

std::string sentence_of(Decision decision, const std::vector<std::string>& values) {
  std::string out;
  std::string_view rest = pattern_of(decision);
  while (!rest.empty()) {
    const size_t open = rest.find('{');
    out += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto place = static_cast<size_t>(rest[open + 1] - '1');
    if (place < values.size()) out += values[place];
    rest.remove_prefix(open + 3);
  }
  return out;
}

}  // namespace tipring::admin
