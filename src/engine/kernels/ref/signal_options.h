// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the micro front end's operators have in common when they are prepared: named integer
// options, each with a range, and tensors that are one row of a known length.

#include <cstdint>
#include <string_view>

#include "engine/kernels/kernel.h"
#include "engine/tensor/flexbuffer.h"

namespace pinhole::engine::kernels::ref {

class SignalOptions {
 public:
  // Errors: what FlexMap::Parse says of the operator's options, with a sentence.
  static base::Result<SignalOptions> Read(PrepareContext& context) {
    const auto custom = context.op().options<CustomOptions>();
    const base::Result<FlexMap> map = FlexMap::Parse({custom.bytes, custom.size});
    if (!map) {
      return context.Fail(map.error(), "its options are no FlexBuffer map (",
                          base::ErrorName(map.error()), ")");
    }
    return SignalOptions(context, *map);
  }

  // Errors: kMalformed (outside [low, high]), kNotFound, kWrongKind.
  [[nodiscard]] base::Result<std::int32_t> Int(std::string_view name, std::int32_t low,
                                               std::int32_t high) const {
    const base::Result<std::int64_t> value = map_.Int(name);
    if (!value) {
      return context_->Fail(value.error(), "option '", name, "': ", base::ErrorName(value.error()),
                            ", an integer expected");
    }
    if (*value < low || *value > high) {
      return context_->Fail(base::Error::kMalformed, "option '", name, "' is ", *value, ", ", low,
                            " to ", high, " expected");
    }
    return static_cast<std::int32_t>(*value);
  }

  [[nodiscard]] bool Has(std::string_view name) const { return map_.Has(name); }

 private:
  SignalOptions(PrepareContext& context, const FlexMap& map) : context_(&context), map_(map) {}

  PrepareContext* context_;
  FlexMap map_;
};

// `tensor` is of type `type` and has one dimension. Errors: kUnsupported, kMalformed.
inline base::Status ExpectRow(PrepareContext& context, const Tensor& tensor, Type type) {
  PINHOLE_TRY(context.ExpectType(tensor, type));
  if (tensor.shape.rank() != 1) {
    return context.Fail(base::Error::kMalformed, "tensor '", tensor.name(), "' has ",
                        tensor.shape.rank(), " dimensions, 1 expected");
  }
  return {};
}

}  // namespace pinhole::engine::kernels::ref
