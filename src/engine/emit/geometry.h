// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the emitted kernels see an operator: which kernel it is for, its window, what it asks of the
// plan. Used twice: before planning (DemandOf) and when the calls are written.

#include <cstdint>
#include <string>

#include "engine/emit/target.h"
#include "engine/kernels/kernel.h"
#include "engine/plan/plan.h"

namespace pinhole::engine::emit {

// What an operator becomes.
enum class Form : std::uint8_t {
  kNothing,  // a handle, a graph that ran while emitting
  kSum,      // CONV_2D, FULLY_CONNECTED, and DEPTHWISE_CONV_2D of one channel
  kDepthwise,
  kPool,
  kMean,
  kAdd,
  kLookup,
  kSoftmax,
  kQuantize,
  kDequantize,
  kMove,
  kRead,    // READ_VARIABLE
  kAssign,  // ASSIGN_VARIABLE
  kFloatSum,
  kFloatPool,
  kFloatSoftmax,
  kPair,      // two operands, element by element (runtime/pinhole_nn_pairs.h)
  kElements,  // one operand, element by element (runtime/pinhole_nn_elements.h)
  kResize,
  kReduce,  // MEAN and SUM, but of int8
  kLstm,
  kSvdf,
  kSignal,  // the micro front end
  kNone,    // no kernel: `reason` says why
};

struct Shape3 {  // of one picture
  std::int32_t rows = 1, columns = 1, channels = 1;
};
struct WindowShape {
  Shape3 in, out;
  std::int32_t height = 1, width = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1,
               pad_h = 0, pad_w = 0;

  // Of one output, input channels included.
  [[nodiscard]] std::int32_t taps() const { return height * width; }
};

struct FormOf {
  Form form = Form::kNone;
  std::string reason;
  WindowShape window;           // sums and pools
  std::int32_t multiplier = 0;  // kDepthwise, kFloatSum of DEPTHWISE_CONV_2D: channels an input one
  // kDepthwise: rows that DepthwiseLanes makes at a time; 0: another function's.
  std::int32_t band = 0;
  // kSum: taps as the layout wants them; whether windows are copied, and how many at a time.
  std::int32_t depth = 0, block = 0;
  std::int32_t places = 0;  // kSum: that a call may make at once
  // Of one core's scratch: weights spread (kSum), windows copied (kSum), columns (kDepthwise).
  std::uint32_t expanded_bytes = 0, columns_bytes = 0;
  bool by_rows = false;  // the emitted kernel makes some rows at a time
  bool flat = false;     // tensors are one row each, whatever their shape says

  [[nodiscard]] std::uint32_t scratch_bytes() const {
    return (expanded_bytes + columns_bytes + 3) / 4 * 4;
  }
};

// `prepared` is the reference kernel's.
FormOf ClassifyOperator(const Graph& graph, std::size_t op, const kernels::Prepared& prepared,
                        const Target& target);

// For `cores` cores, each with scratch of its own.
plan::OpDemand DemandOf(const FormOf& form, const Graph& graph, std::size_t op,
                        const kernels::Prepared& prepared, int cores);

}  // namespace pinhole::engine::emit
