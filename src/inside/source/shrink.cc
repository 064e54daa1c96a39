// SPDX-License-Identifier: Apache-2.0
#include "inside/source/shrink.h"

#include <algorithm>

namespace pinhole::inside::source {

namespace {

int Divided(int side, int factor) { return (side + factor - 1) / factor; }

bool Fits(const capture::FrameShape& shape, int factor, const Bounds& bounds) {
  const int width = Divided(shape.width, factor);
  const int height = Divided(shape.height, factor);
  const auto bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                     static_cast<std::size_t>(shape.channels);
  return (bounds.width == 0 || width <= bounds.width) &&
         (bounds.height == 0 || height <= bounds.height) && bytes <= bounds.bytes;
}

}  // namespace

int FactorFor(const capture::FrameShape& shape, const Bounds& bounds) {
  int factor = 1;
  while (!Fits(shape, factor, bounds) && factor < std::max(shape.width, shape.height)) {
    ++factor;
  }
  return factor;
}

capture::FrameShape Shrink(const capture::Frame& frame, int factor,
                           std::vector<std::uint8_t>& out) {
  const capture::FrameShape to{.width = Divided(frame.width(), factor),
                               .height = Divided(frame.height(), factor),
                               .channels = frame.channels()};
  const auto channels = static_cast<std::size_t>(to.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(to.width) * channels;
  out.resize(row_bytes * static_cast<std::size_t>(to.height));
  std::vector<std::uint32_t> sums(row_bytes);  // a factor is below 2^15, so a sum below 2^32
  for (int y = 0; y < to.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0U);
    const int first = y * factor;
    const int end = std::min(first + factor, frame.height());
    for (int line = first; line < end; ++line) {
      const std::uint8_t* pixel =
          frame.pixels().data() + static_cast<std::size_t>(line) * frame.stride();
      for (int x = 0; x < frame.width(); ++x) {
        const std::size_t at = static_cast<std::size_t>(x / factor) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
          sums[at + c] += *pixel++;
        }
      }
    }
    std::uint8_t* to_row = out.data() + static_cast<std::size_t>(y) * row_bytes;
    for (int x = 0; x < to.width; ++x) {
      const int wide = std::min(factor, frame.width() - x * factor);
      const auto count = static_cast<std::uint32_t>(wide * (end - first));
      for (std::size_t c = 0; c < channels; ++c) {
        *to_row++ = static_cast<std::uint8_t>(
            (sums[static_cast<std::size_t>(x) * channels + c] + count / 2) / count);
      }
    }
  }
  std::fill(sums.begin(), sums.end(), 0U);
  return to;
}

}  // namespace pinhole::inside::source
