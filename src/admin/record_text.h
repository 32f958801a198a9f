// Call records as the API writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "port/time.h"
#include "store/record_listing.h"

namespace tipring::admin {

// One JSON object. What did not come to pass, or is not known, is left out.
void append_json(std::string& out, const store::RecordRow& row);

// RFC 4180: lines end with CR LF, every text stands in quotes. A text that a spreadsheet would take
// for a formula has an apostrophe before it.
std::string_view csv_header();
void append_csv(std::string& out, const store::RecordRow& row);

// A time of a query: milliseconds since 1970, or "2026-01-31" or "2026-01-31T10:00:00Z" in UTC.
std::optional<Millis> parse_time(std::string_view text);

}  // namespace tipring::admin
