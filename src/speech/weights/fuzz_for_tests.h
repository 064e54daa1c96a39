// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the readers' fuzz targets only: how a sound file is changed by an input, and what every
// reader promises of whatever it is given.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "speech/weights/invariants_for_tests.h"

namespace pinhole::speech {

// Four bytes of `input` are a place and a value, sixteen times at most; a last byte of 0xFF cuts
// the file behind it.
inline std::vector<std::byte> Changed(std::vector<std::byte> file,
                                      std::span<const std::uint8_t> input) {
  for (std::size_t i = 0; i + 4 <= input.size() && i < 64; i += 4) {
    const std::size_t place = input[i] | input[i + 1] << 8U;
    // From the front or from the end, where a zip archive has its directory.
    const std::size_t from_front = place % 32768 % file.size();
    const std::size_t at = place < 32768 ? from_front : file.size() - 1 - from_front;
    file[at] = static_cast<std::byte>(input[i + 2]);
    if (input[i + 3] == 0xFF) {
      file.resize(at + 1);
    }
  }
  return file;
}

// Refused with a sentence, or every promise of read_model.h is kept; aborts otherwise.
inline void CheckRead(const base::Result<ModelFile>& model, std::span<const std::byte> file,
                      const base::Diagnosis& why) {
  if (!model) {
    if (why.empty()) {
      std::abort();
    }
    return;
  }
  if (const std::string broken = FirstBroken(*model, file); !broken.empty()) {
    std::fprintf(stderr, "a promise is broken: %s\n", broken.c_str());
    std::abort();
  }
}

}  // namespace pinhole::speech
