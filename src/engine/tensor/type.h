// SPDX-License-Identifier: Apache-2.0
#pragma once

// The element types a tensor can have. Numbers are our own; the format room translates from the
// file's.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pinhole::engine {

enum class Type : std::uint8_t {
  kFloat32,
  kFloat16,  // constants only: folded to kFloat32 when a model is loaded
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kBool,
  kResource,  // the handle of a variable; has no bytes of its own
};

// Bytes of one element; 0 for kResource.
constexpr std::size_t TypeSize(Type type) {
  switch (type) {
    case Type::kInt8:
    case Type::kUint8:
    case Type::kBool: return 1;
    case Type::kFloat16:
    case Type::kInt16:
    case Type::kUint16: return 2;
    case Type::kFloat32:
    case Type::kInt32:
    case Type::kUint32: return 4;
    case Type::kInt64:
    case Type::kUint64: return 8;
    case Type::kResource: return 0;
  }
  return 0;
}

constexpr std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kFloat32: return "float32";
    case Type::kFloat16: return "float16";
    case Type::kInt8: return "int8";
    case Type::kUint8: return "uint8";
    case Type::kInt16: return "int16";
    case Type::kUint16: return "uint16";
    case Type::kInt32: return "int32";
    case Type::kUint32: return "uint32";
    case Type::kInt64: return "int64";
    case Type::kUint64: return "uint64";
    case Type::kBool: return "bool";
    case Type::kResource: return "resource";
  }
  return "?";
}

// TypeOf<std::int8_t>() is Type::kInt8: for kernels that are templates over the element.
template <typename T>
constexpr Type TypeOf();
template <>
constexpr Type TypeOf<float>() {
  return Type::kFloat32;
}
template <>
constexpr Type TypeOf<std::int8_t>() {
  return Type::kInt8;
}
template <>
constexpr Type TypeOf<std::uint8_t>() {
  return Type::kUint8;
}
template <>
constexpr Type TypeOf<std::int16_t>() {
  return Type::kInt16;
}
template <>
constexpr Type TypeOf<std::uint16_t>() {
  return Type::kUint16;
}
template <>
constexpr Type TypeOf<std::int32_t>() {
  return Type::kInt32;
}
template <>
constexpr Type TypeOf<std::uint32_t>() {
  return Type::kUint32;
}
template <>
constexpr Type TypeOf<std::int64_t>() {
  return Type::kInt64;
}
template <>
constexpr Type TypeOf<std::uint64_t>() {
  return Type::kUint64;
}
template <>
constexpr Type TypeOf<bool>() {
  return Type::kBool;
}

}  // namespace pinhole::engine
