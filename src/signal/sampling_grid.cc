// SPDX-License-Identifier: Apache-2.0
#include "signal/sampling_grid.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace pinhole::signal {

namespace {

constexpr std::size_t kUnknowns = 8;
using Equations = std::array<std::array<double, kUnknowns>, kUnknowns>;
using Vector = std::array<double, kUnknowns>;

// Gaussian elimination with row pivoting; `right` becomes the solution. The order of operations is
// part of the contract (see the header): the pivot's negative reciprocal first, then rows from the
// top.
void Solve(Equations& left, Vector& right) {
  for (std::size_t i = 0; i < kUnknowns; ++i) {
    std::size_t pivot = i;
    for (std::size_t row = i + 1; row < kUnknowns; ++row) {
      if (std::abs(left[row][i]) > std::abs(left[pivot][i])) {
        pivot = row;
      }
    }
    std::swap(left[i], left[pivot]);
    std::swap(right[i], right[pivot]);
    const double minus_reciprocal = -1.0 / left[i][i];
    for (std::size_t row = i + 1; row < kUnknowns; ++row) {
      const double factor = left[row][i] * minus_reciprocal;
      for (std::size_t column = i + 1; column < kUnknowns; ++column) {
        left[row][column] += factor * left[i][column];
      }
      right[row] += factor * right[i];
    }
  }
  for (std::size_t i = kUnknowns; i-- > 0;) {
    double rest = right[i];
    for (std::size_t column = i + 1; column < kUnknowns; ++column) {
      rest -= left[i][column] * right[column];
    }
    right[i] = rest / left[i][i];
  }
}

// The map from picture to network as a 3 x 3 matrix with 1 in its last place, through the four
// corners.
std::array<double, 9> PictureToNetwork(int width, int height, int size) {
  const double side = width > height ? width : height;
  const double left = width / 2.0 - side / 2.0;
  const double top = height / 2.0 - side / 2.0;
  const double right = width / 2.0 + side / 2.0;
  const double bottom = height / 2.0 + side / 2.0;
  const double edge = size;
  struct Corner {
    double x, y, u, v;
  };
  const std::array<Corner, 4> corners{{{left, bottom, 0.0, edge},
                                       {left, top, 0.0, 0.0},
                                       {right, top, edge, 0.0},
                                       {right, bottom, edge, edge}}};
  Equations equations{};
  Vector values{};
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const auto [x, y, u, v] = corners[i];
    equations[i] = {x, y, 1.0, 0.0, 0.0, 0.0, -x * u, -y * u};
    equations[i + 4] = {0.0, 0.0, 0.0, x, y, 1.0, -x * v, -y * v};
    values[i] = u;
    values[i + 4] = v;
  }
  Solve(equations, values);
  return {values[0], values[1], values[2], values[3], values[4],
          values[5], values[6], values[7], 1.0};
}

std::array<double, 9> Inverse(const std::array<double, 9>& m) {
  const double determinant = m[0] * (m[4] * m[8] - m[5] * m[7]) -
                             m[1] * (m[3] * m[8] - m[5] * m[6]) +
                             m[2] * (m[3] * m[7] - m[4] * m[6]);
  const double d = 1.0 / determinant;
  return {(m[4] * m[8] - m[5] * m[7]) * d, (m[2] * m[7] - m[1] * m[8]) * d,
          (m[1] * m[5] - m[2] * m[4]) * d, (m[5] * m[6] - m[3] * m[8]) * d,
          (m[0] * m[8] - m[2] * m[6]) * d, (m[2] * m[3] - m[0] * m[5]) * d,
          (m[3] * m[7] - m[4] * m[6]) * d, (m[1] * m[6] - m[0] * m[7]) * d,
          (m[0] * m[4] - m[1] * m[3]) * d};
}

}  // namespace

SamplingGrid::SamplingGrid(int width, int height, int size)
    : inverse_(Inverse(PictureToNetwork(width, height, size))) {}

SamplingGrid::Source SamplingGrid::At(int x, int y) const {
  // The reference works in blocks of 64 columns, and adds a column's part to its block's.
  const double block = x / 64 * 64;
  const double column = x % 64;
  const double row = y;
  const auto& m = inverse_;
  const double scale = 32.0 / (((m[6] * block + m[7] * row) + m[8]) + m[6] * column);
  const double at_x = (((m[0] * block + m[1] * row) + m[2]) + m[0] * column) * scale;
  const double at_y = (((m[3] * block + m[4] * row) + m[5]) + m[3] * column) * scale;
  return {static_cast<std::int32_t>(std::nearbyint(at_x)),
          static_cast<std::int32_t>(std::nearbyint(at_y))};
}

}  // namespace pinhole::signal
