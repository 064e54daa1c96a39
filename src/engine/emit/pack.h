// SPDX-License-Identifier: Apache-2.0
#pragma once

// Weights and scales as the emitted kernels read them, and the proofs that go with them.
//
// The kernels for processors without wide multiplications are right only for numbers of a certain
// size (runtime/pinhole_nn_sum_pairs.cc, QuickScale in runtime/pinhole_nn_math.h). Every weight,
// bias and scale is known when a model is emitted, so that what could depend on luck is decided
// here: how many products fit a 16-bit lane whatever the data, and whether the short multiplication
// gives the reference's integer for every sum that can occur. Where it does not, the exact form is
// taken.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/fixed_point.h"

namespace pinhole::engine::emit {

// Output channels of taps: weights[channel * depth + tap].
struct Matrix {
  std::span<const std::int8_t> weights;
  int channels = 0, depth = 0;

  [[nodiscard]] int at(int channel, int tap) const {
    return channel < channels && tap < depth
               ? weights[static_cast<std::size_t>(channel) * static_cast<std::size_t>(depth) +
                         static_cast<std::size_t>(tap)]
               : 0;
  }
};

// Sums of a channel over all int8 data, bias included: what can occur.
struct SumRange {
  std::int64_t low = 0, high = 0;
};
SumRange RangeOf(const Matrix& matrix, int channel, std::int64_t bias);

// SumPairs' layout, [group of 4][pair of taps][2]. None where two products of a channel can exceed
// a lane (two weights of -128 side by side).
std::optional<std::vector<std::uint32_t>> PackPairs(const Matrix& matrix);

// SumChunks' layout. Words [group of 8][pair of taps][4]; chunks as the kernel reads them; spills:
// how often each group's sums are spilled. None where PackPairs has none.
struct Chunks {
  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> chunks;
  std::vector<int> spills;
};
std::optional<Chunks> PackChunks(const Matrix& matrix);

// Whether two products of a channel fit the lanes of DepthwiseLanes, whichever two: no channel has
// two weights of -128. Weights [tap][channel].
bool LanesHold(std::span<const std::int8_t> weights, int channels);

// SumQuads' layout: words [group][four taps][4].
std::vector<std::uint32_t> PackQuads(const Matrix& matrix);

// One channel's scale: what brings its sum to the output, and what sums can occur.
struct ScaleDemand {
  base::FixedMultiplier multiplier;
  SumRange range;
};
struct OutputRange {
  std::int32_t zero = 0, low = 0, high = 0;  // of the output, clamped
};
// How sums are brought to the output: Finish::form, and Channel::a, b and c of each channel
// (runtime/pinhole_nn.h).
struct ChannelScale {
  std::int32_t a = 0, b = 0, c = 0;
};
struct ScaleForm {
  int form = 0;
  std::vector<ChannelScale> channels;
};
// The reference's own numbers.
ScaleForm ExactForm(std::span<const ScaleDemand> channels);
// The wide form, where all sums of all channels allow it, or none.
std::optional<ScaleForm> FindWide(std::span<const ScaleDemand> channels);
// A quick form that gives the reference's output for every sum of every channel, or none.
// Cost: for each channel and form tried, a binary search for each of the output's steps.
std::optional<ScaleForm> FindQuick(std::span<const ScaleDemand> channels,
                                   const OutputRange& output);
// What the runtime computes in a quick form, before the zero point.
std::int64_t QuickScaled(std::int64_t sum, const ChannelScale& channel, int form);

// ADD of two int8 as (x * a + y * b + rounding) >> shift, zero points included.
struct QuickAdd {
  std::int32_t a = 0, b = 0, rounding = 0;
  int shift = 0;
};
struct AddDemand {
  base::FixedMultiplier a, b, out;  // as the reference scales, with 20 bits of headroom
  std::int32_t a_zero = 0, b_zero = 0;
};
// One that gives the reference's output for all 65,536 pairs, or none. Cost: some passes over them.
std::optional<QuickAdd> FindQuickAdd(const AddDemand& demand, const OutputRange& output);
// The reference's output of one pair.
std::int32_t ExactAdd(const AddDemand& demand, const OutputRange& output, int x, int y);

}  // namespace pinhole::engine::emit
