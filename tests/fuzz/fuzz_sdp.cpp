// Session descriptions: read, written for the other side of a relay, answered. A NUL parts two of
// them, which are then taken for offer and answer, and for a description and the next of its side.
#include <memory>

#include "core/text.h"
#include "fuzz/fuzz.h"
#include "support/sdp_exercise.h"

namespace {

using namespace tipring;

void check_pair(std::string_view first, std::string_view second) {
  const auto before = sdp::parse_description(first);
  const auto after = sdp::parse_description(second);
  if (!before || !after) return;
  const sdp::Review answer = sdp::review_answer(*before, *after);
  fuzz::check(
      before->media_count == after->media_count || answer.breaches.has(sdp::Breach::MediaCount),
      "a missing section is seen");
  const sdp::Review offer = sdp::review_offer(*before, *after);
  fuzz::check(!offer.unchanged || offer.breaches.none(), "what is unchanged breaks no rule");
  for (size_t i = 0; i < after->media().size(); ++i) {
    const sdp::ChangeSet set = sdp::changes(*before, *after, i);
    fuzz::check(!offer.unchanged || set.none(), "what is unchanged has no changes");
    fuzz::check(!(set.has(sdp::Change::Held) && set.has(sdp::Change::Resumed)),
                "nothing is held and resumed at once");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::Input input(data, size);
  static const auto exercise =
      std::make_unique<test::SdpExercise<decltype(fuzz::check)>>(fuzz::check);
  const auto [first, second] = split_once(input.view(), '\0');
  exercise->run(first);
  if (!second.empty()) check_pair(first, second);
  return 0;
}
