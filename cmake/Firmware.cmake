# SPDX-License-Identifier: Apache-2.0
# Firmware: programs for boards, in a build of their own (presets `pico` and `pico2`) that the build for the PC starts
# where the compiler is there.
#
# In the build for the PC:
#   pinhole_build_firmware(pico ...)              a target `firmware_BOARD` each, always up to date after `ninja`; the programs
#                                                 lie in firmware/BOARD/ of the build folder
#   pinhole_build_examples_on_pico_sdk()          the same for the examples on the public Pico SDK, as `firmware_pico_sdk`,
#                                                 where PICO_SDK_PATH names one
#   pinhole_test_on_firmware(TEST_TARGET)         the test needs them; it gets PINHOLE_FIRMWARE_FOLDER and skips where
#                                                 they are missing
# In the build for a board:
#   pinhole_prepare_firmware()                    the board's manifest as a header, the chip's linker script, the image tool
#   pinhole_firmware_program(NAME blink SOURCES blink.cc LIBRARIES pinhole_firmware_hal)
#                                                 blink.elf, blink.uf2 and the link map blink.map

# --- the build for the PC ------------------------------------------------------------------------

function(pinhole_build_firmware)
  find_program(PINHOLE_ARM_COMPILER arm-none-eabi-g++)
  # Sanitizers look at what runs here, not at a chip's program, which is the same in every build.
  if(NOT PINHOLE_BUILD_TESTS OR PINHOLE_PORTABLE OR PINHOLE_SANITIZE OR NOT PINHOLE_ARM_COMPILER)
    return()
  endif()
  include(ExternalProject)
  set(PINHOLE_PERSON_SENSOR_CLIENT "$ENV{PINHOLE_PERSON_SENSOR_CLIENT}" CACHE PATH "A checkout of person_sensor_pico_c")
  foreach(board ${ARGN})
    # After `pinhole`, which writes the models' code.
    ExternalProject_Add(firmware_${board}
      SOURCE_DIR ${PROJECT_SOURCE_DIR}
      BINARY_DIR ${PROJECT_BINARY_DIR}/firmware/${board}
      PREFIX ${PROJECT_BINARY_DIR}/firmware/${board}-steps
      CONFIGURE_COMMAND ${CMAKE_COMMAND} --preset ${board} -S ${PROJECT_SOURCE_DIR} -B ${PROJECT_BINARY_DIR}/firmware/${board}
        -DPINHOLE_COMMAND=$<TARGET_FILE:pinhole> -DPINHOLE_PERSON_SENSOR_CLIENT=${PINHOLE_PERSON_SENSOR_CLIENT}
      BUILD_COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR}/firmware/${board}
      INSTALL_COMMAND ""
      BUILD_ALWAYS ON
      DEPENDS pinhole)
  endforeach()
  if(PINHOLE_BUILD_TESTS)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    foreach(board ${ARGN})
      add_test(NAME house:firmware_rooms_${board}
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/wall/check_rooms.py
                ${PROJECT_BINARY_DIR}/firmware/${board} ${PROJECT_SOURCE_DIR})
      set(programs "")
      foreach(program camera_check person_sensor)
        list(APPEND programs ${PROJECT_BINARY_DIR}/firmware/${board}/${program}.elf
          ${PROJECT_BINARY_DIR}/firmware/${board}/${program}.map)
      endforeach()
      add_test(NAME house:frame_buffer_${board}
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/wall/check_frame_buffer.py ${programs})
      add_test(NAME house:frame_buffer_planted_breach_${board}
        COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/wall/check_frame_buffer.py
                ${PROJECT_BINARY_DIR}/firmware/${board}/leak_check.elf ${PROJECT_BINARY_DIR}/firmware/${board}/leak_check.map)
      set_tests_properties(house:frame_buffer_planted_breach_${board} PROPERTIES
        PASS_REGULAR_EXPRESSION "leak_check.cc.obj refers to __frame_buffer_start")
    endforeach()
  endif()
endfunction()

function(pinhole_build_examples_on_pico_sdk)
  set(PICO_SDK_PATH "$ENV{PICO_SDK_PATH}" CACHE PATH "A checkout of pico-sdk, for the examples to be built on it too")
  if(NOT TARGET firmware_pico OR NOT PICO_SDK_PATH)
    return()
  endif()
  set(folder ${PROJECT_BINARY_DIR}/firmware/pico_sdk)
  ExternalProject_Add(firmware_pico_sdk
    SOURCE_DIR ${PROJECT_SOURCE_DIR}/src/firmware/pico_sdk
    BINARY_DIR ${folder}
    PREFIX ${folder}-steps
    CONFIGURE_COMMAND ${CMAKE_COMMAND} -G Ninja -S ${PROJECT_SOURCE_DIR}/src/firmware/pico_sdk -B ${folder}
      -DPICO_SDK_PATH=${PICO_SDK_PATH} -DPINHOLE_PERSON_SENSOR_CLIENT=${PINHOLE_PERSON_SENSOR_CLIENT}
    BUILD_COMMAND ${CMAKE_COMMAND} --build ${folder}
    INSTALL_COMMAND ""
    BUILD_ALWAYS ON)
endfunction()

