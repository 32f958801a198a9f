#include "store/port_vfs.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "core/hash.h"

namespace tipring::store {
namespace {

constexpr int kPathMax = 512;
constexpr int kSectorBytes = 4096;

// SQLite takes the memory of this; xOpen fills it and xClose empties it.
struct VfsFile {
  sqlite3_file base;
  port::File* file;
  int* last_error;
};

}  // namespace

struct PortVfs::Calls {
  static PortVfs& self(sqlite3_vfs* vfs) { return *static_cast<PortVfs*>(vfs->pAppData); }
  static VfsFile& of(sqlite3_file* file) { return *reinterpret_cast<VfsFile*>(file); }

  static int failed(int* last_error, int error, int code) {
    *last_error = error;
    return error == ENOSPC || error == EDQUOT ? SQLITE_FULL : code;
  }

  // --- files ---

  static int close(sqlite3_file* base) {
    delete of(base).file;
    of(base).file = nullptr;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* base, void* into, int size, sqlite3_int64 offset) {
    const std::span<char> out(static_cast<char*>(into), static_cast<size_t>(size));
    size_t got = 0;
    const int error = of(base).file->read_at(static_cast<uint64_t>(offset), out, got);
    if (error != 0) return failed(of(base).last_error, error, SQLITE_IOERR_READ);
    if (got == out.size()) return SQLITE_OK;
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(got), out.end(), '\0');
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* base, const void* from, int size, sqlite3_int64 offset) {
    const std::span<const char> bytes(static_cast<const char*>(from), static_cast<size_t>(size));
    const int error = of(base).file->write_at(static_cast<uint64_t>(offset), bytes);
    return error == 0 ? SQLITE_OK : failed(of(base).last_error, error, SQLITE_IOERR_WRITE);
  }
  static int truncate(sqlite3_file* base, sqlite3_int64 size) {
    const int error = of(base).file->truncate(static_cast<uint64_t>(size));
    return error == 0 ? SQLITE_OK : failed(of(base).last_error, error, SQLITE_IOERR_TRUNCATE);
  }
  static int sync(sqlite3_file* base, int) {
    const int error = of(base).file->sync();
    return error == 0 ? SQLITE_OK : failed(of(base).last_error, error, SQLITE_IOERR_FSYNC);
  }
  static int size(sqlite3_file* base, sqlite3_int64* size) {
    uint64_t bytes = 0;
    const int error = of(base).file->size(bytes);
    *size = static_cast<sqlite3_int64>(bytes);
    return error == 0 ? SQLITE_OK : failed(of(base).last_error, error, SQLITE_IOERR_FSTAT);
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_lock(sqlite3_file*, int* locked) {
    *locked = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return kSectorBytes; }
  static int characteristics(sqlite3_file*) { return 0; }  // nothing is promised about torn writes

  static const sqlite3_io_methods kMethods;

  // --- the file system ---

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* base, int flags,
                  int* flags_out) {
    PortVfs& fs = self(vfs);
    of(base) = {{nullptr}, nullptr, &fs.last_error_};
    if (path == nullptr) return SQLITE_CANTOPEN;  // a temporary file: they are kept in memory
    const bool readonly = (flags & SQLITE_OPEN_READONLY) != 0;
    port::FileInfo info;
    int error = (flags & SQLITE_OPEN_CREATE) == 0 ? fs.files_.info(path, info) : 0;
    std::unique_ptr<port::File> file;
    if (error == 0) {
      file = fs.files_.open(path, readonly ? port::OpenMode::Read : port::OpenMode::ReadWriteCreate,
                            error);
    }
    if (file == nullptr) return failed(&fs.last_error_, error, SQLITE_CANTOPEN);
    of(base) = {{&kMethods}, file.release(), &fs.last_error_};
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int) {
    const int error = self(vfs).files_.remove(path);
    if (error == 0) return SQLITE_OK;
    if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    return failed(&self(vfs).last_error_, error, SQLITE_IOERR_DELETE);
  }
  static int access(sqlite3_vfs* vfs, const char* path, int what, int* result) {
    port::FileInfo info;
    const bool exists = self(vfs).files_.info(path, info) == 0;
    // An empty journal is as good as none.
    *result = exists && (what != SQLITE_ACCESS_EXISTS || info.size > 0) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* path, int room, char* out) {
    const std::string_view text(path);
    if (text.size() >= static_cast<size_t>(room)) return SQLITE_CANTOPEN;
    *std::copy(text.begin(), text.end(), out) = '\0';
    return SQLITE_OK;
  }
  static int random(sqlite3_vfs* vfs, int size, char* out) {
    // Salts that tell one log from the one before it; nobody must be unable to guess them.
    const HashKey key = {self(vfs).random_++, 0};
    for (int i = 0; i < size; ++i) {
      SipHasher64 hasher(key);
      hasher.add_u64(static_cast<uint64_t>(i));
      out[i] = static_cast<char>(hasher.finish());
    }
    return size;
  }
  static int sleep(sqlite3_vfs*, int micros) { return micros; }
  static int time(sqlite3_vfs* vfs, double* julian_day) {
    constexpr double kDayMs = 86'400'000.0;
    constexpr double kJulianDayOfUnixEpoch = 2'440'587.5;
    *julian_day =
        kJulianDayOfUnixEpoch + static_cast<double>(self(vfs).clock_.wall().count()) / kDayMs;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs* vfs, int, char*) { return self(vfs).last_error_; }
};

const sqlite3_io_methods PortVfs::Calls::kMethods = {
    1,       close,      read,    write,       truncate,        sync,    size,    lock,
    lock,    check_lock, control, sector_size, characteristics, nullptr, nullptr, nullptr,
    nullptr, nullptr,    nullptr};

PortVfs::PortVfs(port::Files& files, const port::Clock& clock) : files_(files), clock_(clock) {
  // A name of its own: SQLite knows file systems by their names.
  static uint32_t made = 0;
  name_ = "tipring-" + std::to_string(made++);
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(VfsFile);
  vfs_.mxPathname = kPathMax;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Calls::open;
  vfs_.xDelete = Calls::remove;
  vfs_.xAccess = Calls::access;
  vfs_.xFullPathname = Calls::full_path;
  vfs_.xRandomness = Calls::random;
  vfs_.xSleep = Calls::sleep;
  vfs_.xCurrentTime = Calls::time;
  vfs_.xGetLastError = Calls::last_error;
  sqlite3_vfs_register(&vfs_, 0);
}

PortVfs::~PortVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace tipring::store
