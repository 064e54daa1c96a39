// SPDX-License-Identifier: Apache-2.0
#include "host/draw.h"

#include <algorithm>
#include <cmath>

namespace pinhole::host {

namespace {

int Thickness(const inside::pictures::Picture& picture) {
  return std::clamp(std::max(picture.width, picture.height) / 320, 1, 12);
}

// To the nearest pixel edge, kept in what an int holds whatever comes in.
int Edge(double value, int limit) {
  const double far = limit + 100.0;
  return std::isnan(value) ? -100 : static_cast<int>(std::lround(std::clamp(value, -100.0, far)));
}

// Pixels [left, right) x [top, bottom), as far as they are in the picture.
void Fill(inside::pictures::Picture& picture, int left, int top, int right, int bottom,
          Color color) {
  left = std::max(left, 0);
  right = std::min(right, picture.width);
  for (int y = std::max(top, 0); y < std::min(bottom, picture.height); ++y) {
    for (int x = left; x < right; ++x) {
      std::copy(color.begin(), color.end(),
                picture.pixels.begin() +
                    static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * picture.row_bytes() +
                                                static_cast<std::size_t>(x) * 3));
    }
  }
}

}  // namespace

void DrawBox(inside::pictures::Picture& picture, double left, double top, double right,
             double bottom, Color color) {
  const int thick = Thickness(picture);
  const int l = Edge(left, picture.width);
  const int t = Edge(top, picture.height);
  const int r = Edge(right, picture.width);
  const int b = Edge(bottom, picture.height);
  Fill(picture, l, t, r, t + thick, color);
  Fill(picture, l, b - thick, r, b, color);
  Fill(picture, l, t, l + thick, b, color);
  Fill(picture, r - thick, t, r, b, color);
}

void DrawPoint(inside::pictures::Picture& picture, double x, double y, Color color) {
  const int radius = 2 * Thickness(picture);
  const int cx = Edge(x - 0.5, picture.width);
  const int cy = Edge(y - 0.5, picture.height);
  for (int dy = -radius; dy <= radius; ++dy) {
    const int half = static_cast<int>(std::sqrt(radius * radius - dy * dy));
    Fill(picture, cx - half, cy + dy, cx + half + 1, cy + dy + 1, color);
  }
}

}  // namespace pinhole::host
