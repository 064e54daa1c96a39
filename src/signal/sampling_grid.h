// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where in a picture each pixel of a network's square input is taken from.
//
// The region of interest is the square around the picture's centre whose side s is the picture's
// longer side; its corners go to (0, 0) and (S, S) of the network's S x S input, so that network
// pixel x is taken at picture coordinate x s/S - (s - w)/2, in units where whole numbers are pixel
// centres. Coordinates are rounded to 1/32 pixel, which is as fine as the interpolation looks.
//
// Why this is done in doubles and through a matrix: for every picture side that is not a multiple
// of S there are coordinates exactly between two 1/32 steps, and which way they fall moves a face
// by up to 0.04 % of the picture. The reference pipeline (MediaPipe's ImageToTensor over OpenCV)
// solves eight linear equations for the map, inverts it, and its rounding errors decide. To see
// what it sees, this class solves the same equations by the same textbook steps in the same order;
// the pixels come out equal, bit for bit. Without contraction into fused multiply-adds, that is:
// the build turns it off.

#include <array>
#include <cstdint>

namespace pinhole::signal {

class SamplingGrid {
 public:
  // width, height and size from 1 to ImageView::kMaxSide.
  SamplingGrid(int width, int height, int size);

  struct Source {
    std::int32_t x, y;  // in 1/32 picture pixels; pixel centres at multiples of 32; may be outside
  };
  // x and y from 0 to size - 1.
  [[nodiscard]] Source At(int x, int y) const;

 private:
  std::array<double, 9> inverse_{};  // network to picture, row by row
};

}  // namespace pinhole::signal
