// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: random uses of convolutions and pools, and what they should give, computed in
// double from the definition, sharing nothing with the kernels beside the types.
//
// Dice give the same numbers on every platform (SplitMix64, Steele et al. 2014), so that a case is
// named by its seed and a checksum over many cases can stand in a test.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/kernels/op_harness.h"

namespace pinhole::engine::kernels::ref {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  // Uniform in [low, high].
  int Int(int low, int high) {
    const auto span = static_cast<std::uint64_t>(static_cast<std::int64_t>(high) - low + 1);
    return static_cast<int>(low + static_cast<std::int64_t>(Next() % span));
  }
  float Real(float low, float high) {
    return low + (high - low) * static_cast<float>(Next() >> 40) / 16777216.0F;
  }
  // A power of two times 1 to 2: about evenly spread over the orders of magnitude.
  float Scale(int low_exponent, int high_exponent) {
    const int exponent = Int(low_exponent, high_exponent);
    return std::ldexp(Real(1.0F, 2.0F), exponent);
  }
  // Any value of an integer type; floats in [-2, 2].
  template <typename T>
  T Value() {
    if constexpr (std::is_floating_point_v<T>) {
      return Real(-2.0F, 2.0F);
    } else {
      return static_cast<T>(Next());
    }
  }
  // A scale as above times `times`, and a zero point of type T.
  template <typename T>
  Quant Quantization(int low_exponent, int high_exponent, float times = 1.0F) {
    const float scale = Scale(low_exponent, high_exponent) * times;
    return Q(scale, static_cast<std::int32_t>(Value<T>()));
  }
  template <typename T>
  std::vector<T> Values(std::size_t n) {
    std::vector<T> values(n);
    for (T& value : values) {
      value = Value<T>();
    }
    return values;
  }

 private:
  std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

// A harness stays where it was built.
using OwnedHarness = std::unique_ptr<OpHarness>;

// The outputs for one input after the other, one behind the other, from the state that `op` has;
// empty where the operator was refused. Input 0 and the output hold T.
template <typename T>
std::vector<T> RunInTurn(OpHarness& op, const Kernel& kernel,
                         const std::vector<std::vector<T>>& inputs) {
  std::vector<T> all;
  for (const std::vector<T>& x : inputs) {
    op.SetInput(0, x);
    const bool ran = op.Run(kernel);
    EXPECT_TRUE(ran) << op.why();
    if (!ran) {
      return {};
    }
    const std::vector<T> y = op.Result<T>();
    all.insert(all.end(), y.begin(), y.end());
  }
  return all;
}

// FNV-1a over the bytes of many results.
class Checksum {
 public:
  template <typename T>
  void Add(const std::vector<T>& values) {
    for (const T value : values) {
      auto bits = static_cast<std::uint64_t>(value);
      for (std::size_t i = 0; i < sizeof(T); ++i, bits >>= 8) {
        hash_ = (hash_ ^ (bits & 0xFF)) * 0x100000001B3U;
      }
    }
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325U;
};

inline double Clamp(Activation activation, double value) {
  switch (activation) {
    case Activation::kRelu: return std::max(value, 0.0);
    case Activation::kReluN1To1: return std::clamp(value, -1.0, 1.0);
    case Activation::kRelu6: return std::clamp(value, 0.0, 6.0);
    default: return value;
  }
}

// scale * (q - zero point), with the scale of the element's channel; `channels` innermost where the
// axis is the last one, else outermost.
template <typename T>
std::vector<double> Reals(const std::vector<T>& values, const Quant& quant, bool channels_last) {
  std::vector<double> reals(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size() && !quant.scales.empty(); ++i) {
    const std::size_t count = quant.scales.size();
    const std::size_t channel = channels_last ? i % count : i / (values.size() / count);
    reals[i] = static_cast<double>(quant.scales[channel]) * (reals[i] - quant.zero_point);
  }
  return reals;
}

// Each result is what the real number is in units of the output, give or take `allowed` of them.
template <typename T>
void ExpectWithinUnits(double allowed, const std::vector<T>& results,
                       const std::vector<double>& reals, const Quant& quant,
                       const std::string& name) {
  ASSERT_EQ(results.size(), reals.size()) << name;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const double units = reals[i] / static_cast<double>(quant.scales[0]) + quant.zero_point;
    const double bounded =
        std::clamp<double>(units, std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max());
    ASSERT_NEAR(results[i], bounded, allowed) << name << ", element " << i;
  }
}

template <typename T>
void ExpectWithinOneUnit(const std::vector<T>& results, const std::vector<double>& reals,
                         const Quant& quant, const std::string& name) {
  ExpectWithinUnits(1.0, results, reals, quant, name);
}

// What a sum of products of type T may be off. A 64-bit sum is multiplied by the first 15 bits of
// its multiplier only, which costs up to one unit in 32768 beside the half that rounding does.
template <typename T>
inline constexpr double kSumUnits = sizeof(T) == 2 ? 1.5 : 1.0;

inline void ExpectNearFloats(const std::vector<float>& results, const std::vector<double>& reals,
                             double tolerance, const std::string& name) {
  ASSERT_EQ(results.size(), reals.size()) << name;
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_NEAR(results[i], reals[i], tolerance) << name << ", element " << i;
  }
}

