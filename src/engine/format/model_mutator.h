// SPDX-License-Identifier: Apache-2.0
#pragma once

// For fuzz targets only, included once by each: libFuzzer's own mutations, but begun from the
// example models, which no random bytes would ever become. No seed files lie in the tree, so none
// can fall behind the format.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "engine/format/example_models.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  using pinhole::engine::format::ExampleModels;
  static const auto* const examples =
      new std::vector<std::pair<std::string, pinhole::engine::format::AlignedBytes>>(
          ExampleModels());
  constexpr std::size_t kSmallestModel = 64;
  constexpr unsigned int kAfresh = 50;  // one mutation of so many begins anew
  if (size < kSmallestModel || seed % kAfresh == 0) {
    const auto bytes = (*examples)[seed / kAfresh % examples->size()].second.span();
    size = std::min(bytes.size(), max_size);
    std::memcpy(data, bytes.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
