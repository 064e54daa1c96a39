// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE: dimension d of the output is dimension perm[d] of the input. Any type, rank up to 6;
// the permutation is constant.

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  const int rank = in.shape.rank();
  PINHOLE_ASSIGN(const Integers perm, ConstantIntegers(context, *context.input(1), "permutation",
                                                       static_cast<std::size_t>(rank)));
  unsigned taken = 0;
  Shape shape = in.shape;
  for (int d = 0; d < rank; ++d) {
    const std::int64_t from = perm[static_cast<std::size_t>(d)];
    if (from < 0 || from >= rank || (taken >> from & 1U) != 0) {
      return context.Fail(base::Error::kMalformed, "entry ", d, " of the permutation is ", from,
                          "; each of 0 to ", rank - 1, " expected once");
    }
    taken |= 1U << from;
    shape.set_dim(d, in.shape.dim(static_cast<int>(from)));
  }
  PINHOLE_TRY(context.ExpectShape(out, shape));
  return Prepared{};
}

// kPlanes planes of bytes become pixels of kPlanes bytes: a picture as other frameworks hold it.
template <std::size_t kPlanes>
void Interleave(const std::byte* planes, std::byte* pixels, std::int64_t plane, int begin,
                int end) {
  pixels += begin * static_cast<std::int64_t>(kPlanes);
  for (std::int64_t i = begin; i < end; ++i, pixels += kPlanes) {
    for (std::size_t p = 0; p < kPlanes; ++p) {
      pixels[p] = planes[static_cast<std::int64_t>(p) * plane + i];
    }
  }
}

// [1, 3, rows, columns] of bytes to [1, rows, columns, 3].
bool IsPlanesToPixels(const TensorView& in, const Integers& perm) {
  return in.shape().rank() == 4 && in.shape().dim(0) == 1 && in.shape().dim(1) == 3 &&
         TypeSize(in.type()) == 1 && perm[1] == 2 && perm[2] == 3 && perm[3] == 1;
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const Integers perm(context.input(1));
  if (IsPlanesToPixels(in, perm)) {
    const std::int64_t plane = ElementsBehind(in.shape(), 1);
    std::byte* const out = context.output(0).data;
    context.ForRanges(static_cast<int>(plane), [&](int begin, int end) {
      Interleave<3>(in.data, out, plane, begin, end);
    });
    return {};
  }
  StridedWalk<1> walk;
  for (std::size_t d = 0; d < perm.size(); ++d) {
    const auto from = static_cast<int>(perm[d]);
    walk.Append(in.shape().dim(from), {ElementsBehind(in.shape(), from)});
  }
  CopyStrided(context, walk, 0, in, context.output(0));
  return {};
}

}  // namespace

const Kernel kTranspose{OpKind::kTranspose, 1, 6, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
