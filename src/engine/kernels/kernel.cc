// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels {

base::Status PrepareContext::ExpectCounts(std::size_t min_inputs, std::size_t max_inputs,
                                          std::size_t outputs) {
  if (input_count() < min_inputs || input_count() > max_inputs) {
    return Fail(base::Error::kMalformed, input_count(), " inputs found, ", min_inputs, " to ",
                max_inputs, " expected");
  }
  if (output_count() != outputs) {
    return Fail(base::Error::kMalformed, output_count(), " outputs found, ", outputs, " expected");
  }
  for (std::size_t i = 0; i < min_inputs; ++i) {
    if (input(i) == nullptr) {
      return Fail(base::Error::kMalformed, "input ", i, " is left out, but it is needed");
    }
  }
  return {};
}

base::Status PrepareContext::ExpectShape(const Tensor& tensor, const Shape& computed) {
  if (tensor.shape == computed) {
    return {};
  }
  base::Diagnosis shapes;
  for (const Shape* shape : {&tensor.shape, &computed}) {
    shapes.Append(shape == &computed ? ", computed [" : "declared [");
    for (int i = 0; i < shape->rank(); ++i) {
      shapes.Append(i > 0 ? ", " : "");
      shapes.Append(shape->dim(i));
    }
    shapes.Append(']');
  }
  return Fail(base::Error::kMalformed, "tensor '", tensor.name(), "': ", shapes.text());
}

base::Status PrepareContext::ExpectType(const Tensor& tensor, Type type) {
  if (tensor.type != type) {
    return Fail(base::Error::kUnsupported, "tensor '", tensor.name(), "' is ",
                TypeName(tensor.type), ", ", TypeName(type), " expected");
  }
  return {};
}

base::Status PrepareContext::ExpectPerTensor(const Tensor& tensor) {
  if (tensor.scale_count != 1) {
    return Fail(base::Error::kMalformed, "tensor '", tensor.name(), "' has ", tensor.scale_count,
                " scales, one expected");
  }
  return {};
}

}  // namespace pinhole::engine::kernels
