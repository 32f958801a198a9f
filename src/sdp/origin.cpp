#include "sdp/origin.h"

#include "core/hash.h"
#include "sdp/line.h"

namespace tipring::sdp {

uint64_t LocalOrigin::content_of(std::string_view description) const {
  // A peer who finds two texts with one hash wins a version that stays.
  SipHasher64 hash({session_id_, 0});
  LineReader lines(description);
  Line line;
  while (lines.next(line)) {
    if (line.type() != 'o') {
      hash.add(line.whole);
      continue;
    }
    FieldReader fields(line.value());
    for (int i = 0; i < 6; ++i) {
      const std::string_view field = fields.next();
      if (i == 2) continue;  // the version
      hash.add(field);
      hash.add(" ");
    }
  }
  return hash.finish();
}

}  // namespace tipring::sdp
