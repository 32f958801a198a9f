// What tipringctl shows: rows of named cells, as a table for people or as JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tipring::app {

struct CtlCell {
  std::string name;
  std::string text;
  bool is_text = true;  // false: a number or a truth value, as JSON writes it
};
using CtlRow = std::vector<CtlCell>;
using CtlRows = std::vector<CtlRow>;

// Null when the row has no such cell.
const CtlCell* find_cell(const CtlRow& row, std::string_view name);

// Columns under their names, in the order of the first row; those that are empty everywhere are
// left out. Control characters are escaped, so that what a peer sent cannot steer the terminal.
std::string format_table(const CtlRows& rows);
// One cell a line.
std::string format_facts(const CtlRow& row);
std::string format_json(const CtlRow& row);
std::string format_json(const CtlRows& rows);

}  // namespace tipring::app
