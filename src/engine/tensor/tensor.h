// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known of a tensor before the network runs: name, type, shape, quantisation, and its bytes
// if it is constant.
//
// Quantisation (TensorFlow Lite's specification): real = scale * (q - zero_point), with one scale
// for the tensor or one for each index of dimension `axis`. Integer tensors without quantisation
// have scale_count 0. Where there are several scales, all channels share the one zero_point (the
// specification wants 0 for weights; the loader refuses others). Names, constants and scales point
// into the model's buffer or its arena and live as long as both.
//
// A TensorView joins a Tensor with the address of its bytes while the network runs.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/tensor/shape.h"
#include "engine/tensor/type.h"

namespace pinhole::engine {

struct Tensor {
  const char* name_text = "";       // ends with a NUL
  const std::byte* data = nullptr;  // the constant's bytes; null for what the network computes
  const float* scales = nullptr;    // scale_count of them, each finite and > 0
  std::uint32_t bytes = 0;          // element_count * TypeSize; below 2^31
  std::uint32_t scale_count = 0;
  std::int32_t zero_point = 0;  // within the type's range
  Shape shape;
  Type type = Type::kFloat32;
  std::uint8_t axis = 0;     // dimension the scales run along, if scale_count > 1
  bool is_variable = false;  // keeps its bytes from one run to the next

  [[nodiscard]] std::string_view name() const { return name_text; }
  [[nodiscard]] bool is_constant() const { return data != nullptr; }
  [[nodiscard]] bool is_quantized() const { return scale_count > 0; }
  // The tensor's scale, or its first channel's; 0 where it has none.
  [[nodiscard]] float scale() const { return scale_count > 0 ? scales[0] : 0.0F; }
  [[nodiscard]] float channel_scale(std::size_t channel) const {
    return scales[scale_count > 1 ? channel : 0];
  }
  // A constant's elements. The loader has checked size and alignment.
  template <typename T>
  [[nodiscard]] std::span<const T> constant() const {
    return {reinterpret_cast<const T*>(data), bytes / sizeof(T)};
  }
};

struct TensorView {
  const Tensor* info = nullptr;  // null for an optional input that is absent
  std::byte* data = nullptr;

  explicit operator bool() const { return info != nullptr; }
  [[nodiscard]] const Shape& shape() const { return info->shape; }
  [[nodiscard]] Type type() const { return info->type; }
  [[nodiscard]] std::size_t size() const { return info->shape.element_count(); }
  template <typename T>
  [[nodiscard]] T* as() const {
    return reinterpret_cast<T*>(data);
  }
};

}  // namespace pinhole::engine
