#include "core/log_sink.h"

#include <cstdio>

namespace tipring {

void StderrSink::write(std::string_view lines) {
  // Unbuffered, so that this is one write to the system.
  std::fwrite(lines.data(), 1, lines.size(), stderr);
}

void FileSink::write(std::string_view lines) {
  if (file_.append(lines) != 0) ++failed_;
}

}  // namespace tipring
