// What /metrics says: all figures of the server and of its process, for Prometheus and what reads its
// format. The names are a promise: dashboards and alarms are made of them.
#pragma once

#include <string>
#include <string_view>

#include "admin/figures.h"
#include "port/process_facts.h"

namespace tipring::admin {

std::string write_metrics(const Figures& figures, const port::ProcessFacts& process,
                          std::string_view version);

}  // namespace tipring::admin
