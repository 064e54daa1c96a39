// SPDX-License-Identifier: Apache-2.0
#pragma once

// A target's kernels: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and ADD with a target's loops. To be
// included by target_*.cc only, inside its compiler target, like gemm.h. Whatever prepare.h does not
// pack (other types, groups, batches, weights that the network computes) the reference kernel does.
//
// Rows are done in chunks: the input rows of a chunk are copied into scratch, then the chunk's
// pixels are computed block by block, so that scratch stays in the first cache and a block's weights
// are read once a chunk. Work is shared among threads by rows and blocks where it is worth waking
// them; who does what does not change a result.

#include <algorithm>
#include <cstring>

#include "engine/kernels/fast/add.h"
#include "engine/kernels/fast/depthwise.h"
#include "engine/kernels/fast/gemm.h"
#include "engine/kernels/fast/prepare.h"
#include "engine/kernels/fast/targets.h"
#include "engine/kernels/ref/all.h"

namespace pinhole::engine::kernels::fast {

// body(begin, end) over [0, count), shared where there are enough multiply-adds.
template <typename Body>
void Share(const EvalContext& context, int count, std::uint64_t products, const Body& body) {
  constexpr std::uint64_t kWorthWaking = 500'000;
  if (products < kWorthWaking) {
    body(0, count);
  } else {
    context.ForRanges(count, body);
  }
}

// Scratch from the first cache line that begins in it: no load of a vector then wants two of them
// for that alone. Inline always: a copy compiled for this target must not be another's.
[[gnu::always_inline]] inline std::byte* Aligned(std::span<std::byte> scratch) {
  const auto at = reinterpret_cast<std::uintptr_t>(scratch.data());
  return scratch.data() + (kPackedAlignment - at % kPackedAlignment) % kPackedAlignment;
}

template <class Simd>
concept WalksColumns = requires(const std::byte* const (&runs)[4],
                                typename Simd::I (&to)[kMaxVectors]) {
  Simd::Interleave(runs, to);
};

template <class Simd>
constexpr Layout LayoutOf() {
  Layout layout{.lanes = Simd::kLanes,
                .int8_data = Simd::kInt8Data,
                .walks_columns = WalksColumns<Simd>,
                .walks_floats = Simd::kRegisters >= 32,
                .weight_bytes = Simd::kWeightBytes,
                .int8_channel = Simd::Int8Channel};
  layout.scales_in_float = ScalesInFloat<Simd>;
  if constexpr (requires { Simd::kByFactors; }) {
    layout.by_factors = Simd::kByFactors;
  }
  if constexpr (requires { Simd::ProductPlace; }) {
    layout.product_place = Simd::ProductPlace;
    layout.window_place = Simd::WindowPlace;
  }
  return layout;
}

template <class Simd>
class RowCopier {
 public:
  RowCopier(const RowCopy& copy, std::byte* scratch) : copy_(copy), scratch_(scratch) {}

  // The input rows under `count` output rows from `row` on, one behind the other.
  void Copy(const RowsView& in, std::int32_t row, std::int32_t count) const {
    std::byte* to = scratch_;
    const std::int32_t first = row * copy_.stride_h - copy_.pad_h;
    const std::int32_t rows = (count - 1) * copy_.stride_h + copy_.span_h;
    for (std::int32_t r = first; r < first + rows; ++r, to += copy_.row_bytes) {
      if (r < 0 || r >= copy_.in_rows) {
        Fill(to, RowPixels());
      } else {
        CopyRow(to, in.row<std::byte>(r));
      }
    }
  }

 private:
  [[nodiscard]] std::int32_t RowPixels() const { return copy_.phase_columns * copy_.phases; }
  [[nodiscard]] std::ptrdiff_t PixelBytes() const {
    return static_cast<std::ptrdiff_t>(copy_.channels) * copy_.repeat * BytesOf(copy_.type);
  }

