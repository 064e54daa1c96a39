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

// The grid's coordinates along one axis, in whole numbers: what a processor without floating point
// can afford for every pixel. They are SamplingGrid::At's except at a tie, a coordinate exactly
// between two 1/32 steps, which whole numbers can see and only the grid can decide. Everywhere else
// the exact coordinate is at least 1 / (2 size) of a step away from the tie, and the grid's error
// is far below that.
class SamplingAxis {
 public:
  // Begins at network pixel 0. `side` is the picture's longer side, `extent` the one along this
  // axis; all from 1 to ImageView::kMaxSide.
  SamplingAxis(int side, int extent, int size)
      : size_(size),
        step_(kSteps * side / size),
        step_rest_(kSteps * side % size),
        whole_(-kSteps / 2 * (side - extent)) {}

  [[nodiscard]] bool is_tie() const { return 2 * rest_ == size_; }
  // In 1/32 picture pixels, where it is no tie.
  [[nodiscard]] std::int32_t at() const { return whole_ + (2 * rest_ > size_ ? 1 : 0); }

  // On to the next network pixel.
  void Next() {
    whole_ += step_;
    rest_ += step_rest_;
    if (rest_ >= size_) {
      rest_ -= size_;
      ++whole_;
    }
  }

 private:
  static constexpr std::int32_t kSteps = 32;

  std::int32_t size_, step_, step_rest_;
  std::int32_t whole_;     // rounded down
  std::int32_t rest_ = 0;  // of a step, in 1/size
};

}  // namespace pinhole::signal
