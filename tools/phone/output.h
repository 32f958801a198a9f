// What the phone says: one event a line, for people or as JSON.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tipring::phone {

struct Field {
  Field(std::string_view field, std::string_view value) : name(field), text(value) {}
  Field(std::string_view field, const std::string& value) : Field(field, std::string_view(value)) {}
  Field(std::string_view field, const char* value) : Field(field, std::string_view(value)) {}
  Field(std::string_view field, int64_t value)
      : name(field), text(std::to_string(value)), is_number(true) {}
  Field(std::string_view field, double value);

  std::string_view name;
  std::string text;
  bool is_number = false;
};

// The line, with its end. Text of strangers is made harmless: it stays one line.
std::string write_event(bool json, std::string_view name, std::initializer_list<Field> fields);

class Output {
 public:
  explicit Output(bool json) : json_(json) {}

  // Writes the line at once.
  void event(std::string_view name, std::initializer_list<Field> fields = {});
  // Lines for people only.
  void text(std::string_view lines);

 private:
  bool json_;
};

}  // namespace tipring::phone