// A picture, a window over it, and the result's shape.
struct WindowCase {
  int batch = 1, height = 1, width = 1, channels = 1;
  int filter_h = 1, filter_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;

  static int OutSize(Padding padding, int in, int filter, int stride, int dilation) {
    int places = 0;
    for (int at = 0; at < in; at += stride) {
      places += padding == Padding::kSame || at + (filter - 1) * dilation < in ? 1 : 0;
    }
    return places;
  }
  static int PadBefore(Padding padding, int in, int filter, int stride, int dilation) {
    const int out = OutSize(padding, in, filter, stride, dilation);
    return std::max((out - 1) * stride + (filter - 1) * dilation + 1 - in, 0) / 2;
  }
  [[nodiscard]] int out_h() const {
    return OutSize(padding, height, filter_h, stride_h, dilation_h);
  }
  [[nodiscard]] int out_w() const {
    return OutSize(padding, width, filter_w, stride_w, dilation_w);
  }
  [[nodiscard]] Shape in_shape() const { return {batch, height, width, channels}; }

  static WindowCase Random(Dice& dice, bool dilated) {
    WindowCase c;
    do {
      c.batch = dice.Int(1, 2);
      c.height = dice.Int(1, 9);
      c.width = dice.Int(1, 9);
      c.channels = dice.Int(0, 9) == 0 ? dice.Int(60, 70) : dice.Int(1, 18);
      c.filter_h = dice.Int(1, 5);
      c.filter_w = dice.Int(1, 5);
      c.stride_h = dice.Int(1, 3);
      c.stride_w = dice.Int(1, 3);
      c.dilation_h = dilated && dice.Int(0, 2) == 0 ? dice.Int(2, 4) : 1;
      c.dilation_w = dilated && dice.Int(0, 2) == 0 ? dice.Int(2, 4) : 1;
      c.padding = dice.Int(0, 1) == 0 ? Padding::kSame : Padding::kValid;
      c.activation = static_cast<Activation>(dice.Int(0, 3));
    } while (c.out_h() < 1 || c.out_w() < 1);
    return c;
  }

  // visit(x index, tap index) for each tap of the place that lies inside the picture; the index of
  // x is of channel 0.
  template <typename Visit>
  void ForTaps(int b, int out_y, int out_x, const Visit& visit) const {
    const int top = PadBefore(padding, height, filter_h, stride_h, dilation_h);
    const int left = PadBefore(padding, width, filter_w, stride_w, dilation_w);
    for (int tap = 0; tap < filter_h * filter_w; ++tap) {
      const int y = out_y * stride_h - top + tap / filter_w * dilation_h;
      const int x = out_x * stride_w - left + tap % filter_w * dilation_w;
      if (y >= 0 && y < height && x >= 0 && x < width) {
        visit(static_cast<std::size_t>(((b * height + y) * width + x) * channels),
              static_cast<std::size_t>(tap));
      }
    }
  }
  // visit(b, out_y, out_x) in the result's order.
  template <typename Visit>
  void ForPlaces(const Visit& visit) const {
    for (int b = 0; b < batch; ++b) {
      for (int y = 0; y < out_h(); ++y) {
        for (int x = 0; x < out_w(); ++x) {
          visit(b, y, x);
        }
      }
    }
  }
};

