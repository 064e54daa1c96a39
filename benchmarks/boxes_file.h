// SPDX-License-Identifier: Apache-2.0
#pragma once

// The boxes that ./bench hands to each implementation of non-max suppression: little-endian
// float32, in front the two thresholds (overlap, score), then rows of left, top, right, bottom,
// score. The answer is the kept rows' numbers, uint32, best first.

#include <cstring>
#include <string>
#include <vector>

#include "benchmarks/worker_protocol.h"

namespace pinhole::benchmarks {

struct Row {
  float left, top, right, bottom, score;
};

struct Boxes {
  float overlap = 0.0F, min_score = 0.0F;
  std::vector<Row> rows;
};

inline Boxes ReadBoxes(const std::string& path) {
  const std::vector<std::byte> bytes = ReadAll(path);
  Boxes boxes;
  constexpr std::size_t kHead = 2 * sizeof(float);
  if (bytes.size() < kHead || (bytes.size() - kHead) % sizeof(Row) != 0) {
    throw Refused(path + " is no file of boxes");
  }
  std::memcpy(&boxes.overlap, bytes.data(), sizeof(float));
  std::memcpy(&boxes.min_score, bytes.data() + sizeof(float), sizeof(float));
  boxes.rows.resize((bytes.size() - kHead) / sizeof(Row));
  std::memcpy(boxes.rows.data(), bytes.data() + kHead, bytes.size() - kHead);
  return boxes;
}

}  // namespace pinhole::benchmarks
