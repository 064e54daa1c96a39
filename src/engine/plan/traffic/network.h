// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network as a planner of memory traffic sees it: which bytes each operator reads and writes, and
// nothing of what it computes.
//
// In: the main graph of a model. Out: tensors (inputs, outputs, and what lies between) and works. A
// work is an operator that moves bytes: RESHAPE and its like are none, their output is another name
// for their input. Tensors are cut into rows; an input says which of its rows a row of the output
// needs. What can't be cut is one row, and so the same rules hold for all.
//
// A work may also be cut into channels of its output, each with constants of its own (a
// convolution's filters and biases). Where channel c of the output needs only channel c of every
// input (depthwise convolutions, pools, sums over the picture), the inputs can be cut likewise.
//
// State: what READ_VARIABLE reads is an input of the network and what ASSIGN_VARIABLE keeps an
// output; a variable tensor is both. Not counted: numbers that operators read while they are
// prepared (shapes, paddings, axes), their multipliers, their own scratch and state.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnosis.h"
#include "base/result.h"
#include "engine/format/model.h"

namespace pinhole::engine::plan::traffic {

struct Rows {
  std::uint32_t begin = 0, end = 0;

  [[nodiscard]] std::uint32_t count() const { return end - begin; }
  [[nodiscard]] bool empty() const { return begin >= end; }
};

// Which rows of an input the rows of an output need.
class Window {
 public:
  // Row r needs [r * stride - pad, r * stride - pad + height), those that exist.
  static constexpr Window Affine(std::uint32_t height, std::uint32_t stride, std::uint32_t pad) {
    return Window(height, stride, pad, 0, 0);
  }
  // Row r needs the rows around r * from / to, or (r + 1/2) * from / to - 1/2 if `half`: one more
  // on either side than interpolation reads, since kernels round the quotient.
  static constexpr Window Scaled(std::uint32_t from, std::uint32_t to, bool half) {
    return Window(from, to, 0, 1, half ? 1 : 0);
  }
  static constexpr Window Same() { return Affine(1, 1, 0); }

  // Rows as a window reaches for them, before row 0 and behind the last too.
  struct Reach {
    std::int64_t begin = 0, end = 0;
  };
  [[nodiscard]] Reach Unclipped(Rows of) const;
  // The rows that `of` needs of an input of `rows` rows; begin and end never fall as `of` moves on.
  [[nodiscard]] Rows Need(Rows of, std::uint32_t rows) const;
  // The most that `neighbours` rows of an output need, of an input of `rows` rows.
  [[nodiscard]] std::uint32_t Most(std::uint32_t neighbours, std::uint32_t rows) const;

 private:
  constexpr Window(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint8_t scaled,
                   std::uint8_t half)
      : a_(a), b_(b), c_(c), scaled_(scaled), half_(half) {}

  std::uint32_t a_, b_, c_;
  std::uint8_t scaled_, half_;
};

// A tensor as one work sees it. Row r is `pieces` runs of row_bytes / pieces bytes, piece_stride
// bytes apart, the first at r * row_bytes / pieces: one run, but for a transposed picture.
struct Operand {
  std::int32_t tensor = 0;  // index into Network::tensors
  std::uint32_t rows = 1;
  std::uint32_t row_bytes = 0;
  std::uint32_t pieces = 1;
  std::uint32_t piece_stride = 0;
  std::uint32_t pixel_bytes = 0;   // of the innermost dimension
  Window window = Window::Same();  // inputs only
};

struct Work {
  std::uint32_t op = 0;          // index into the main graph
  std::vector<Operand> inputs;   // not the constants
  std::vector<Operand> outputs;  // one, where there are several rows or channels
  // A row of the output is pixels of `channels` elements each; 1 where channels can't be parted.
  std::uint32_t channels = 1;
  bool channelwise = false;         // channel c needs channel c of all inputs, which have as many
  std::uint64_t channel_bytes = 0;  // constants of one channel
  std::vector<std::int32_t> constants;  // the graph's tensors that these bytes are from, in order
  bool channels_last = false;  // channels are the first constant's last dimension, not its first

  [[nodiscard]] std::uint32_t rows() const { return outputs[0].rows; }
  [[nodiscard]] std::uint64_t constant_bytes() const { return channel_bytes * channels; }
};

struct NetworkTensor {
  std::int32_t tensor = -1;  // in the main graph: the first of those that share these bytes
  std::uint32_t bytes = 0;
  bool input = false;          // lies in slow memory before the run
  bool output = false;         // has to lie there afterwards
  std::int32_t producer = -1;  // work; -1: none
  std::int32_t last_use = -1;  // work; the number of works for outputs
};

struct Network {
  const Graph* graph = nullptr;
  std::vector<NetworkTensor> tensors;
  std::vector<Work> works;
  std::vector<std::int32_t> root;  // per tensor of the graph: index into tensors, -1: none

  // What any order of work must move: every input that is read, every constant and every output,
  // once.
  [[nodiscard]] std::uint64_t BoundBytes() const;
  // "operator 3 CONV_2D"
  [[nodiscard]] std::string NameOf(const Work& work) const;
};

// The network of the main graph. The model must outlive it. Errors: kTooLarge (more than
// 20,000 operators or 200,000 tensors).
base::Result<Network> ReadNetwork(const format::Model& model, base::Diagnosis& why);

}  // namespace pinhole::engine::plan::traffic
