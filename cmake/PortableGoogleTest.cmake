# SPDX-License-Identifier: Apache-2.0
# GoogleTest for the processor at hand, from the sources that Debian's googletest package installs. Where there are no
# threads, processes and signals (WASI), it does without.
set(PINHOLE_GOOGLETEST /usr/src/googletest CACHE PATH "GoogleTest's sources, for another processor than this one's")
if(NOT EXISTS ${PINHOLE_GOOGLETEST}/googletest/src/gtest-all.cc)
  message(FATAL_ERROR "no GoogleTest sources in ${PINHOLE_GOOGLETEST}: install googletest, or say where they are with "
                      "-DPINHOLE_GOOGLETEST=FOLDER")
endif()

set(sources ${PINHOLE_GOOGLETEST}/googletest ${PINHOLE_GOOGLETEST}/googlemock)
add_library(pinhole_googletest STATIC EXCLUDE_FROM_ALL
  ${PINHOLE_GOOGLETEST}/googletest/src/gtest-all.cc ${PINHOLE_GOOGLETEST}/googlemock/src/gmock-all.cc
  ${PINHOLE_GOOGLETEST}/googlemock/src/gmock_main.cc)
list(TRANSFORM sources APPEND /include OUTPUT_VARIABLE includes)
target_include_directories(pinhole_googletest SYSTEM PUBLIC ${includes} PRIVATE ${sources})
target_compile_options(pinhole_googletest PRIVATE -O1 -w)
if(CMAKE_SYSTEM_NAME STREQUAL "WASI")
  target_compile_definitions(pinhole_googletest PUBLIC GTEST_HAS_PTHREAD=0 GTEST_HAS_STREAM_REDIRECTION=0
    GTEST_HAS_DEATH_TEST=0 GTEST_HAS_POSIX_RE=0)
else()
  target_compile_options(pinhole_googletest PUBLIC -pthread)
  target_link_options(pinhole_googletest PUBLIC -pthread)
endif()
add_library(GTest::gmock ALIAS pinhole_googletest)
add_library(GTest::gtest_main ALIAS pinhole_googletest)
