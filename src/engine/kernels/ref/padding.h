// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a window walks over one dimension of a picture: how often it fits, how far its first place
// reaches over the edge, and which of its taps lie inside. Shared by convolutions and pools; height
// and width are asked for one after the other.
//
// A window has `filter` taps, `dilation` apart, so it spans (filter - 1) * dilation + 1 elements.
// SAME gives ceil(in / stride) outputs and splits the missing elements, the odd one at the end;
// VALID takes only places where the whole window is inside. Source: TensorFlow's padding rules
// ("SAME" and "VALID" in tf.nn), as TensorFlow Lite's kernels/padding.h computes them.
//
// Arithmetic is in 64 bits: a hostile filter of 2^31 taps that are 65535 apart can't overflow it.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "engine/tensor/op.h"

namespace pinhole::engine::kernels::ref {

struct WindowFit {
  std::int32_t out_size = 0;    // places of the window, at least 1
  std::int32_t pad_before = 0;  // elements of the first place that lie before the input's begin
};

// in, filter, stride and dilation are at least 1. Nullopt where the window is larger than the input
// (VALID) or spans more than 31 bits can count.
constexpr std::optional<WindowFit> FitWindow(Padding padding, std::int32_t in, std::int32_t filter,
                                             std::int32_t stride, std::int32_t dilation) {
  const std::int64_t span = (static_cast<std::int64_t>(filter) - 1) * dilation + 1;
  const std::int64_t room = padding == Padding::kSame ? in : in - span + 1;
  if (room < 1 || span > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  const std::int64_t out = (room + stride - 1) / stride;
  const std::int64_t missing = std::max<std::int64_t>((out - 1) * stride + span - in, 0);
  return WindowFit{static_cast<std::int32_t>(out), static_cast<std::int32_t>(missing / 2)};
}

// The same with `before` and `after` elements around the input, none negative. Nullopt, too, where
// a window could lie before the input as a whole.
constexpr std::optional<WindowFit> FitPaddedWindow(std::int32_t before, std::int32_t after,
                                                   std::int32_t in, std::int32_t filter,
                                                   std::int32_t stride, std::int32_t dilation) {
  const std::int64_t span = (static_cast<std::int64_t>(filter) - 1) * dilation + 1;
  const std::int64_t room = static_cast<std::int64_t>(in) + before + after - span + 1;
  if (room < 1 || before >= span || span > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  const std::int64_t out = (room + stride - 1) / stride;
  if (out > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return WindowFit{static_cast<std::int32_t>(out), before};
}

// Taps [begin, end) of the window at one place lie inside the input; empty (begin == end) where
// dilation steps over all of it. Tap t reads element origin + t * dilation.
struct Taps {
  std::int64_t origin = 0;  // of tap 0; negative where the window reaches over the front edge
  std::int32_t begin = 0, end = 0;
};

constexpr Taps TapsInside(std::int32_t place, std::int32_t pad_before, std::int32_t in,
                          std::int32_t filter, std::int32_t stride, std::int32_t dilation) {
  const std::int64_t origin = static_cast<std::int64_t>(place) * stride - pad_before;
  const std::int64_t step = dilation;
  // The first tap at or after element 0, and the first at or after element `in`.
  const std::int64_t begin = origin < 0 ? (-origin + step - 1) / step : 0;
  const std::int64_t end = in > origin ? (in - origin + step - 1) / step : 0;
  Taps taps;
  taps.origin = origin;
  taps.end = static_cast<std::int32_t>(std::min<std::int64_t>(end, filter));
  taps.begin = static_cast<std::int32_t>(std::min<std::int64_t>(begin, taps.end));
  return taps;
}

}  // namespace pinhole::engine::kernels::ref
