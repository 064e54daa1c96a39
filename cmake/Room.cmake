# SPDX-License-Identifier: Apache-2.0
# pinhole_room(NAME engine/plan FLOOR 3 SIDE neutral MAY_INCLUDE base engine/tensor engine/format
#              [LIBRARIES PkgConfig::JPEG ...] [TEST_LIBRARIES ...] [TEST_MAY_INCLUDE ...] [HOST] [THREADS "*Workers*"]
#              [PORTABLE_TESTS arena_test.cc ...] [FIRMWARE_SOURCES pin_logic.cc ...] [TOGETHER SuiteName ...])
#
# Declares the room in the current folder: every *.cc below it that belongs to no room further down becomes a static
# library (an interface one where there are only headers), *_test.cc one test program, *_fuzz.cc one fuzz target each
# (preset `asan`), *_bench.cc one benchmark program. What the room may include is said once, here: CMake refuses an
# arrow that goes up or across the wall, and tests/wall reads the compiler's dependency files against this list.
# HOST rooms may use exceptions, RTTI and the heap; the others are compiled without exceptions and RTTI.
# THREADS: which of the room's tests use threads, as a GoogleTest filter; all of them where the room links
# Threads::Threads and doesn't say. These tests carry the label `threads` and their program belongs to the target
# `thread_tests`: that is what runs under ThreadSanitizer, whose build has no other tests.
# A room's tests start before those of the floors below, because the longest are on top and the short ones fill the gaps.
# TOGETHER: suites of tests that share what is slow to start. Each runs in one process, as one test; all others run alone.
# FIRMWARE_SOURCES: what a microcontroller's build has of a room that is otherwise for a PC.
# PORTABLE_TESTS: the tests that a build for another processor has (PINHOLE_PORTABLE); they use no TEST_LIBRARIES.

define_property(TARGET PROPERTY PINHOLE_FLOOR)
define_property(TARGET PROPERTY PINHOLE_SIDE)
define_property(GLOBAL PROPERTY PINHOLE_ROOMS)

function(pinhole_room_target name out)
  string(REPLACE "/" "_" target "pinhole_${name}")
  set(${out} ${target} PARENT_SCOPE)
endfunction()

# Before the first room: what the test programs' builds share. Most of what a test costs to compile is the headers of
# GoogleTest, which are read once for all of them.
function(pinhole_prepare_tests)
  file(CONFIGURE OUTPUT test_headers.cc CONTENT "")
  add_library(pinhole_test_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc)
  pinhole_test_options(pinhole_test_headers)
  target_precompile_headers(pinhole_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

# The same for the rooms themselves, which spend a third to a half of their compile time in the standard library's headers:
# one file for rooms without exceptions, one for HOST rooms. Rooms that use libraries are left out, because these bring
# definitions that the file was not made with. GCC gains nothing by it, so that its builds show what a room forgot to
# include.
function(pinhole_prepare_rooms)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR PINHOLE_PORTABLE)
    return()
  endif()
  set(headers <algorithm> <array> <bit> <cmath> <cstdint> <cstring> <limits> <optional> <span> <string_view>)
  set(host_headers <filesystem> <fstream> <functional> <map> <memory> <sstream> <string> <vector>)
  file(CONFIGURE OUTPUT room_headers.cc CONTENT "")
  foreach(kind room host_room)
    add_library(pinhole_${kind}_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/room_headers.cc)
    target_compile_options(pinhole_${kind}_headers PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(pinhole_${kind}_headers PRIVATE ${headers})
  endforeach()
  pinhole_room_options(pinhole_room_headers FALSE)
  pinhole_room_options(pinhole_host_room_headers TRUE)
  target_precompile_headers(pinhole_host_room_headers PRIVATE ${host_headers})
endfunction()

function(pinhole_room_options target host)
  if(NOT host)
    target_compile_options(${target} PRIVATE -fno-exceptions -fno-rtti)
  elseif(PINHOLE_SANITIZE)
    # No network runs here: optimising the libraries that these rooms use takes longer than it saves.
    target_compile_options(${target} PRIVATE -O0)
  endif()
  target_compile_options(${target} PRIVATE ${PINHOLE_WARNINGS})
  if(PINHOLE_BUILD_FUZZERS)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(TARGET pinhole_room_headers)
    # Which some rooms' libraries ask for, so that the precompiled header has to be told too.
    target_compile_options(${target} PRIVATE -pthread)
  endif()
endfunction()

function(pinhole_test_options target)
  # Tests are many small templates, which optimising takes twice as long to compile, under sanitizers above all; what
  # they test keeps its own level. All of them with -pthread, which some libraries ask for and a precompiled header must
  # have been told.
  target_compile_options(${target} PRIVATE ${PINHOLE_WARNINGS} -Wno-sign-conversion -Wno-conversion)
  # Where a test is emulated, its own code counts too.
  target_compile_options(${target} PRIVATE $<IF:$<BOOL:${PINHOLE_PORTABLE}>,-O1,-O0>)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "WASI")
    target_compile_options(${target} PRIVATE -pthread)
  endif()
  target_link_libraries(${target} PRIVATE GTest::gmock GTest::gtest_main)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # The same headers give the same file, for ccache.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # which ccache asks for
  endif()
