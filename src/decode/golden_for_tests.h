// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: the reference raw tensors of golden/faces, as a detector's two outputs.

#include <zlib.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/test_data.h"

namespace pinhole::decode {

// Rows of 16 regressors, and of one logit.
struct RawTensors {
  std::vector<float> regressors, logits;  // empty where the file is missing
};

inline RawTensors ReadRawTensors(const std::string& model, const std::string& picture) {
  const std::filesystem::path path =
      base::TestData("golden/faces/raw/" + model + "__" + picture + ".f32.gz");
  std::vector<float> values;
  const gzFile file = gzopen(path.c_str(), "rb");
  float chunk[4096];
  for (int bytes = 0; file != nullptr && (bytes = gzread(file, chunk, sizeof chunk)) > 0;) {
    values.insert(values.end(), chunk, chunk + bytes / 4);
  }
  gzclose(file);
  RawTensors raw;
  constexpr std::size_t kRow = 17;  // 16 regressors, then the logit
  for (std::size_t i = 0; i < values.size(); ++i) {
    (i % kRow == kRow - 1 ? raw.logits : raw.regressors).push_back(values[i]);
  }
  return raw;
}

}  // namespace pinhole::decode