  void Fill(std::byte* to, std::ptrdiff_t pixels) const {
    const std::ptrdiff_t bytes = pixels * PixelBytes();
    if (copy_.type != DataType::kShort) {
      std::memset(to, copy_.fill, static_cast<std::size_t>(bytes));
      return;
    }
    const auto value = static_cast<std::int16_t>(static_cast<std::int8_t>(copy_.fill));
    for (std::ptrdiff_t i = 0; i < bytes; i += 2) {
      std::memcpy(to + i, &value, 2);
    }
  }

  // `pixels` pixels that lie together on both sides.
  void Convert(std::byte* to, const std::byte* from, std::ptrdiff_t pixels) const {
    const std::ptrdiff_t count = pixels * copy_.channels;
    if (copy_.repeat > 1) {
      Repeat(to, from, count);
    } else if (copy_.type == DataType::kFloat) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * 4);
    } else {
      Simd::Convert(to, reinterpret_cast<const std::int8_t*>(from), count);
    }
  }
  // int8 only: a depth multiplier of floats is the reference kernel's.
  void Repeat(std::byte* to, const std::byte* from, std::ptrdiff_t count) const {
    const std::ptrdiff_t bytes = BytesOf(copy_.type);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      std::byte one[2];
      Simd::Convert(one, reinterpret_cast<const std::int8_t*>(from + i), 1);
      for (std::int32_t k = 0; k < copy_.repeat; ++k, to += bytes) {
        std::memcpy(to, one, static_cast<std::size_t>(bytes));
      }
    }
  }

  void CopyRow(std::byte* to, const std::byte* from) const {
    const std::ptrdiff_t in_pixel =
        static_cast<std::ptrdiff_t>(copy_.channels) * (copy_.type == DataType::kFloat ? 4 : 1);
    const std::int32_t left = std::min(copy_.pad_w, copy_.columns);
    const std::int32_t inside = std::min(copy_.in_columns, copy_.columns - left);
    if (copy_.phases == 1) {
      Fill(to, left);
      Convert(to + left * PixelBytes(), from, inside);
      Fill(to + (left + inside) * PixelBytes(), copy_.columns - left - inside);
      return;
    }
    for (std::int32_t phase = 0; phase < copy_.phases; ++phase, to += PhaseBytes()) {
      // Columns i of this phase are x = i * phases + phase - left; the first and the end inside.
      const std::int32_t from_edge = left - phase;
      const std::int32_t first =
          std::min(from_edge <= 0 ? 0 : (from_edge + copy_.phases - 1) / copy_.phases,
                   copy_.phase_columns);
      const std::int32_t end = std::clamp(
          (inside + from_edge + copy_.phases - 1) / copy_.phases, first, copy_.phase_columns);
      Fill(to, first);
      CopyEach(to + first * PixelBytes(),
               from + (first * copy_.phases - from_edge) * in_pixel, copy_.phases * in_pixel,
               end - first);
      Fill(to + end * PixelBytes(), copy_.phase_columns - end);
    }
  }
  [[nodiscard]] std::ptrdiff_t PhaseBytes() const { return copy_.phase_columns * PixelBytes(); }

  // `count` pixels that lie `step` bytes apart, one behind the other.
  void CopyEach(std::byte* to, const std::byte* from, std::ptrdiff_t step,
                std::int32_t count) const {
    const std::ptrdiff_t pixel = PixelBytes();
    const bool bytes = copy_.type == DataType::kByte || copy_.type == DataType::kSigned;
    if (!bytes || copy_.repeat > 1 || pixel % 8 != 0) {
      for (std::int32_t i = 0; i < count; ++i) {
        Convert(to + i * pixel, from + i * step, 1);
      }
      return;
    }
    // x + 128 of eight bytes at a time.
    const std::uint64_t flip = copy_.type == DataType::kByte ? 0x8080808080808080U : 0;
    for (std::int32_t i = 0; i < count; ++i, to += pixel, from += step) {
      for (std::ptrdiff_t b = 0; b < pixel; b += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, from + b, 8);
        eight ^= flip;
        std::memcpy(to + b, &eight, 8);
      }
    }
  }

  const RowCopy& copy_;
  std::byte* scratch_;
};

