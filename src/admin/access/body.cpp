#include "admin/access/body.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <memory>

namespace tipring::admin {

namespace {

constexpr size_t kBytesMax = 4096;  // strangers send them too

std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

bool join(const rapidjson::Value& array, std::string& out) {
  for (const rapidjson::Value& value : array.GetArray()) {
    if (!value.IsString()) return false;
    if (!out.empty()) out += ',';
    out += text_of(value);
  }
  return true;
}

}  // namespace

TextBody::TextBody(std::string_view body, std::span<const std::string_view> names) {
  fault_ = {"send a JSON object of texts, of at most 4096 bytes", "body"};
  if (body.size() > kBytesMax) return;
  if (body.find('\0') != std::string_view::npos) return;
  text_ = SecretText(body);
  text_.close_with_nul();
  rapidjson::Document document;
  // Without recursion, as the body is foreign.
  document.ParseInsitu<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      text_.bytes().data());
  if (document.HasParseError() || !document.IsObject()) return;
  const rapidjson::Document& read = document;  // its iterators compare one way only
  for (const auto& member : read.GetObject()) {
    const std::string_view name = text_of(member.name);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      fault_ = {std::string(name.substr(0, 64)) + ": there is no such member here", "body"};
      return;
    }
    std::string_view value;
    if (member.value.IsString()) {
      value = text_of(member.value);
    } else {
      auto joined = std::make_unique<std::string>();
      const bool good = member.value.IsUint64()
                            ? (*joined = std::to_string(member.value.GetUint64()), true)
                            : member.value.IsArray() && join(member.value, *joined);
      fault_ = {std::string(name) + ": must be a text", std::string(name)};
      if (!good) return;
      value = *joined;
      joined_.push_back(std::move(joined));
    }
    members_.emplace_back(name, value);
  }
  fault_ = {};
}

std::string_view TextBody::get(std::string_view name) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const auto& member) { return member.first == name; });
  return found == members_.end() ? std::string_view() : found->second;
}

}  // namespace tipring::admin
