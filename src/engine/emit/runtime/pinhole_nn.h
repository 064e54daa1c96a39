// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernels that emitted models call.
//
// `pinhole model emit` writes a network as a list of calls of the functions below, each with a
// constant that says everything about one operator: where its data lie, its shape, its weights as
// its kernel reads them. Nothing is looked up, allocated or decided while a network runs. This
// folder is all that the emitted code needs: C++17, no library but memcpy and memset, for a
// Cortex-M0+, a Cortex-M4 or M33, and any other processor.
//
// Data are int8, NHWC, one picture at a time. Integers are the reference's to the bit (TensorFlow
// Lite's quantisation specification, rounded twice), and so is float32 where the compiler forms no
// fused multiply-adds. Operators that come in many types are templates in headers of their own
// (pinhole_nn_pairs.h, pinhole_nn_elements.h and others), which the emitted code includes where it
// calls them.
//
// Two cores: a kernel that is given a SecondCore lets it make half of the channels while it makes
// the others, with scratch of its own, and waits for it. The results are the same. See SecondCore.
//
// A tensor may have a place for some of its rows only, in a ring: row r lies at
// data + (r % held) * row_bytes. A kernel makes rows [begin, end) of its output.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pinhole_nn {

struct Ring {
  std::int8_t* data;
  std::int32_t row_bytes;
  std::int32_t held;  // rows that have a place; all of them where the tensor is whole
};

// A second core that takes a share of the work. `start` has it call job(context) and returns at
// once; `wait` returns when that call has ended, and what it wrote can be read. One job at a time.
// A thread will do, or the other core of an RP2040. Code emitted with two cores in mind takes one
// in its Run; null: the caller does all of it.
struct SecondCore {
  void (*start)(void (*job)(void* context), void* context);
  void (*wait)();
};

// What copies constants out of a slow memory into a fast one while kernels run. `start` queues a
// copy of `bytes`, a multiple of 4 like the addresses, and returns at once; copies are made in
// their order. `wait` returns when all but the `left` queued last are made. DMA will do. Code
// emitted to be streamed takes one in its Run; null: it copies by itself.
struct Fetcher {
  void (*start)(void* to, const void* from, std::size_t bytes);
  void (*wait)(int left);
};

inline void StartFetch(const Fetcher* fetcher, void* to, const void* from, std::size_t bytes) {
  if (fetcher != nullptr) {
    fetcher->start(to, from, bytes);
  } else {
    std::memcpy(to, from, bytes);
  }
}

inline void WaitForFetches(const Fetcher* fetcher, int left) {
  if (fetcher != nullptr) {
    fetcher->wait(left);
  }
}

// What brings one output channel's sum to the output's scale. Four forms, see Finish:
//   exact: a is a 31-bit fraction, b its power of two
//   wide:  the same with b negated, at least 1
//   quick: a is the rounding; b is two halves of the multiplier, the high one in the low 16 bits;
//          c is the final shift
// In all, the bias holds the input's zero point times the weights' sum as well. Behind the last
// channel there are zeroes up to a multiple of four.
struct Channel {
  std::int32_t bias, a, b, c;
};

// The emitter names a form only where it has shown for every sum that can occur that it gives what
// the exact form does.
//   form 0   exact
//   form -1  wide: for a multiplication that keeps the high 32 bits. No sum reaches 2^30.
//   form n   quick: sums are multiplied by a number of 61 - 2n bits, whose lower half has 31 - n,
//   so
//            that every product fits 32 bits. No sum reaches 2^n; negative ones end at the least
//            output.
//   form n + 32  quick: sums are cut to [-2^n, 2^n), and negative ones rounded as the reference
//   does
//   form n + 64  long: the same with a multiplier in three parts: bits 22 and up of b, bits 11 to
//   21 and bits 0 to 10, of which the lower two have 31 - n bits
struct Finish {
  const Channel* channels;
  std::int16_t form, out_zero, low, high;
};

// A window of height x width taps that walks over the input.
struct Window {
  std::int16_t in_rows, in_columns, in_channels, out_columns, out_channels;
  std::int16_t height, width, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
};

// CONV_2D and FULLY_CONNECTED (a window of one tap over a row of batches).
// The weights' layout belongs to the function that is called:
//   SumPlain   int8 [channel][depth]
//   SumPairs   groups of 4 channels: for each pair of taps, 2 words; word j holds channels 2j and
//              2j + 1 as bytes (2j: tap 0, tap 1, 2j + 1: tap 0, tap 1), each plus 128
//   SumChunks  the same in groups of 8 channels, 4 words. `chunks` says for each group after how
//              many pairs sums must be spilled, 0 ends a group's list
//   SumQuads   groups of 4 channels: for each four taps, 4 words; word j holds channel j
// Absent taps and channels are zero.
struct Sum {
  Ring in, out;
  Window window;
  Finish finish;
  const void* weights;
  const std::uint8_t* chunks;
  std::int8_t* columns;     // place for `block` windows side by side; null: read where they lie
  std::uint32_t* expanded;  // place for a group's weights, spread to 16 bits; null: none
  std::int32_t depth;       // taps of a window, padded as the layout wants; columns lie depth apart
  std::int32_t other;       // bytes from the scratch to the second core's; 0: none
  std::int16_t in_zero;
  std::int16_t block;
};
void SumPlain(const Sum& sum, int begin, int end, const SecondCore* second = nullptr);
void SumPairs(const Sum& sum, int begin, int end, const SecondCore* second = nullptr);
void SumChunks(const Sum& sum, int begin, int end, const SecondCore* second = nullptr);
void SumQuads(const Sum& sum, int begin, int end, const SecondCore* second = nullptr);

