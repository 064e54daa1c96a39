// SPDX-License-Identifier: Apache-2.0
#pragma once

// A picture in memory that somebody else owns: 8 bits a sample, one channel (grey) or three
// interleaved ones (red, green, blue), rows from the top, pixels from the left.
//
// Views are made through Make, which checks geometry against the bytes that are there; who holds a
// view may then read (or write) every pixel of it without another check. Sides are at most
// kMaxSide, so that a coordinate in 1/32 pixel and any product of two sides fit 32 bits.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace pinhole::signal {

template <typename Sample>
class BasicImageView {
 public:
  static constexpr int kMaxSide = 32767;

  // `stride` is the distance between rows in samples; 0 stands for rows without a gap. Errors:
  // kInvalidArgument (channels other than 1 and 3, a side below 1, a stride shorter than a row),
  // kTooLarge (a side above kMaxSide), kTruncated (fewer samples than the geometry needs).
  static base::Result<BasicImageView> Make(std::span<Sample> samples, int width, int height,
                                           int channels, std::size_t stride = 0) {
    if ((channels != 1 && channels != 3) || width < 1 || height < 1) {
      return base::Unexpected(base::Error::kInvalidArgument);
    }
    if (width > kMaxSide || height > kMaxSide) {
      return base::Unexpected(base::Error::kTooLarge);
    }
    const std::size_t row = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
    if (stride == 0) {
      stride = row;
    }
    if (stride < row) {
      return base::Unexpected(base::Error::kInvalidArgument);
    }
    // The last row may end without its gap. Divided, so that no stride can overflow the product.
    const auto rows_before = static_cast<std::size_t>(height) - 1;
    if (samples.size() < row || (samples.size() - row) / stride < rows_before) {
      return base::Unexpected(base::Error::kTruncated);
    }
    return BasicImageView(samples.data(), width, height, channels, stride);
  }

  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] int channels() const { return channels_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }

  // The samples of row y, from 0 to height - 1.
  [[nodiscard]] std::span<Sample> row(int y) const {
    return {samples_ + static_cast<std::size_t>(y) * stride_,
            static_cast<std::size_t>(width_) * static_cast<std::size_t>(channels_)};
  }

 private:
  BasicImageView(Sample* samples, int width, int height, int channels, std::size_t stride)
      : samples_(samples), stride_(stride), width_(width), height_(height), channels_(channels) {}

  Sample* samples_;
  std::size_t stride_;
  int width_, height_, channels_;
};

using ImageView = BasicImageView<const std::uint8_t>;
using MutableImageView = BasicImageView<std::uint8_t>;

// ITU-R BT.601 luma in integers: (9798 R + 19235 G + 3735 B + 2^14) / 2^15, rounded down. The
// weights add up to 2^15, so grey stays as it is. These are the integers that OpenCV's cvtColor
// uses since version 4.
constexpr std::uint8_t Luma(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  return static_cast<std::uint8_t>((9798U * red + 19235U * green + 3735U * blue + (1U << 14)) >>
                                   15);
}

}  // namespace pinhole::signal
