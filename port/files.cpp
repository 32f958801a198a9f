#include "port/files.h"

#include <cerrno>

namespace tipring::port {

int read_file(Files& files, std::string_view path, size_t size_max, std::string& out) {
  int error = 0;
  const std::unique_ptr<File> file = files.open(path, OpenMode::Read, error);
  if (!file) return error;
  uint64_t size = 0;
  error = file->size(size);
  if (error != 0) return error;
  if (size > size_max) return EFBIG;

  // One byte more than the file has: a file that grew meanwhile is seen, and files of /proc and
  // pipes, whose size is told as 0, are read as well.
  out.clear();
  size_t used = 0;
  size_t room = static_cast<size_t>(size) + 1;
  for (;;) {
    out.resize(used + room);
    size_t got = 0;
    error = file->read_at(used, std::span(out).subspan(used), got);
    if (error != 0) break;
    used += got;
    if (used > size_max) error = EFBIG;
    if (error != 0 || got == 0) break;
    room = out.size() > used ? out.size() - used : 4096;
  }
  out.resize(error == 0 ? used : 0);
  return error;
}

}  // namespace tipring::port