// What computes pixels for a block: a thread makes one for its share of the work. Another one takes
// its place where a target has more than vectors (amx.h).
template <class Simd, Finish kFinish>
class VectorProduct {
 public:
  using Out = std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>;

  explicit VectorProduct(const Gemm& gemm) : gemm_(gemm) {}
  void Pixels(const Block& block, const std::byte* data, std::ptrdiff_t step, int count, Out* out,
              std::ptrdiff_t out_step) const {
    fast::Pixels<Simd, kFinish>(gemm_, block, data, step, count, out, out_step);
  }

 private:
  const Gemm& gemm_;
};

template <class Simd, Finish kFinish, template <class, Finish> class Product>
class ConvRows {
 public:
  using Out = std::conditional_t<kFinish == Finish::kFloat, float, std::int8_t>;

  ConvRows(const EvalContext& context, const ConvParams& params, const RowsView& in,
           const RowsView& out)
      : context_(context), params_(params), in_(in), out_(out) {}

  void Run(std::int32_t begin, std::int32_t end) const {
    std::byte* const scratch = Aligned(context_.scratch());
    const RowCopier<Simd> copier(params_.copy, scratch);
    for (std::int32_t row = begin; row < end;) {
      const std::int32_t rows = std::min({RowsAtOnce(row), out_.run(row), end - row});
      const std::byte* data = scratch;
      if (params_.copy.direct) {
        data = in_.row<std::byte>(row * params_.copy.stride_h);
      } else {
        copier.Copy(in_, row, rows);
      }
      Chunk(data, row, rows);
      row += rows;
    }
  }

 private:
  [[nodiscard]] std::int32_t RowsAtOnce(std::int32_t row) const {
    if (!params_.copy.direct) {
      return params_.copy.chunk_rows;
    }
    return params_.copy.stride_h == 1 ? in_.run(row) : 1;
  }

  // Pieces of a chunk, block by block and row by row in a block.
  void Chunk(const std::byte* data, std::int32_t row, std::int32_t rows) const {
    const auto blocks = static_cast<std::int32_t>(params_.gemm.blocks.size());
    Share(context_, blocks * rows, params_.row_products * static_cast<std::uint64_t>(rows),
          [&](int begin, int end) {
            Product<Simd, kFinish> product(params_.gemm);
            while (begin < end) {
              const std::int32_t first = begin % rows;
              const std::int32_t count = std::min(rows - first, end - begin);
              Rows(product, params_.gemm.blocks[static_cast<std::size_t>(begin / rows)], data, row,
                   first, count);
              begin += count;
            }
          });
  }
  void Rows(Product<Simd, kFinish>& product, const Block& block, const std::byte* data,
            std::int32_t row, std::int32_t first, std::int32_t count) const {
    const Gemm& gemm = params_.gemm;
    const std::ptrdiff_t data_row =
        static_cast<std::ptrdiff_t>(params_.copy.stride_h) * params_.copy.row_bytes;
    data += first * data_row;
    Out* out = out_.row<Out>(row + first) + block.first;
    if (params_.flat) {
      product.Pixels(block, data, params_.pixel_step, count * params_.out_columns, out,
                     gemm.out_channels);
      return;
    }
    for (std::int32_t r = 0; r < count; ++r) {
      product.Pixels(block, data, params_.pixel_step, params_.out_columns, out,
                     gemm.out_channels);
      data += data_row;
      out += out_.row_bytes / sizeof(Out);
    }
  }

  const EvalContext& context_;
  const ConvParams& params_;
  const RowsView in_, out_;
};

template <class Simd, Finish kFinish>
class DepthwiseRows {
 public:
  DepthwiseRows(const EvalContext& context, const DepthwiseParams& params)
      : context_(context),
        params_(params),
        in_(context.input_rows(0)),
        out_(context.output_rows(0)) {}

