// Whole messages by chance from the grammar of tests/unit/sip/grammar_rules.h, well-formed as far
// as RFC 3261 can say it in ABNF, and damaged ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sip/header_id.h"
#include "support/abnf.h"

namespace tipring::test {

class SipMessages {
 public:
  explicit SipMessages(std::string_view rules) : grammar_(rules) {}

  std::string request(Chance& chance) const {
    const std::string method = chance.one_in(8) ? any("token", chance) : known_method(chance);
    std::string text = method + " " + any("Request-URI", chance) + " SIP/2.0\r\n";
    return text + rest(method, chance);
  }

  std::string response(Chance& chance) const {
    std::string text = "SIP/2.0 " + std::to_string(100 + chance.below(600)) + " ";
    return text + any("Reason-Phrase", chance) + "\r\n" + rest(known_method(chance), chance);
  }

  // A few bytes are changed, lost, doubled or put in.
  static std::string damage(std::string text, Chance& chance) {
    static constexpr std::string_view kNasty("\0\r\n \t\"\\<>;,:@%=()[]?&\xff\xc3", 23);
    for (size_t count = 1 + chance.below(6); count > 0 && !text.empty(); --count) {
      const size_t at = chance.below(text.size());
      const size_t size = 1 + chance.below(chance.one_in(4) ? 200 : 4);
      switch (chance.below(5)) {
        case 0: text[at] = kNasty[chance.below(kNasty.size())]; break;
        case 1: text[at] = static_cast<char>(chance.next()); break;
        case 2: text.erase(at, size); break;
        case 3: text.insert(at, text.substr(at, size)); break;
        default: text.insert(at, 1, kNasty[chance.below(kNasty.size())]); break;
      }
    }
    return text;
  }

  const Abnf& grammar() const { return grammar_; }

 private:
  std::string any(const char* rule, Chance& chance) const {
    return grammar_.generate(rule, chance);
  }

  static std::string known_method(Chance& chance) {
    static const char* const kNames[] = {"INVITE",  "ACK",      "BYE",   "CANCEL",
                                         "OPTIONS", "REGISTER", "PRACK", "UPDATE"};
    return kNames[chance.below(8)];
  }

  // "name: value", the name in one of its forms and in any case.
  std::string line(sip::HeaderId id, const std::string& value, Chance& chance) const {
    std::string name(to_text(id));
    if (compact_form(id) != 0 && chance.one_in(3)) name = std::string(1, compact_form(id));
    for (char& c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (letter && chance.one_in(3)) c = static_cast<char>(c ^ 0x20);
    }
    return name + any("HCOLON", chance) + value + "\r\n";
  }

  std::string values(sip::HeaderId id, Chance& chance) const {
    const std::string rule(to_text(id));
    std::string out = grammar_.generate(rule, chance);
    while (header_kind(id) == sip::HeaderKind::List && chance.one_in(3))
      out += any("COMMA", chance) + grammar_.generate(rule, chance);
    return out;
  }

  std::string rest(const std::string& method, Chance& chance) const {
    std::vector<std::string> lines;
    const auto add = [&](sip::HeaderId id, const std::string& value) {
      lines.push_back(line(id, value, chance));
    };
    for (const sip::HeaderId id : {sip::HeaderId::Via, sip::HeaderId::From, sip::HeaderId::To,
                                   sip::HeaderId::CallId, sip::HeaderId::MaxForwards}) {
      add(id, values(id, chance));
    }
    add(sip::HeaderId::CSeq, std::to_string(chance.below(1U << 31)) + any("LWS", chance) + method);
    const std::string body = chance.one_in(2) ? any("body", chance) : "";
    add(sip::HeaderId::ContentLength, std::to_string(body.size()));
    for (size_t count = chance.below(8); count > 0; --count) add_optional(lines, chance);
    for (size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[chance.below(i)]);
    std::string text;
    for (const std::string& piece : lines) text += piece;
    return text + "\r\n" + body;
  }

  // One more header that may be there; of the Single kind each at most once.
  void add_optional(std::vector<std::string>& lines, Chance& chance) const {
    const auto id = static_cast<sip::HeaderId>(chance.below(sip::kHeaderIdCount));
    if (id == sip::HeaderId::Other) {
      lines.push_back("X-" + any("token", chance) + any("HCOLON", chance) +
                      any("unknown-value", chance) + "\r\n");
      return;
    }
    const bool mandatory = id == sip::HeaderId::CSeq || id == sip::HeaderId::ContentLength;
    if (mandatory) return;
    if (header_kind(id) == sip::HeaderKind::Single) {
      for (const std::string& piece : lines) {
        const std::string name = piece.substr(0, piece.find_first_of(" \t:"));
        if (sip::find_header_id(name) == id) return;
      }
    }
    lines.push_back(line(id, values(id, chance), chance));
  }

  Abnf grammar_;
};

}  // namespace tipring::test
