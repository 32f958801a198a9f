// Every sample cut at every byte, and with every byte changed to all that matters to the grammar.
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "samples.h"
#include "support/guard_page.h"
#include "support/sdp_exercise.h"

namespace tipring::sdp {
namespace {

const auto kRequire = [](bool good, const char* what) {
  if (good) return;
  FAIL(what);
};
using Exercise = test::SdpExercise<decltype(kRequire)>;

TEST_CASE("damage: every cut of every sample" * doctest::description("guard page; F7")) {
  const auto exercise = std::make_unique<Exercise>(kRequire);
  for (const std::string_view sample : test::kSamples) {
    const std::string text = test::wire(sample);
    for (size_t size = 0; size <= text.size(); ++size) {
      CAPTURE(size);
      const test::GuardedText cut(std::string_view(text).substr(0, size));
      exercise->run(cut.view());
    }
  }
}

TEST_CASE("damage: every byte of every sample changed" * doctest::description("guard page; F7")) {
  const auto exercise = std::make_unique<Exercise>(kRequire);
  constexpr std::string_view kBytes("\0\t\n\r /:=09avmc\x7f\xff", 16);
  for (const std::string_view sample : test::kSamples) {
    const std::string text = test::wire(sample);
    test::GuardedText changed(text);
    for (size_t at = 0; at < text.size(); ++at) {
      CAPTURE(at);
      for (const char byte : kBytes) {
        changed.span()[at] = byte;
        exercise->run(changed.view());
      }
      changed.span()[at] = text[at];
    }
  }
}

TEST_CASE("damage: every line of every sample missing, and twice" *
          doctest::description("guard page; F7")) {
  const auto exercise = std::make_unique<Exercise>(kRequire);
  for (const std::string_view sample : test::kSamples) {
    const std::string text = test::wire(sample);
    LineReader lines(text);
    Line line;
    while (lines.next(line)) {
      const auto at = static_cast<size_t>(line.whole.data() - text.data());
      std::string without = text;
      exercise->run(test::GuardedText(without.erase(at, line.whole.size())).view());
      std::string twice = text;
      exercise->run(test::GuardedText(twice.insert(at, line.whole)).view());
    }
  }
}

}  // namespace
}  // namespace tipring::sdp
