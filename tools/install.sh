#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing of the named Debian packages: install.sh run | test | bench | bench_peers | cortexm
# `run` is what building the program needs, `test` adds what the tests need, `bench` what ./bench needs, `bench_peers`
# what it measures beside the engine, and `cortexm` what ./bench cortexm needs. Nothing is done, and nothing asked of the
# network, where all of it is there.
set -euo pipefail

run_packages=(g++ cmake ninja-build pkg-config ccache libcli11-dev libjpeg-dev libpng-dev libexif-dev
  libtomlplusplus-dev zlib1g-dev libboost-dev libmosquitto-dev libfuse3-dev fuse3 libgpiod-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libcurl4-openssl-dev libssl-dev
  libavformat-dev libavcodec-dev libswresample-dev libavutil-dev)
test_packages=("${run_packages[@]}" libgtest-dev libgmock-dev nlohmann-json3-dev python3 binutils
  mosquitto mosquitto-clients openssl curl python3-smbus2 python3-smbus i2c-tools python3-numpy groff-base
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good ffmpeg chromium)
bench_packages=("${run_packages[@]}" libbenchmark-dev python3)
bench_peer_packages=(python3-venv libxnnpack-dev libpthreadpool-dev libopencv-dnn-dev python3-torchvision)
# Emitted models on an emulated Cortex-M.
cortexm_packages=("${run_packages[@]}" gcc-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm python3)
# Where another node is installed already it is left alone.
web_packages=(nodejs npm)
# Working from a queue; the program is built without it too.
queue_packages=(libnats-dev)
# The sanitized builds: the fuzz targets need a clang with libFuzzer, reports the names and lines from llvm-symbolizer; 19
# is what the project is developed with.
clang_packages=(clang-19 lld-19 libclang-rt-19-dev llvm-19)
# For other processors: a compiler and an emulator each. Not every release has those for WebAssembly.
arm_packages=(g++-aarch64-linux-gnu qemu-user googletest)
# Firmware for microcontrollers, and the emulator that ours is held against.
firmware_packages=(gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm)
wasm_packages=(clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32 googletest)

missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

install() {
  local wanted
  mapfile -t wanted < <(missing "$@")
  [ ${#wanted[@]} -eq 0 ] && return 0
  echo "installing: ${wanted[*]}" >&2
  if ! command -v apt-get >/dev/null; then
    echo "this machine has no apt-get: install the packages named above by hand, then try again" >&2
    return 1
  fi
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo=(sudo)
  fi
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get update &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } \
    >"$log" 2>&1; then
    cat "$log" >&2
    echo "could not install: ${wanted[*]}" >&2
    return 1
  fi
  rm -f "$log"
}

case "${1:-}" in
  run)
    install "${run_packages[@]}"
    install "${queue_packages[@]}" || echo "no NATS client: speech will not be heard from a queue" >&2
    ;;
  test)
    install "${test_packages[@]}"
    install "${queue_packages[@]}" nats-server || echo "no NATS: the tests of the queue will be skipped" >&2
    if [ -z "$(command -v npm)" ] && ! install "${web_packages[@]}"; then
      echo "no node to be had: the tests in a browser will be skipped" >&2
    fi
    if ! install "${clang_packages[@]}"; then
      echo "clang 19 is not complete: without clang++-19, g++ builds the sanitized tests and no fuzz target runs" >&2
    fi
    install "${arm_packages[@]}" || echo "no compiler or emulator for 64-bit ARM: its tests will be skipped" >&2
    install "${firmware_packages[@]}" || echo "no compiler for microcontrollers: the firmware's tests will be skipped" >&2
    install "${wasm_packages[@]}" || echo "no compiler or libraries for WebAssembly: its tests will be skipped" >&2
    ;;
  bench) install "${bench_packages[@]}" ;;
  bench_peers) install "${bench_peer_packages[@]}" ;;
  cortexm) install "${cortexm_packages[@]}" ;;
  *)
    echo "usage: tools/install.sh run|test|bench|bench_peers|cortexm" >&2
    exit 2
    ;;
esac