endfunction()

# The tests of a room for ctest: those that the GoogleTest patterns in the list `some` let through and those in `without`
# don't. Further arguments are properties.
function(pinhole_discover_tests name some without)
  pinhole_room_target(${name} target)
  string(JOIN ":" filter ${some})
  if(without)
    string(JOIN ":" refused ${without})
    string(APPEND filter "-${refused}")
  endif()
  gtest_discover_tests(${target}_test TEST_PREFIX "${name}:" TEST_FILTER "${filter}" DISCOVERY_TIMEOUT 120
    PROPERTIES ENVIRONMENT "PINHOLE_SOURCE=${PROJECT_SOURCE_DIR}" SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" ${ARGN})
endfunction()

function(pinhole_room)
  cmake_parse_arguments(R "HOST" "NAME;FLOOR;SIDE;THREADS"
    "MAY_INCLUDE;LIBRARIES;TEST_LIBRARIES;TEST_MAY_INCLUDE;PORTABLE_TESTS;FIRMWARE_SOURCES;TOGETHER" ${ARGN})
  pinhole_room_target(${R_NAME} target)

  file(GLOB_RECURSE all CONFIGURE_DEPENDS *.cc)
  file(GLOB_RECURSE nested CONFIGURE_DEPENDS */CMakeLists.txt)
  foreach(list_file ${nested})
    get_filename_component(folder ${list_file} DIRECTORY)
    list(FILTER all EXCLUDE REGEX "^${folder}/")
  endforeach()
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench|main)\\.cc$")
  if(PINHOLE_FIRMWARE AND R_FIRMWARE_SOURCES)
    set(sources ${R_FIRMWARE_SOURCES})
    set(R_LIBRARIES "")
  endif()
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(PINHOLE_PORTABLE)
    set(tests ${R_PORTABLE_TESTS})
    set(R_TEST_LIBRARIES "")
  endif()
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

  if(PINHOLE_WASM_RELAXED)
    # These alone: all else is the same file for both modules, which ccache then compiles once.
    set(relaxed ${sources})
    list(FILTER relaxed INCLUDE REGEX "/(target_wasmrelaxed|targets)\\.cc$")
    set_property(SOURCE ${relaxed} APPEND PROPERTY COMPILE_OPTIONS -mrelaxed-simd)
  endif()

  if(sources)
    add_library(${target} STATIC ${sources})
    set(visibility PUBLIC)
    pinhole_room_options(${target} ${R_HOST})
    set(headers pinhole_room_headers)
    if(R_HOST)
      set(headers pinhole_host_room_headers)
    endif()
    if(TARGET ${headers} AND NOT R_LIBRARIES)
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
      target_precompile_headers(${target} REUSE_FROM ${headers})
    endif()
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${target} ${visibility} ${PROJECT_SOURCE_DIR}/src)
  set_target_properties(${target} PROPERTIES PINHOLE_FLOOR ${R_FLOOR} PINHOLE_SIDE ${R_SIDE})
  target_link_libraries(${target} ${visibility} ${R_LIBRARIES})

  foreach(room ${R_MAY_INCLUDE})
    pinhole_room_target(${room} other)
    if(NOT TARGET ${other})
      message(FATAL_ERROR "house: ${R_NAME} may include '${room}', which is no room declared before it")
    endif()
    get_target_property(floor ${other} PINHOLE_FLOOR)
    get_target_property(side ${other} PINHOLE_SIDE)
    if(NOT floor LESS R_FLOOR)
      message(FATAL_ERROR "house: ${R_NAME} (floor ${R_FLOOR}) may not include ${room} (floor ${floor}): "
                          "arrows go down only")
    endif()
    if(NOT R_SIDE STREQUAL "both" AND NOT side STREQUAL "neutral" AND NOT side STREQUAL R_SIDE)
      message(FATAL_ERROR "wall: ${R_SIDE} room ${R_NAME} may not include ${side} room ${room}")
    endif()
    target_link_libraries(${target} ${visibility} ${other})
  endforeach()

  # For tests/wall: folder, side and list of every room.
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE ";" "," may "${R_MAY_INCLUDE}")
  string(REPLACE ";" "," test_may "${R_TEST_MAY_INCLUDE}")
  set_property(GLOBAL APPEND_STRING PROPERTY PINHOLE_ROOMS
    "${R_NAME}|${folder}|${R_FLOOR}|${R_SIDE}|${may}|${test_may}|${target}\n")

  if(NOT R_THREADS AND "Threads::Threads" IN_LIST R_LIBRARIES)
    set(R_THREADS "*")
  endif()
  if(PINHOLE_SANITIZE STREQUAL "thread" AND NOT R_THREADS)
    set(tests "")  # nothing in them for ThreadSanitizer to see
  endif()
  if(tests AND PINHOLE_BUILD_TESTS)
    add_executable(${target}_test ${tests})
    foreach(room ${R_TEST_MAY_INCLUDE})
      pinhole_room_target(${room} other)
      target_link_libraries(${target}_test PRIVATE ${other})
    endforeach()
    target_link_libraries(${target}_test PRIVATE ${target} ${R_TEST_LIBRARIES})
    pinhole_test_options(${target}_test)
    if(TARGET pinhole_test_headers)
      target_precompile_headers(${target}_test REUSE_FROM pinhole_test_headers)
    endif()
    list(TRANSFORM R_TOGETHER APPEND ".*" OUTPUT_VARIABLE together)
    if(R_THREADS)
      set_property(GLOBAL APPEND PROPERTY PINHOLE_THREAD_TESTS ${target}_test)
      pinhole_discover_tests(${R_NAME} "${R_THREADS}" "${together}" LABELS threads COST ${R_FLOOR})
    endif()
    if(NOT R_THREADS STREQUAL "*")
      pinhole_discover_tests(${R_NAME} "" "${R_THREADS};${together}" COST ${R_FLOOR})
    endif()
    foreach(suite ${R_TOGETHER})
      add_test(NAME "${R_NAME}:${suite}" COMMAND ${target}_test --gtest_filter=${suite}.*)
      set_tests_properties("${R_NAME}:${suite}" PROPERTIES ENVIRONMENT "PINHOLE_SOURCE=${PROJECT_SOURCE_DIR}"
        SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" COST 100 LABELS "$<$<STREQUAL:${R_THREADS},*>:threads>")
    endforeach()
  endif()
  if(PINHOLE_BUILD_FUZZERS)
    foreach(source ${fuzzers})
      get_filename_component(fuzzer ${source} NAME_WE)
      add_executable(${fuzzer} ${source})
      target_compile_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${fuzzer} PRIVATE ${target})
      foreach(room ${R_TEST_MAY_INCLUDE})
        pinhole_room_target(${room} other)
        target_link_libraries(${fuzzer} PRIVATE ${other})
      endforeach()
      set_property(GLOBAL APPEND PROPERTY PINHOLE_FUZZERS ${fuzzer})
    endforeach()
  endif()
  if(benches AND PINHOLE_BUILD_BENCHMARKS AND NOT PINHOLE_PORTABLE)
    add_executable(${target}_bench ${benches})
    target_link_libraries(${target}_bench PRIVATE ${target} benchmark::benchmark_main)
  endif()