// DEPTHWISE_CONV_2D: output channel c reads input channel c / multiplier. The weights' layout and
// the scratch, in words, belong to the function that is called:
//   DepthwiseRows    weights [channel][window column][window row]. One channel's weights, a row of
//                    sums, and the columns that a row of windows covers, a word for each tap
//   DepthwisePaired  the same, two taps of a column a word: for processors that multiply two pairs
//                    of 16 bits at once
//   DepthwiseLanes   weights [channel][window row][window column], of no channel two of -128. Makes
//                    `band` rows at a time, with a word for each two places that stand half a row
//                    apart: one channel's weights; of the input rows that a band covers one word
//                    and the columns of half a row of windows each; the band's sums and one word.
//                    The half's first columns are no more than the picture's, and no fewer than
//                    what is before it
// The functions with Three are for windows of 3 x 3 taps side by side, Five for 5 x 5, and faster.
struct Depthwise {
  Ring in, out;
  Window window;
  Finish finish;
  const std::int8_t* weights;
  std::uint32_t* scratch;
  std::int32_t other;  // bytes from the scratch to the second core's; 0: none
  std::int16_t multiplier;
  std::int8_t in_zero;
  std::uint8_t band;  // rows; DepthwiseLanes
};
void DepthwiseRows(const Depthwise& depthwise, int begin, int end,
                   const SecondCore* second = nullptr);
void DepthwiseThree(const Depthwise& depthwise, int begin, int end,
                    const SecondCore* second = nullptr);
void DepthwisePaired(const Depthwise& depthwise, int begin, int end,
                     const SecondCore* second = nullptr);
void DepthwisePairedThree(const Depthwise& depthwise, int begin, int end,
                          const SecondCore* second = nullptr);
void DepthwiseLanes(const Depthwise& depthwise, int begin, int end,
                    const SecondCore* second = nullptr);
void DepthwiseLanesThree(const Depthwise& depthwise, int begin, int end,
                         const SecondCore* second = nullptr);
void DepthwiseLanesFive(const Depthwise& depthwise, int begin, int end,
                        const SecondCore* second = nullptr);

struct Pool {
  Ring in, out;
  Window window;
  std::int16_t low, high;
};
void AveragePool(const Pool& pool, int begin, int end);
void MaxPool(const Pool& pool, int begin, int end);

// Sums over the middle of [outer, middle, inner], brought to the output's scale (exact form).
struct Mean {
  const std::int8_t* in;
  std::int8_t* out;
  std::int32_t outer, middle, inner;
  Channel scale;
  std::int16_t out_zero;
};
void MeanOver(const Mean& mean);

// ADD of int8, both of a size. Where quick_shift is above 0 the emitter has shown for every pair
// that (x * quick_a + y * quick_b + quick_rounding) >> quick_shift, modulo 2^32, plus out_zero is
// the reference's; else the reference's three scalings are made.
struct Add {
  Ring a, b, out;
  std::int32_t a_fraction, a_shift, b_fraction, b_shift, fraction, shift;
  std::int16_t a_zero, b_zero, out_zero, low, high;
  std::int16_t quick_shift;
  std::int32_t quick_a, quick_b, quick_rounding;
};
void AddRows(const Add& add, int begin, int end, const SecondCore* second = nullptr);

// One byte from one byte, by a table of 256 indexed by the byte as unsigned. In place or not.
struct Lookup {
  Ring in, out;
  const std::uint8_t* table;
};
void LookupRows(const Lookup& lookup, int begin, int end);

// SOFTMAX of int8 along rows of `depth`. exponentials[d] is exp(-d) of the scaled input, Q31, for
// d < exponential_count; beyond, it counts as zero.
struct Softmax {
  const std::int8_t* in;
  std::int8_t* out;
  std::int32_t rows, depth, exponential_count;
  const std::int32_t* exponentials;
};
void SoftmaxRows(const Softmax& softmax);

struct Quantize {  // float32 to int8
  const float* in;
  std::int8_t* out;
  std::int32_t count;
  float scale;
  std::int16_t zero;
};
void QuantizeFloats(const Quantize& quantize);

struct Dequantize {  // int8 to float32
  const std::int8_t* in;
  float* out;
  std::int32_t count;
  float scale;
  std::int16_t zero;
};
void DequantizeToFloats(const Dequantize& dequantize);

// Bytes that change their place: `runs` of `bytes`, in three nested loops. A negative source means
// nothing is read: the bytes become `fill`.
struct Move {
  std::int8_t* out;
  const std::int8_t* in;
  std::int32_t bytes;
  std::int32_t count[3];
  std::int32_t out_step[3];
  std::int32_t in_step[3];
  std::int16_t fill;  // below 0: copy
};
void MoveBytes(const Move* moves, int count);

// float32: weights [channel][tap][in channel], depthwise [tap][channel].
struct FloatSum {
  Ring in, out;
  Window window;
  const float* weights;
  const float* bias;
  float low, high;
  std::int16_t depthwise_multiplier;  // 0: a full convolution
};
void FloatSumRows(const FloatSum& sum, int begin, int end);

struct FloatPool {
  Ring in, out;
  Window window;
  float low, high;
  bool largest;
};
void FloatPoolRows(const FloatPool& pool, int begin, int end);

struct FloatSoftmax {
  const float* in;
  float* out;
  std::int32_t rows, depth;
  float beta;
};
void FloatSoftmaxRows(const FloatSoftmax& softmax);

}  // namespace pinhole_nn