function(pinhole_test_on_firmware target)
  if(NOT TARGET ${target})
    return()
  endif()
  foreach(board pico pico2 pico_sdk)
    if(TARGET firmware_${board})
      add_dependencies(${target} firmware_${board})
    endif()
  endforeach()
  target_compile_definitions(${target} PRIVATE PINHOLE_FIRMWARE_FOLDER="${PROJECT_BINARY_DIR}/firmware")
  if(PINHOLE_SANITIZE MATCHES undefined)
    # The emulator has no run-time types, which that check would look at from the test's side.
    target_compile_options(${target} PRIVATE -fno-sanitize=vptr)
  endif()
endfunction()

# --- the build for a board -----------------------------------------------------------------------

# Lines `name = value` of a manifest -> macros of a header that C and C++ read.
function(pinhole_write_board_header manifest header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  file(STRINGS ${manifest} lines)
  set(text "// SPDX-License-Identifier: Apache-2.0\n// Written from ${PINHOLE_FIRMWARE}'s board.txt.\n#pragma once\n")
  foreach(line ${lines})
    if(line MATCHES "^#" OR line STREQUAL "")
      continue()
    elseif(line MATCHES "^chip = (rp2040|rp2350)$")
      set(PINHOLE_CHIP ${CMAKE_MATCH_1} PARENT_SCOPE)
    elseif(line MATCHES "^([a-z][a-z0-9_]*) = ([0-9]+)$")
      if(CMAKE_MATCH_1 STREQUAL "flash_bytes")
        set(PINHOLE_FLASH_BYTES ${CMAKE_MATCH_2} PARENT_SCOPE)
      endif()
      string(TOUPPER ${CMAKE_MATCH_1} name)
      string(APPEND text "#define PINHOLE_BOARD_${name} ${CMAKE_MATCH_2}\n")
    else()
      message(FATAL_ERROR "${manifest}: expected `name = number` or `chip = rp2040|rp2350`, found: ${line}")
    endif()
  endforeach()
  file(GENERATE OUTPUT ${header} CONTENT "${text}")
endfunction()

macro(pinhole_prepare_firmware)
  enable_language(C ASM)
  set(PINHOLE_BOARD_FOLDER ${CMAKE_CURRENT_SOURCE_DIR}/boards/${PINHOLE_FIRMWARE})
  if(NOT EXISTS ${PINHOLE_BOARD_FOLDER}/board.txt)
    message(FATAL_ERROR "PINHOLE_FIRMWARE is '${PINHOLE_FIRMWARE}', which is none of the folders in src/firmware/boards")
  endif()
  pinhole_write_board_header(${PINHOLE_BOARD_FOLDER}/board.txt ${PROJECT_BINARY_DIR}/board/pinhole_board.h)
  include_directories(${PROJECT_BINARY_DIR}/board)
  string(TOUPPER ${PINHOLE_CHIP} chip)
  add_compile_definitions(PINHOLE_CHIP_${chip}=1)
  pinhole_add_image_tool()
endmacro()

# For the machine that builds: a few files, by its own compiler.
function(pinhole_add_image_tool)
  find_program(PINHOLE_HOST_COMPILER NAMES g++ c++ clang++-19 clang++ NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  get_filename_component(folder ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src ABSOLUTE)
  set(sources ${folder}/firmware/image/firmware_image_main.cc ${folder}/firmware/image/firmware_image.cc
    ${folder}/base/diagnosis.cc)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/firmware_image
    COMMAND ${PINHOLE_HOST_COMPILER} -std=c++20 -O1 -I${folder} ${sources} -o ${PROJECT_BINARY_DIR}/firmware_image
    DEPENDS ${sources} ${folder}/firmware/image/firmware_image.h
    COMMENT "Building firmware_image for this machine")
  add_custom_target(firmware_image_tool DEPENDS ${PROJECT_BINARY_DIR}/firmware_image)
endfunction()

function(pinhole_firmware_program)
  cmake_parse_arguments(P "" "NAME" "SOURCES;LIBRARIES" ${ARGN})
  set(chip_folder ${PROJECT_SOURCE_DIR}/src/firmware/chips/${PINHOLE_CHIP})
  set(out ${PROJECT_BINARY_DIR}/${P_NAME})
  set(boot ${chip_folder}/boot_stage.S)
  if(PINHOLE_CHIP STREQUAL "rp2350")
    set(boot ${chip_folder}/image_definition.S)
  endif()
  add_executable(${P_NAME} ${P_SOURCES} ${boot})
  target_compile_options(${P_NAME} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${PINHOLE_WARNINGS}> $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra>)
  set_target_properties(${P_NAME} PROPERTIES SUFFIX .elf RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
    LINK_DEPENDS ${chip_folder}/link.ld)
  target_include_directories(${P_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${P_NAME} PRIVATE ${P_LIBRARIES} pinhole_firmware_hal)
  # Relocations stay in the file: they show who refers to the frame buffer.
  target_link_options(${P_NAME} PRIVATE -nostartfiles -T ${chip_folder}/link.ld -Wl,--gc-sections -Wl,--emit-relocs
    -Wl,--fatal-warnings -Wl,--no-warn-rwx-segments -Wl,--defsym=FLASH_BYTES=${PINHOLE_FLASH_BYTES} -Wl,-Map=${out}.map)
  add_dependencies(${P_NAME} firmware_image_tool)
  add_custom_command(TARGET ${P_NAME} POST_BUILD
    COMMAND ${PROJECT_BINARY_DIR}/firmware_image ${out}.elf ${out}.uf2 ${PINHOLE_CHIP} BYPRODUCTS ${out}.uf2)
  set_property(GLOBAL APPEND PROPERTY PINHOLE_FIRMWARE_PROGRAMS ${P_NAME})
endfunction()
