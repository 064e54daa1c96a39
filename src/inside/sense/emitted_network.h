// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model that `pinhole model emit` made into C++ as the network of a sensor.
//
//   const engine::Tensor input = EmittedTensor(person::Input0(), person::kInput0Shape, &scale,
//   zero); EmittedNetwork network(Run, person::Wipe, {&input, At(person::Input0())}, outputs);
//
// Emitted code has one place for its memory and no objects, so what is kept here are two functions
// and where the tensors lie. Nothing is allocated, nothing can fail.

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/tensor/tensor.h"
#include "engine/tensor/type.h"
#include "inside/sense/network.h"

namespace pinhole::inside::sense {

// What a tensor's accessor and constants say: its type by the pointer's, `shape` as emitted,
// `scale` null for real numbers. `scale` must outlive the tensor.
template <typename Element>
engine::Tensor EmittedTensor(const Element* /*at*/, std::span<const std::int32_t> shape,
                             const float* scale, std::int32_t zero_point) {
  static_assert(std::is_same_v<Element, float> || std::is_same_v<Element, std::int8_t> ||
                std::is_same_v<Element, std::uint8_t> || std::is_same_v<Element, std::int16_t>);
  engine::Tensor tensor;
  tensor.name_text = "emitted";
  tensor.shape = engine::Shape(shape);
  tensor.bytes = static_cast<std::uint32_t>(tensor.shape.element_count() * sizeof(Element));
  tensor.scales = scale;
  tensor.scale_count = scale == nullptr ? 0 : 1;
  tensor.zero_point = zero_point;
  tensor.type = std::is_same_v<Element, float>          ? engine::Type::kFloat32
                : std::is_same_v<Element, std::int8_t>  ? engine::Type::kInt8
                : std::is_same_v<Element, std::uint8_t> ? engine::Type::kUint8
                                                        : engine::Type::kInt16;
  return tensor;
}

class EmittedNetwork final : public Network {
 public:
  using Function = void (*)();

  // The emitted model's Run, with whatever core helps it, and Wipe. `outputs` in the model's order;
  // the caller's, as are the tensors.
  EmittedNetwork(Function run, Function wipe, engine::TensorView input,
                 std::span<const engine::TensorView> outputs)
      : run_(run), wipe_(wipe), input_(input), outputs_(outputs) {}

  [[nodiscard]] engine::TensorView input() override { return input_; }
  [[nodiscard]] engine::TensorView output(std::size_t i) override { return outputs_[i]; }
  base::Status Run(base::Diagnosis& /*why*/) override {
    run_();
    return {};
  }
  void Wipe() override { wipe_(); }

 private:
  Function run_, wipe_;
  engine::TensorView input_;
  std::span<const engine::TensorView> outputs_;
};

}  // namespace pinhole::inside::sense
