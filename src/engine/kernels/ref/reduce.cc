// SPDX-License-Identifier: Apache-2.0
// MEAN and SUM over any axes of a tensor of rank up to 6; the axis tensor is constant and may name
// axes from the back and twice. Types: float32; int8, uint8 and int16 with one scale each; SUM also
// int32 and int64 (wrapping).
//
// Elements are added in the input's order into one accumulator an output: float32 for floats, 32
// bits (wrapping) for quantised types. Those are then centred and brought to the output's scale;
// MEAN folds the division into the multiplier. Neighbouring axes that are all kept or all reduced
// become one, so that at most three loops of each kind remain. Source: TensorFlow Lite reference
// reduce.h (QuantizedMeanOrSum).

#include <algorithm>
#include <bit>

#include "base/fixed_point.h"
#include "engine/kernels/ref/arithmetic.h"
#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_walk.h"

namespace pinhole::engine::kernels::ref {

namespace {

// Bit d set: dimension d goes.
unsigned ReducedAxes(const Integers& axes, int rank) {
  unsigned mask = 0;
  for (std::size_t i = 0; rank > 0 && i < axes.size(); ++i) {  // of a scalar no axis counts
    mask |= 1U << AxisFromFront(axes[i], rank);
  }
  return mask;
}

Shape ReducedShape(const Shape& in, unsigned reduced, bool keep_dims) {
  std::array<std::int32_t, Shape::kMaxRank> dims{};
  std::size_t rank = 0;
  for (int d = 0; d < in.rank(); ++d) {
    const bool gone = (reduced >> d & 1U) != 0;
    if (!gone || keep_dims) {
      dims[rank++] = gone ? 1 : in.dim(d);
    }
  }
  return Shape(std::span<const std::int32_t>(dims.data(), rank));
}

// Elements that become one.
std::int64_t ReducedCount(const Shape& in, unsigned reduced) {
  std::int64_t count = 1;
  for (int d = 0; d < in.rank(); ++d) {
    count *= (reduced >> d & 1U) != 0 ? in.dim(d) : 1;
  }
  return count;
}

// in.scale / out.scale, for MEAN divided by the count: the multiplier's fraction is divided as an
// integer, kept full by as many bits as the count has (and the shift allows).
base::FixedMultiplier Rescale(const Tensor& in, const Tensor& out, bool mean, std::int64_t count) {
  base::FixedMultiplier multiplier =
      base::QuantizeMultiplier(static_cast<double>(in.scale()) / static_cast<double>(out.scale()));
  if (mean) {
    const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1;
    const int shift = std::min({bits, 32, 31 + static_cast<int>(multiplier.shift)});
    multiplier.fraction =
        static_cast<std::int32_t>((std::int64_t{multiplier.fraction} << shift) / count);
    multiplier.shift -= shift;
  }
  return multiplier;
}

template <bool kMean>
base::Status ExpectReducible(PrepareContext& context, const Tensor& in) {
  switch (in.type) {
    case Type::kFloat32: return {};
    case Type::kInt8:
    case Type::kUint8:
    case Type::kInt16:
      PINHOLE_TRY(context.ExpectPerTensor(in));
      return context.ExpectPerTensor(*context.output(0));
    case Type::kInt32:
    case Type::kInt64:
      if (!kMean) {
        return {};
      }
      break;
    default: break;
  }
  return context.FailOnType(in.type, kMean ? "float32, int8, uint8 or int16"
                                           : "float32, int8, uint8, int16, int32 or int64");
}

template <bool kMean>
base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& axes = *context.input(1);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(out, in.type));
  PINHOLE_TRY(ExpectReducible<kMean>(context, in));
  PINHOLE_ASSIGN(const Integers axis,
                 ConstantIntegers(context, axes, "axis", axes.shape.element_count()));
  for (std::size_t i = 0; in.shape.rank() > 0 && i < axis.size(); ++i) {
    PINHOLE_TRY(ResolveAxis(context, axis[i], in.shape.rank()));
  }
  const unsigned reduced = ReducedAxes(axis, in.shape.rank());
  const bool keep_dims = context.op().options<ReduceOptions>().keep_dims;
  PINHOLE_TRY(context.ExpectShape(out, ReducedShape(in.shape, reduced, keep_dims)));
  Prepared prepared;
  if (TypeRange(in.type).high > 0) {
    PINHOLE_ASSIGN(auto* const kept, context.NewParams<base::FixedMultiplier>());
    *kept = Rescale(in, out, kMean, ReducedCount(in.shape, reduced));
    prepared.params = kept;
  }
  return prepared;
}

// The ways through the input: from output element to output element, and over what is added up.
struct Walks {
  StridedWalk<1> kept, reduced;
};

