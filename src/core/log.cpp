#include "core/log.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace tipring {

namespace {

constexpr std::string_view kCut = "\xe2\x80\xa6";  // "…"

// Appends whole pieces and remembers when one did not fit.
class LineWriter {
 public:
  explicit LineWriter(std::span<char> out) : out_(out.first(out.size() - kCut.size())), all_(out) {}

  void add(std::string_view piece) {
    if (cut_) return;
    if (piece.size() > out_.size() - size_) {
      cut_ = true;
      return;
    }
    std::memcpy(out_.data() + size_, piece.data(), piece.size());
    size_ += piece.size();
  }

  void add_value(std::string_view text, bool cut) {
    const bool quoted = text.empty() || text.find_first_of(" \"=") != std::string_view::npos;
    if (quoted) add("\"");
    for (size_t start = 0; start < text.size() && !cut_;) {
      const size_t quote = std::min(text.find('"', start), text.size());
      add_escaped(text.substr(start, quote - start));
      if (quote < text.size()) add("\\\"");
      start = quote + 1;
    }
    if (cut) add(kCut);
    if (quoted) add("\"");
  }

  std::string_view finish() {
    if (cut_) {
      std::memcpy(all_.data() + size_, kCut.data(), kCut.size());
      size_ += kCut.size();
    }
    return {all_.data(), size_};
  }

 private:
  void add_escaped(std::string_view text) {
    if (cut_) return;
    const Escaped escaped = escape_text(text, out_.subspan(size_));
    size_ += escaped.written.size();
    if (escaped.read < text.size()) cut_ = true;
  }

  std::span<char> out_;
  std::span<char> all_;
  size_t size_ = 0;
  bool cut_ = false;
};

void add_field(LineWriter& line, const LogField& field) {
  line.add(" ");
  line.add(field.key);
  line.add("=");
  char digits[kNumberTextMax];
  switch (field.kind) {
    case LogField::Kind::Text: line.add_value(field.text, field.cut); return;
    case LogField::Kind::Unsigned: line.add(write_u64(field.number, digits)); return;
    case LogField::Kind::Signed: {
      const bool negative = static_cast<int64_t>(field.number) < 0;
      if (negative) line.add("-");
      line.add(write_u64(negative ? 0 - field.number : field.number, digits));
      return;
    }
  }
}

}  // namespace

std::string_view to_text(LogLevel level) {
  switch (level) {
    case LogLevel::Error: return "ERROR";
    case LogLevel::Warning: return "WARNING";
    case LogLevel::Info: return "INFO";
    case LogLevel::Debug: return "DEBUG";
  }
  return "?";
}

LogField kv_cut(std::string_view key, std::string_view text, size_t size_max) {
  if (text.size() <= size_max) return kv(key, text);
  size_t size = size_max;
  // Not within a character of UTF-8, which has at most three bytes after its first.
  for (int i = 0; i < 3 && size > 0 && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80; ++i)
    --size;
  LogField field = kv(key, text.substr(0, size));
  field.cut = true;
  return field;
}

std::string_view write_log_text(std::string_view event, std::initializer_list<LogField> fields,
                                std::span<char> out) {
  LineWriter line(out);
  line.add(event);
  for (const LogField& field : fields) add_field(line, field);
  return line.finish();
}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  LogSlot* slot = ring_.begin_push();
  if (slot == nullptr) {
    ++lost_;
    ++lost_since_;
    return;
  }
  slot->wall_ms = clock_.wall().count();
  slot->level = level;
  slot->lost_before = lost_since_;
  slot->size = static_cast<uint16_t>(write_log_text(event, fields, slot->text).size());
  lost_since_ = 0;
  ++written_;
  ring_.commit_push();
  if (worker_ != nullptr) worker_->notify();
}

}  // namespace tipring
