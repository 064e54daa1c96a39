// SPDX-License-Identifier: Apache-2.0
#pragma once

// What RELU, RELU6, LEAKY_RELU, LOGISTIC and TANH ask of their tensors: one input of any shape, one
// output of the same shape and type; float32, or int8, uint8 or int16 with one scale each. Such an
// operator works element by element: by rows, and its output may take the input's place.

#include "engine/kernels/kernel.h"
#include "engine/kernels/ref/rows.h"

namespace pinhole::engine::kernels::ref {

// Checks all of that. A float32 operator is ready with the result; the others add their params.
// Errors: kMalformed (counts, shapes, scales), kUnsupported (types).
inline base::Result<Prepared> PrepareActivation(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  PINHOLE_TRY(context.ExpectType(out, in.type));
  PINHOLE_TRY(context.ExpectShape(out, in.shape));
  Prepared prepared;
  prepared.in_place_inputs = 1;
  prepared.rows = RowsOfOnePicture(in, out, RowWindow::Same());
  if (in.type == Type::kFloat32) {
    return prepared;
  }
  if (in.type != Type::kInt8 && in.type != Type::kUint8 && in.type != Type::kInt16) {
    return context.FailOnType(in.type, "float32, int8, uint8 or int16");
  }
  PINHOLE_TRY(context.ExpectPerTensor(in));
  PINHOLE_TRY(context.ExpectPerTensor(out));
  return prepared;
}

}  // namespace pinhole::engine::kernels::ref
