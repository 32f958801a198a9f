#include "sip/header_id.h"

#include <doctest/doctest.h>

#include <cctype>
#include <string>

#include "sip/method.h"
#include "sip/status.h"
#include "support/guard_page.h"

namespace tipring::sip {
namespace {

HeaderId guarded_find(std::string_view name) {
  return find_header_id(test::GuardedText(name).view());
}

TEST_CASE("header ids: every name is found in every case" *
          doctest::description("RFC 3261 7.3.1")) {
  for (size_t i = 0; i + 1 < kHeaderIdCount; ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string lower(to_text(id));
    std::string upper(to_text(id));
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    CAPTURE(lower);
    CHECK(guarded_find(to_text(id)) == id);
    CHECK(guarded_find(lower) == id);
    CHECK(guarded_find(upper) == id);
  }
}

TEST_CASE("header ids: a name that differs in one character is another" *
          doctest::description("STYLE: comparing decides")) {
  for (size_t i = 0; i + 1 < kHeaderIdCount; ++i) {
    const auto id = static_cast<HeaderId>(i);
    const std::string name(to_text(id));
    for (size_t at = 0; at < name.size(); ++at) {
      for (const char c : {'#', '\r', '@', '\x01', '{'}) {
        std::string other = name;
        other[at] = c;
        CHECK(guarded_find(other) != id);
      }
      std::string bit = name;
      bit[at] = static_cast<char>(bit[at] ^
                                  0x20);  // another case of a letter, another character otherwise
      CHECK((guarded_find(bit) == id) == (std::isalpha(static_cast<unsigned char>(name[at])) != 0));
    }
    CHECK(guarded_find(name + "x") != id);
    if (name.size() > 2)
      CHECK(guarded_find(name.substr(0, name.size() - 1)) != id);  // "T" is a compact form
  }
  CHECK(guarded_find("") == HeaderId::Other);
  CHECK(guarded_find(std::string(300, 'a')) == HeaderId::Other);
}

TEST_CASE("header ids: compact forms" *
          doctest::description("RFC 3261 7.3.3, 20; RFC 3515, 3841, 3892, 4028, 6665, 8224")) {
  constexpr struct {
    char letter;
    HeaderId id;
  } kForms[] = {{'a', HeaderId::AcceptContact},   {'b', HeaderId::ReferredBy},
                {'c', HeaderId::ContentType},     {'d', HeaderId::RequestDisposition},
                {'e', HeaderId::ContentEncoding}, {'f', HeaderId::From},
                {'i', HeaderId::CallId},          {'j', HeaderId::RejectContact},
                {'k', HeaderId::Supported},       {'l', HeaderId::ContentLength},
                {'m', HeaderId::Contact},         {'n', HeaderId::IdentityInfo},
                {'o', HeaderId::Event},           {'r', HeaderId::ReferTo},
                {'s', HeaderId::Subject},         {'t', HeaderId::To},
                {'u', HeaderId::AllowEvents},     {'v', HeaderId::Via},
                {'x', HeaderId::SessionExpires},  {'y', HeaderId::Identity}};
  size_t found = 0;
  for (char letter = 'a'; letter <= 'z'; ++letter)
    found += guarded_find({&letter, 1}) != HeaderId::Other ? 1U : 0U;
  CHECK(found == std::size(kForms));
  for (const auto& form : kForms) {
    const char upper = static_cast<char>(form.letter - 32);
    CHECK(guarded_find({&form.letter, 1}) == form.id);
    CHECK(guarded_find({&upper, 1}) == form.id);
    CHECK(compact_form(form.id) == form.letter);
  }
  CHECK(compact_form(HeaderId::CSeq) == 0);
}

TEST_CASE("header ids: kinds" * doctest::description("RFC 3261 7.3.1, 20")) {
  CHECK(header_kind(HeaderId::Via) == HeaderKind::List);
  CHECK(header_kind(HeaderId::From) == HeaderKind::Single);
  CHECK(header_kind(HeaderId::WwwAuthenticate) == HeaderKind::Lines);
  CHECK(header_kind(HeaderId::Other) == HeaderKind::Lines);
  CHECK(header_kind(HeaderId::Identity) == HeaderKind::List);
}

TEST_CASE("methods: names there and back, case-sensitive" * doctest::description("RFC 3261 7.1")) {
  for (int i = 0; i < static_cast<int>(Method::Other); ++i) {
    const auto method = static_cast<Method>(i);
    CHECK(parse_method(to_text(method)) == method);
    CHECK(parse_method(std::string(to_text(method)) + "X") == Method::Other);
  }
  CHECK(parse_method("Invite") == Method::Other);
  CHECK(parse_method("") == Method::Other);
  CHECK(to_text(Method::Other).empty());
}

TEST_CASE("statuses: default reasons" * doctest::description("RFC 3261 21, 8.1.3.2")) {
  CHECK(default_reason(100) == "Trying");
  CHECK(default_reason(422) == "Session Interval Too Small");
  CHECK(default_reason(480) == "Temporarily Unavailable");
  CHECK(default_reason(503) == "Service Unavailable");
  for (const int known : {199, 428, 429, 430, 433, 439, 440, 469, 470, 489, 494}) {
    CAPTURE(known);
    CHECK(default_reason(static_cast<uint16_t>(known)) !=
          default_reason(static_cast<uint16_t>(known / 100 * 100 + 98)));
  }
  for (uint16_t code = 100; code < 700; ++code) CHECK_FALSE(default_reason(code).empty());
}

}  // namespace
}  // namespace tipring::sip
