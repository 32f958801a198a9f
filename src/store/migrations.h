// Versions of the file's schema. `PRAGMA user_version` holds major · 1000 + minor: a program opens
// every minor of its major, since minor migrations only add; it refuses a newer major; and it
// copies the file before a major migration.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tipring::store {

inline constexpr int32_t kApplicationId = 0x54697052;  // "TipR", in the file's header

struct Migration {
  int32_t version;  // major · 1000 + minor
  std::string_view sql;
};

constexpr int32_t major_of(int32_t version) { return version / 1000; }

// In order; the last is what this program writes.
std::span<const Migration> migrations();

enum class MigrationStep : uint8_t {
  Nothing,      // this version, or another minor of this major that is newer
  Create,       // an empty file
  AddMinor,     // older minors of this major
  CopyAndMove,  // an older major: copy the file first
  RefuseNewer,
  RefuseForeign,  // another program's database
};

struct FileIdentity {
  int64_t application_id = 0;
  int64_t user_version = 0;
  bool has_tables = false;
};

MigrationStep decide_migration(const FileIdentity& file, int32_t our_version);

}  // namespace tipring::store
