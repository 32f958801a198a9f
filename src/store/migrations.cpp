#include "store/migrations.h"

#include <array>

namespace tipring::store {

// Made at build time from migrations/*.sql.
extern const std::string_view k0001Initial;
extern const std::string_view k0002SessionTimer;
extern const std::string_view k0003Groups;
extern const std::string_view k0004ContactName;
extern const std::string_view k0005Admin;
extern const std::string_view k0006CallRecords;

std::span<const Migration> migrations() {
  static const std::array<Migration, 6> kMigrations = {{{1000, k0001Initial},
                                                        {1001, k0002SessionTimer},
                                                        {1002, k0003Groups},
                                                        {1003, k0004ContactName},
                                                        {1004, k0005Admin},
                                                        {1005, k0006CallRecords}}};
  return kMigrations;
}

MigrationStep decide_migration(const FileIdentity& file, int32_t our_version) {
  if (file.application_id == 0 && file.user_version == 0 && !file.has_tables) {
    return MigrationStep::Create;
  }
  if (file.application_id != kApplicationId || file.user_version < 1000) {
    return MigrationStep::RefuseForeign;
  }
  const int64_t major = file.user_version / 1000;
  if (major > major_of(our_version)) return MigrationStep::RefuseNewer;
  if (major < major_of(our_version)) return MigrationStep::CopyAndMove;
  return file.user_version < our_version ? MigrationStep::AddMinor : MigrationStep::Nothing;
}

}  // namespace tipring::store