  void Run(std::int32_t begin, std::int32_t end) const {
    std::byte* const scratch = Aligned(context_.scratch());
    const RowCopier<Simd> copier(params_.copy, scratch);
    for (std::int32_t row = begin; row < end;) {
      const std::int32_t rows = std::min(params_.copy.chunk_rows, end - row);
      copier.Copy(in_, row, rows);
      Share(context_, rows, params_.row_products * static_cast<std::uint64_t>(rows),
            [&](int first, int last) {
              Rows(scratch + static_cast<std::ptrdiff_t>(first) * params_.copy.stride_h *
                                 params_.copy.row_bytes,
                   row + first, row + last);
            });
      row += rows;
    }
  }

 private:
  // Rows [begin, end), the data of the first of which begin at `data`.
  void Rows(const std::byte* data, std::int32_t begin, std::int32_t end) const {
    const std::ptrdiff_t data_row =
        static_cast<std::ptrdiff_t>(params_.copy.stride_h) * params_.copy.row_bytes;
    std::int32_t row = begin;
    if constexpr (WalksColumns<Simd>) {
      for (; params_.row_pairs && row + 2 <= end; row += 2, data += 2 * data_row) {
        std::int8_t* const out = out_.row<std::int8_t>(row);
        Columns<1, 2>(data, out, out_.row<std::int8_t>(row + 1) - out);
      }
      for (; params_.column_stride == 1 && row < end; ++row, data += data_row) {
        Columns<1, 1>(data, out_.row<std::int8_t>(row), 0);
      }
      for (; params_.column_stride == 2 && row < end; ++row, data += data_row) {
        Columns<2, 1>(data, out_.row<std::int8_t>(row), 0);
      }
    }
    for (; row < end; ++row, data += data_row) {
      Row(data, out_.row<std::int8_t>(row));
    }
  }

  void Row(const std::byte* data, std::int8_t* out) const {
    const Gemm& gemm = params_.gemm;
    const std::int32_t channels = gemm.out_channels;
    if (params_.flat) {
      WindowRun<Simd, kFinish>(gemm, data, params_.out_columns * channels, params_.period, out);
      return;
    }
    const std::ptrdiff_t pixel =
        static_cast<std::ptrdiff_t>(channels) * BytesOf(params_.copy.type);
    for (std::int32_t x = 0; x < params_.out_columns; ++x) {
      WindowRun<Simd, kFinish>(gemm, data + x * pixel, channels, params_.period,
                               out + static_cast<std::ptrdiff_t>(x) * channels);
    }
  }

  template <int kStride, int kRows>
  void Columns(const std::byte* data, std::int8_t* out, std::ptrdiff_t out_row) const {
    for (const Block& block : params_.gemm.blocks) {
      WindowColumns<Simd, kFinish, kStride, kRows>(params_, block, data + block.first,
                                                   out + block.first, out_row);
    }
  }

  const EvalContext& context_;
  const DepthwiseParams& params_;
  const RowsView in_, out_;
};

template <class Simd>
class FloatDepthwiseRows {
 public:
  FloatDepthwiseRows(const EvalContext& context, const DepthwiseParams& params)
      : context_(context),
        params_(params),
        in_(context.input_rows(0)),
        out_(context.output_rows(0)) {}

  void Run(std::int32_t begin, std::int32_t end) const {
    Share(context_, end - begin, params_.row_products * static_cast<std::uint64_t>(end - begin),
          [&](int first, int last) {
            for (int row = begin + first; row < begin + last; ++row) {
              Row(row);
            }
          });
  }

 private:
  void Row(std::int32_t row) const {
    const FloatWindow& window = params_.window;
    for (std::int32_t x = 0; x < window.first_inside; ++x) {
      Places(row, x, x + 1);
    }
    if (window.first_inside < window.end_inside) {
      if (window.walks) {
        Walk(row);
      } else {
        Places(row, window.first_inside, window.end_inside);
      }
    }
    for (std::int32_t x = window.end_inside; x < params_.out_columns; ++x) {
      Places(row, x, x + 1);
    }
  }

