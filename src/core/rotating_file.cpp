#include "core/rotating_file.h"

#include <algorithm>
#include <cerrno>

namespace tipring {

RotatingFile::RotatingFile(port::Files& files, std::string path, const RotatingFileOptions& options)
    : files_(files), path_(std::move(path)), options_(options) {}

int RotatingFile::open() {
  int error = 0;
  file_ = files_.open(path_, port::OpenMode::AppendCreate, error);
  size_ = 0;
  if (file_ != nullptr && file_->size(size_) != 0) size_ = 0;
  return file_ == nullptr ? error : 0;
}

size_t RotatingFile::append(std::string_view lines) {
  if (reopen_.exchange(false, std::memory_order_relaxed)) file_.reset();
  if (make_room(lines.size()) && file_->append(lines) == 0) {
    size_ += lines.size();
    return lines.size();
  }
  return keep_whole_lines(lines);
}

// A disk takes what it has room for, and the next line would go on behind half a line. Returns how
// much of `lines`, whose write has failed, is in the file.
size_t RotatingFile::keep_whole_lines(std::string_view lines) {
  uint64_t now = 0;
  if (file_ == nullptr || file_->size(now) != 0 || now <= size_) return 0;
  const auto written = static_cast<size_t>(std::min<uint64_t>(now - size_, lines.size()));
  const size_t kept = lines.substr(0, written).rfind('\n') + 1;
  size_ = file_->truncate(size_ + kept) == 0 ? size_ + kept : now;
  return kept;
}

bool RotatingFile::make_room(size_t size) {
  if (file_ == nullptr && open() != 0) return false;
  const bool is_full = options_.size_max != 0 && size_ != 0 && size_ + size > options_.size_max;
  if (is_full) rotate();
  return file_ != nullptr;
}

// Where files cannot be renamed the bound counts for more than the old lines.
void RotatingFile::rotate() {
  bool moved = options_.kept != 0;
  for (uint32_t age = options_.kept; moved && age-- > 0;) {
    const int error = files_.rename(path_of(age), path_of(age + 1));
    moved = error == 0 || (error == ENOENT && age != 0);
  }
  if (moved) {
    file_.reset();
    open();
  } else if (file_->truncate(0) == 0) {
    size_ = 0;
  }
}

std::string RotatingFile::path_of(uint32_t age) const {
  return age == 0 ? path_ : path_ + "." + std::to_string(age);
}

}  // namespace tipring
