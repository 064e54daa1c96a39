// SPDX-License-Identifier: Apache-2.0
#pragma once

// Matrix products and what stands between them in a transformer, for each instruction set.
//
//   y[row][output] = sum over inputs of x[row][input] * w[output][input] + bias[output]
//
// Weights are packed once, in the order in which they are read, in one of four precisions; x and y
// are floats. A row's result does not depend on which rows are computed with it, nor on who
// computes the other outputs: threads can share a product in any way.
//
//   kF32    floats, one fused multiply-add a step, in the order of the inputs
//   kBf16   weights and x rounded to bfloat16, products and sums as VDPBF16PS does them, or on AMX
//           as TDPBF16PS, which adds in another order
//   kInt8   weights to 127 steps an output, x to 127 steps a row, sums exact
//   kSplit  weights to 119 steps an output, x as kInt8; four bits of each weight lie apart from the
//           other four. `multiply` reads the upper ones alone, half as many bytes; `refine` then
//           adds the lower ones where an output may be among the largest
//
// As in engine/kernels/fast, a target is the whole list of functions for one instruction set. All
// memory is the caller's.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pinhole::engine::matrix {

enum class Precision : std::uint8_t { kF32, kBf16, kInt8, kSplit };

// Packed weights and prepared rows begin at multiples of this.
inline constexpr std::size_t kAlignment = 64;
constexpr std::size_t Aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Shape {
  Precision precision = Precision::kF32;
  int outputs = 0;
  int inputs = 0;
};

// Weights as they lie in memory: w[output][input] is at[output * output_step + input * input_step].
struct Weights {
  const float* at = nullptr;
  std::ptrdiff_t output_step = 0;
  std::ptrdiff_t input_step = 1;
  const float* bias = nullptr;  // one an output; null: zero
};

// Packed weights.
struct Matrix {
  Shape shape;
  const std::byte* packed = nullptr;
};

// Rows of x as a product reads them: made by Target::prepare.
struct Rows {
  const std::byte* data = nullptr;
  std::ptrdiff_t step = 0;        // bytes from a row to the next
  const float* scales = nullptr;  // kInt8, kSplit: what a step of each row is worth
  int count = 0;
};

// What becomes of y.
enum class Then : std::uint8_t { kStore, kAdd };

struct Target {
  std::string_view name;   // "avx512vnni": the same names as engine/kernels/fast
  std::string_view needs;  // of the processor, for people
  bool (*runs_here)();
  bool bf16;   // Precision::kBf16 is there
  bool split;  // Precision::kSplit is there
  int block;   // outputs that are packed together

  // Of a whole matrix; a multiple of kAlignment. Inputs and outputs are at least 1.
  std::size_t (*packed_bytes)(const Shape& shape);
  // Packs blocks first_block .. end_block - 1; `weights` begins at the first of their outputs.
  void (*pack)(const Shape& shape, const Weights& weights, int first_block, int end_block,
               std::byte* packed);
  // One row of the matrix as floats, as rounded when it was packed: a token's embedding.
  void (*unpack)(const Matrix& matrix, int output, float* to);

  // Bytes that prepared rows take; a multiple of kAlignment.
  std::size_t (*prepared_bytes)(const Shape& shape, int rows);
  // x is [rows], x_step floats apart. In kF32 the rows stay where they are.
  Rows (*prepare)(const Shape& shape, const float* x, std::ptrdiff_t x_step, int rows,
                  std::byte* to);
  // kInt8: the same rows, and behind them as many again with what rounding left away. A row's
  // product and that of its second one are together the product of x in fifteen bits. `to` is
  // prepared_bytes of twice as many rows.
  Rows (*prepare_fine)(const Shape& shape, const float* x, std::ptrdiff_t x_step, int rows,
                       std::byte* to);
  // Outputs of blocks first_block .. end_block - 1; y is where output 0 of the first row goes.
  void (*multiply)(const Matrix& matrix, const Rows& rows, int first_block, int end_block, float* y,
                   std::ptrdiff_t y_step, Then then);
  // kSplit: `y` is what multiply stored for that row, all outputs. What it left away is to each
  // output as if drawn by chance with a deviation that is known; outputs that could be the largest
  // if both they and the largest were off by `deviations` become exact. Returns how many did.
  int (*refine)(const Matrix& matrix, const Rows& rows, int row, float deviations, float* y);

  // y = (x - mean) / sqrt(variance + 1e-5) * weight + bias, of each row of `count` floats.
  void (*layer_norm)(const float* x, std::ptrdiff_t x_step, int rows, int count,
                     const float* weight, const float* bias, float* y, std::ptrdiff_t y_step);
  // x * (1 + erf(x / sqrt(2))) / 2, in place; within 5e-7 (1 + |x|) of it.
  void (*gelu)(float* x, std::ptrdiff_t count);
  // exp(scale * (x - max x)), in place; returns their sum. `count` is at least 1.
  float (*exponentials)(float* x, int count, float scale);
  // x *= by.
  void (*scale)(float* x, int count, float by);
  // The sum of products.
  float (*dot)(const float* a, const float* b, int count);
  // y += x * by.
  void (*add_scaled)(const float* x, int count, float by, float* y);

  [[nodiscard]] constexpr int blocks(int outputs) const { return (outputs + block - 1) / block; }
};

// Fastest first; the last one runs everywhere.
std::span<const Target* const> AllTargets();
// The first that runs here.
const Target& BestTarget();
// By name, whether it runs here or not; null where this build has none. "reference" is "portable".
const Target* FindTarget(std::string_view name);

}  // namespace pinhole::engine::matrix
