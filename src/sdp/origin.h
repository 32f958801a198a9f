// The o= line of our own descriptions over the life of a dialog: one session id, and a version that
// goes up by one when, and only when, something else than it has changed (RFC 3264 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"

namespace tipring::sdp {

class LocalOrigin {
 public:
  // REQUIRES: first_version < 2^62 - 1 (RFC 3264 5).
  explicit LocalOrigin(uint64_t session_id = 0, uint64_t first_version = 1)
      : session_id_(session_id), version_(first_version) {}

  uint64_t session_id() const { return session_id_; }
  uint64_t version() const { return version_; }  // of what was written last

  // Writes a description that is to be sent: `write(version)` writes it into `out` under that
  // version and gives its size; it is called again when the version has to be the next one.
  // Errors: those of `write`; then nothing has happened.
  template <class Write>
  Result<size_t> write(std::span<char> out, const Write& write) {
    const Result<size_t> size = write(version_);
    if (!size) return size;
    const uint64_t content = content_of({out.data(), *size});
    if (written_ && content != content_) {
      const Result<size_t> next = write(version_ + 1);
      if (!next) return next;
      ++version_;
      content_ = content;
      return next;
    }
    written_ = true;
    content_ = content;
    return size;
  }

 private:
  // Hash of all but the version.
  uint64_t content_of(std::string_view description) const;

  uint64_t session_id_;
  uint64_t version_;
  uint64_t content_ = 0;
  bool written_ = false;
};

}  // namespace tipring::sdp
