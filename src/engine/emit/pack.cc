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
constexpr int kCutForm = 32, kLongForm = 64;  // as in runtime/pinhole_nn_math.h
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

// A quick form's numbers: sums are below 2^bits, and are multiplied by a number of `length` bits in
// parts of `part`, of which the lowest `dropped` bits of the product are cut off.
struct FormBits {
  explicit FormBits(int form) : cuts(form >= kCutForm) {
    const int bits = form & (kCutForm - 1);
    part = 31 - bits;
    edge = std::int64_t{1} << bits;
    const bool is_long = form >= kLongForm;
    length = is_long ? 3 * part - 2 : 2 * part - 1;
    dropped = is_long ? 2 * part : part;
  }
  // The first rounding's unit, by which what is negative is rounded down.
  [[nodiscard]] std::int64_t unit() const { return std::int64_t{1} << (length - dropped); }

  bool cuts;
  int part = 0, length = 0, dropped = 0;
  std::int64_t edge = 0;
};

// Nullopt where the form can't hold the sums: some are larger and cutting them could change an
// output, or the form does not cut.
std::optional<Steps> StepsOf(const ScaleDemand& demand, const FormBits& form,
                             const OutputRange& output) {
  Steps steps{std::clamp(demand.range.low, -form.edge, form.edge - 1),
              std::clamp(demand.range.high, -form.edge, form.edge - 1),
              {}};
  const bool fits = demand.range.low == steps.low && demand.range.high == steps.high;
  const auto exact = [&](std::int64_t sum) { return Exact(sum, demand.multiplier, output); };
  if ((!form.cuts && !fits) || (demand.range.low != steps.low && exact(steps.low) != output.low) ||
      (demand.range.high != steps.high && exact(steps.high) != output.high)) {
    return std::nullopt;
  }
  for (std::int32_t y = output.low + 1; y <= output.high; ++y) {
    steps.firsts.push_back(FirstReaching(y, steps.low, steps.high, demand.multiplier, output));
  }
  return steps;
}

// A sum times the multiplier, before the rounding.
std::int64_t QuickProduct(std::int64_t sum, std::int64_t multiplier, const FormBits& form) {
  return ((sum * multiplier) >> form.dropped) - (sum < 0 && form.cuts ? form.unit() : 0);
}

// All roundings with which (product + rounding) >> shift makes the steps: [first, second].
std::pair<std::int64_t, std::int64_t> RoundingsFor(const Steps& steps, std::int64_t multiplier,
                                                   int shift, const FormBits& form,
                                                   const OutputRange& output) {
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
bool Fits32(std::int64_t sum, std::int64_t multiplier, std::int64_t rounding,
            const FormBits& form) {
  const auto fits = [](std::int64_t value) {
    return value >= std::numeric_limits<std::int32_t>::min() &&
           value <= std::numeric_limits<std::int32_t>::max();
  };
  // From the lowest part to the highest.
  std::int64_t carried = 0;
  for (int below = 0; below <= form.dropped; below += form.part) {
    std::int64_t part = multiplier >> below;
    part &= below < form.dropped ? (std::int64_t{1} << form.part) - 1 : part;
    if (!fits(sum * part) || !fits(sum * part + carried)) {
      return false;
    }
    carried = (sum * part + carried) >> form.part;
  }
  const std::int64_t product = QuickProduct(sum, multiplier, form);
  return fits(product) && fits(product + rounding);
}

// A multiplier as Channel::b.
std::int32_t PartsOf(std::int64_t multiplier, const FormBits& form) {
  const auto m = static_cast<std::uint32_t>(multiplier);
  const std::uint32_t mask = (1U << form.part) - 1;
  const std::uint32_t high = m >> form.dropped;
  const std::uint32_t parts = form.dropped == form.part
                                  ? high | (m & mask) << 16
                                  : high << 22 | (m >> form.part & mask) << 11 | (m & mask);
  return static_cast<std::int32_t>(parts);
}

// The form for one channel: the multiplier's first bits, or a neighbour, and the rounding with
// which all steps are the reference's.
std::optional<ChannelScale> FindChannel(const ScaleDemand& demand, const FormBits& form,
                                        const OutputRange& output) {
  const int shift = form.length - form.dropped - demand.multiplier.shift;
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
  const int cut = 31 - form.length;
  const std::int64_t nearest =
      cut > 0 ? (demand.multiplier.fraction + (std::int64_t{1} << (cut - 1))) >> cut
              : demand.multiplier.fraction;
  for (const int other : {0, 1, -1, 2, -2, 3, -3, 4, -4}) {
    const std::int64_t m = nearest + other;
    if (m <= 0 || m >= std::int64_t{1} << form.length) {
      continue;
    }
    const auto [least, most] = RoundingsFor(*steps, m, shift, form, output);
    const std::int64_t rounding = least + (most - least) / 2;
    if (least <= most && Fits32(steps->low, m, rounding, form) &&
        Fits32(steps->high, m, rounding, form)) {
      return ChannelScale{static_cast<std::int32_t>(rounding), PartsOf(m, form), shift};
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
  const FormBits bits(form);
  const auto b = static_cast<std::uint32_t>(channel.b);
  const std::int64_t multiplier =
      form >= kLongForm ? (std::int64_t{b >> 22} << bits.dropped) +
                              (std::int64_t{b >> 11 & 0x7FFU} << bits.part) + (b & 0x7FFU)
                        : (std::int64_t{b & 0xFFFFU} << bits.part) + (b >> 16);
  const std::int64_t x = bits.cuts ? std::clamp(sum, -bits.edge, bits.edge - 1) : sum;
  return (QuickProduct(x, multiplier, bits) + channel.a) >> channel.c;
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
  struct Kind {
    int form, fewest, most;  // of bits: halves must fit 16, thirds 11
  };
  for (const Kind& kind : {Kind{0, 16, 21}, Kind{kCutForm, 16, 21}, Kind{kLongForm, 20, 22}}) {
    for (int bits = kind.fewest; bits <= kind.most; ++bits) {
      ScaleForm quick{kind.form + bits, {}};
      for (const ScaleDemand& demand : channels) {
        const std::optional<ChannelScale> channel =
            FindChannel(demand, FormBits(quick.form), output);
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
