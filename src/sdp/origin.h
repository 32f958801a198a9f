// The o= line (RFC 8866 5.2): that of a peer, and that of our own descriptions over the life of a
// dialog.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/address.h"

namespace tipring::sdp {

// As received: all but the version tells which session this is. Views into the line.
struct Origin {
  std::string_view user;
  std::string_view session_id;
  std::string_view version_text;
  std::string_view address;  // "IN IP4 host.example", which nobody sends anything to
  uint64_t version = 0;
  bool has_version = false;  // the text is a number of 63 bits (RFC 3264 5)
  bool odd = false;          // no user name or one with spaces, or ids that are no numbers

  // All but the version is the same: RFC 3264 8.
  bool same_session(const Origin& other) const {
    return user == other.user && session_id == other.session_id && address == other.address;
  }
};

// The last five fields are what they are; all before them is the user name, which phones write with
// spaces in it, or leave out. Errors: Invalid (fewer than five).
Result<Origin> parse_origin(std::string_view value);

// What we write.
struct OriginValues {
  std::string_view user = "-";  // without blanks
  uint64_t session_id = 0;
  uint64_t version = 0;
  port::IpAddress address;
};

// One session id, and a version that goes up by one when, and only when, something else than it has
// changed (RFC 3264 8).
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
