// What a run has done, for people and for programs.
#pragma once

#include <string>

#include "tools/load/options.h"
#include "tools/load/statistics.h"

namespace tipring::load {

// To standard output.
void print_table(const Options& options, const Statistics& statistics);
void print_json(const Options& options, const Statistics& statistics);  // one line

// What was not done and why, in a line without its end: "1 of 1000 failed: refused with 401 (1)".
std::string failure_line(const Statistics& statistics);

}  // namespace tipring::load
