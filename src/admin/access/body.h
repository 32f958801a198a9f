// Bodies of requests about accounts: one JSON object of texts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/reply.h"
#include "admin/user_secret.h"

namespace tipring::admin {

class TextBody {
 public:
  // Members but those of `names` are at fault. Numbers are taken as text, and arrays of texts with
  // commas between them.
  TextBody(std::string_view body, std::span<const std::string_view> names);

  std::string_view get(std::string_view name) const;  // empty when it is not there
  const BodyFault& fault() const { return fault_; }

 private:
  SecretText text_;  // parsed in place, so that a password is nowhere else
  std::vector<std::pair<std::string, std::string_view>> members_;
  std::vector<std::unique_ptr<std::string>> joined_;
  BodyFault fault_;
};

}  // namespace tipring::admin
