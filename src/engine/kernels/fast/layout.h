// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a target wants its data: what Prepare packs for, and what the loops of gemm.h and depthwise.h
// read. A target is one instruction set; its file simd_*.h says these things as constants.
//
// Channels are handled in blocks of 1, 2 or 4 vectors of `lanes` 32-bit sums. The step of a sum takes
// four bytes of data: one float, two int16 or four bytes, times as many weights in every lane.
//
//   packed weights of a block   [step][vector][lane][weight of the step]
//   data of a pixel             [segment][step][4 bytes]
//
// A segment is a run of data that lies together: a kernel row of a convolution (kernel columns *
// channels), or a single tap where columns are dilated. Its last step is filled up with zero
// weights, so data up to three bytes behind it are read and do not count.
//
// int8 data are copied before they are read, row by row, into scratch: edges filled with the zero
// point, converted to the target's `data` type. So no loop knows an edge, and none reads past its
// tensor.

#include <cstddef>
#include <cstdint>
#include <span>


namespace pinhole::engine::kernels::fast {

enum class DataType : std::uint8_t {
  kFloat,   // as it is
  kByte,    // int8 + 128, for instructions that multiply unsigned data by signed weights
  kSigned,  // int8 as it is
  kShort,   // int8 widened to int16
};

constexpr int BytesOf(DataType type) {
  return type == DataType::kFloat ? 4 : type == DataType::kShort ? 2 : 1;
}

// The most vectors in a block.
inline constexpr int kMaxVectors = 4;

// Which channel of a block of `vectors` a lane sums up. Packing 32-bit lanes to bytes interleaves
// 128-bit parts, so channels are dealt out such that the packed bytes are in order.
using ChannelOf = int (*)(int vectors, int vector, int lane);

// Where weight `i` of a lane stands within a step's weights, counted in weights.
using PlaceOf = int (*)(int vectors, int vector, int lane, int i);

struct Layout {
  int lanes = 1;                    // 32-bit lanes of a vector
  DataType int8_data = DataType::kByte;
  bool walks_columns = false;       // has Interleave, for depthwise windows of three columns
  bool walks_floats = false;        // has registers for a float window of three by three
  int weight_bytes = 4;             // of a step and lane as packed for int8; 4 with kShort: int16
  ChannelOf int8_channel = nullptr;
  // int8 weights of a matrix product and of a depthwise window; null: [vector][lane][i].
  PlaceOf product_place = nullptr, window_place = nullptr;
  bool scales_in_float = false;     // see float_scaling.h
  bool by_factors = false;          // lanes can't be shifted each by its own number: see Finish

