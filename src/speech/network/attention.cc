// SPDX-License-Identifier: Apache-2.0
#include "speech/network/attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pinhole::speech {

namespace {

// Floats of a row of scores, so that rows begin on cache lines.
int ScoreStep(int positions) { return (positions + 15) / 16 * 16; }

}  // namespace

PackedMemory::PackedMemory(const matrix::Target& target, matrix::Precision precision, int heads,
                           int head_size, int positions)
    : target_(&target),
      precision_(precision),
      heads_(heads),
      head_size_(head_size),
      most_positions_(positions),
      positions_(positions),
      keys_bytes_(target.packed_bytes(keys_shape())),
      values_bytes_(target.packed_bytes(values_shape())),
      memory_(static_cast<std::size_t>(heads) * (keys_bytes_ + values_bytes_)) {}

void PackedMemory::SetPositions(int positions) {
  positions_ = std::min(positions, most_positions_);
}

void PackedMemory::Pack(int head, const float* keys, const float* values, std::ptrdiff_t step) {
  std::byte* const at =
      memory_.data() + static_cast<std::size_t>(head) * (keys_bytes_ + values_bytes_);
  const std::ptrdiff_t first = std::ptrdiff_t{head} * head_size_;
  target_->pack(keys_shape(), {keys + first, step, 1}, 0, target_->blocks(positions_), at);
  target_->pack(values_shape(), {values + first, 1, step}, 0, target_->blocks(head_size_),
                at + keys_bytes_);
}

std::size_t PackedMemory::scratch_bytes() const {
  const matrix::Shape values{precision_, head_size_, most_positions_};
  return static_cast<std::size_t>(kAttentionRows * ScoreStep(most_positions_)) * sizeof(float) +
         std::max(
             target_->prepared_bytes(values, kAttentionRows),
             target_->prepared_bytes({precision_, most_positions_, head_size_}, kAttentionRows));
}

void PackedMemory::Attend(int head, const float* queries, std::ptrdiff_t query_step, int rows,
                          float* out, std::ptrdiff_t out_step, std::byte* scratch,
                          float* shares) const {
  const std::byte* const at =
      memory_.data() + static_cast<std::size_t>(head) * (keys_bytes_ + values_bytes_);
  auto* const scores = reinterpret_cast<float*>(scratch);
  const int step = ScoreStep(positions_);
  std::byte* const prepared =
      scratch +
      static_cast<std::size_t>(kAttentionRows * ScoreStep(most_positions_)) * sizeof(float);

  const matrix::Matrix keys{keys_shape(), at};
  target_->multiply(keys, target_->prepare(keys.shape, queries, query_step, rows, prepared), 0,
                    target_->blocks(positions_), scores, step, matrix::Then::kStore);
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_size_));
  float sums[kAttentionRows];
  for (int row = 0; row < rows; ++row) {
    sums[row] = target_->exponentials(scores + std::ptrdiff_t{row} * step, positions_, scale);
  }
  const matrix::Matrix values{values_shape(), at + keys_bytes_};
  target_->multiply(values, target_->prepare(values.shape, scores, step, rows, prepared), 0,
                    target_->blocks(head_size_), out, out_step, matrix::Then::kStore);
  for (int row = 0; row < rows; ++row) {
    target_->scale(out + row * out_step, head_size_, 1 / sums[row]);
    if (shares != nullptr) {
      float* const to = shares + std::ptrdiff_t{row} * positions_;
      std::memcpy(to, scores + std::ptrdiff_t{row} * step,
                  static_cast<std::size_t>(positions_) * sizeof(float));
      target_->scale(to, positions_, 1 / sums[row]);
    }
  }
}

}  // namespace pinhole::speech
