// What a relayed packet of media costs: microseconds of CPU, in the program and in the kernel, for
// calls that speak both ways through a relay on a real loop. A second process is the phones.
//
// Usage: bench_relay [calls [milliseconds between packets [seconds]]]
//
// Preloaded with the heap counter of tests/limits it also proves that neither packets nor calls
// that begin and end touch the heap; the exit status is 1 when they do, or when packets are lost.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "core/log.h"
#include "media/relay.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_network.h"

namespace {

using namespace tipring;
using media::CallMedia;
using media::MediaLeg;
using media::Side;

struct Options {
  unsigned calls = 64;
  unsigned interval_ms = 4;
  unsigned seconds = 5;
};

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "bench_relay: %s\n", what);
  std::exit(1);
}

// The first number of heap_counter.cpp's file: heap calls of the main thread so far.
class HeapCalls {
 public:
  HeapCalls() {
    const char* path = std::getenv("TIPRING_HEAP_COUNT_FILE");
    const int file = path == nullptr ? -1 : open(path, O_RDWR);
    if (file < 0) return;
    void* memory = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) calls_ = static_cast<std::atomic<uint64_t>*>(memory);
  }
  bool counts() const { return calls_ != nullptr; }
  uint64_t so_far() const { return counts() ? calls_->load() : 0; }

 private:
  std::atomic<uint64_t>* calls_ = nullptr;
};

// --- the phones: a process of their own ---

struct Line {
  uint16_t phone = 0;  // bound by the phone, named in its description
  uint16_t relay = 0;  // where it sends to
};

sockaddr_in local_address(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int open_phone(uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sockaddr_in address = local_address(0);
  socklen_t size = sizeof address;
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  expect(bound, "a phone has no socket");
  port = ntohs(address.sin_port);
  return fd;
}

void read_all(int fd, void* out, size_t size) {
  auto* at = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = read(fd, at, size);
    if (got <= 0) _exit(1);
    at += got;
    size -= static_cast<size_t>(got);
  }
}

// Packets of G.711, 20 ms each, sent faster than phones do. Ends by itself, or with its parent.
[[noreturn]] void be_phones(const Options& options, pid_t parent, int in, int out) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(1);
  std::vector<Line> lines(options.calls * 2);
  std::vector<int> sockets;
  for (Line& line : lines) sockets.push_back(open_phone(line.phone));
  if (write(out, lines.data(), lines.size() * sizeof(Line)) < 0) _exit(1);
  read_all(in, lines.data(), lines.size() * sizeof(Line));
  std::array<char, 172> packet{};
  std::array<char, 2048> heard;
  uint64_t count = 0;
  const unsigned rounds = options.seconds * 1000 / options.interval_ms;
  for (unsigned round = 0; round < rounds; ++round) {
    const uint16_t sequence = htons(static_cast<uint16_t>(round));
    packet[0] = static_cast<char>(0x80);
    std::memcpy(&packet[2], &sequence, sizeof sequence);
    for (size_t i = 0; i < lines.size(); ++i) {
      const sockaddr_in to = local_address(lines[i].relay);
      packet[11] = static_cast<char>(i);  // its SSRC
      (void)sendto(sockets[i], packet.data(), packet.size(), 0,
                   reinterpret_cast<const sockaddr*>(&to), sizeof to);
      while (recv(sockets[i], heard.data(), heard.size(), 0) > 0) ++count;
    }
    const timespec pause{0, static_cast<long>(options.interval_ms) * 1000000};
    nanosleep(&pause, nullptr);
  }
  usleep(200000);
  for (const int fd : sockets) {
    while (recv(fd, heard.data(), heard.size(), 0) > 0) ++count;
  }
  if (write(out, &count, sizeof count) < 0) _exit(1);
  _exit(0);
}

// --- the relay ---

class Relaying final : port::TurnHandler, port::TimerHandler, media::CallMediaObserver {
 public:
  Relaying(const Limits& its_limits, std::span<std::byte> memory)
      : limits(its_limits),
        arena(memory),
        loop(loop_options(limits)),
        network(loop, {1}),
        log_slots(arena.take<LogSlot>(64)),
        ring(log_slots),
        log(ring, clock, LogLevel::Info),
        slabs(arena, {8, 8, 8, 8, 1}),
        wheel(clock.monotonic()),
        driver(loop, wheel),
        relay({network, loop, wheel, slabs, arena, entropy, log}, limits,
              {first_port(), static_cast<uint16_t>(first_port() + 2 * media_pairs_max(limits) +
                                                   kSparePorts - 1)}) {
    expect(loop.ok(), "no loop");
    loop.set_turn_handler(this);
    media::RelayOptions options;
    options.mode = media::Mode::Relay;
    options.bind_v4 = *port::parse_ip("127.0.0.1");
    relay.set_options(options);
    end_timer_ = loop.make_timer(*this);
  }
  virtual ~Relaying() { loop.set_turn_handler(nullptr); }

  // One call between two phones, whose ports it fills in.
  void begin(CallMedia& call, Line& caller_line, Line& callee_line) {
    MediaLeg caller = leg(Side::Caller);
    MediaLeg callee = leg(Side::Callee);
    callee_line.relay = told(call, caller, callee, caller_line.phone, true);
    caller_line.relay = told(call, callee, caller, callee_line.phone, false);
    call.settle();
  }

  void run_for(Millis time) {
    end_timer_->arm(loop.now() + time);
    loop.run();
  }
  CallMediaObserver& observer() { return *this; }

