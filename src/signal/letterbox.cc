// SPDX-License-Identifier: Apache-2.0
#include "signal/letterbox.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "signal/sampling_grid.h"

namespace pinhole::signal {

namespace {

constexpr int kStepBits = 5;  // coordinates and weights count 1/32 pixel
constexpr std::int32_t kSteps = 1 << kStepBits;

// A coordinate as the sample before it and how far beyond that it lies, in steps. Arithmetic shift
// and mask round towards minus infinity, also left of the picture.
struct Tap {
  explicit Tap(std::int32_t at)
      : first(at >> kStepBits), beyond(static_cast<std::uint32_t>(at & (kSteps - 1))) {}
  // Whether both neighbours lie inside.
  [[nodiscard]] bool inside(int extent) const { return first >= 0 && first + 1 < extent; }
  [[nodiscard]] bool outside(int extent) const { return first < -1 || first >= extent; }

  std::int32_t first;
  std::uint32_t beyond;
};

constexpr std::uint8_t Rounded(std::uint32_t weighted_sum) {
  return static_cast<std::uint8_t>((weighted_sum + 512U) >> 10);
}

// Between four samples of a channel. `upper` and `lower` point to the left ones.
template <std::size_t kChannels>
std::array<std::uint8_t, kChannels> SampleInside(const std::uint8_t* upper,
                                                 const std::uint8_t* lower, std::uint32_t right,
                                                 std::uint32_t below) {
  const std::uint32_t left = kSteps - right;
  std::array<std::uint8_t, kChannels> value;
  for (std::size_t c = 0; c < kChannels; ++c) {
    const std::uint32_t high = left * upper[c] + right * upper[c + kChannels];
    const std::uint32_t low = left * lower[c] + right * lower[c + kChannels];
    value[c] = Rounded(high * (kSteps - below) + low * below);
  }
  return value;
}

// What lies outside the picture is black.
template <std::size_t kChannels>
std::array<std::uint8_t, kChannels> SampleAtBorder(const ImageView& picture, const Tap& across,
                                                   const Tap& down) {
  std::array<std::uint32_t, kChannels> sum{};
  for (int i = 0; i < 4; ++i) {
    const std::int32_t column = across.first + (i & 1);
    const std::int32_t row = down.first + (i >> 1);
    if (column < 0 || row < 0 || column >= picture.width() || row >= picture.height()) {
      continue;
    }
    const std::uint8_t* pixel =
        picture.row(row).data() + static_cast<std::size_t>(column) * kChannels;
    const std::uint32_t weight = ((i & 1) != 0 ? across.beyond : kSteps - across.beyond) *
                                 ((i >> 1) != 0 ? down.beyond : kSteps - down.beyond);
    for (std::size_t c = 0; c < kChannels; ++c) {
      sum[c] += weight * pixel[c];
    }
  }
  std::array<std::uint8_t, kChannels> value;
  std::transform(sum.begin(), sum.end(), value.begin(), Rounded);
  return value;
}

template <std::size_t kChannels>
std::array<std::uint8_t, kChannels> Sample(const ImageView& picture, const Tap& across,
                                           const Tap& down) {
  if (!across.inside(picture.width()) || !down.inside(picture.height())) {
    return SampleAtBorder<kChannels>(picture, across, down);
  }
  const std::size_t first = static_cast<std::size_t>(across.first) * kChannels;
  return SampleInside<kChannels>(picture.row(down.first).data() + first,
                                 picture.row(down.first + 1).data() + first, across.beyond,
                                 down.beyond);
}

// The 256 values of a sample as the network sees them.
template <typename Element>
using Table = std::array<Element, 256>;

// One input of a network, filled pixel by pixel.
template <std::size_t kChannels, typename Element>
class Filling {
 public:
  Filling(const ImageView& picture, int size, int channels, const Table<Element>& table,
          Element* out)
      : picture_(picture), size_(size), channels_(channels), table_(table), out_(out) {}

  void Run() {
    const int side = std::max(picture_.width(), picture_.height());
    SamplingAxis down(side, picture_.height(), size_);
    for (int y = 0; y < size_; ++y, down.Next()) {
      const SamplingAxis across(side, picture_.width(), size_);
      const Tap at(down.at());
      if (down.is_tie()) {
        Row(y, across, down);
      } else if (at.outside(picture_.height())) {
        out_ = std::fill_n(out_, size_ * channels_, table_[0]);
      } else if (at.inside(picture_.height())) {
        RowInside(y, across, at);
      } else {
        Row(y, across, down);
      }
    }
  }

 private:
  void Row(int y, SamplingAxis across, const SamplingAxis& down) {
    for (int x = 0; x < size_; ++x, across.Next()) {
      if (across.is_tie() || down.is_tie()) {
        PutTie(x, y);
      } else {
        Put(Sample<kChannels>(picture_, Tap(across.at()), Tap(down.at())));
      }
    }
  }

  // Most of a picture, on processors where each step of it counts.
  void RowInside(int y, SamplingAxis across, const Tap& down) {
    const std::uint8_t* upper = picture_.row(down.first).data();
    const std::uint8_t* lower = picture_.row(down.first + 1).data();
    for (int x = 0; x < size_; ++x, across.Next()) {
      const Tap at(across.at());
      if (across.is_tie()) {
        PutTie(x, y);
      } else if (at.inside(picture_.width())) {
        const std::size_t first = static_cast<std::size_t>(at.first) * kChannels;
        Put(SampleInside<kChannels>(upper + first, lower + first, at.beyond, down.beyond));
      } else {
        Put(SampleAtBorder<kChannels>(picture_, at, down));
      }
    }
  }

  // The grid decides; it is made when the first tie is met, since most sizes have none.
  void PutTie(int x, int y) {
    if (!grid_) {
      grid_.emplace(picture_.width(), picture_.height(), size_);
    }
    const SamplingGrid::Source source = grid_->At(x, y);
    Put(Sample<kChannels>(picture_, Tap(source.x), Tap(source.y)));
  }

  void Put(const std::array<std::uint8_t, kChannels>& value) {
    if (channels_ == 1) {
      *out_++ = table_[kChannels == 1 ? value[0]
                                      : Luma(value[0], value[kChannels / 2], value[kChannels - 1])];
    } else {
      *out_++ = table_[value[0]];
      *out_++ = table_[value[kChannels / 2]];
      *out_++ = table_[value[kChannels - 1]];
    }
  }

  const ImageView& picture_;
  int size_, channels_;
  const Table<Element>& table_;
  Element* out_;
  std::optional<SamplingGrid> grid_;
};

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
    Filling<1, Element>(picture, size, channels, table, out.data()).Run();
  } else {
    Filling<3, Element>(picture, size, channels, table, out.data()).Run();
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