  [[nodiscard]] constexpr int group() const { return 4 / BytesOf(int8_data); }
};

// How sums become outputs. With m / 2^31 * 2^-e for the real multiplier, the reference rounds twice:
//   y = floor((sum * m + 2^30) / 2^31),  out = (y + 2^(e-1) - (y < 0)) >> e  (or y, where e is 0)
// kSigned does that. kPositive does it in one step, which holds where the activation cuts off
// everything below zero, so that the rounding of negative y does not matter, and e is at least 1:
//   out = floor((sum * m + 2^(30+e) + 2^30 + zero_point * 2^(31+e)) / 2^(31+e))
// |sum| << max(-e, 0) must be below 2^30, which Prepare makes sure of.
//
// What a vector of L lanes finishes with lies together, 32 bits a lane but for `add`:
//   kFloat     bias
//   kPositive  bias, m, add (64 bits: even lanes, then odd lanes), e - 1
//   kSigned    bias, m, 1 + max(-e, 0), 2^(e-1) or 0, 31 or (e = 0) 32, max(e, 0)
// With Layout::scales_in_float two more floats follow, a multiplier and an addend: FloatScaling, for
// the vectors of which all channels have one (Block::in_float).
// With Layout::by_factors a factor takes the place of each shift by s, 2^s to the left and 2^(30 - s)
// to the right (which 31 makes 0, and rightly: what it shifts is never negative then), -1 or (e = 0)
// 0 that of 31 or 32, and `add` is in the order of lanes.
enum class Finish : std::uint8_t { kFloat, kPositive, kSigned };

// One block of output channels.
struct Block {
  const std::byte* weights = nullptr;  // aligned to 64
  const std::byte* finish = nullptr;   // bias and how to finish, see Finish; aligned to 64
  std::int32_t first = 0;              // channel
  std::int32_t count = 0;              // of its lanes that are channels
  std::int32_t vectors = 1;            // 1, 2 or 4
  std::uint32_t in_float = 0;          // bit v: vector v is scaled in float
};

// A convolution or a dense layer as a matrix product: pixels, each a row of data.
struct Gemm {
  std::span<const Block> blocks;
  std::span<const std::int32_t> segments;  // bytes from a pixel's first to each segment
  std::int32_t steps = 0;                  // of a segment
  std::int32_t out_channels = 0;
  Finish finish = Finish::kFloat;
  std::int8_t low = -128, high = 127;      // int8's clamp
  std::int16_t out_zero = 0;
  float float_low = 0, float_high = 0;
  bool careful = false;                    // a weight is -128: Simd::Careful, where there is one
};

// How rows of a picture are copied into scratch.
struct RowCopy {
  DataType type = DataType::kFloat;
  std::uint8_t fill = 0;            // what int8's zero point is in `type` (kShort: the int8)
  bool direct = false;              // no copy: data are read where they lie
  std::int32_t channels = 0;        // of a pixel
  std::int32_t repeat = 1;          // times that each channel is written: a depth multiplier
  std::int32_t in_rows = 0, in_columns = 0;
  std::int32_t columns = 0;         // of a scratch row, edges included
  std::int32_t pad_w = 0, pad_h = 0;
  std::int32_t stride_h = 1;
  std::int32_t span_h = 1;          // rows under the window
  std::int32_t phases = 1;          // columns x, x + phases, ... lie together
  std::int32_t phase_columns = 0;   // columns / phases, rounded up
  std::uint32_t row_bytes = 0;      // of scratch
  std::int32_t chunk_rows = 1;      // output rows that scratch is large enough for
};

// CONV_2D and FULLY_CONNECTED, which is the same on a picture of one column.
struct ConvParams {
  const void* ref = nullptr;  // the reference kernel's parameters
  bool packed = false;        // false: the reference kernel does it
  Gemm gemm;
  RowCopy copy;
  std::int32_t out_rows = 0, out_columns = 0;
  std::int32_t pixel_step = 0;  // bytes from a pixel's data to the next one's
  bool flat = false;            // the last pixel of a row is followed by the first of the next
  std::uint64_t row_products = 0;  // multiply-adds for a row of all blocks
};

// The window of a float depthwise convolution, whose data are read where they lie.
struct FloatWindow {
  std::int32_t height = 0, width = 0, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int32_t first_inside = 0, end_inside = 0;  // output columns under which no tap is outside
  bool walks = false;  // three by three, close together: WalkFloat, with blocks of one vector
};
// Of such a window; the reference kernel does a larger one.
inline constexpr std::int32_t kMaxFloatTaps = 64;

struct DepthwiseParams {
  const ConvParams* product = nullptr;  // set where there is one input channel: an ordinary product
  const void* ref = nullptr;
  bool packed = false;
  Gemm gemm;  // a segment is a tap; int8's blocks are of 4 vectors, one behind the other
  RowCopy copy;
  std::int32_t out_rows = 0, out_columns = 0;
  // Channels of all columns follow each other, so a row is one run of columns * channels lanes
  // where weights repeat after `period` lanes; else (flat false) a run is a pixel.
  bool flat = false;
  std::int32_t period = 0;
  std::uint64_t row_products = 0;
  FloatWindow window;  // float32 only, where there is no copy
  // int8, 3 columns and up to 4 rows side by side, whole blocks of channels: 1 or 2, the stride of a
  // walk along columns; else 0. The four rows of such a column lie so far from the first.
  std::int32_t column_stride = 0;
  std::int32_t column_rows[4] = {};
  bool row_pairs = false;  // two rows of outputs at once: weights are there for the lower one too
};

// ADD of two int8 tensors of the same shape. With d = x - zero_point, an input's part of the sum is
// d << 20 times a multiplier m / 2^31 * 2^-e, rounded twice. The first rounding is
//   floor((d * m + 2^10) / 2^11) = d * (m >> 11) + ((d * (m & 2047) + 2^10) >> 11),
// which 32 bits hold. The input with the larger scale has m / 2^31 = 1/2 and e = 0 always: d << 19.
struct AddParams {
  const void* ref = nullptr;
  bool packed = false;
  bool swapped = false;  // input 1 has the larger scale
  Gemm finish;           // its clamp, zero point and kind
  const std::byte* scaling = nullptr;  // a vector's record, see Finish
  std::int32_t larger_constant = 0;    // what its zero point adds
  std::int32_t high = 0, low = 0;      // m >> 11, m & 2047 of the other input
  std::int32_t high_constant = 0, low_constant = 0;
  std::int32_t half = 0, sign_shift = 31, right = 0;
};

}  // namespace pinhole::engine::kernels::fast
