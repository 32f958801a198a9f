#include "tools/phone/output.h"

#include <cstdio>

namespace tipring::phone {

namespace {

constexpr uint32_t kNone = 0xfffd;  // in place of what is no UTF-8

// The first character of `text`, which has one, and how many bytes it takes.
uint32_t first_character(std::string_view text, size_t& size) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  size = 1;
  if (byte(0) < 0x80) return byte(0);
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return kNone;
  uint32_t character = byte(0) & (0x7fu >> length);
  for (size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return kNone;
    character = character << 6 | (byte(at) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xd800 && character < 0xe000;
  if (character < kLeast[length] || character > 0x10ffff || surrogate) return kNone;
  size = length;
  return character;
}

// Terminals obey U+009B as they do ESC [; others turn the text round, or end its line.
bool is_obeyed(uint32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
         (character >= 0x200e && character <= 0x200f) ||
         (character >= 0x2028 && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

// As JSON wants it inside quotes; for people the same.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t size = 0;
    const uint32_t character = first_character(text, size);
    if (character == '"' || character == '\\') out += '\\';
    if (is_obeyed(character)) {
      char code[16];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(character));
      out += code;
    } else if (character == kNone) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
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