endfunction()

# pinhole_program(pinhole-inside ROOM inside/process MAIN inside_main.cc PATH_IN_TESTS PINHOLE_INSIDE)
# A program that works for `pinhole`, built beside it. The room's tests know its path by the name given.
function(pinhole_program name)
  cmake_parse_arguments(P "" "ROOM;MAIN;PATH_IN_TESTS" "" ${ARGN})
  pinhole_room_target(${P_ROOM} room)
  add_executable(${name} ${P_MAIN})
  target_compile_options(${name} PRIVATE ${PINHOLE_WARNINGS})
  target_link_libraries(${name} PRIVATE ${room})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/src/host)
  if(TARGET ${room}_test)
    add_dependencies(${room}_test ${name})
    target_compile_definitions(${room}_test PRIVATE ${P_PATH_IN_TESTS}="$<TARGET_FILE:${name}>")
  endif()
endfunction()

# Under ThreadSanitizer the portable kernels and those for SSE4.1 and AVX2 stand for all: every instruction set shares its
# work among threads by the same functions. Leaves the others of these sources out.
macro(pinhole_leave_out_targets)
  if(PINHOLE_SANITIZE STREQUAL "thread")
    foreach(source ${ARGN})
      if(source MATCHES "target_(avx512.*|avxvnni|amxemulated)\\.cc$")
        set_property(SOURCE ${source} PROPERTY HEADER_FILE_ONLY ON)
      endif()
    endforeach()
    add_compile_definitions(PINHOLE_FEW_TARGETS)
  endif()
endmacro()

# After the last room. What the checks and ./test read: rooms.txt, and fuzzers.txt, one line `name|program|corpus folder`
# a fuzz target; and the targets `fuzzers` and `thread_tests`.
function(pinhole_write_rooms)
  get_property(rooms GLOBAL PROPERTY PINHOLE_ROOMS)
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/rooms.txt CONTENT "${rooms}")
  get_property(fuzzers GLOBAL PROPERTY PINHOLE_FUZZERS)
  set(lines "")
  foreach(fuzzer ${fuzzers})
    get_target_property(folder ${fuzzer} SOURCE_DIR)
    string(APPEND lines "${fuzzer}|$<TARGET_FILE:${fuzzer}>|${folder}/corpus\n")
  endforeach()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/fuzzers.txt CONTENT "${lines}")
  add_custom_target(fuzzers DEPENDS ${fuzzers})
  get_property(thread_tests GLOBAL PROPERTY PINHOLE_THREAD_TESTS)
  add_custom_target(thread_tests DEPENDS ${thread_tests})
endfunction()
