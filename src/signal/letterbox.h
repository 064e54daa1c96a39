// SPDX-License-Identifier: Apache-2.0
#pragma once

// A picture of any shape into a network's square input, without distorting it, and coordinates the
// way back.
//
// The square around the picture's centre is scaled to S x S (sampling_grid.h says where each pixel
// is taken); one bilinear tap, weights in 1/32 pixel, rounded to the nearest 8-bit value; no
// smoothing before shrinking; what lies outside the picture counts as 0, black. That is what the
// bundled face models were trained behind. Then samples are written as the network wants them:
//
//   8 bits          v
//   float           v (high - low) / 255 + low, so [-1, 1] gives v * 2 / 255 - 1
//   int8, uint8     that real number, quantised with the input tensor's scale and zero point
//
// A three-channel network is given grey three times; a one-channel network is given Luma() of the
// sampled colour. Layout of the output: rows from the top, channels interleaved (NHWC). Nothing is
// allocated. Cost: S * S samples of four taps; doubles only for coordinates exactly between two
// 1/32 steps, of which a picture whose longer side is a multiple of S / 32 has none.
//
// Source: MediaPipe ImageToTensorCalculator (keep_aspect_ratio, BORDER_ZERO), OpenCV
// warpPerspective.

#include <cstdint>
#include <span>

#include "base/result.h"
#include "signal/image.h"

namespace pinhole::signal {

struct Point {
  float x, y;
};

// From the network's square, where both coordinates run from 0 to 1, to the picture's pixels, where
// (0, 0) is the upper left corner of the first pixel.
struct LetterboxMap {
  LetterboxMap(int width, int height)
      : side(static_cast<float>(width > height ? width : height)),
        left((side - static_cast<float>(width)) / 2.0F),
        top((side - static_cast<float>(height)) / 2.0F) {}

  [[nodiscard]] Point ToPicture(Point square) const {
    return {square.x * side - left, square.y * side - top};
  }
  [[nodiscard]] Point ToSquare(Point picture) const {
    return {(picture.x + left) / side, (picture.y + top) / side};
  }

  float side;       // of the square, in picture pixels
  float left, top;  // width of the border on each side, in picture pixels
};

// The real values of a black and of a full sample; both finite.
struct ValueRange {
  float low = -1.0F, high = 1.0F;
};

struct Quantization {
  float scale = 1.0F;  // > 0, finite
  std::int32_t zero_point = 0;
};

// `size` and `channels` (1 or 3) are the network's; `out` holds size * size * channels elements and
// does not overlap the picture. Error: kInvalidArgument.
base::Status Letterbox(const ImageView& picture, int size, int channels,
                       std::span<std::uint8_t> out);
base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       std::span<float> out);
base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       Quantization quantization, std::span<std::int8_t> out);
base::Status Letterbox(const ImageView& picture, int size, int channels, ValueRange range,
                       Quantization quantization, std::span<std::uint8_t> out);

}  // namespace pinhole::signal
