// SPDX-License-Identifier: Apache-2.0
#pragma once

// Boxes and points drawn into a picture, for people to see what was found.
//
// Coordinates are in pixels, (0, 0) the upper left corner of the first one, and may lie anywhere:
// what is outside the picture is cut off. Lines get thicker with the picture, so that they are seen
// when it is shown small.

#include <array>
#include <cstdint>

#include "inside/pictures/picture.h"

namespace pinhole::host {

using Color = std::array<std::uint8_t, 3>;

// `picture` has three channels.
void DrawBox(inside::pictures::Picture& picture, double left, double top, double right,
             double bottom, Color color);
void DrawPoint(inside::pictures::Picture& picture, double x, double y, Color color);

}  // namespace pinhole::host
