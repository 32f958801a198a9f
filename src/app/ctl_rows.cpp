#include "app/ctl_rows.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "admin/json.h"
#include "core/text.h"

namespace tipring::app {

namespace {

std::string escaped(std::string_view text) {
  std::string out(text.size() * 4, '\0');
  out.resize(write_escaped(text, out).size());
  return out;
}

struct Range {
  uint32_t first;
  uint32_t last;
};
// What terminals draw in no column of its own, and in two: combining marks; East Asian scripts and
// pictures. The common ones: a listing need not line up for all of Unicode.
constexpr Range kNoColumn[] = {
    {0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
constexpr Range kTwoColumns[] = {
    {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

bool is_in(std::span<const Range> ranges, uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

// Takes one character off `text` and returns its columns. A byte that is no UTF-8 counts as one.
size_t take_character(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text.front());
  const size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  uint32_t code = wanted == 1 ? lead : lead & (0x7fU >> wanted);
  size_t size = 1;
  for (; size < wanted && size < text.size(); ++size) {
    const auto byte = static_cast<uint8_t>(text[size]);
    if ((byte & 0xc0) != 0x80) break;
    code = code << 6 | (byte & 0x3fU);
  }
  text.remove_prefix(size);
  return is_in(kNoColumn, code) ? 0 : is_in(kTwoColumns, code) ? 2 : 1;
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += take_character(text);
  return width;
}

// What fits into `width` columns, with "…" where something is missing.
std::string cut(const std::string& text, size_t width) {
  if (width_of(text) <= width) return text;
  std::string_view rest = text;
  size_t end = 0;
  for (size_t used = 0;; end = text.size() - rest.size()) {
    used += take_character(rest);
    if (used >= width) break;
  }
  return text.substr(0, end) + "…";
}

std::string shown(const CtlCell& cell) {
  if (!cell.is_list) return escaped(cell.text);
  std::string text;
  for (std::string_view rest = cell.text; !rest.empty();) {
    const auto [item, more] = split_once(rest, '\n');
    text += (text.empty() ? "" : ", ") + escaped(item);
    rest = more;
  }
  return text;
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
      column.width = std::max(column.width, width_of(shown(*cell)));
    }
  }
  columns.erase(std::remove_if(columns.begin(), columns.end(),
                               [](const Column& column) { return column.empty; }),
                columns.end());
  return columns;
}

// Makes the widest columns of texts narrower until a line fits, but none so narrow that it says
// nothing.
void fit(std::vector<Column>& columns, size_t width) {
  constexpr size_t kNarrowest = 12;
  size_t line = columns.size() * 2 - 2;
  for (const Column& column : columns) line += column.width;
  for (; line > width; --line) {
    const auto widest =
        std::max_element(columns.begin(), columns.end(), [](const Column& a, const Column& b) {
          return (a.numbers ? 0 : a.width) < (b.numbers ? 0 : b.width);
        });
    if (widest->numbers || widest->width <= kNarrowest) return;
    --widest->width;
  }
}

void append_cell(std::string& line, const Column& column, const std::string& whole) {
  const std::string text = cut(whole, column.width);
  if (!line.empty()) line += "  ";
  const std::string padding(column.width - width_of(text), ' ');
  line += column.numbers ? padding + text : text + padding;
}

void append_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

void append_json_list(std::string& out, std::string_view items) {
  out += '[';
  while (!items.empty()) {
    const auto [item, rest] = split_once(items, '\n');
    if (out.back() != '[') out += ',';
    admin::append_json(out, item);
    items = rest;
  }
  out += ']';
}

}  // namespace

const CtlCell* find_cell(const CtlRow& row, std::string_view name) {
  const auto found =
      std::find_if(row.begin(), row.end(), [&](const CtlCell& cell) { return cell.name == name; });
  return found == row.end() ? nullptr : &*found;
}

std::string format_table(const CtlRows& rows, size_t width) {
  if (rows.empty()) return "";
  std::vector<Column> columns = columns_of(rows);
  if (width > 0) fit(columns, width);
  std::string out;
  std::string head;
  for (const Column& column : columns) append_cell(head, column, column.title);
  append_line(out, head);
  for (const CtlRow& row : rows) {
    std::string line;
    for (const Column& column : columns) {
      const CtlCell* cell = find_cell(row, column.name);
      append_cell(line, column, cell == nullptr ? "" : shown(*cell));
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
    out += shown(cell) + '\n';
  }
  return out;
}

std::string format_json(const CtlRow& row) {
  std::string out = "{";
  for (const CtlCell& cell : row) {
    if (out.size() > 1) out += ',';
    admin::append_json(out, cell.name);
    out += ':';
    if (cell.is_list) {
      append_json_list(out, cell.text);
    } else if (cell.is_text) {
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
