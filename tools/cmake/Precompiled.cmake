# The standard library's headers, parsed once for a whole build by Clang: two fifths of its time. GCC compiles what a device
# runs without them: its own precompiled headers bring false warnings, and so a missing #include is found there.
set(TIPRING_PRECOMPILED
  <algorithm> <array> <atomic> <bit> <cerrno> <charconv> <chrono> <cstddef> <cstdint> <cstdio> <cstdlib> <cstring>
  <functional> <initializer_list> <limits> <map> <memory> <optional> <set> <span> <string> <string_view> <utility> <vector>)

# tipring_precompile_for(<name>): the target which compiles them for all that share its flags.
function(tipring_precompile_for name)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(source ${PROJECT_BINARY_DIR}/precompiled_${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "")
    add_library(tipring_precompiled_${name} OBJECT ${source})
    target_precompile_headers(tipring_precompiled_${name} PRIVATE ${TIPRING_PRECOMPILED} ${ARGN})
  endif()
endfunction()

# tipring_precompiled(<target> <name>): compiles the target with what was parsed for that name.
function(tipring_precompiled target name)
  if(TARGET tipring_precompiled_${name})
    target_precompile_headers(${target} REUSE_FROM tipring_precompiled_${name})
  endif()
endfunction()