// A random CONV_2D (`groups` of it) or DEPTHWISE_CONV_2D (`multiplier` of it) with data and weights
// of the given types. Integer types are quantised so that most results don't saturate.
template <typename T, typename W, typename Bias>
struct ConvCase {
  WindowCase window;
  bool depthwise = false;
  int multiplier = 1, groups = 1, out_channels = 1;
  bool has_bias = true;
  std::vector<T> x;
  std::vector<W> w;
  std::vector<Bias> bias;
  Quant in_quant, weight_quant, out_quant;

  [[nodiscard]] int depth() const { return depthwise ? 1 : window.channels / groups; }
  [[nodiscard]] Shape weight_shape() const {
    return depthwise ? Shape{1, window.filter_h, window.filter_w, out_channels}
                     : Shape{out_channels, window.filter_h, window.filter_w, depth()};
  }
  [[nodiscard]] Shape out_shape() const {
    return {window.batch, window.out_h(), window.out_w(), out_channels};
  }

  static ConvCase Random(Dice& dice, bool depthwise) {
    ConvCase c;
    c.window = WindowCase::Random(dice, true);
    c.depthwise = depthwise;
    if (depthwise) {
      c.multiplier = dice.Int(0, 1) == 0 ? 1 : dice.Int(2, 5);
      c.out_channels = c.window.channels * c.multiplier;
    } else {
      c.groups = dice.Int(0, 2) == 0 ? dice.Int(2, 3) : 1;
      c.window.channels *= c.groups;
      c.out_channels = c.groups * dice.Int(1, 6);
    }
    c.has_bias = depthwise || dice.Int(0, 3) > 0;
    c.x = dice.Values<T>(c.window.in_shape().element_count());
    c.w = dice.Values<W>(c.weight_shape().element_count());
    constexpr bool kQuantized = !std::is_floating_point_v<T>;
    constexpr bool kBytes = sizeof(T) == 1;
    for (int i = 0; i < c.out_channels; ++i) {
      c.bias.push_back(kQuantized ? static_cast<Bias>(dice.Int(-30000, 30000))
                                  : static_cast<Bias>(dice.Real(-3.0F, 3.0F)));
    }
    if (!std::is_floating_point_v<W>) {
      const bool per_channel = !std::is_same_v<W, std::uint8_t> && dice.Int(0, 1) == 0;
      c.weight_quant.axis = depthwise && per_channel ? 3 : 0;
      for (int i = 0; i < (per_channel ? c.out_channels : 1); ++i) {
        c.weight_quant.scales.push_back(dice.Scale(-9, -5));
      }
      c.weight_quant.zero_point = std::is_same_v<W, std::uint8_t> ? dice.Int(0, 255) : 0;
    }
    if (kQuantized) {
      const double terms = c.depth() * c.window.filter_h * c.window.filter_w;
      c.in_quant = dice.template Quantization<T>(-7, -3);
      const auto spread = static_cast<float>(std::sqrt(terms) * (kBytes ? 1.0 : 0.5));
      c.out_quant = dice.template Quantization<T>(-2, 2, spread * c.in_quant.scales[0]);
      if (!kBytes) {
        c.in_quant.zero_point = c.out_quant.zero_point = 0;
      }
    }
    return c;
  }

