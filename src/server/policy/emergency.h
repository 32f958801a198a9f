// Calls for help: which they are, and who takes them. RFC 5031, routing.emergency and
// routing.emergency_target.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sip/tel_uri.h"
#include "sip/uri.h"

namespace tipring::policy {

// Who is called for help where a target is configured: a user of ours, or a URI elsewhere.
struct HelpTarget {
  std::string domain;  // of the user
  std::string user;    // empty: the URI
  std::string uri;     // both empty: calls for help go where their number leads

  bool is_set() const { return !user.empty() || !uri.empty(); }
};

class Emergency {
 public:
  void swap_numbers(std::vector<std::string>& numbers) { numbers_.swap(numbers); }
  void swap_target(HelpTarget& target) { std::swap(target_, target); }

  const HelpTarget& target() const { return target_; }

  // "urn:service:sos" and what stands below it, and the numbers, at any host and written in any way
  // (RFC 3966 5.1.1): too many rather than one too few.
  bool is_for_help(const sip::ParsedUri& uri) const;

 private:
  bool is_number(const sip::TelUri& tel) const;
  bool is_number(std::string_view number) const;

  std::vector<std::string> numbers_;
  HelpTarget target_;
};

}  // namespace tipring::policy
