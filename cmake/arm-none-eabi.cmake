# SPDX-License-Identifier: Apache-2.0
# Cortex-M microcontrollers: GCC and newlib, as Debian packages them (gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib).
# PINHOLE_FIRMWARE names the board, and the board's chip says which core.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
# Nothing links before there is a linker script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PINHOLE_FIRMWARE)

if(PINHOLE_FIRMWARE STREQUAL "pico2")
  set(cpu "-mcpu=cortex-m33 -mfloat-abi=softfp -mfpu=fpv5-sp-d16")
else()
  set(cpu "-mcpu=cortex-m0plus")
endif()
# Sections, so that the linker leaves out what nobody calls.
set(flags "${cpu} -mthumb -ffunction-sections -fdata-sections -fno-common")
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT
  "${flags} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit -fno-unwind-tables -fno-asynchronous-unwind-tables")
set(CMAKE_ASM_FLAGS_INIT "${cpu} -mthumb")

set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
