// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys and values of many positions, packed like weights, and attention to them.
//
//   scores = query . key / sqrt(head size), of each head and position
//   out    = sum of softmax(scores) * value
//
// A head's keys are a matrix with an output a position, its values one with an input a position.

#include <cstddef>

#include "engine/matrix/matrix.h"
#include "speech/network/network.h"

namespace pinhole::speech {

// Rows that are computed together: their scores of one head stay in the second cache.
inline constexpr int kAttentionRows = 24;

class PackedMemory {
 public:
  // For up to `positions`; none are there yet.
  PackedMemory(const matrix::Target& target, matrix::Precision precision, int heads, int head_size,
               int positions);

  // For how many positions the next Pack calls are.
  void SetPositions(int positions);
  // Packs one head. Keys and values of all positions lie `step` floats apart, all heads of a
  // position side by side.
  void Pack(int head, const float* keys, const float* values, std::ptrdiff_t step);

  // Scratch of Attend.
  [[nodiscard]] std::size_t scratch_bytes() const;
  // Up to kAttentionRows rows of queries, one head: `queries` and `out` point to that head of the
  // first row. Where `shares` is given, it gets the softmax, [row][positions].
  void Attend(int head, const float* queries, std::ptrdiff_t query_step, int rows, float* out,
              std::ptrdiff_t out_step, std::byte* scratch, float* shares = nullptr) const;

  [[nodiscard]] int heads() const { return heads_; }
  [[nodiscard]] int positions() const { return positions_; }
  [[nodiscard]] std::size_t bytes() const { return memory_.size(); }

 private:
  [[nodiscard]] matrix::Shape keys_shape() const { return {precision_, positions_, head_size_}; }
  [[nodiscard]] matrix::Shape values_shape() const { return {precision_, head_size_, positions_}; }
  [[nodiscard]] int Lines(int rows) const;
  [[nodiscard]] std::size_t ResultBytes() const;
  // y = x times the matrix; y has Lines(rows) rows, of which the first `rows` become the result.
  void Multiply(const matrix::Matrix& matrix, const float* x, std::ptrdiff_t x_step, int rows,
                float* y, std::ptrdiff_t y_step, std::byte* scratch) const;

  const matrix::Target* target_;
  matrix::Precision precision_;
  int heads_, head_size_, most_positions_;
  int positions_ = 0;
  std::size_t keys_bytes_, values_bytes_;  // of a head
  AlignedBytes memory_;
};

}  // namespace pinhole::speech
