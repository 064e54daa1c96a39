// SPDX-License-Identifier: Apache-2.0
#include "engine/format/read_tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "base/checked.h"
#include "engine/format/schema.h"

namespace pinhole::engine::format {

namespace {

using base::Error;

constexpr std::size_t kMaxTensorBytes = std::numeric_limits<std::int32_t>::max();

// The schema's TensorType, by number; those we have no type for carry their name only.
struct FileType {
  std::string_view name;
  std::optional<Type> type;
};
constexpr FileType kFileTypes[] = {
    {"FLOAT32", Type::kFloat32},
    {"FLOAT16", Type::kFloat16},
    {"INT32", Type::kInt32},
    {"UINT8", Type::kUint8},
    {"INT64", Type::kInt64},
    {"STRING", {}},
    {"BOOL", Type::kBool},
    {"INT16", Type::kInt16},
    {"COMPLEX64", {}},
    {"INT8", Type::kInt8},
    {"FLOAT64", {}},
    {"COMPLEX128", {}},
    {"UINT64", Type::kUint64},
    {"RESOURCE", Type::kResource},
    {"VARIANT", {}},
    {"UINT32", Type::kUint32},
    {"UINT16", Type::kUint16},
    {"INT4", {}},
    {"BFLOAT16", {}},
    {"INT2", {}},
    {"UINT4", {}},
    {"FLOAT8_E4M3FN", {}},
    {"FLOAT8_E5M2", {}},
};

struct Range {
  std::int64_t low, high;
};
// The zero points that fit `type`; nullopt for types that are not quantised.
constexpr std::optional<Range> ZeroPointRange(Type type) {
  switch (type) {
    case Type::kInt8: return Range{-128, 127};
    case Type::kUint8: return Range{0, 255};
    case Type::kInt16: return Range{-32768, 32767};
    case Type::kUint16: return Range{0, 65535};
    case Type::kInt32:
    case Type::kInt64:
      return Range{std::numeric_limits<std::int32_t>::min(),
                   std::numeric_limits<std::int32_t>::max()};
    case Type::kUint32:
    case Type::kUint64: return Range{0, std::numeric_limits<std::int32_t>::max()};
    default: return std::nullopt;
  }
}

base::Status ReadType(Reading& reading, const flat::Table& table, Tensor& tensor) {
  PINHOLE_ASSIGN(const auto number, table.Number<std::int8_t>(schema::tensor::kType, 0));
  if (number < 0 || static_cast<std::size_t>(number) >= std::size(kFileTypes)) {
    return reading.Fail(Error::kMalformed, "type ", number, " is not one of the schema's");
  }
  const FileType& found = kFileTypes[number];
  if (!found.type) {
    return reading.Fail(Error::kUnsupported, "type ", found.name, " is not supported");
  }
  tensor.type = *found.type;
  return {};
}

// Where a dimension is 0 the tensor is hollow: converters list such tensors as an LSTM's
// intermediates, which nobody computes. An operator that names one is refused.
base::Status ReadShape(Reading& reading, const flat::Table& table, Tensor& tensor, Mark& mark) {
  PINHOLE_ASSIGN(const auto dims, table.Numbers<std::int32_t>(schema::tensor::kShape));
  if (dims.size() > std::size_t{Shape::kMaxRank}) {
    return reading.Fail(Error::kUnsupported, "rank ", dims.size(), ", at most ", Shape::kMaxRank,
                        " is supported");
  }
  std::int32_t copied[Shape::kMaxRank];
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) {
      return reading.Fail(Error::kMalformed, "dimension ", i, " is ", dims[i],
                          ", at least 1 expected; convert the model with a fixed input shape");
    }
    mark.hollow = mark.hollow || dims[i] == 0;
    copied[i] = dims[i];
  }
  if (mark.hollow) {
    tensor.type = Type::kFloat32;
    tensor.bytes = static_cast<std::uint32_t>(TypeSize(tensor.type));
    return {};  // as a scalar, so that every shape in the graph has elements
  }
  tensor.shape = Shape(std::span<const std::int32_t>(copied, dims.size()));
  const std::optional<std::size_t> elements = tensor.shape.CheckedElementCount();
  const std::optional<std::size_t> bytes =
      elements ? base::CheckedMul(*elements, TypeSize(tensor.type)) : std::nullopt;
  // The count has to fit too: a handle's elements have no bytes.
  if (!bytes || *bytes > kMaxTensorBytes || *elements > kMaxTensorBytes) {
    return reading.Fail(Error::kTooLarge, "its shape makes more than ", kMaxTensorBytes, " bytes");
  }
  tensor.bytes = static_cast<std::uint32_t>(*bytes);
  return {};
}

