// SPDX-License-Identifier: Apache-2.0
#pragma once

// Anchors: the grid of places, and sometimes sizes, that a detector's raw outputs are relative to.
//
// A single-shot detector answers for every cell of one or more grids laid over its input; a layer
// with stride 4 on a 192 x 192 input has 48 x 48 cells. Anchor i belongs to row i of the output
// tensors: layers one after the other, cells row by row, all anchors of a cell together. Units: 1
// is the input's side; a fixed-size anchor is 1 wide and high, so that box sizes are read as they
// are.
//
// SsdAnchors follows MediaPipe's SsdAnchorsCalculator (feature-map shapes, multiscale generation
// and ready-made anchors, which no face graph uses, are left out); GridAnchors is the simple form
// that Pinhole's own models state in their metadata. Both write into the caller's span: Count says
// how many there will be. Nothing is allocated.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace pinhole::decode {

struct Anchor {
  float x_center, y_center;
  float width, height;
};

inline constexpr std::size_t kMaxAnchorLayers = 8;
inline constexpr std::size_t kMaxAspectRatios = 8;
inline constexpr std::size_t kMaxAnchors = 1U << 20;

struct SsdAnchorOptions {
  int input_size = 0;                                     // side of the network's square input
  std::array<std::uint16_t, kMaxAnchorLayers> strides{};  // the first `layers` count
  std::size_t layers = 0;
  float min_scale = 0.1484375F;  // of the first layer's anchors, where sizes are not fixed
  float max_scale = 0.75F;       // of the last layer's
  float anchor_offset_x = 0.5F;  // of a cell's anchors inside the cell
  float anchor_offset_y = 0.5F;
  std::array<float, kMaxAspectRatios> aspect_ratios{1.0F};  // each > 0; the first `ratios` count
  std::size_t ratios = 1;
  // > 0: one more anchor of this aspect ratio a layer, its scale between this layer's and the
  // next's.
  float interpolated_scale_aspect_ratio = 1.0F;
  bool reduce_boxes_in_lowest_layer = false;  // three predefined anchors in the first layer
  bool fixed_anchor_size = false;             // width and height 1 for all
};

// Error: kInvalidArgument (sizes, strides or counts out of range), kTooLarge (above kMaxAnchors).
base::Result<std::size_t> CountSsdAnchors(const SsdAnchorOptions& options);
// Writes exactly that many; `anchors` has at least as many places. Returns their number. Errors: as
// above, kOutOfMemory (the span is too short).
base::Result<std::size_t> MakeSsdAnchors(const SsdAnchorOptions& options,
                                         std::span<Anchor> anchors);

struct GridLayer {
  std::uint16_t stride = 0;  // divides the input's side
  std::uint16_t anchors_per_cell = 0;
};

// The same for fixed-size anchors in the middle of their cells.
base::Result<std::size_t> CountGridAnchors(int input_size, std::span<const GridLayer> layers);
base::Result<std::size_t> MakeGridAnchors(int input_size, std::span<const GridLayer> layers,
                                          std::span<Anchor> anchors);

}  // namespace pinhole::decode
