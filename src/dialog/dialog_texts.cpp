#include "dialog/dialog_texts.h"

#include <algorithm>
#include <cstring>

#include "sip/writer.h"

namespace tipring::dialog {

namespace {

constexpr size_t index_of(Text which) { return static_cast<size_t>(which); }

}  // namespace

std::string_view DialogTexts::get(Text which) const {
  const size_t index = index_of(which);
  const size_t begin = index == 0 ? 0 : ends_[index - 1];
  return buffer_ ? buffer_.view().substr(begin, ends_[index] - begin) : std::string_view();
}

DialogTexts::All DialogTexts::all() const {
  All texts;
  for (size_t i = 0; i < kTexts; ++i) texts[i] = get(static_cast<Text>(i));
  return texts;
}

Result<void> DialogTexts::assign(MessageSlabs& slabs, const All& texts) {
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  if (bytes > kBytesMax) return Error::TooLong;
  return write(slabs, texts, std::min(2 * bytes, kBytesMax));
}

Result<void> DialogTexts::copy(MessageSlabs& slabs, const DialogTexts& other) {
  return write(slabs, other.all(), other.size());
}

Result<void> DialogTexts::write(MessageSlabs& slabs, const All& texts, size_t bytes) {
  MessageRef buffer = slabs.acquire(bytes);
  if (!buffer) return Error::PoolExhausted;
  sip::Writer out(buffer.room());
  std::array<uint16_t, kTexts> ends{};
  for (size_t i = 0; i < kTexts; ++i) {
    out.unfolded(texts[i]);
    ends[i] = static_cast<uint16_t>(out.size());
  }
  buffer.set_size(out.size());
  buffer_ = std::move(buffer);
  ends_ = ends;
  return {};
}

Result<void> DialogTexts::replace(MessageSlabs& slabs, Text which, std::string_view text) {
  const size_t index = index_of(which);
  const std::string_view old = get(which);
  if (old == text) return {};
  const size_t bytes = size() - old.size() + text.size();
  if (bytes > kBytesMax) return Error::TooLong;
  if (!buffer_ || bytes > capacity()) {
    All texts = all();
    texts[index] = text;
    return write(slabs, texts, bytes);
  }
  // In place: what stands behind it moves.
  const size_t begin = ends_[index] - old.size();
  const size_t behind = size() - ends_[index];
  buffer_.set_size(std::max(size(), bytes));
  char* const data = buffer_.data();
  std::memmove(data + begin + text.size(), data + ends_[index], behind);
  sip::Writer out(std::span(data + begin, text.size()));
  const size_t unfolded = out.unfolded(text).size();
  std::memmove(data + begin + unfolded, data + begin + text.size(), behind);
  const size_t end = begin + unfolded;
  const size_t was = ends_[index];
  for (size_t i = index; i < kTexts; ++i) {
    ends_[i] = static_cast<uint16_t>(ends_[i] - was + end);
  }
  buffer_.set_size(size());
  return {};
}

}  // namespace tipring::dialog
