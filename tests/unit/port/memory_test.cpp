#include "port/memory.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "port/address.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"

using namespace tipring::port;

TEST_CASE("memory: a region is zeroed, on a page and writable to its end") {
  const auto region = map_populated(100'001);
  REQUIRE(region.size() == 100'001);
  CHECK(reinterpret_cast<uintptr_t>(region.data()) % 4096 == 0);
  CHECK(std::all_of(region.begin(), region.end(), [](std::byte b) { return b == std::byte{0}; }));
  region.back() = std::byte{1};
  unmap(region);
}

TEST_CASE("memory: every page of a region is there before it is used") {
  constexpr size_t kBytes = 1030 * 4096 - 1;  // two huge pages, and some more
  const auto region = map_populated(kBytes);
  REQUIRE(!region.empty());
  const auto page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> present((kBytes + page_size - 1) / page_size);
  REQUIRE(mincore(region.data(), region.size(), present.data()) == 0);
  CHECK(std::all_of(present.begin(), present.end(), [](unsigned char page) { return page & 1; }));
  unmap(region);
}

TEST_CASE("memory: what cannot be had is an empty region") {
  CHECK(map_populated(0).empty());
  CHECK(map_populated(SIZE_MAX / 2).empty());
}

TEST_CASE("memory: the limit of descriptors is told, and never lowered") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  CHECK(raise_descriptor_limit(1) == before.rlim_cur);
  const size_t asked = static_cast<size_t>(before.rlim_cur) + 1;
  const size_t given = raise_descriptor_limit(asked);
  CHECK(given >= before.rlim_cur);
  rlimit after{};
  getrlimit(RLIMIT_NOFILE, &after);
  CHECK(after.rlim_cur == given);
}

TEST_CASE("entropy: bytes differ from call to call, whatever the size") {
  LinuxEntropy entropy;
  for (const size_t size : {8U, 16U, 100U, 128U, 129U, 256U, 1000U}) {
    CAPTURE(size);
    std::vector<std::byte> first(size);
    std::vector<std::byte> second(size);
    for (int i = 0; i < 20; ++i) {
      entropy.fill(first);
      entropy.fill(second);
      CHECK(first != second);
    }
  }
  CHECK(entropy.u64() != entropy.u64());
}

TEST_CASE("clock: monotonic time does not go back and wall time is of this century") {
  const LinuxClock clock;
  Millis last = clock.monotonic();
  for (int i = 0; i < 1000; ++i) {
    const Millis now = clock.monotonic();
    CHECK(now >= last);
    last = now;
  }
  CHECK(clock.wall() > Millis(946'684'800'000));
}

TEST_CASE(
    "memory: what the start alone has needed is given back, and comes again when called for") {
  // Pages of files that are mapped and present: the third number of statm.
  const auto present = [] {
    std::ifstream statm("/proc/self/statm");
    size_t size = 0, resident = 0, shared = 0;
    statm >> size >> resident >> shared;
    return shared;
  };
  const size_t before = present();
  release_start_pages();
  CHECK(present() < before);
  CHECK(parse_ip("192.0.2.1").has_value());  // code and constants that had gone
}
