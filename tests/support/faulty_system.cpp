// Stands between a program and the C library, and makes the system fail as a test wants it:
//
//   LD_PRELOAD=libfaulty_system.so TIPRING_FAULTS_FILE=faults tipringd …
//
// The file holds the numbers of `Faults` and may be changed while the program runs (see
// faulty_system.py). Writes and syncs are those of regular files; the standard streams are spared.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

struct Faults {
  int64_t sync_delay_ms;
  int64_t sync_errno;
  int64_t write_errno;
  int64_t wall_offset_s;
  int64_t eventfds_left;  // -1: as many as are asked for
};

volatile Faults none = {0, 0, 0, 0, -1};

volatile Faults& faults() {
  static volatile Faults* const shared = [] {
    const char* path = std::getenv("TIPRING_FAULTS_FILE");
    const int fd = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return &none;
    void* memory = ::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? &none : static_cast<volatile Faults*>(memory);
  }();
  return *shared;
}

template <class Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool is_regular(int fd) {
  struct stat status {};
  return fd > 2 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// An errno value, 0 to go on.
int sync_fault() {
  const int64_t delay = faults().sync_delay_ms;
  if (delay > 0) ::usleep(static_cast<useconds_t>(delay * 1000));
  return static_cast<int>(faults().sync_errno);
}

int write_fault(int fd) {
  const auto error = static_cast<int>(faults().write_errno);
  return error != 0 && is_regular(fd) ? error : 0;
}

// Fails with `error` unless it is 0.
template <class Result, class... Arguments>
Result fail_or_call(int error, Result (*function)(Arguments...), Arguments... arguments) {
  if (error == 0) return function(arguments...);
  errno = error;
  return -1;
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static const auto real = next(&fsync, "fsync");
  return fail_or_call(sync_fault(), real, fd);
}

int fdatasync(int fd) {
  static const auto real = next(&fdatasync, "fdatasync");
  return fail_or_call(sync_fault(), real, fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next(&write, "write");
  return fail_or_call(write_fault(fd), real, fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = next(&pwrite, "pwrite");
  return fail_or_call(write_fault(fd), real, fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  static const auto real = next(&pwrite64, "pwrite64");
  return fail_or_call(write_fault(fd), real, fd, bytes, size, offset);
}

int clock_gettime(clockid_t clock, timespec* now) {
  static const auto real = next(&clock_gettime, "clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += faults().wall_offset_s;
  return result;
}

int eventfd(unsigned count, int flags) {
  static const auto real = next(&eventfd, "eventfd");
  const int64_t left = faults().eventfds_left;
  if (left > 0) faults().eventfds_left = left - 1;
  return fail_or_call(left == 0 ? EMFILE : 0, real, count, flags);
}

}  // extern "C"
