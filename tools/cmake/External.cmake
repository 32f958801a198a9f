# Libraries of the distribution as targets `external::<name>`, the same for a host and for a sysroot.
find_package(PkgConfig REQUIRED)
pkg_check_modules(event REQUIRED IMPORTED_TARGET libevent libevent_extra)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
foreach(library event sqlite3 cares)
  add_library(external::${library} ALIAS PkgConfig::${library})
endforeach()

# mbedTLS of Debian 12 comes without a pkg-config file.
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
add_library(external::mbedcrypto UNKNOWN IMPORTED)
set_target_properties(external::mbedcrypto PROPERTIES IMPORTED_LOCATION ${MBEDCRYPTO_LIBRARY})
