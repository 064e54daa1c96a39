// SPDX-License-Identifier: Apache-2.0
// SLICE: the box of size[d] elements from begin[d] on, in every dimension; a size of -1 reaches to
// the end. Any type, rank up to 6. `begin` and `size` are constant.

#include "engine/kernels/ref/parameters.h"
#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/strided_copy.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(3, 3, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(ExpectSameElements(context, in, out));
  const auto rank = static_cast<std::size_t>(in.shape.rank());
  PINHOLE_ASSIGN(const Integers begin, ConstantIntegers(context, *context.input(1), "begin", rank));
  PINHOLE_ASSIGN(const Integers size, ConstantIntegers(context, *context.input(2), "size", rank));
  Shape shape = in.shape;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t dim = in.shape.dims()[d];
    if (begin[d] < 0 || begin[d] > dim || size[d] < -1 || size[d] > dim - begin[d]) {
      return context.Fail(base::Error::kMalformed, "dimension ", d, ": ", size[d],
                          " elements from ", begin[d], " on do not lie inside ", dim);
    }
    shape.set_dim(static_cast<int>(d),
                  static_cast<std::int32_t>(size[d] == -1 ? dim - begin[d] : size[d]));
  }
  PINHOLE_TRY(context.ExpectShape(out, shape));
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const Integers begin(context.input(1));
  StridedWalk<1> walk;
  std::int64_t origin = 0;
  for (int d = 0; d < in.shape().rank(); ++d) {
    const std::int64_t stride = ElementsBehind(in.shape(), d);
    origin += begin[static_cast<std::size_t>(d)] * stride;
    walk.Append(out.shape().dim(d), {stride});
  }
  CopyStrided(context, walk, origin, in, out);
  return {};
}

}  // namespace

const Kernel kSlice{OpKind::kSlice, 1, 6, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
