// SPDX-License-Identifier: Apache-2.0
#pragma once

// An output tensor read as real numbers, whatever its type: float32 as it stands, int8, uint8 and
// int16 as scale * (q - zero_point). The bytes belong to the tensor's owner and are read when asked
// for.

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "engine/tensor/tensor.h"

namespace pinhole::decode {

class Values {
 public:
  explicit Values(std::span<const float> values)
      : data_(values.data()), size_(values.size()), type_(engine::Type::kFloat32) {}

  // Error: kUnsupported (another type, or integers without one scale for the whole tensor).
  static base::Result<Values> Of(const engine::TensorView& tensor) {
    Values values(tensor.data, tensor.size(), tensor.type());
    switch (tensor.type()) {
      case engine::Type::kFloat32: return values;
      case engine::Type::kInt8:
      case engine::Type::kUint8:
      case engine::Type::kInt16: break;
      default: return base::Unexpected(base::Error::kUnsupported);
    }
    if (tensor.info->scale_count != 1) {
      return base::Unexpected(base::Error::kUnsupported);
    }
    values.scale_ = tensor.info->scale();
    values.zero_point_ = tensor.info->zero_point;
    return values;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // i below size().
  [[nodiscard]] float operator[](std::size_t i) const {
    switch (type_) {
      case engine::Type::kInt8: return Real(static_cast<const std::int8_t*>(data_)[i]);
      case engine::Type::kUint8: return Real(static_cast<const std::uint8_t*>(data_)[i]);
      case engine::Type::kInt16: return Real(static_cast<const std::int16_t*>(data_)[i]);
      default: return static_cast<const float*>(data_)[i];
    }
  }

 private:
  Values(const void* data, std::size_t size, engine::Type type)
      : data_(data), size_(size), type_(type) {}

  [[nodiscard]] float Real(std::int32_t q) const {
    return scale_ * static_cast<float>(q - zero_point_);
  }

  const void* data_;
  std::size_t size_;
  engine::Type type_;
  float scale_ = 1.0F;
  std::int32_t zero_point_ = 0;
};

}  // namespace pinhole::decode
