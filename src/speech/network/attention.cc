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

// In kInt8 there are two rows for each: what rounding leaves away of queries and shares is
// multiplied too, so that it is keys and values alone whose rounding counts.
int PackedMemory::Lines(int rows) const {
  return precision_ == matrix::Precision::kInt8 ? 2 * rows : rows;
}

// Of scores and sums.
std::size_t PackedMemory::ResultBytes() const {
  return matrix::Aligned(
      static_cast<std::size_t>(Lines(kAttentionRows) * (ScoreStep(most_positions_) + head_size_)) *
      sizeof(float));
}

std::size_t PackedMemory::scratch_bytes() const {
  const matrix::Shape values{precision_, head_size_, most_positions_};
  const int lines = Lines(kAttentionRows);
  return ResultBytes() +
         std::max(target_->prepared_bytes(values, lines),
                  target_->prepared_bytes({precision_, most_positions_, head_size_}, lines));
}

void PackedMemory::Multiply(const matrix::Matrix& matrix, const float* x, std::ptrdiff_t x_step,
                            int rows, float* y, std::ptrdiff_t y_step, std::byte* scratch) const {
  const int outputs = matrix.shape.outputs;
  const bool is_fine = precision_ == matrix::Precision::kInt8;
  const auto prepare = is_fine ? target_->prepare_fine : target_->prepare;
  target_->multiply(matrix, prepare(matrix.shape, x, x_step, rows, scratch), 0,
                    target_->blocks(outputs), y, y_step, matrix::Then::kStore);
  for (int row = 0; is_fine && row < rows; ++row) {
    target_->add_scaled(y + (rows + row) * y_step, outputs, 1.0F, y + row * y_step);
  }
}

void PackedMemory::Attend(int head, const float* queries, std::ptrdiff_t query_step, int rows,
                          float* out, std::ptrdiff_t out_step, std::byte* scratch,
                          float* shares) const {
  const std::byte* const at =
      memory_.data() + static_cast<std::size_t>(head) * (keys_bytes_ + values_bytes_);
  const int lines = Lines(kAttentionRows);
  auto* const scores = reinterpret_cast<float*>(scratch);
  const int step = ScoreStep(positions_);
  float* const sums = scores + lines * ScoreStep(most_positions_);
  std::byte* const prepared = scratch + ResultBytes();

  Multiply({keys_shape(), at}, queries, query_step, rows, scores, step, prepared);
  const float scale = 1.0F / std::sqrt(static_cast<float>(head_size_));
  float wholes[kAttentionRows];
  for (int row = 0; row < rows; ++row) {
    wholes[row] = target_->exponentials(scores + std::ptrdiff_t{row} * step, positions_, scale);
  }
  Multiply({values_shape(), at + keys_bytes_}, scores, step, rows, sums, head_size_, prepared);
  for (int row = 0; row < rows; ++row) {
    float* const to = out + row * out_step;
    std::memcpy(to, sums + std::ptrdiff_t{row} * head_size_,
                static_cast<std::size_t>(head_size_) * sizeof(float));
    target_->scale(to, head_size_, 1 / wholes[row]);
    if (shares != nullptr) {
      float* const share = shares + std::ptrdiff_t{row} * positions_;
      std::memcpy(share, scores + std::ptrdiff_t{row} * step,
                  static_cast<std::size_t>(positions_) * sizeof(float));
      target_->scale(share, positions_, 1 / wholes[row]);
    }
  }
}

}  // namespace pinhole::speech