base::Status ReadZeroPoints(Reading& reading, const flat::Table& table, Range range,
                            Tensor& tensor) {
  PINHOLE_ASSIGN(const auto zero_points,
                 table.Numbers<std::int64_t>(schema::quantization::kZeroPoint));
  if (zero_points.size() == 0) {
    return {};
  }
  if (zero_points.size() != 1 && zero_points.size() != tensor.scale_count) {
    return reading.Fail(Error::kMalformed, zero_points.size(), " zero points for ",
                        tensor.scale_count, " scales");
  }
  PINHOLE_TRY(reading.Visit(zero_points.size()));
  const std::int64_t first = zero_points[0];
  if (first < range.low || first > range.high) {
    return reading.Fail(Error::kMalformed, "zero point ", first, " is outside of ",
                        TypeName(tensor.type), "'s ", range.low, " to ", range.high);
  }
  for (std::size_t i = 1; i < zero_points.size(); ++i) {
    if (zero_points[i] != first) {
      return reading.Fail(Error::kUnsupported, "zero points ", first, " and ", zero_points[i],
                          " differ between channels; only one for all is supported");
    }
  }
  tensor.zero_point = static_cast<std::int32_t>(first);
  return {};
}

// Several scales need a dimension to run along.
base::Status ReadAxis(Reading& reading, const flat::Table& table, Tensor& tensor) {
  PINHOLE_ASSIGN(const auto stated,
                 table.Number<std::int32_t>(schema::quantization::kQuantizedDimension, 0));
  // Converters write the weights' dimension beside 1-D biases too, which have no choice.
  const std::int32_t axis = tensor.shape.rank() == 1 ? 0 : stated;
  if (axis < 0 || axis >= tensor.shape.rank()) {
    return reading.Fail(Error::kMalformed, tensor.scale_count, " scales along dimension ", axis,
                        ", its rank is ", tensor.shape.rank());
  }
  if (static_cast<std::size_t>(tensor.shape.dim(axis)) != tensor.scale_count) {
    return reading.Fail(Error::kMalformed, tensor.scale_count, " scales along dimension ", axis,
                        ", which has size ", tensor.shape.dim(axis));
  }
  tensor.axis = static_cast<std::uint8_t>(axis);
  return {};
}

base::Status ReadQuantization(Reading& reading, const flat::Table& tensor_table, Tensor& tensor) {
  PINHOLE_ASSIGN(const auto table, tensor_table.Child(schema::tensor::kQuantization));
  const std::optional<Range> range = ZeroPointRange(tensor.type);
  if (!table || !range) {  // floats carry what they were trained with: of no use here
    return {};
  }
  PINHOLE_ASSIGN(const auto details,
                 table->Number<std::uint8_t>(schema::quantization::kDetailsType, 0));
  if (details != 0) {
    return reading.Fail(Error::kUnsupported, "quantisation details of kind ", details,
                        "; only scales and zero points are supported");
  }
  PINHOLE_ASSIGN(const auto scales, table->Numbers<float>(schema::quantization::kScale));
  if (scales.size() == 0) {
    return {};
  }
  if (scales.size() > tensor.shape.element_count()) {
    return reading.Fail(Error::kMalformed, scales.size(), " scales for ",
                        tensor.shape.element_count(), " elements");
  }
  PINHOLE_TRY(reading.Visit(scales.size()));
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (!std::isfinite(scales[i]) || scales[i] <= 0.0F) {
      return reading.Fail(Error::kMalformed, "scale ", i, " of ", scales.size(),
                          " is not a finite number above 0");
    }
  }
  tensor.scale_count = static_cast<std::uint32_t>(scales.size());
  if (scales.size() > 1) {
    PINHOLE_TRY(ReadAxis(reading, *table, tensor));
  }
  PINHOLE_TRY(ReadZeroPoints(reading, *table, *range, tensor));
  PINHOLE_ASSIGN(const std::span<const float> kept, reading.Keep(scales));
  tensor.scales = kept.data();
  return {};
}

