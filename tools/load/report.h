// What a run has done, for people and for programs.
#pragma once

#include "tools/load/options.h"
#include "tools/load/statistics.h"

namespace tipring::load {

// To standard output.
void print_table(const Options& options, const Statistics& statistics);
void print_json(const Options& options, const Statistics& statistics);  // one line

}  // namespace tipring::load