  [[nodiscard]] OwnedHarness Harness() const {
    return Harness(out_shape(), depthwise_options(), conv_options());
  }
  // With edges of its own in place of the window's padding.
  [[nodiscard]] OwnedHarness Harness(const Shape& out, const PaddedEdges& edges) const {
    DepthwiseConvOptions depthwise_padded = depthwise_options();
    ConvOptions padded = conv_options();
    depthwise_padded.padding = padded.padding = Padding::kExplicit;
    depthwise_padded.edges = padded.edges = edges;
    return Harness(out, depthwise_padded, padded);
  }
  [[nodiscard]] OwnedHarness Harness(const Shape& out,
                                     const DepthwiseConvOptions& depthwise_options,
                                     const ConvOptions& conv_options) const {
    OwnedHarness op = depthwise
                          ? std::make_unique<OpHarness>(OpKind::kDepthwiseConv2d, depthwise_options)
                          : std::make_unique<OpHarness>(OpKind::kConv2d, conv_options);
    op->Input<T>(window.in_shape(), x, in_quant);
    op->Constant<W>(weight_shape(), w, weight_quant);
    if (has_bias) {
      op->Constant<Bias>({out_channels}, bias);
    }
    op->Output<T>(out, out_quant);
    return op;
  }
  [[nodiscard]] ConvOptions conv_options() const {
    return {Unsigned(window.stride_h),
            Unsigned(window.stride_w),
            Unsigned(window.dilation_h),
            Unsigned(window.dilation_w),
            window.padding,
            window.activation};
  }
  [[nodiscard]] DepthwiseConvOptions depthwise_options() const {
    return {Unsigned(window.stride_h),
            Unsigned(window.stride_w),
            Unsigned(window.dilation_h),
            Unsigned(window.dilation_w),
            Unsigned(multiplier),
            window.padding,
            window.activation};
  }

  [[nodiscard]] std::vector<double> Expected() const {
    const std::vector<double> reals = Reals(x, in_quant, false);
    const std::vector<double> weights = Reals(w, weight_quant, depthwise);
    const int taps = window.filter_h * window.filter_w;
    std::vector<double> results;
    window.ForPlaces([&](int b, int out_y, int out_x) {
      for (int channel = 0; channel < out_channels; ++channel) {
        double sum = 0.0;
        window.ForTaps(b, out_y, out_x, [&](std::size_t at, std::size_t tap) {
          for (int d = 0; d < depth(); ++d) {
            const int in_channel =
                depthwise ? channel / multiplier : channel / (out_channels / groups) * depth() + d;
            const std::size_t weight = depthwise ? tap * static_cast<std::size_t>(out_channels) +
                                                       static_cast<std::size_t>(channel)
                                                 : (static_cast<std::size_t>(channel * taps) +
                                                    tap) * static_cast<std::size_t>(depth()) +
                                                       static_cast<std::size_t>(d);
            sum += reals[at + static_cast<std::size_t>(in_channel)] * weights[weight];
          }
        });
        results.push_back(Clamp(window.activation, sum + RealBias(channel)));
      }
    });
    return results;
  }

 private:
  static std::uint16_t Unsigned(int value) { return static_cast<std::uint16_t>(value); }
  [[nodiscard]] double RealBias(int channel) const {
    if (!has_bias) {
      return 0.0;
    }
    const auto c = static_cast<std::size_t>(channel);
    const auto value = static_cast<double>(bias[c]);
    if (in_quant.scales.empty()) {
      return value;
    }
    const std::vector<float>& scales = weight_quant.scales;
    return value * static_cast<double>(in_quant.scales[0]) *
           static_cast<double>(scales[scales.size() > 1 ? c : 0]);
  }
};

using FloatCase = ConvCase<float, float, float>;
using HybridCase = ConvCase<float, std::int8_t, float>;
using Int8Case = ConvCase<std::int8_t, std::int8_t, std::int32_t>;
using Uint8Case = ConvCase<std::uint8_t, std::uint8_t, std::int32_t>;
using Int16Case = ConvCase<std::int16_t, std::int8_t, std::int64_t>;
using Int16NarrowCase = ConvCase<std::int16_t, std::int8_t, std::int32_t>;  // sums of 32 bits

}  // namespace pinhole::engine::kernels::ref