// The bytes where they lie, or a copy where they lie askew.
base::Result<const std::byte*> KeepConstant(Reading& reading, flat::Bytes raw, Type type) {
  if (reinterpret_cast<std::uintptr_t>(raw.data()) % TypeSize(type) == 0) {
    return raw.data();
  }
  PINHOLE_ASSIGN(const std::span<std::byte> copy,
                 reading.TakeFolded(raw.size(), TypeSize(type)));
  std::memcpy(copy.data(), raw.data(), raw.size());
  return static_cast<const std::byte*>(copy.data());
}

base::Status ReadConstant(Reading& reading, const flat::Table& table, Tensor& tensor, Mark& mark) {
  PINHOLE_ASSIGN(const auto external,
                 table.Number<std::uint32_t>(schema::tensor::kExternalBuffer, 0));
  if (external != 0) {
    return reading.Fail(Error::kUnsupported,
                        "its bytes lie in another file; store the model in one");
  }
  PINHOLE_ASSIGN(const auto index, table.Number<std::uint32_t>(schema::tensor::kBuffer, 0));
  PINHOLE_ASSIGN(const flat::Bytes raw, reading.Buffer(index));
  if (raw.empty()) {
    return {};
  }
  if (tensor.is_variable || tensor.type == Type::kResource) {
    return reading.Fail(Error::kUnsupported, "a ",
                        tensor.is_variable ? "variable" : "variable's handle", " with ",
                        raw.size(), " constant bytes");
  }
  if (!reading.buffer_seen[index]) {
    reading.buffer_seen[index] = true;
    reading.model.constant_bytes += raw.size();
  }
  PINHOLE_ASSIGN(const auto sparsity, table.Child(schema::tensor::kSparsity));
  mark.available = true;
  if (sparsity) {
    mark.sparse = true;
    return {};
  }
  if (raw.size() != tensor.bytes) {
    return reading.Fail(Error::kMalformed, "buffer ", index, " has ", raw.size(),
                        " bytes, its shape and type need ", tensor.bytes);
  }
  if (tensor.type == Type::kBool) {
    PINHOLE_TRY(reading.Visit(raw.size()));
    if (std::any_of(raw.begin(), raw.end(), [](std::byte b) { return b > std::byte{1}; })) {
      return reading.Fail(Error::kMalformed, "a bool that is neither 0 nor 1");
    }
  }
  PINHOLE_ASSIGN(tensor.data, KeepConstant(reading, raw, tensor.type));
  return {};
}

base::Status ReadTensor(Reading& reading, const flat::Table& table, Tensor& tensor, Mark& mark) {
  PINHOLE_TRY(ReadType(reading, table, tensor));
  PINHOLE_TRY(ReadShape(reading, table, tensor, mark));
  if (mark.hollow) {
    return {};
  }
  PINHOLE_ASSIGN(tensor.is_variable, table.Number<bool>(schema::tensor::kIsVariable, false));
  PINHOLE_TRY(ReadQuantization(reading, table, tensor));
  mark.available = tensor.is_variable;
  return ReadConstant(reading, table, tensor, mark);
}

}  // namespace

base::Result<std::span<Tensor>> ReadTensors(Reading& reading, const flat::TableVector& tables,
                                            std::span<Mark> marks) {
  PINHOLE_ASSIGN(const std::span<Tensor> tensors, reading.arena.Make<Tensor>(tables.size()));
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto table = tables.Open(i);
    if (!table) {
      return reading.At(table.error(), "tensor ", i, ": ");
    }
    const auto name = table->String(schema::tensor::kName);
    if (!name) {
      return reading.At(name.error(), "tensor ", i, ", its name: ");
    }
    tensors[i].name_text = name->data();
    const base::Status status = ReadTensor(reading, *table, tensors[i], marks[i]);
    if (!status) {
      return reading.At(status.error(), "tensor ", i, " '", *name, "': ");
    }
  }
  return tensors;
}

}  // namespace pinhole::engine::format
