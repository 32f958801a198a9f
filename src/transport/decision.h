// What the server decides about a call of its own accord, as a trace keeps it: which of these it was,
// and the names and numbers that it is about, in the order that is told here.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "port/address.h"

namespace tipring::transport {

enum class Decision : uint8_t {
  Refused,          // status, reason: of our own, not passed on
  WrongPassword,    // user, source
  LoginBlocked,     // user, seconds: too many wrong passwords before
  NonceStale,       // user
  LoginForAnother,  // user who has signed in: speaks for an address that is not his
  PhonesFound,      // user or number, phones
  GoesElsewhere,    // host
  TimerB,           // address: no answer to an INVITE
  TimerF,           // method, address: none to another request
  TimerC,           // it has rung for too long
  NextPhones,       // seconds that those before have rung
  AllRefused,       // status that was chosen, tries
  OthersCancelled,  // phones that still rang
  SessionExpired,   // interval in seconds
  EndedByOperator,  //
  GroupCalled,      // extension, strategy, members that ring, seconds it may ring
  MemberSkipped,    // name, why: one of the words below, group
  MemberRung,       // name, address
  MemberNotRung,    // name: no way to any of his phones
  PhonesSkipped,    // user, phones that need another transport than UDP and TCP
  MemberStopped,    // name, seconds he has rung
  MemberRefused,    // name, status; 0: not reached
  MemberAnswered,   // name
  GroupTimeOver,    // extension, seconds
  GoesOnTo,         // extension
  NobodyAnswered,   // status that the caller is told
  SessionOver,      // of a leg: nobody has refreshed it
  NoMedia,          //
  LegLost,          // why: one of the words below
  NotRecorded,      // no place for the call's record
};
inline constexpr size_t kDecisions = static_cast<size_t>(Decision::NotRecorded) + 1;

// As the API has it: "phones_found".
std::string_view to_text(Decision decision);

class DecisionValue {
 public:
  DecisionValue(std::string_view text) : text_(text) {}
  DecisionValue(const char* text) : text_(text) {}
  DecisionValue(const port::SocketAddress& address) : address_(&address) {}
  template <std::integral N>
  DecisionValue(N number) : number_(static_cast<uint64_t>(number)), is_number_(true) {}

  // In `out`, which has kMax bytes, or where it stands already.
  static constexpr size_t kMax = port::kAddressTextMax;
  std::string_view write(char (&out)[kMax]) const;

 private:
  std::string_view text_;
  const port::SocketAddress* address_ = nullptr;
  uint64_t number_ = 0;
  bool is_number_ = false;
};

// Between the values in TraceEntry::text.
inline constexpr char kValueEnd = '\x1f';

}  // namespace tipring::transport