Walks SplitWalk(const Shape& in, unsigned reduced) {
  std::array<std::int64_t, Shape::kMaxRank> strides{};
  std::int64_t stride = 1;
  for (int d = in.rank() - 1; d >= 0; --d) {
    strides[static_cast<std::size_t>(d)] = stride;
    stride *= in.dim(d);
  }
  Walks walks;
  for (int d = 0; d < in.rank(); ++d) {
    StridedWalk<1>& walk = (reduced >> d & 1U) != 0 ? walks.reduced : walks.kept;
    walk.Append(in.dim(d), {strides[static_cast<std::size_t>(d)]});
  }
  return walks;
}

// Adds the element behind each of `count` outputs, which lie kept_step apart, to its sum.
template <typename T, typename Accumulator>
void AddTo(Accumulator* sums, const T* x, std::int64_t kept_step, std::int64_t count) {
  if (kept_step == 1) {
    for (std::int64_t j = 0; j < count; ++j) {
      sums[j] = Sum(sums[j], static_cast<Accumulator>(x[j]));
    }
    return;
  }
  for (std::int64_t j = 0; j < count; ++j) {
    sums[j] = Sum(sums[j], static_cast<Accumulator>(x[j * kept_step]));
  }
}

// out[k] = finish(sum of the elements behind k), shared among the workers by k. Several sums are
// formed at once, since their elements often lie together; each in the order of the input.
template <typename T, typename Accumulator, typename Finish>
void Reduce(const EvalContext& context, const Walks& walks, const Finish& finish) {
  const T* in = context.input(0).as<T>();
  T* out = context.output(0).as<T>();
  const std::int64_t count = walks.reduced.size();
  const std::int64_t kept_step = walks.kept.steps()[0];
  const std::int64_t reduced_step = walks.reduced.steps()[0];
  context.ForRanges(static_cast<int>(walks.kept.size()), [&](int begin, int end) {
    walks.kept.ForRows(begin, end, [&](const auto& at, std::int64_t first, std::int64_t n) {
      constexpr std::int64_t kBlock = 64;
      for (std::int64_t k = 0; k < n; k += kBlock) {
        const std::int64_t block = std::min(kBlock, n - k);
        const T* base = in + at[0] + k * kept_step;
        Accumulator sums[kBlock] = {};
        walks.reduced.ForRows(0, count, [&](const auto& from, std::int64_t, std::int64_t length) {
          for (std::int64_t i = 0; i < length; ++i) {
            AddTo(sums, base + from[0] + i * reduced_step, kept_step, block);
          }
        });
        for (std::int64_t j = 0; j < block; ++j) {
          out[first + k + j] = finish(sums[j]);
        }
      }
    });
  });
}

template <typename T>
void ReduceQuantized(const EvalContext& context, const Walks& walks) {
  const auto multiplier = context.params<base::FixedMultiplier>();
  const std::int32_t out_zero = context.output(0).info->zero_point;
  // Modulo 2^32, like the sum itself.
  const auto zeros = static_cast<std::int32_t>(std::int64_t{context.input(0).info->zero_point} *
                                               walks.reduced.size());
  constexpr IntRange kRange = TypeRange(TypeOf<T>());
  Reduce<T, std::int32_t>(context, walks, [=](std::int32_t sum) {
    return static_cast<T>(Requantize(base::WrapSub(sum, zeros), multiplier, out_zero, kRange));
  });
}

template <bool kMean>
base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const unsigned reduced = ReducedAxes(Integers(context.input(1)), in.shape().rank());
  const Walks walks = SplitWalk(in.shape(), reduced);
  switch (in.type()) {
    case Type::kFloat32: {
      const auto divisor = kMean ? static_cast<float>(walks.reduced.size()) : 1.0F;
      Reduce<float, float>(context, walks, [divisor](float sum) { return sum / divisor; });
      return {};
    }
    case Type::kInt8: ReduceQuantized<std::int8_t>(context, walks); return {};
    case Type::kUint8: ReduceQuantized<std::uint8_t>(context, walks); return {};
    case Type::kInt16: ReduceQuantized<std::int16_t>(context, walks); return {};
    case Type::kInt32:
      Reduce<std::int32_t, std::int32_t>(context, walks, [](std::int32_t sum) { return sum; });
      return {};
    default:
      Reduce<std::int64_t, std::int64_t>(context, walks, [](std::int64_t sum) { return sum; });
      return {};
  }
}

}  // namespace

const Kernel kMean{OpKind::kMean, 1, 3, Prepare<true>, Evaluate<true>};
const Kernel kSum{OpKind::kSum, 1, 2, Prepare<false>, Evaluate<false>};

}  // namespace pinhole::engine::kernels::ref