  // The columns inside, for windows of three by three.
  void Walk(std::int32_t row) const {
    const FloatWindow& window = params_.window;
    const RowCopy& copy = params_.copy;
    const std::int32_t top = row * copy.stride_h - copy.pad_h;
    const std::int32_t first = std::max(0, -top);
    const std::int32_t end = std::min(3, copy.in_rows - top);
    const std::ptrdiff_t channels = params_.gemm.out_channels;
    const std::ptrdiff_t column = window.first_inside * window.stride_w - copy.pad_w;
    const std::byte* rows[3] = {};
    for (std::int32_t i = first; i < end; ++i) {
      rows[i - first] = in_.row<std::byte>(top + i) + column * channels * 4;
    }
    float* const out = out_.row<float>(row) + window.first_inside * channels;
    const int columns = window.end_inside - window.first_inside;
    if (window.stride_w == 1) {
      WalkRows<1>(end - first, first, rows, columns, out);
    } else {
      WalkRows<2>(end - first, first, rows, columns, out);
    }
  }
  template <int kStride>
  void WalkRows(int count, int first, const std::byte* const (&rows)[3], int columns,
                float* out) const {
    const Gemm& gemm = params_.gemm;
    const std::ptrdiff_t channels = gemm.out_channels;
    switch (count) {
      case 1: WalkFloat<Simd, kStride, 1>(gemm, first, rows, channels, columns, out); return;
      case 2: WalkFloat<Simd, kStride, 2>(gemm, first, rows, channels, columns, out); return;
      default: WalkFloat<Simd, kStride, 3>(gemm, first, rows, channels, columns, out); return;
    }
  }

  // Columns [begin, end), under which the same taps are inside.
  void Places(std::int32_t row, std::int32_t begin, std::int32_t end) const {
    FloatTap taps[kMaxFloatTaps];
    const std::span<const FloatTap> inside(taps, TapsAt(row, begin, taps));
    const Gemm& gemm = params_.gemm;
    const std::ptrdiff_t channels = gemm.out_channels;
    float* const out = out_.row<float>(row) + begin * channels;
    if (params_.flat) {
      Flat(inside, (end - begin) * gemm.out_channels, out);
      return;
    }
    for (const Block& block : gemm.blocks) {
      WindowPlaces<Simd>(gemm, block, inside, params_.window.stride_w * channels, channels,
                         end - begin, block.count, out + block.first);
    }
  }

  // `length` lanes whose weights repeat.
  void Flat(std::span<const FloatTap> taps, std::int32_t length, float* out) const {
    constexpr std::int32_t kBlock = kMaxVectors * Simd::kLanes;
    const std::int32_t period = params_.period;
    for (const Block& block : params_.gemm.blocks) {
      const std::int32_t room = length - block.first;
      const std::int32_t places = room < kBlock ? 0 : (room - kBlock) / period + 1;
      WindowPlaces<Simd>(params_.gemm, block, taps, period, period, places, kBlock,
                         out + block.first);
      const std::int32_t rest = room - places * period;
      if (rest > 0) {
        WindowFloat<Simd, kMaxVectors, 1, false>(params_.gemm, block, taps,
                                          block.first + std::ptrdiff_t{places} * period, 0, 0, rest,
                                          out + block.first + std::ptrdiff_t{places} * period);
      }
    }
  }

  std::size_t TapsAt(std::int32_t row, std::int32_t column, FloatTap (&taps)[kMaxFloatTaps]) const {
    const FloatWindow& window = params_.window;
    const RowCopy& copy = params_.copy;
    const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(copy.channels) * 4;
    std::size_t count = 0;
    for (std::int32_t i = 0; i < window.height; ++i) {
      const std::int32_t y = row * copy.stride_h - copy.pad_h + i * window.dilation_h;
      if (y < 0 || y >= copy.in_rows) {
        continue;
      }
      const std::byte* const data = in_.row<std::byte>(y);
      for (std::int32_t j = 0; j < window.width; ++j) {
        const std::int32_t x = column * window.stride_w - copy.pad_w + j * window.dilation_w;
        if (x >= 0 && x < copy.in_columns) {
          taps[count++] = {data + x * pixel, i * window.width + j};
        }
      }
    }
    return count;
  }

  const EvalContext& context_;
  const DepthwiseParams& params_;
  const RowsView in_, out_;
};

