#include "rtp/wav_recorder.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "port/linux/linux_files.h"
#include "port/linux/linux_workers.h"
#include "rtp/wav.h"

using namespace tipring;
using namespace tipring::rtp;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/tipring-wav-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

TEST_CASE("recorder: all frames are in the file, in order") {
  const Folder folder;
  port::LinuxFiles files;
  port::LinuxWorkers workers;
  const std::string path = folder.path + "/heard.wav";
  WavRecorder recorder;
  REQUIRE(recorder.open(files, workers, path) == 0);
  std::array<int16_t, WavRecorder::kFrameSamples> frame;
  for (int16_t i = 0; i < 100; ++i) {
    frame.fill(i);
    recorder.write(frame);
  }
  CHECK(recorder.close() == 0);
  CHECK(recorder.lost_frames() == 0);

  std::string text;
  REQUIRE(port::read_file(files, path, 1 << 20, text) == 0);
  const auto wav = parse_wav(text);
  REQUIRE(wav);
  REQUIRE(wav->samples() == 100 * frame.size());
  for (size_t i = 0; i < wav->samples(); ++i) {
    REQUIRE(wav->sample(i) == static_cast<int16_t>(i / frame.size()));
  }
}

TEST_CASE("recorder: a file that cannot be made is told at once") {
  port::LinuxFiles files;
  port::LinuxWorkers workers;
  WavRecorder recorder;
  CHECK(recorder.open(files, workers, "/nonexistent/heard.wav") == ENOENT);
  recorder.write(std::array<int16_t, 160>{});
  CHECK(recorder.close() == 0);
}

TEST_CASE("recorder: a recording of nothing is a file with a header") {
  const Folder folder;
  port::LinuxFiles files;
  port::LinuxWorkers workers;
  const std::string path = folder.path + "/heard.wav";
  {
    WavRecorder recorder;
    REQUIRE(recorder.open(files, workers, path) == 0);
  }
  std::string text;
  REQUIRE(port::read_file(files, path, 1 << 20, text) == 0);
  CHECK(text.size() == kWavHeaderBytes);
}
