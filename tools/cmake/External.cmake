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

# mbedTLS of Debian 12 comes without a pkg-config file.
if(TIPRING_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
add_library(external::mbedcrypto UNKNOWN IMPORTED)
set_target_properties(external::mbedcrypto PROPERTIES IMPORTED_LOCATION ${MBEDCRYPTO_LIBRARY})