  static port::LinuxLoopOptions loop_options(const Limits& limits) {
    port::LinuxLoopOptions options;
    options.descriptors_max = 64 + media_sockets_max(limits);
    options.media_sockets = media_sockets_max(limits);
    options.name_queries = 0;
    return options;
  }

  Limits limits;
  Arena arena;
  port::LinuxClock clock;
  port::LinuxEntropy entropy;
  port::LinuxLoop loop;
  port::LinuxNetwork network;
  std::span<LogSlot> log_slots;
  LogRing ring;
  Log log;
  MessageSlabs slabs;
  TimerWheel wheel;
  TimerDriver driver;
  media::Relay relay;

 private:
  // Several may run at one time; ports that others have are passed over besides.
  static constexpr uint32_t kSparePorts = 64;
  static uint16_t first_port() { return static_cast<uint16_t>(20000 + getpid() % 20 * 512); }

  MediaLeg leg(Side side) {
    MediaLeg made;
    made.side = side;
    made.local = *port::parse_ip("127.0.0.1");
    made.signalling = {made.local, 5060};
    made.origin = relay.new_origin();
    return made;
  }

  // Our port in what `to` is told.
  uint16_t told(CallMedia& call, MediaLeg& from, MediaLeg& to, uint16_t port, bool offer) {
    std::array<char, 256> text;
    const int size = std::snprintf(text.data(), text.size(),
                                   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                                   "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP 0\r\n",
                                   unsigned{port});
    const auto description = sdp::parse_description({text.data(), static_cast<size_t>(size)});
    std::array<char, 512> out;
    const auto written = offer ? call.write_offer(from, *description, to, out)
                               : call.write_answer(from, *description, to, out);
    expect(written.has_value(), written ? "" : to_text(written.error()).data());
    return sdp::parse_description({out.data(), *written})->sections[0].number;
  }

  void on_turn_end(Millis now) override { driver.on_turn_end(now); }
  void on_timer(Millis) override { loop.stop(); }
  void on_silence(CallMedia&, Side) override {}

  std::unique_ptr<port::LoopTimer> end_timer_;
};

double microseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

// Calls that begin and end, one after the other.
void churn(Relaying& relaying, Line caller, Line callee) {
  for (int i = 0; i < 50; ++i) {
    CallMedia call(relaying.relay, relaying.observer());
    relaying.begin(call, caller, callee);
  }
}

int measure(const Options& options, int in, int out) {
  Limits limits = kDefaultLimits;
  limits.relayed_calls = options.calls + 1;
  constexpr size_t kMemory = 4 << 20;
  const std::unique_ptr<void, decltype(&std::free)> memory(
      std::aligned_alloc(Arena::kAlignment, kMemory), &std::free);
  std::memset(memory.get(), 0, kMemory);
  Relaying relaying(limits, {static_cast<std::byte*>(memory.get()), kMemory});
  std::vector<Line> lines(options.calls * 2);
  read_all(in, lines.data(), lines.size() * sizeof(Line));
  std::vector<std::unique_ptr<CallMedia>> calls;
  for (unsigned i = 0; i < options.calls; ++i) {
    calls.push_back(std::make_unique<CallMedia>(relaying.relay, relaying.observer()));
    relaying.begin(*calls.back(), lines[2 * i], lines[2 * i + 1]);
  }
  expect(write(out, lines.data(), lines.size() * sizeof(Line)) > 0, "the phones have gone");
  const HeapCalls heap;
  const uint64_t heap_before = heap.so_far();
  expect(!heap.counts() || heap_before > 0, "the counter does not count");
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_SELF, &before);
  relaying.run_for(Millis(options.seconds * 1000 + 300));
  getrusage(RUSAGE_SELF, &after);
  const auto packets = static_cast<double>(relaying.relay.counters().forwarded);
  churn(relaying, lines[0], lines[1]);
  const uint64_t heap_calls = heap.so_far() - heap_before;
  uint64_t heard = 0;
  read_all(in, &heard, sizeof heard);
  expect(packets > 0, "nothing was relayed");
  const double user = microseconds(after.ru_utime) - microseconds(before.ru_utime);
  const double system = microseconds(after.ru_stime) - microseconds(before.ru_stime);
  std::printf("%.0f packets of %u calls: %.2f us user, %.2f us system for each\n", packets,
              options.calls, user / packets, system / packets);
  expect(static_cast<double>(heard) >= packets * 0.99, "packets were lost on their way");
  if (heap.counts()) std::printf("%llu heap calls\n", static_cast<unsigned long long>(heap_calls));
  expect(heap_calls == 0, "the relay has called the heap");
  return 0;
}

unsigned number(char** words, int count, int index, unsigned otherwise) {
  const unsigned value =
      index < count ? static_cast<unsigned>(std::strtoul(words[index], nullptr, 10)) : otherwise;
  expect(value > 0 && value <= 1000, "usage: bench_relay [calls [milliseconds [seconds]]]");
  return value;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  options.calls = number(words, count, 1, options.calls);
  options.interval_ms = number(words, count, 2, options.interval_ms);
  options.seconds = number(words, count, 3, options.seconds);
  int to_phones[2];
  int from_phones[2];
  expect(pipe(to_phones) == 0 && pipe(from_phones) == 0, "no pipe");
  const pid_t own = getpid();
  const pid_t phones = fork();
  expect(phones >= 0, "no second process");
  if (phones == 0) be_phones(options, own, to_phones[0], from_phones[1]);
  close(from_phones[1]);
  const int result = measure(options, from_phones[0], to_phones[1]);
  int status = 0;
  waitpid(phones, &status, 0);
  return result;
}
