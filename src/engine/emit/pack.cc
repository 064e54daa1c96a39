// SPDX-License-Identifier: Apache-2.0
#include "engine/emit/pack.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace pinhole::engine::emit {

namespace {

constexpr int kPairGroup = 4;  // channels
constexpr int kChunkGroup = 8;
constexpr int kQuadGroup = 4;
constexpr int kCutForm = 32;  // as in runtime/pinhole_nn_math.h
constexpr int kLaneLow = -32768, kLaneHigh = 32767;
constexpr int kMaxPairs = 255;  // a chunk's count is a byte

// The least and the most that one tap adds, over all int8 data.
SumRange Reach(int weight) {
  return weight >= 0 ? SumRange{-128 * weight, 127 * weight}
                     : SumRange{127 * weight, -128 * weight};
}

// Whether taps [first, end) of all of a group's channels fit their lanes.
bool FitsLanes(const Matrix& matrix, int group, int first, int end) {
  for (int c = group * kChunkGroup; c < (group + 1) * kChunkGroup; ++c) {
    SumRange sum;
    for (int k = first; k < end; ++k) {
      const SumRange one = Reach(matrix.at(c, k));
      sum.low += one.low;
      sum.high += one.high;
    }
    if (sum.low < kLaneLow || sum.high > kLaneHigh) {
      return false;
    }
  }
  return true;
}

// One word of SumPairs and SumChunks: two taps of two channels, each plus 128.
std::uint32_t PairWord(const Matrix& matrix, int channel, int tap) {
  const auto byte = [&](int c, int k) { return static_cast<std::uint32_t>(matrix.at(c, k) + 128); };
  return byte(channel, tap) | byte(channel, tap + 1) << 8 | byte(channel + 1, tap) << 16 |
         byte(channel + 1, tap + 1) << 24;
}

// The reference's output for a sum.
std::int32_t Exact(std::int64_t sum, const base::FixedMultiplier& multiplier,
                   const OutputRange& output) {
  const std::int32_t scaled =
      base::MultiplyByQuantizedMultiplier(static_cast<std::int32_t>(sum), multiplier);
  return std::clamp(base::WrapAdd(scaled, output.zero), output.low, output.high);
}

// The smallest sum in [low, high] whose exact output is at least `wanted`; high + 1 where none is.
std::int64_t FirstReaching(std::int32_t wanted, std::int64_t low, std::int64_t high,
                           const base::FixedMultiplier& multiplier, const OutputRange& output) {
  std::int64_t end = high + 1;
  while (low < end) {
    const std::int64_t middle = low + (end - low) / 2;
    if (Exact(middle, multiplier, output) >= wanted) {
      end = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Sums at which the exact output makes a step, in order of the outputs.
struct Steps {
  std::int64_t low = 0, high = 0;    // the sums looked at
  std::vector<std::int64_t> firsts;  // for each output above the lowest
};

// Nullopt where the form can't hold the sums: some are larger and cutting them could change an
// output, or the form does not cut.
std::optional<Steps> StepsOf(const ScaleDemand& demand, int form, const OutputRange& output) {
  const std::int64_t edge = std::int64_t{1} << (form & (kCutForm - 1));
  Steps steps{std::clamp(demand.range.low, -edge, edge - 1),
              std::clamp(demand.range.high, -edge, edge - 1),
              {}};
  const bool fits = demand.range.low == steps.low && demand.range.high == steps.high;
  const auto exact = [&](std::int64_t sum) { return Exact(sum, demand.multiplier, output); };
  if ((form < kCutForm && !fits) ||
      (demand.range.low != steps.low && exact(steps.low) != output.low) ||
      (demand.range.high != steps.high && exact(steps.high) != output.high)) {
    return std::nullopt;
  }
  for (std::int32_t y = output.low + 1; y <= output.high; ++y) {
    steps.firsts.push_back(FirstReaching(y, steps.low, steps.high, demand.multiplier, output));
  }
  return steps;
}

// A sum times the multiplier, before the rounding.
std::int64_t QuickProduct(std::int64_t sum, std::int64_t multiplier, int form) {
  const int half = 31 - (form & (kCutForm - 1));
  const std::int64_t negative = sum < 0 && form >= kCutForm ? std::int64_t{1} << (half - 1) : 0;
  return ((sum * multiplier) >> half) - negative;
}

// All roundings with which (product + rounding) >> shift makes the steps: [first, second].
std::pair<std::int64_t, std::int64_t> RoundingsFor(const Steps& steps, std::int64_t multiplier,
                                                   int shift, int form, const OutputRange& output) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  std::pair<std::int64_t, std::int64_t> fit{0, kMost};
  std::int64_t y = std::int64_t{output.low} + 1 - output.zero;
  for (const std::int64_t first : steps.firsts) {
    const std::int64_t edge = y++ * (std::int64_t{1} << shift);
    if (first <= steps.high) {
      fit.first = std::max(fit.first, edge - QuickProduct(first, multiplier, form));
    }
    if (first > steps.low) {
      fit.second = std::min(fit.second, edge - 1 - QuickProduct(first - 1, multiplier, form));
    }
  }
  return fit;
}

// Whether what the runtime computes at `sum` fits 32 bits all along.
bool Fits32(std::int64_t sum, std::int64_t multiplier, std::int64_t rounding, int form) {
  const int half = 31 - (form & (kCutForm - 1));
  const std::int64_t high = multiplier >> half;
  const std::int64_t low = multiplier & ((std::int64_t{1} << half) - 1);
  const auto fits = [](std::int64_t value) {
    return value >= std::numeric_limits<std::int32_t>::min() &&
           value <= std::numeric_limits<std::int32_t>::max();
  };
  const std::int64_t product = QuickProduct(sum, multiplier, form);
  return fits(sum * high) && fits(sum * low) && fits(sum * high + ((sum * low) >> half)) &&
         fits(product) && fits(product + rounding);
}

// The form for one channel: the multiplier's first bits, or a neighbour, and the rounding with
// which all steps are the reference's.
std::optional<ChannelScale> FindChannel(const ScaleDemand& demand, int form,
                                        const OutputRange& output) {
  const int half = 31 - (form & (kCutForm - 1));
  const int length = 2 * half - 1;  // bits of the multiplier
  const int shift = half - 1 - demand.multiplier.shift;
  // Sums that wrap are no steps.
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (demand.multiplier.fraction <= 0 || demand.multiplier.shift > 0 || shift < 1 || shift > 30 ||
      demand.range.low < -kLargest || demand.range.high > kLargest) {
    return std::nullopt;
  }
  const std::optional<Steps> steps = StepsOf(demand, form, output);
  if (!steps) {
    return std::nullopt;
  }
  const int cut = std::max(31 - length, 0);
  const std::int64_t nearest =
      cut > 0 ? (demand.multiplier.fraction + (std::int64_t{1} << (cut - 1))) >> cut
              : demand.multiplier.fraction;
  for (const int other : {0, 1, -1, 2, -2, 3, -3, 4, -4}) {
    const std::int64_t m = nearest + other;
    if (m <= 0 || m >= std::int64_t{1} << length) {
      continue;
    }
    const auto [least, most] = RoundingsFor(*steps, m, shift, form, output);
    const std::int64_t rounding = least + (most - least) / 2;
    if (least <= most && Fits32(steps->low, m, rounding, form) &&
        Fits32(steps->high, m, rounding, form)) {
      const auto low = static_cast<std::uint32_t>(m & ((std::int64_t{1} << half) - 1));
      return ChannelScale{
          static_cast<std::int32_t>(rounding),
          static_cast<std::int32_t>(static_cast<std::uint32_t>(m >> half) | low << 16), shift};
    }
  }
  return std::nullopt;
}

constexpr int kAddHeadroom = 20;  // bits that the reference gives both operands

double RealOf(const base::FixedMultiplier& multiplier) {
  return std::ldexp(static_cast<double>(multiplier.fraction), multiplier.shift - 31);
}

// All roundings with which a pair of multipliers gives `outputs`, [y + 128][x + 128].
std::optional<std::int64_t> AddRounding(std::int64_t a, std::int64_t b, int shift,
                                        const AddDemand& demand, const OutputRange& output,
                                        std::span<const std::int8_t> outputs) {
  std::int64_t least = std::numeric_limits<std::int32_t>::min();
  std::int64_t most = std::numeric_limits<std::int32_t>::max();
  std::size_t at = 0;
  for (int y = -128; y < 128; ++y) {
    for (int x = -128; x < 128; ++x, ++at) {
      const std::int64_t sum = (x - demand.a_zero) * a + (y - demand.b_zero) * b;
      const std::int64_t edge =
          (std::int64_t{outputs[at]} - output.zero) * (std::int64_t{1} << shift) - sum;
      least = outputs[at] > output.low ? std::max(least, edge) : least;
      most =
          outputs[at] < output.high ? std::min(most, edge + (std::int64_t{1} << shift) - 1) : most;
    }
    if (least > most) {
      return std::nullopt;
    }
  }
  // Half a step where that will do. Sums are below 2^30: with it they fit.
  const std::int64_t rounding = std::clamp(std::int64_t{1} << (shift - 1), least, most);
  return std::abs(rounding) < (std::int64_t{1} << 30) ? std::optional(rounding) : std::nullopt;
}

}  // namespace

std::int32_t ExactAdd(const AddDemand& demand, const OutputRange& output, int x, int y) {
  const std::int32_t a =
      base::MultiplyByQuantizedMultiplier((x - demand.a_zero) * (1 << kAddHeadroom), demand.a);
  const std::int32_t b =
      base::MultiplyByQuantizedMultiplier((y - demand.b_zero) * (1 << kAddHeadroom), demand.b);
  const std::int32_t sum = base::MultiplyByQuantizedMultiplier(base::WrapAdd(a, b), demand.out);
  return std::clamp(base::WrapAdd(sum, output.zero), output.low, output.high);
}

std::optional<QuickAdd> FindQuickAdd(const AddDemand& demand, const OutputRange& output) {
  constexpr double kMost = 1U << 30;  // of a sum, the rounding beside it
  constexpr int kLargestShift = 24;
  constexpr int kReach = 4;  // neighbours of a multiplier that are tried
  std::vector<std::int8_t> outputs;
  for (int y = -128; y < 128; ++y) {
    for (int x = -128; x < 128; ++x) {
      outputs.push_back(static_cast<std::int8_t>(ExactAdd(demand, output, x, y)));
    }
  }
  const double real_a = std::ldexp(RealOf(demand.a) * RealOf(demand.out), kAddHeadroom);
  const double real_b = std::ldexp(RealOf(demand.b) * RealOf(demand.out), kAddHeadroom);
  int shift = kLargestShift;
  while (shift > 0 && std::ldexp(256 * (real_a + real_b) + 1, shift) > kMost) {
    --shift;
  }
  for (int i = 0; shift > 0 && i < (2 * kReach + 1) * (2 * kReach + 1); ++i) {
    const auto near = [&](double real, int step) {
      return std::llround(std::ldexp(real, shift)) + (step % 2 == 0 ? step / 2 : -(step + 1) / 2);
    };
    const std::int64_t a = near(real_a, i % (2 * kReach + 1));
    const std::int64_t b = near(real_b, i / (2 * kReach + 1));
    if (const auto rounding = AddRounding(a, b, shift, demand, output, outputs)) {
      // Wraps as the sums do: what is shifted fits.
      const std::int64_t all = *rounding - demand.a_zero * a - demand.b_zero * b;
      return QuickAdd{static_cast<std::int32_t>(a), static_cast<std::int32_t>(b),
                      static_cast<std::int32_t>(static_cast<std::uint32_t>(all)), shift};
    }
  }
  return std::nullopt;
}

SumRange RangeOf(const Matrix& matrix, int channel, std::int64_t bias) {
  SumRange sum{bias, bias};
  for (int k = 0; k < matrix.depth; ++k) {
    const SumRange one = Reach(matrix.at(channel, k));
    sum.low += one.low;
    sum.high += one.high;
  }
  return sum;
}

std::optional<std::vector<std::uint32_t>> PackPairs(const Matrix& matrix) {
  std::vector<std::uint32_t> words;
  // Columns are a multiple of four taps long.
  const int pairs = (matrix.depth + 3) / 4 * 2;
  for (int c = 0; c < matrix.channels; ++c) {
    for (int k = 0; k < matrix.depth; k += 2) {
      if (matrix.at(c, k) == -128 && matrix.at(c, k + 1) == -128) {
        return std::nullopt;
      }
    }
  }
  for (int group = 0; group < matrix.channels; group += kPairGroup) {
    for (int k = 0; k < pairs; ++k) {
      for (int c = group; c < group + kPairGroup; c += 2) {
        words.push_back(PairWord(matrix, c, 2 * k));
      }
    }
  }
  return words;
}

std::optional<Chunks> PackChunks(const Matrix& matrix) {
  Chunks packed;
  const int pairs = (matrix.depth + 3) / 4 * 2;
  const int groups = (matrix.channels + kChunkGroup - 1) / kChunkGroup;
  for (int group = 0; group < groups; ++group) {
    for (int k = 0; k < pairs; ++k) {
      for (int c = 0; c < kChunkGroup; c += 2) {
        packed.words.push_back(PairWord(matrix, group * kChunkGroup + c, 2 * k));
      }
    }
    int spills = 0;
    for (int first = 0; first < pairs; ++spills) {
      if (!FitsLanes(matrix, group, 2 * first, 2 * first + 2)) {
        return std::nullopt;
      }
      int end = first + 1;
      while (end < pairs && end - first < kMaxPairs &&
             FitsLanes(matrix, group, 2 * first, 2 * (end + 1))) {
        ++end;
      }
      packed.chunks.push_back(static_cast<std::uint8_t>(end - first));
      first = end;
    }
    packed.chunks.push_back(0);
    packed.spills.push_back(spills);
  }
  return packed;
}

bool LanesHold(std::span<const std::int8_t> weights, int channels) {
  std::vector<bool> met(static_cast<std::size_t>(channels));  // a weight of -128
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t channel = i % met.size();
    if (weights[i] == -128 && met[channel]) {
      return false;
    }
    met[channel] = met[channel] || weights[i] == -128;
  }
  return true;
}

std::vector<std::uint32_t> PackQuads(const Matrix& matrix) {
  std::vector<std::uint32_t> words;
  const auto byte = [&](int c, int k) {
    return static_cast<std::uint32_t>(static_cast<std::uint8_t>(matrix.at(c, k)));
  };
  for (int group = 0; group < matrix.channels; group += kQuadGroup) {
    for (int k = 0; k < matrix.depth; k += 4) {
      for (int c = group; c < group + kQuadGroup; ++c) {
        words.push_back(byte(c, k) | byte(c, k + 1) << 8 | byte(c, k + 2) << 16 |
                        byte(c, k + 3) << 24);
      }
    }
  }
  return words;
}

std::int64_t QuickScaled(std::int64_t sum, const ChannelScale& channel, int form) {
  const int bits = form & (kCutForm - 1);
  const std::int64_t edge = std::int64_t{1} << bits;
  const std::int64_t multiplier = (static_cast<std::int64_t>(channel.b & 0xFFFF) << (31 - bits)) +
                                  (static_cast<std::uint32_t>(channel.b) >> 16);
  const std::int64_t x = form >= kCutForm ? std::clamp(sum, -edge, edge - 1) : sum;
  return (QuickProduct(x, multiplier, form) + channel.a) >> channel.c;
}

ScaleForm ExactForm(std::span<const ScaleDemand> channels) {
  ScaleForm exact;
  for (const ScaleDemand& demand : channels) {
    exact.channels.push_back({demand.multiplier.fraction, demand.multiplier.shift, 0});
  }
  return exact;
}

std::optional<ScaleForm> FindWide(std::span<const ScaleDemand> channels) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  ScaleForm wide{-1, {}};
  for (const ScaleDemand& demand : channels) {
    if (demand.range.low <= -kMost || demand.range.high >= kMost || demand.multiplier.shift > -1 ||
        demand.multiplier.shift < -31) {
      return std::nullopt;
    }
    wide.channels.push_back({demand.multiplier.fraction, -demand.multiplier.shift, 0});
  }
  return wide;
}

std::optional<ScaleForm> FindQuick(std::span<const ScaleDemand> channels,
                                   const OutputRange& output) {
  constexpr int kFewestBits = 16, kMostBits = 21;  // halves must fit 16 bits
  for (const int cut : {0, kCutForm}) {
    for (int bits = kFewestBits; bits <= kMostBits; ++bits) {
      ScaleForm quick{bits + cut, {}};
      for (const ScaleDemand& demand : channels) {
        const std::optional<ChannelScale> channel = FindChannel(demand, quick.form, output);
        if (!channel) {
          break;
        }
        quick.channels.push_back(*channel);
      }
      if (quick.channels.size() == channels.size()) {
        return quick;
      }
    }
  }
  return std::nullopt;
}

}  // namespace pinhole::engine::emit
