#include "sdp/origin.h"

#include <array>

#include "core/hash.h"
#include "core/text.h"
#include "sdp/line.h"

namespace tipring::sdp {

Result<Origin> parse_origin(std::string_view value) {
  std::array<std::string_view, 5> last;
  std::string_view rest = value;
  for (size_t i = last.size(); i-- > 0;) {
    rest = trim_end(rest);
    const size_t blank = rest.find_last_of(" \t");
    last[i] = blank == std::string_view::npos ? rest : rest.substr(blank + 1);
    rest.remove_suffix(last[i].size());
    if (last[i].empty()) return Error::Invalid;
  }
  Origin origin;
  origin.user = trim_blanks(rest);
  origin.session_id = last[0];
  origin.version_text = last[1];
  origin.address = {last[2].data(), static_cast<size_t>(last[4].end() - last[2].begin())};
  const auto version = parse_u64(origin.version_text);
  origin.has_version = version && *version <= INT64_MAX;
  origin.version = origin.has_version ? *version : 0;
  origin.odd = origin.user.empty() || origin.user.find_first_of(" \t") != std::string_view::npos ||
               !origin.has_version || !parse_u64(origin.session_id);
  return origin;
}

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
