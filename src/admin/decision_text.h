// Decisions of a trace as sentences for an operator.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/decision.h"

namespace tipring::admin {

// What TraceEntry::text has of one.
std::vector<std::string> values_of_decision(std::string_view text);

std::string sentence_of(transport::Decision decision, const std::vector<std::string>& values);

}  // namespace tipring::admin
