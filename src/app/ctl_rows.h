// What tipringctl shows: rows of named cells, as a table for people or as JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tipring::app {

struct CtlCell {
  std::string name;
  std::string text;
  bool is_text = true;   // false: a number or a truth value, as JSON writes it
  bool is_list = false;  // texts, each with "\n" behind it
};
using CtlRow = std::vector<CtlCell>;
using CtlRows = std::vector<CtlRow>;

// Null when the row has no such cell.
const CtlCell* find_cell(const CtlRow& row, std::string_view name);

// Columns under their names, in the order of the first row; those that are empty everywhere are
// left out. Control characters are escaped, so that what a peer sent cannot steer the terminal.
// Where a line would be wider than `width`, the widest texts are cut; 0: no limit.
std::string format_table(const CtlRows& rows, size_t width = 0);
// One cell a line. Lists are shown with commas.
std::string format_facts(const CtlRow& row);
std::string format_json(const CtlRow& row);
std::string format_json(const CtlRows& rows);

}  // namespace tipring::app