// Calls body<kFinish>() with the finish that Prepare chose.
template <typename Body>
void WithFinish(Finish finish, const Body& body) {
  switch (finish) {
    case Finish::kFloat: body(std::integral_constant<Finish, Finish::kFloat>()); return;
    case Finish::kPositive: body(std::integral_constant<Finish, Finish::kPositive>()); return;
    case Finish::kSigned: body(std::integral_constant<Finish, Finish::kSigned>()); return;
  }
}

template <class Simd>
base::Result<Prepared> PrepareConvFor(PrepareContext& context) {
  return PrepareConv(context, LayoutOf<Simd>());
}
template <class Simd, template <class, Finish> class Product = VectorProduct>
base::Status EvaluateConvRows(const EvalContext& context, std::int32_t begin, std::int32_t end) {
  const auto& params = context.params<ConvParams>();
  if (!params.packed) {
    return ref::kConv2d.evaluate_rows(context.WithParams(params.ref), begin, end);
  }
  WithFinish(params.gemm.finish, [&](auto finish) {
    ConvRows<Simd, finish.value, Product>(context, params, context.input_rows(0),
                                          context.output_rows(0))
        .Run(begin, end);
  });
  return {};
}
template <class Simd, template <class, Finish> class Product>
base::Status EvaluateConv(const EvalContext& context) {
  const auto& params = context.params<ConvParams>();
  return params.packed ? EvaluateConvRows<Simd, Product>(context, 0, params.out_rows)
                       : ref::kConv2d.evaluate(context.WithParams(params.ref));
}

template <class Simd>
base::Result<Prepared> PrepareDepthwiseFor(PrepareContext& context) {
  return PrepareDepthwise(context, LayoutOf<Simd>());
}
template <class Simd>
base::Status EvaluateDepthwiseRows(const EvalContext& context, std::int32_t begin,
                                   std::int32_t end) {
  const auto& params = context.params<DepthwiseParams>();
  if (params.product != nullptr) {
    return EvaluateConvRows<Simd>(context.WithParams(params.product), begin, end);
  }
  if (!params.packed) {
    return ref::kDepthwiseConv2d.evaluate_rows(context.WithParams(params.ref), begin, end);
  }
  switch (params.gemm.finish) {
    case Finish::kFloat: FloatDepthwiseRows<Simd>(context, params).Run(begin, end); break;
    case Finish::kPositive:
      DepthwiseRows<Simd, Finish::kPositive>(context, params).Run(begin, end);
      break;
    case Finish::kSigned:
      DepthwiseRows<Simd, Finish::kSigned>(context, params).Run(begin, end);
      break;
  }
  return {};
}
template <class Simd>
base::Status EvaluateDepthwise(const EvalContext& context) {
  const auto& params = context.params<DepthwiseParams>();
  return params.packed || params.product != nullptr
             ? EvaluateDepthwiseRows<Simd>(context, 0, context.output(0).shape().dim(1))
                       : ref::kDepthwiseConv2d.evaluate(context.WithParams(params.ref));
}

template <class Simd>
base::Result<Prepared> PrepareDenseFor(PrepareContext& context) {
  return PrepareDense(context, LayoutOf<Simd>());
}
template <class Simd, template <class, Finish> class Product>
base::Status EvaluateDense(const EvalContext& context) {
  const auto& params = context.params<ConvParams>();
  if (!params.packed) {
    return ref::kFullyConnected.evaluate(context.WithParams(params.ref));
  }
  // A picture of one column: a batch is a row.
  const auto rows_of = [&params](const TensorView& view) {
    return RowsView{view.info, view.data,
                    view.info->bytes / static_cast<std::uint32_t>(params.out_rows),
                    params.out_rows};
  };
  WithFinish(params.gemm.finish, [&](auto finish) {
    ConvRows<Simd, finish.value, Product>(context, params, rows_of(context.input(0)),
                                          rows_of(context.output(0)))
        .Run(0, params.out_rows);
  });
  return {};
}

