# How Tipring's folders become libraries, programs and tests.

add_library(tipring_options INTERFACE)
target_compile_features(tipring_options INTERFACE cxx_std_20)
target_include_directories(tipring_options INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_compile_options(tipring_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  -fno-rtti  # tests too: they derive from classes whose type information does not exist
  -fstack-protector-strong
  $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>
  $<$<AND:$<CONFIG:Release>,$<NOT:$<BOOL:$<TARGET_PROPERTY:TIPRING_TEST_CODE>>>>:-D_FORTIFY_SOURCE=2>)
target_link_options(tipring_options INTERFACE -Wl,-z,relro,-z,now)

# Link-time optimisation goes across all layers, but into the programs alone: the objects of a release carry both kinds of
# code, so that the many test programs are linked in the ordinary, quick way. Clang 14 has no such objects.
if(TIPRING_LTO AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  include(CheckIPOSupported)
  check_ipo_supported(RESULT TIPRING_LTO_WORKS LANGUAGES CXX)
endif()
if(TIPRING_LTO_WORKS)
  target_compile_options(tipring_options INTERFACE
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:TIPRING_WITHOUT_LTO>>>:-flto=auto;-ffat-lto-objects>)
endif()

tipring_precompile_for(layers)
if(TARGET tipring_precompiled_layers)
  target_link_libraries(tipring_precompiled_layers PRIVATE tipring_options)
  target_compile_options(tipring_precompiled_layers PRIVATE -fno-exceptions)
endif()

# tipring_joined(<target> [<source>…]): sanitizer builds compile its sources some at a time, as one, since half of the time
# went into headers and what they bring. The sources given here stay alone: they have a name in an anonymous namespace
# that another source of the target has too, or tests link them without the others or the others without them.
function(tipring_joined target)
  if(TIPRING_SANITIZE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# tipring_layer(<name> [SOURCES …] [ALONE …] [DEPENDS <layer>…] [LIBRARIES <target>…])
#
# One static library per folder: `tipring_<name>`, with "/" in the name written as "_". DEPENDS names the layers to its
# left, which come along to whoever depends on this one: the link line is the diagram. LIBRARIES stay private. ALONE names
# more sources: those which tipring_joined leaves alone.
function(tipring_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;ALONE;DEPENDS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "tipring_${name}")
  add_library(${target} STATIC ${LAYER_SOURCES} ${LAYER_ALONE})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${target} PUBLIC tipring_options PRIVATE ${LAYER_LIBRARIES})
  target_compile_options(${target} PRIVATE -fno-exceptions)
  tipring_precompiled(${target} layers)
  tipring_joined(${target} ${LAYER_ALONE})
  foreach(layer IN LISTS LAYER_DEPENDS)
    string(REPLACE "/" "_" dependency "tipring_${layer}")
    target_link_libraries(${target} PUBLIC ${dependency})
  endforeach()
endfunction()

# tipring_small(<layer>): for code that runs seldom, size counts more than speed. What GCC does not inline there, it takes for
# uninitialised; the other builds look for that too.
function(tipring_small name)
  target_compile_options(tipring_${name} PRIVATE $<$<CONFIG:Release>:-Os -Wno-maybe-uninitialized>)
endfunction()

# tipring_optimise(<program>): links it with optimisation across the layers, where TIPRING_LTO works.
function(tipring_optimise program)
  if(TIPRING_LTO_WORKS)
    target_link_options(${program} PRIVATE -O2 -flto=auto)
  endif()
endfunction()

# tipring_program(<name> SOURCES … DEPENDS <layer>… [LIBRARIES …]): a program in bin/, without exceptions like the library.
function(tipring_program name)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_executable(${name} ${PROGRAM_SOURCES})
  target_compile_options(${name} PRIVATE -fno-exceptions)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  add_dependencies(${name} check_layers)
  tipring_optimise(${name})
  if(TIPRING_STATIC)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
  target_link_libraries(${name} PRIVATE tipring_options ${PROGRAM_LIBRARIES})
  foreach(layer IN LISTS PROGRAM_DEPENDS)
    string(REPLACE "/" "_" dependency "tipring_${layer}")
    target_link_libraries(${name} PRIVATE ${dependency})
  endforeach()
endfunction()

# tipring_test_code(<target>): what a unit test adds to the layers is compiled for a short build, since half of all code is
# tests and each runs once. The layers themselves stay as they are shipped.
function(tipring_test_code target)
  target_compile_options(${target} PRIVATE -O0)
  set_target_properties(${target} PROPERTIES TIPRING_TEST_CODE ON)
  tipring_without_lto(${target})
endfunction()

# tipring_without_lto(<target>): compiles and links it in the ordinary, quick way.
function(tipring_without_lto target)
  if(TIPRING_LTO_WORKS)
    set_target_properties(${target} PROPERTIES TIPRING_WITHOUT_LTO ON)
    target_link_options(${target} PRIVATE -fno-lto)
  endif()
endfunction()

# tipring_unit_test(<name> SOURCES … [ALONE …] DEPENDS <layer>… [LABELS …] [LIBRARIES …])
#
# A doctest program `test_<name>`; label `unit` and those given. `tsan` marks what the thread sanitizer runs: the target
# tsan_tests builds just those, and unit_tests all of them and the simulation. OPTIMISED is for one that computes for long.
add_custom_target(tsan_tests)
add_custom_target(unit_tests)
function(tipring_unit_test name)
  cmake_parse_arguments(TEST "OPTIMISED" "" "SOURCES;ALONE;DEPENDS;LABELS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "test_${name}")
  add_executable(${target} ${TEST_SOURCES} ${TEST_ALONE} $<TARGET_OBJECTS:tipring_doctest_main>)
  target_link_libraries(${target} PRIVATE tipring_test_support ${TEST_LIBRARIES})
  if(TEST_OPTIMISED)
    tipring_without_lto(${target})
  else()
    tipring_test_code(${target})
    tipring_precompiled(${target} tests)
  endif()
  tipring_joined(${target} ${TEST_ALONE})
  foreach(layer IN LISTS TEST_DEPENDS)
    string(REPLACE "/" "_" dependency "tipring_${layer}")
    target_link_libraries(${target} PRIVATE ${dependency})
  endforeach()
  add_test(NAME ${name} COMMAND ${target})
  set_tests_properties(${name} PROPERTIES LABELS "unit;${TEST_LABELS}" TIMEOUT 300)
  add_dependencies(unit_tests ${target})
  if("tsan" IN_LIST TEST_LABELS)
    add_dependencies(tsan_tests ${target})
  endif()
endfunction()

# tipring_fuzz_target(<name> SOURCES … DEPENDS …): libFuzzer program `fuzz_<name>`, built by the fuzz preset only. As a
# test, labelled `fuzz`, it runs for a few seconds from its seeds.
function(tipring_fuzz_target name)
  if(NOT TIPRING_FUZZ)
    return()
  endif()
  cmake_parse_arguments(FUZZ "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(fuzz_${name} ${FUZZ_SOURCES})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE tipring_test_support)
  foreach(layer IN LISTS FUZZ_DEPENDS)
    string(REPLACE "/" "_" dependency "tipring_${layer}")
    target_link_libraries(fuzz_${name} PRIVATE ${dependency})
  endforeach()
  set(corpus ${CMAKE_CURRENT_BINARY_DIR}/corpus/${name})  # what it finds goes to the first folder
  file(MAKE_DIRECTORY ${corpus})
  add_test(NAME fuzz_${name} COMMAND fuzz_${name} -runs=50000 -max_total_time=20 -verbosity=0
    ${corpus} ${CMAKE_CURRENT_SOURCE_DIR}/seeds/${name})
  set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
