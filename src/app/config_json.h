// The configuration as JSON, for the administration: it uses the heap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/config_text.h"

namespace tipring::app {

// [{"key", "section", "type", bounds or words, "default", "when", "description"}, …]
std::string schema_json();

// [{"key", "value", "default", "source", "line", "next"}, …]: what is in force, and where it differs
// what the next start would take.
std::string values_json(const Config& running, const Config& next);

// {"key": value}: what `file` sets.
std::string settings_json(const Config& config, std::string_view file);

// [{"key", "message", "line"}, …]
std::string faults_json(const std::vector<ConfigFault>& faults);

// {"values": {"key": value, "other": null}}. False: it is not of this form, or a key is unknown, as
// `fault` says of `field`.
bool parse_edits(std::string_view body, ConfigEdits& edits, std::string& fault, std::string& field);

}  // namespace tipring::app
