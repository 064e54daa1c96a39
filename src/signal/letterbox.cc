// SPDX-License-Identifier: Apache-2.0
#include "signal/letterbox.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "signal/sampling_grid.h"

namespace pinhole::signal {

namespace {

constexpr int kStepBits = 5;  // coordinates and weights count 1/32 pixel
constexpr std::int32_t kSteps = 1 << kStepBits;

// The four taps around a coordinate: which samples, and with what weight. The weights add up to
// 1024.
struct Taps {
  std::int32_t column, row;  // of the upper left tap
  std::uint32_t weight[4];   // upper left, upper right, lower left, lower right
};

Taps TapsAt(const SamplingGrid::Source& source) {
  // Arithmetic shift and mask round towards minus infinity, also left of the picture.
  const auto right = static_cast<std::uint32_t>(source.x & (kSteps - 1));
  const auto lower = static_cast<std::uint32_t>(source.y & (kSteps - 1));
  const std::uint32_t left = kSteps - right;
  const std::uint32_t upper = kSteps - lower;
  return {source.x >> kStepBits,
          source.y >> kStepBits,
          {left * upper, right * upper, left * lower, right * lower}};
}

constexpr std::uint8_t Rounded(std::uint32_t weighted_sum) {
  return static_cast<std::uint8_t>((weighted_sum + 512U) >> 10);
}

template <std::size_t kChannels>
std::array<std::uint8_t, kChannels> SampleInside(const ImageView& picture, const Taps& taps) {
  const std::size_t first = static_cast<std::size_t>(taps.column) * kChannels;
  const std::uint8_t* upper = picture.row(taps.row).data() + first;
  const std::uint8_t* lower = picture.row(taps.row + 1).data() + first;
  std::array<std::uint8_t, kChannels> value;
  for (std::size_t c = 0; c < kChannels; ++c) {
    value[c] = Rounded(taps.weight[0] * upper[c] + taps.weight[1] * upper[c + kChannels] +
                       taps.weight[2] * lower[c] + taps.weight[3] * lower[c + kChannels]);
  }
  return value;
}

template <std::size_t kChannels>
std::array<std::uint8_t, kChannels> SampleAtBorder(const ImageView& picture, const Taps& taps) {
  std::array<std::uint32_t, kChannels> sum{};
  for (int i = 0; i < 4; ++i) {
    const std::int32_t column = taps.column + (i & 1);
    const std::int32_t row = taps.row + (i >> 1);
    if (column < 0 || row < 0 || column >= picture.width() || row >= picture.height()) {
      continue;
    }
    const std::uint8_t* pixel =
        picture.row(row).data() + static_cast<std::size_t>(column) * kChannels;
    for (std::size_t c = 0; c < kChannels; ++c) {
      sum[c] += taps.weight[i] * pixel[c];
    }
  }
  std::array<std::uint8_t, kChannels> value;
  std::transform(sum.begin(), sum.end(), value.begin(), Rounded);
  return value;
}

// The 256 values of a sample as the network sees them.
template <typename Element>
using Table = std::array<Element, 256>;

template <std::size_t kChannels, typename Element>
void Fill(const ImageView& picture, int size, int channels, const Table<Element>& table,
          Element* out) {
  const SamplingGrid grid(picture.width(), picture.height(), size);
  const int side = std::max(picture.width(), picture.height());
  SamplingAxis down(side, picture.height(), size);
  for (int y = 0; y < size; ++y, down.Next()) {
    SamplingAxis across(side, picture.width(), size);
    for (int x = 0; x < size; ++x, across.Next()) {
      const bool tie = across.is_tie() || down.is_tie();
      const Taps taps = TapsAt(tie ? grid.At(x, y) : SamplingGrid::Source{across.at(), down.at()});
      const bool inside = taps.column >= 0 && taps.row >= 0 && taps.column + 1 < picture.width() &&
                          taps.row + 1 < picture.height();
      const auto value = inside ? SampleInside<kChannels>(picture, taps)
                                : SampleAtBorder<kChannels>(picture, taps);
      if (channels == 1) {
        *out++ = table[kChannels == 1 ? value[0]
                                      : Luma(value[0], value[kChannels / 2], value[kChannels - 1])];
      } else {
        *out++ = table[value[0]];
        *out++ = table[value[kChannels / 2]];
        *out++ = table[value[kChannels - 1]];
      }
    }
  }
}

template <typename Element>
base::Status Run(const ImageView& picture, int size, int channels, const Table<Element>& table,
                 std::span<Element> out) {
  if (size < 1 || size > ImageView::kMaxSide || (channels != 1 && channels != 3)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  const auto side = static_cast<std::uint64_t>(size);
  if (out.size() != side * side * static_cast<std::uint64_t>(channels)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  if (picture.channels() == 1) {
    Fill<1>(picture, size, channels, table, out.data());
  } else {
    Fill<3>(picture, size, channels, table, out.data());
  }
  return {};
}

float RealValue(std::size_t sample, ValueRange range) {
  return static_cast<float>(sample) * (range.high - range.low) / 255.0F + range.low;
}

template <typename Element>
base::Status RunQuantized(const ImageView& picture, int size, int channels, ValueRange range,
                          Quantization quantization, std::span<Element> out) {
  if (!(quantization.scale > 0.0F) || !std::isfinite(quantization.scale) ||
      !std::isfinite(range.low) || !std::isfinite(range.high - range.low)) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  Table<Element> table;
  for (std::size_t v = 0; v < table.size(); ++v) {
    // Clamped before the cast: a hostile scale can make this as large as a double goes.
    const double steps = std::round(static_cast<double>(RealValue(v, range)) /
                                    static_cast<double>(quantization.scale)) +
                         quantization.zero_point;
    table[v] = static_cast<Element>(std::clamp<double>(steps, std::numeric_limits<Element>::min(),
                                                       std::numeric_limits<Element>::max()));
  }
  return Run(picture, size, channels, table, out);
}

}  // namespace

base::Status Letterbox(const ImageView& picture, int size, int channels,
                       std::span<std::uint8_t> out) {
  Table<std::uint8_t> table;
  for (std::size_t v = 0; v < table.size(); ++v) {
    table[v] = static_cast<std::uint8_t>(v);
  }
  return Run(picture, size, channels, table, out);
}

base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       std::span<float> out) {
  Table<float> table;
  for (std::size_t v = 0; v < table.size(); ++v) {
    table[v] = RealValue(v, range);
  }
  return Run(picture, size, channels, table, out);
}

base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       Quantization quantization, std::span<std::int8_t> out) {
  return RunQuantized(picture, size, channels, range, quantization, out);
}

base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       Quantization quantization, std::span<std::uint8_t> out) {
  return RunQuantized(picture, size, channels, range, quantization, out);
}

}  // namespace pinhole::signal
