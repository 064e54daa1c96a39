# SPDX-License-Identifier: Apache-2.0
# For WebAssembly by clang 19 and Debian's libraries for it (wasi-libc, libc++-19-dev-wasm32,
# libclang-rt-19-dev-wasm32, lld-19); tests run under node. See the presets `wasm` and `wasmrelaxed`: which vector
# instructions a module uses is settled when it is compiled.
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)
set(CMAKE_CROSSCOMPILING_EMULATOR node --no-warnings
    ${CMAKE_CURRENT_LIST_DIR}/../tools/run_wasi.mjs)
set(CMAKE_FIND_ROOT_PATH /usr/lib/wasm32-wasi)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# No exceptions: the library has none for this target. The stack is 64 KiB unless asked for otherwise.
set(CMAKE_CXX_FLAGS_INIT "-fno-exceptions -stdlib=libc++")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=/usr/bin/wasm-ld-19 -Wl,-z,stack-size=1048576")
