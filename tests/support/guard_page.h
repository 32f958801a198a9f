// Text that ends where readable memory ends: a parser that reads one byte too far crashes at that
// byte.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace tipring::test {

// Owns a copy of a text whose last byte is directly before a page that nobody may touch. What
// stands before the first byte is readable, so only reading past the end is caught.
class GuardedText {
 public:
  explicit GuardedText(std::string_view text) : size_(text.size()) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t readable =
        (size_ + page) / page * page;  // at least one page, also for an empty text
    mapped_ = readable + page;
    void* const region =
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED) throw std::bad_alloc();
    region_ = static_cast<char*>(region);
    if (mprotect(region_ + readable, page, PROT_NONE) != 0) throw std::bad_alloc();
    text_ = region_ + readable - size_;
    if (size_ != 0) std::memcpy(text_, text.data(), size_);
  }

  ~GuardedText() { munmap(region_, mapped_); }

  GuardedText(const GuardedText&) = delete;
  GuardedText& operator=(const GuardedText&) = delete;

  std::string_view view() const { return {text_, size_}; }
  std::span<char> span() { return {text_, size_}; }
  operator std::string_view() const { return view(); }

 private:
  char* region_ = nullptr;
  char* text_ = nullptr;
  size_t mapped_ = 0;
  size_t size_;
};

}  // namespace tipring::test