// `count` elements that lie together.
template <class Simd>
void AddElements(const AddParams& params, const std::byte* a, const std::byte* b, std::byte* out,
                 std::ptrdiff_t count) {
  const auto* const x = reinterpret_cast<const std::int8_t*>(params.swapped ? b : a);
  const auto* const y = reinterpret_cast<const std::int8_t*>(params.swapped ? a : b);
  auto* const z = reinterpret_cast<std::int8_t*>(out);
  if (params.finish.finish == Finish::kPositive) {
    AddRun<Simd, Finish::kPositive>(params, x, y, z, count);
  } else {
    AddRun<Simd, Finish::kSigned>(params, x, y, z, count);
  }
}
template <class Simd>
base::Result<Prepared> PrepareAddFor(PrepareContext& context) {
  return PrepareAdd(context, LayoutOf<Simd>());
}
template <class Simd>
base::Status EvaluateAdd(const EvalContext& context) {
  const auto& params = context.params<AddParams>();
  if (!params.packed) {
    return ref::kAdd.evaluate(context.WithParams(params.ref));
  }
  const auto count = static_cast<int>(context.output(0).size());
  // An addition costs what some twenty products do.
  Share(context, count, static_cast<std::uint64_t>(count) * 20, [&](int begin, int end) {
    AddElements<Simd>(params, context.input(0).data + begin, context.input(1).data + begin,
                      context.output(0).data + begin, end - begin);
  });
  return {};
}
template <class Simd>
base::Status EvaluateAddRows(const EvalContext& context, std::int32_t begin, std::int32_t end) {
  const auto& params = context.params<AddParams>();
  if (!params.packed) {
    return ref::kAdd.evaluate_rows(context.WithParams(params.ref), begin, end);
  }
  const RowsView a = context.input_rows(0);
  const RowsView b = context.input_rows(1);
  const RowsView out = context.output_rows(0);
  for (std::int32_t r = begin; r < end; ++r) {
    AddElements<Simd>(params, a.row<std::byte>(r), b.row<std::byte>(r), out.row<std::byte>(r),
                      out.row_bytes);
  }
  return {};
}

template <class Simd, template <class, Finish> class Product>
inline constexpr Kernel kConv2dFor{OpKind::kConv2d,   1, 8, PrepareConvFor<Simd>,
                                   EvaluateConv<Simd, Product>, EvaluateConvRows<Simd, Product>};
template <class Simd>
inline constexpr Kernel kDepthwiseConv2dFor{OpKind::kDepthwiseConv2d, 1, 7,
                                            PrepareDepthwiseFor<Simd>, EvaluateDepthwise<Simd>,
                                            EvaluateDepthwiseRows<Simd>};
template <class Simd, template <class, Finish> class Product>
inline constexpr Kernel kFullyConnectedFor{OpKind::kFullyConnected, 1, 14, PrepareDenseFor<Simd>,
                                           EvaluateDense<Simd, Product>};

template <class Simd>
inline constexpr Kernel kAddFor{OpKind::kAdd,      1, 5, PrepareAddFor<Simd>,
                                EvaluateAdd<Simd>, EvaluateAddRows<Simd>};

template <class Simd>
concept AddsInt8 = requires(const std::int8_t* from, typename Simd::I (&to)[kMaxVectors]) {
  Simd::LoadInOrder(from, to);
};

// All kernels: the target's, and the reference kernels of the other operators.
template <class Simd, template <class, Finish> class Product = VectorProduct>
constexpr KernelList KernelsOf() {
  KernelList list = ref::kAll;
  for (const Kernel*& kernel : list) {
    if (kernel == &ref::kConv2d) {
      kernel = &kConv2dFor<Simd, Product>;
    } else if (kernel == &ref::kDepthwiseConv2d) {
      kernel = &kDepthwiseConv2dFor<Simd>;
    } else if (kernel == &ref::kFullyConnected) {
      kernel = &kFullyConnectedFor<Simd, Product>;
    }
    if constexpr (AddsInt8<Simd>) {
      kernel = kernel == &ref::kAdd ? &kAddFor<Simd> : kernel;
    }
  }
  return list;
}

}  // namespace pinhole::engine::kernels::fast
