// Streams, cut into messages. The first byte chooses the largest message, the second how the bytes
// are split into reads: the frames must be the same as without any split.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "transport/framer.h"

namespace {

using namespace tipring;
using fuzz::check;

constexpr size_t kMemory = 1 << 20;
alignas(Arena::kAlignment) std::byte g_memory[kMemory];
Arena g_arena(g_memory);
MessageSlabs g_slabs(g_arena, {2, 2, 2, 3, 3});
sip::HeaderIndex g_index;

// What came out of a stream: its frames one after the other, pings that follow each other as one.
struct Frames {
  std::vector<std::string> texts;
  uint32_t pings = 0;
  bool faulty = false;
  bool not_sip = false;

  // What is not SIP is known by its first bytes: how many more have come by then is a matter of
  // chance, and a reader of all of them may find another fault.
  bool operator==(const Frames& other) const {
    if (pings != other.pings || faulty != other.faulty) return false;
    return not_sip || other.not_sip || texts == other.texts;
  }
};

class Reader {
 public:
  explicit Reader(size_t limit) : limit_(limit), framer_(g_slabs, g_index, limit) {}
  ~Reader() {
    framer_.clear();
    for (size_t i = 0; i < MessageSlabs::kClasses; ++i)
      check(g_slabs.stats(i).in_use == 0, "no slab stays behind");
  }

  // At most one read into the framer's room; what it took.
  size_t read(std::string_view bytes) {
    const std::span<char> room = framer_.room();
    check(!room.empty(), "there is room while slabs are free");
    const size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    framer_.received(count);
    take_frames();
    return count;
  }
  bool done() const { return frames_.faulty; }
  const Frames& frames() const { return frames_; }

 private:
  void take_frames() {
    while (!frames_.faulty) {
      const transport::Frame frame = framer_.next();
      switch (frame.status) {
        case transport::FrameStatus::NeedBytes: return;
        case transport::FrameStatus::NeedBuffer: return check(false, "a slab is free");
        case transport::FrameStatus::Pings:
          check(frame.pings != 0, "no pings are none");
          frames_.pings += frame.pings;
          break;
        case transport::FrameStatus::Faulty:
          check(frame.parsed.status == sip::ParseStatus::Malformed, "a faulty frame says so");
          frames_.faulty = true;
          frames_.not_sip = frame.parsed.error.fault == sip::ParseFault::NotSip;
          note(frame);
          break;
        case transport::FrameStatus::Message:
          check(frame.parsed.status == sip::ParseStatus::Complete, "a message is whole");
          check(frame.buffer.size() > transport::Framer::kSmallBytes ||
                    frame.buffer.capacity() <= transport::Framer::kSmallBytes,
                "a small message is in a small slab");
          note(frame);
          break;
      }
    }
  }
  void note(const transport::Frame& frame) {
    check(frame.buffer.size() <= limit_, "no frame is beyond the limit");
    check(frame.buffer.view() == frame.parsed.view.text(), "the buffer holds the message alone");
    fuzz::check_inside(frame.parsed.view.text(), frame.buffer.view());
    frames_.texts.emplace_back(frame.buffer.view());
  }

  size_t limit_;
  transport::Framer framer_;
  Frames frames_;
};

// Splits by a generator that the input seeds; 0 is no split but what room() makes.
Frames frames_of(std::string_view bytes, size_t limit, uint32_t seed) {
  Reader reader(limit);
  uint32_t state = seed;
  while (!bytes.empty() && !reader.done()) {
    state = state * 1664525 + 1013904223;
    const size_t most = seed == 0 ? bytes.size() : 1 + (state >> 16) % (seed * 16);
    bytes.remove_prefix(reader.read(bytes.substr(0, most)));
  }
  return reader.frames();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const fuzz::Input input(data + 2, size - 2);
  const size_t limit = data[0] == 0 ? sip::kMessageSizeMax : size_t{data[0]} * 64;
  const Frames whole = frames_of(input.view(), limit, 0);
  check(frames_of(input.view(), limit, data[1] + 1u) == whole, "splits change nothing");
  if (input.view().size() < 2000) {
    Reader bytewise(limit);
    for (size_t at = 0; at < input.view().size() && !bytewise.done(); ++at)
      bytewise.read(input.view().substr(at, 1));
    check(bytewise.frames() == whole, "single bytes change nothing");
  }
  return 0;
}
