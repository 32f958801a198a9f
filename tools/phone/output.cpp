#include "tools/phone/output.h"

#include <cstdio>

namespace tipring::phone {

namespace {

// As JSON wants it inside quotes; for people the same, which also keeps terminals from being told
// what to do.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", byte);
      out += code;
    } else {
      out += c;
    }
  }
  return out;
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \"=\\") != std::string_view::npos ||
         escaped(text) != text;
}

}  // namespace

Field::Field(std::string_view field, double value) : name(field), is_number(true) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3f", value);
  text = digits;
}

std::string write_event(bool json, std::string_view name, std::initializer_list<Field> fields) {
  std::string line = json ? "{\"event\":\"" + std::string(name) + "\"" : std::string(name);
  for (const Field& field : fields) {
    if (json) {
      line += ",\"" + std::string(field.name) + "\":";
      line += field.is_number ? field.text : "\"" + escaped(field.text) + "\"";
    } else {
      line += " " + std::string(field.name) + "=";
      line += needs_quotes(field.text) ? "\"" + escaped(field.text) + "\"" : field.text;
    }
  }
  line += json ? "}\n" : "\n";
  return line;
}

void Output::event(std::string_view name, std::initializer_list<Field> fields) {
  const std::string line = write_event(json_, name, fields);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

void Output::text(std::string_view lines) {
  if (json_) return;
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  std::fflush(stdout);
}

}  // namespace tipring::phone
