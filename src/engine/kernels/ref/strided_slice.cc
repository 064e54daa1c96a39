// SPDX-License-Identifier: Apache-2.0
// STRIDED_SLICE: NumPy's basic indexing. Entry i of `begin`, `end` and `strides` speaks of one
// dimension of the input: the elements begin, begin + stride, ... before end, counted from the back
// where negative and cut to the dimension. Bits in the masks change entry i: begin_mask and
// end_mask start and stop at the edge; shrink_axis takes the one element at begin and drops the
// dimension; new_axis puts in a dimension of 1; ellipsis stands for all dimensions the other
// entries leave. Dimensions without an entry are taken whole. With `offset`, end counts from begin.
//
// Any type, rank up to 6. The strides are constant. begin and end may be computed by the network:
// what they give must then have the declared output shape, or the run ends with kInvalidArgument.
// Source: TensorFlow Lite strided_slice.cc, strided_slice_logic.h.

#include <algorithm>
#include <array>

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

enum class Flaw : std::uint8_t {
  kNone,
  kZeroStride,
  kTooManyEntries,
  kTwoEllipses,
  kShrinkOutside,
  kRank
};

constexpr std::string_view kFlaws[] = {
    "",
    "a stride is 0",
    "more entries than the input has dimensions",
    "more than one ellipsis",
    "a dimension to be dropped is indexed outside of its range",
    "the output has too many dimensions",
};

// What is taken: the output's shape, and the way to it through the input.
struct Selection {
  Flaw flaw = Flaw::kNone;
  StridedWalk<1> walk;
  std::int64_t origin = 0;
  std::array<std::int32_t, Shape::kMaxRank> dims{};
  std::size_t rank = 0;

  [[nodiscard]] Shape shape() const {
    return Shape(std::span<const std::int32_t>(dims.data(), rank));
  }
  void AddDimension(std::int32_t places) {
    if (rank == dims.size()) {
      flaw = Flaw::kRank;
      return;
    }
    dims[rank++] = places;
  }
};

struct Entry {
  std::int64_t begin, end, stride;
  bool begin_masked, end_masked, shrink, offset;
};

constexpr bool Has(unsigned mask, std::size_t bit) { return (mask >> bit & 1U) != 0; }

// `index` counted from the front, cut to what a walk in the stride's direction can start or stop
// at.
std::int64_t CutIndex(std::int64_t index, std::int64_t dim, bool forward) {
  index += index < 0 ? dim : 0;
  return forward ? std::clamp<std::int64_t>(index, 0, dim)
                 : std::clamp<std::int64_t>(index, -1, dim - 1);
}

// Takes input dimension `axis` as `entry` says.
void Take(const Shape& in, int axis, const Entry& entry, Selection& selection) {
  const std::int64_t dim = in.dim(axis);
  const std::int64_t behind = ElementsBehind(in, axis);
  const bool forward = entry.stride > 0;
  const std::int64_t first =
      entry.begin_masked ? (forward ? 0 : dim - 1) : CutIndex(entry.begin, dim, forward);
  if (entry.shrink) {
    if (first < 0 || first >= dim) {
      selection.flaw = Flaw::kShrinkOutside;
      return;
    }
    selection.origin += first * behind;
    return;
  }
  const std::int64_t end = entry.offset ? entry.end + first : entry.end;
  const std::int64_t last = entry.end_masked ? (forward ? dim : -1) : CutIndex(end, dim, forward);
  const std::int64_t distance = forward ? last - first : first - last;
  const std::int64_t step = forward ? entry.stride : -entry.stride;
  const std::int64_t places = distance <= 0 ? 0 : (distance + step - 1) / step;
  selection.AddDimension(static_cast<std::int32_t>(places));
  if (places > 0) {
    selection.origin += first * behind;
    selection.walk.Append(static_cast<std::int32_t>(places), {entry.stride * behind});
  }
}

// Strides are cut to 32 bits by the caller's type check, so that nothing here overflows.
Selection Select(const Shape& in, const Integers& begin, const Integers& end,
                 const Integers& strides, const StridedSliceOptions& options) {
  Selection selection;
  const std::size_t entries = strides.size();
  int named = 0;  // dimensions of the input that entries speak of
  int ellipses = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    const bool ellipsis = Has(options.ellipsis_mask, i);
    ellipses += ellipsis ? 1 : 0;
    named += ellipsis || Has(options.new_axis_mask, i) ? 0 : 1;
  }
  if (named > in.rank() || ellipses > 1) {
    selection.flaw = ellipses > 1 ? Flaw::kTwoEllipses : Flaw::kTooManyEntries;
    return selection;
  }
  constexpr Entry kWhole{0, 0, 1, true, true, false, false};
  int axis = 0;
  for (std::size_t i = 0; i < entries && selection.flaw == Flaw::kNone; ++i) {
    if (Has(options.ellipsis_mask, i)) {
      for (int rest = in.rank() - named; rest > 0; --rest) {
        Take(in, axis++, kWhole, selection);
      }
    } else if (Has(options.new_axis_mask, i)) {
      selection.AddDimension(1);
    } else if (strides[i] == 0) {
      selection.flaw = Flaw::kZeroStride;
    } else {
      Take(in, axis++,
           {begin[i], end[i], strides[i], Has(options.begin_mask, i), Has(options.end_mask, i),
            Has(options.shrink_axis_mask, i), options.offset},
           selection);
    }
  }
  while (axis < in.rank() && selection.flaw == Flaw::kNone) {
    Take(in, axis++, kWhole, selection);
  }
  return selection;
}

base::Status ExpectEntries(PrepareContext& context, std::size_t input, std::string_view what,
                           std::size_t count) {
  const Tensor& tensor = *context.input(input);
  PINHOLE_TRY(context.ExpectType(tensor, Type::kInt32));
  return ExpectIntegers(context, tensor, what, count);
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(4, 4, 1));
  const Tensor& in = *context.input(0);
  const Tensor& begin = *context.input(1);
  const Tensor& end = *context.input(2);
  const Tensor& strides = *context.input(3);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  const std::size_t entries = strides.shape.element_count();
  if (entries > 8) {
    return context.Fail(base::Error::kMalformed, entries, " entries found, the masks have 8 bits");
  }
  PINHOLE_TRY(ExpectEntries(context, 1, "begin", entries));
  PINHOLE_TRY(ExpectEntries(context, 2, "end", entries));
  PINHOLE_TRY(ExpectEntries(context, 3, "strides", entries));
  PINHOLE_TRY(ExpectConstant(context, strides, "strides"));
  if (!begin.is_constant() || !end.is_constant()) {
    return Prepared{};  // the selection is known, and checked, at run time only
  }
  const Selection selection = Select(in.shape, Integers(begin), Integers(end), Integers(strides),
                                     context.op().options<StridedSliceOptions>());
  if (selection.flaw != Flaw::kNone) {
    return context.Fail(base::Error::kMalformed, kFlaws[static_cast<std::size_t>(selection.flaw)]);
  }
  PINHOLE_TRY(context.ExpectShape(out, selection.shape()));
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const Selection selection =
      Select(in.shape(), Integers(context.input(1)), Integers(context.input(2)),
             Integers(context.input(3)), context.op().options<StridedSliceOptions>());
  if (selection.flaw != Flaw::kNone || !(selection.shape() == out.shape())) {
    return base::Unexpected(base::Error::kInvalidArgument);
  }
  CopyStrided(context, selection.walk, selection.origin, in, out);
  return {};
}

}  // namespace

const Kernel kStridedSlice{OpKind::kStridedSlice, 1, 8, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
