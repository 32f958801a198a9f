# Libraries of the distribution as targets `external::<name>`, the same for a host and for a sysroot. A release takes them
# into its programs: what a board runs depends on the C library alone, and only the pages that are used take memory.
find_package(PkgConfig REQUIRED)
pkg_check_modules(event REQUIRED IMPORTED_TARGET libevent libevent_extra)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)

# tipring_external(<name> <archives…>): by its archives where TIPRING_STATIC asks for it, else as pkg-config says.
function(tipring_external library)
  if(NOT TIPRING_STATIC)
    add_library(external::${library} ALIAS PkgConfig::${library})
    return()
  endif()
  add_library(external::${library} INTERFACE IMPORTED GLOBAL)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  foreach(archive IN LISTS ARGN)
    find_library(TIPRING_ARCHIVE_${archive} ${archive} REQUIRED)
    target_link_libraries(external::${library} INTERFACE ${TIPRING_ARCHIVE_${archive}})
  endforeach()
  target_include_directories(external::${library} INTERFACE ${${library}_INCLUDE_DIRS})
endfunction()

tipring_external(event event_extra event_core)
tipring_external(sqlite3 sqlite3)
tipring_external(cares cares)
if(TIPRING_STATIC)
  target_link_libraries(external::sqlite3 INTERFACE m ${CMAKE_DL_LIBS})
endif()

# mbedTLS of Debian 12 comes without a pkg-config file. Its headers are looked for, too: where CMAKE_PREFIX_PATH names
# another version, they have to be those of its archives.
find_path(MBEDTLS_INCLUDE_DIR mbedtls/version.h REQUIRED)
if(TIPRING_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
foreach(part mbedcrypto mbedx509 mbedtls)
  string(TOUPPER ${part} PART)
  find_library(${PART}_LIBRARY ${part} REQUIRED)
  add_library(external::${part} UNKNOWN IMPORTED)
  set_target_properties(external::${part} PROPERTIES IMPORTED_LOCATION ${${PART}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${MBEDTLS_INCLUDE_DIR})
endforeach()
set_target_properties(external::mbedx509 PROPERTIES INTERFACE_LINK_LIBRARIES external::mbedcrypto)
set_target_properties(external::mbedtls PROPERTIES INTERFACE_LINK_LIBRARIES external::mbedx509)
