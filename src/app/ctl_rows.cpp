#include "app/ctl_rows.h"

#include <algorithm>

#include "admin/json.h"
#include "core/text.h"

namespace tipring::app {

namespace {

std::string escaped(std::string_view text) {
  std::string out(text.size() * 4, '\0');
  out.resize(write_escaped(text, out).size());
  return out;
}

// Characters, so that names beyond ASCII line up.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

struct Column {
  std::string name;
  std::string title;
  size_t width = 0;
  bool numbers = true;
  bool empty = true;
};

std::string title_of(std::string_view name) {
  std::string title(name);
  for (char& c : title) c = c == '_' ? ' ' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return title;
}

std::vector<Column> columns_of(const CtlRows& rows) {
  std::vector<Column> columns;
  for (const CtlCell& cell : rows.front()) columns.push_back({cell.name, title_of(cell.name)});
  for (Column& column : columns) {
    column.width = column.title.size();
    for (const CtlRow& row : rows) {
      const CtlCell* cell = find_cell(row, column.name);
      if (cell == nullptr || cell->text.empty()) continue;
      column.empty = false;
      column.numbers = column.numbers && !cell->is_text;
      column.width = std::max(column.width, width_of(escaped(cell->text)));
    }
  }
  columns.erase(std::remove_if(columns.begin(), columns.end(),
                               [](const Column& column) { return column.empty; }),
                columns.end());
  return columns;
}

void append_cell(std::string& line, const Column& column, const std::string& text) {
  if (!line.empty()) line += "  ";
  const std::string padding(column.width - width_of(text), ' ');
  line += column.numbers ? padding + text : text + padding;
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

const CtlCell* find_cell(const CtlRow& row, std::string_view name) {
  const auto found =
      std::find_if(row.begin(), row.end(), [&](const CtlCell& cell) { return cell.name == name; });
  return found == row.end() ? nullptr : &*found;
}

std::string format_table(const CtlRows& rows) {
  if (rows.empty()) return "";
  const std::vector<Column> columns = columns_of(rows);
  std::string out;
  std::string head;
  for (const Column& column : columns) append_cell(head, column, column.title);
  append_line(out, head);
  for (const CtlRow& row : rows) {
    std::string line;
    for (const Column& column : columns) {
      const CtlCell* cell = find_cell(row, column.name);
      append_cell(line, column, cell == nullptr ? "" : escaped(cell->text));
    }
    append_line(out, line);
  }
  return out;
}

std::string format_facts(const CtlRow& row) {
  size_t width = 0;
  for (const CtlCell& cell : row) width = std::max(width, width_of(cell.name));
  std::string out;
  for (const CtlCell& cell : row) {
    out += escaped(cell.name) + std::string(width - width_of(cell.name) + 2, ' ');
    out += escaped(cell.text) + '\n';
  }
  return out;
}

std::string format_json(const CtlRow& row) {
  std::string out = "{";
  for (const CtlCell& cell : row) {
    if (out.size() > 1) out += ',';
    admin::append_json(out, cell.name);
    out += ':';
    if (cell.is_text) {
      admin::append_json(out, cell.text);
    } else {
      out += cell.text;
    }
  }
  return out + '}';
}

std::string format_json(const CtlRows& rows) {
  std::string out = "[";
  for (const CtlRow& row : rows) out += (out.size() > 1 ? ",\n" : "") + format_json(row);
  return out + ']';
}

}  // namespace tipring::app
