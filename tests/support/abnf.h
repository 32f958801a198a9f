// Texts by chance from a grammar in the ABNF of RFC 5234: what the grammar can say, it says sooner
// or later, and one seed says the same every time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tipring::test {

// SplitMix64: small, and the same on every machine.
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
  }
  // Below `limit`, which is not 0.
  size_t below(size_t limit) { return static_cast<size_t>(next() % limit); }
  bool one_in(size_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

class Abnf {
 public:
  // One rule per line, "name = elements"; a line that begins with a blank goes on with the one
  // before. Elements: "text", %xNN, %xNN-NN, %xNN.NN, names, ( ), [ ], /, and n*m before an
  // element. Throws for anything else.
  explicit Abnf(std::string_view rules);

  // A text of this rule. Throws when there is no such rule.
  std::string generate(const std::string& rule, Chance& chance) const {
    std::string out;
    emit(find(rule), chance, 0, out);
    return out;
  }
  bool has(const std::string& rule) const { return rules_.count(rule) != 0; }

 private:
  enum class Kind { Text, Range, Name, Sequence, Choice };
  static constexpr size_t kMany = 7;    // at most so many more than the least
  static constexpr size_t kDepth = 60;  // from here on the shortest is taken

  struct Node {
    Kind kind = Kind::Sequence;
    std::string text;  // Text and Name
    unsigned char low = 0;
    unsigned char high = 0;
    size_t least = 1;
    size_t most = 1;
    std::vector<Node> parts;
  };

  class Reader;

  const Node& find(const std::string& rule) const {
    const auto found = rules_.find(rule);
    if (found == rules_.end()) throw std::invalid_argument("no rule " + rule);
    return found->second;
  }

  void emit(const Node& node, Chance& chance, size_t depth, std::string& out) const {
    size_t count = node.least;
    const size_t most = node.most < node.least + kMany ? node.most : node.least + kMany;
    while (depth < kDepth && count < most && !chance.one_in(3)) ++count;
    for (size_t i = 0; i < count; ++i) emit_once(node, chance, depth + 1, out);
  }

  void emit_once(const Node& node, Chance& chance, size_t depth, std::string& out) const {
    switch (node.kind) {
      case Kind::Text:
        for (const char c : node.text) out += chance.one_in(4) ? swap_case(c) : c;
        return;
      case Kind::Range:
        out += static_cast<char>(node.low + chance.below(node.high - node.low + 1U));
        return;
      case Kind::Name: return emit(find(node.text), chance, depth, out);
      case Kind::Sequence:
        for (const Node& part : node.parts) emit(part, chance, depth, out);
        return;
      case Kind::Choice:
        return emit(node.parts[depth < kDepth ? chance.below(node.parts.size()) : 0], chance, depth,
                    out);
    }
  }

  // Texts in ABNF mean both cases.
  static char swap_case(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter ? static_cast<char>(c ^ 0x20) : c;
  }

  std::map<std::string, Node> rules_;
};

// Reads the elements of one rule.
class Abnf::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Node choice() {
    Node node;
    node.kind = Kind::Choice;
    do {
      node.parts.push_back(sequence());
    } while (accept('/'));
    return node.parts.size() == 1 ? node.parts.front() : node;
  }
  bool done() {
    skip();
    return text_.empty();
  }

 private:
  Node sequence() {
    Node node;
    while (!done() && text_.front() != '/' && text_.front() != ')' && text_.front() != ']')
      node.parts.push_back(repetition());
    return node;
  }

  Node repetition() {
    size_t least = 1;
    size_t most = 1;
    const bool counted = is_digit(text_.front());
    if (counted) least = most = number();
    if (accept('*')) {
      if (!counted) least = 0;
      most = !text_.empty() && is_digit(text_.front()) ? number() : SIZE_MAX;
    }
    Node node = element();
    if (node.least != 1 || node.most != 1 || least != 1 || most != 1) {
      Node outer;
      outer.least = least;
      outer.most = most;
      outer.parts.push_back(std::move(node));
      return outer;
    }
    return node;
  }

  Node element() {
    skip();
    if (accept('(')) {
      Node node = choice();
      expect(')');
      return node;
    }
    if (accept('[')) {
      Node node;
      node.least = 0;
      node.parts.push_back(choice());
      expect(']');
      return node;
    }
    if (accept('"')) return text_to_quote();
    if (accept('%')) return bytes();
    Node node;
    node.kind = Kind::Name;
    while (!text_.empty() && (is_digit(text_.front()) || is_name(text_.front())))
      node.text += take();
    if (node.text.empty()) throw std::invalid_argument("bad ABNF at " + std::string(text_));
    return node;
  }

  Node text_to_quote() {
    Node node;
    node.kind = Kind::Text;
    while (!text_.empty() && text_.front() != '"') node.text += take();
    expect('"');
    return node;
  }

  Node bytes() {
    expect('x');
    Node node;
    Node byte = hex();
    if (!text_.empty() && text_.front() == '-') {
      take();
      byte.high = hex().low;
      return byte;
    }
    node.parts.push_back(byte);
    while (!text_.empty() && text_.front() == '.') {
      take();
      node.parts.push_back(hex());
    }
    return node;
  }

  Node hex() {
    Node node;
    node.kind = Kind::Range;
    node.low = node.high =
        static_cast<unsigned char>(std::stoul(std::string(text_.substr(0, 2)), nullptr, 16));
    text_.remove_prefix(2);
    return node;
  }

  size_t number() {
    size_t value = 0;
    while (!text_.empty() && is_digit(text_.front()))
      value = value * 10 + static_cast<size_t>(take() - '0');
    return value;
  }
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  bool accept(char c) {
    skip();
    if (text_.empty() || text_.front() != c) return false;
    take();
    return true;
  }
  void expect(char c) {
    if (!accept(c)) throw std::invalid_argument("ABNF lacks " + std::string(1, c));
  }
  void skip() {
    while (!text_.empty() && text_.front() == ' ') take();
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  }

  std::string_view text_;
};

inline Abnf::Abnf(std::string_view rules) {
  std::string name;
  std::string elements;
  const auto finish = [&] {
    if (name.empty()) return;
    Reader reader(elements);
    rules_[name] = reader.choice();
    if (!reader.done()) throw std::invalid_argument("the rule " + name + " does not end");
  };
  while (!rules.empty()) {
    const std::string_view line = rules.substr(0, rules.find('\n'));
    rules.remove_prefix(line.size() < rules.size() ? line.size() + 1 : line.size());
    if (line.empty()) continue;
    if (line.front() == ' ') {
      elements += line;
      continue;
    }
    finish();
    const size_t equals = line.find(" = ");
    if (equals == std::string_view::npos) throw std::invalid_argument(std::string(line));
    name = line.substr(0, equals);
    elements = line.substr(equals + 3);
  }
  finish();
}

}  // namespace tipring::test
