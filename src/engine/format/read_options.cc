// SPDX-License-Identifier: Apache-2.0
#include "engine/format/read_options.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/format/schema.h"

namespace pinhole::engine::format {

namespace {

using base::Error;
using schema::OptionsType;

constexpr std::int32_t kMaxStep = 65535;  // strides, dilations, filters, counts
constexpr std::int32_t kMaxMask = (1 << Shape::kMaxRank) - 1;

// Reads one options table. The first field that is out of its range is remembered; what is read
// after it is of no use, and Finish returns the error.
class Fields {
 public:
  Fields(Reading& reading, const flat::Table& table) : reading_(reading), table_(table) {}

  template <typename Integer = std::int32_t>
  Integer In(std::size_t field, std::string_view name, std::int32_t low, std::int32_t high,
             std::int32_t absent = 0) {
    const std::int32_t value = Read<std::int32_t>(field, absent);
    if (status_ && (value < low || value > high)) {
      status_ = reading_.Fail(Error::kMalformed, name, " is ", value, ", ", low, " to ", high,
                              " expected");
    }
    return static_cast<Integer>(value);
  }
  std::uint16_t Step(std::size_t field, std::string_view name, std::int32_t absent = 0) {
    return In<std::uint16_t>(field, name, 1, kMaxStep, absent);
  }
  std::uint8_t Mask(std::size_t field, std::string_view name) {
    return In<std::uint8_t>(field, name, 0, kMaxMask);
  }
  std::int32_t Axis(std::size_t field) {
    return In(field, "axis", -Shape::kMaxRank, Shape::kMaxRank);
  }
  bool Flag(std::size_t field) { return Read<bool>(field, false); }
  float Real(std::size_t field, std::string_view name) {
    const float value = Read<float>(field, 0.0F);
    if (status_ && !std::isfinite(value)) {
      status_ = reading_.Fail(Error::kMalformed, name, " is not finite");
    }
    return value;
  }
  Activation FusedActivation(std::size_t field) {
    return static_cast<Activation>(Enumeration(field, "the fused activation", 5));
  }
  engine::Padding Padding(std::size_t field) {
    return static_cast<engine::Padding>(Enumeration(field, "the padding", 1));
  }
  std::int8_t Enumeration(std::size_t field, std::string_view name, std::int8_t highest) {
    const auto value = Read<std::int8_t>(field, 0);
    if (status_ && (value < 0 || value > highest)) {
      status_ = reading_.Fail(Error::kMalformed, name, " is ", value, ", 0 to ", highest,
                              " expected");
    }
    return status_ ? value : std::int8_t{0};
  }

  base::Result<Attributes> Finish(const Attributes& attributes) {
    if (!status_) {
      return base::Unexpected(status_.error());
    }
    return attributes;
  }

 private:
  template <flat::Scalar T>
  T Read(std::size_t field, T absent) {
    const base::Result<T> value = table_.Number<T>(field, absent);
    if (!value && status_) {
      status_ = base::Unexpected(value.error());
    }
    return value ? *value : absent;
  }

  Reading& reading_;
  const flat::Table& table_;
  base::Status status_;
};

base::Result<Attributes> ReadConv(Fields fields) {
  ConvOptions o;
  o.padding = fields.Padding(0);
  o.stride_w = fields.Step(1, "stride_w");
  o.stride_h = fields.Step(2, "stride_h");
  o.activation = fields.FusedActivation(3);
  o.dilation_w = fields.Step(4, "dilation_w_factor", 1);
  o.dilation_h = fields.Step(5, "dilation_h_factor", 1);
  return fields.Finish(o);
}

base::Result<Attributes> ReadDepthwiseConv(Fields fields) {
  DepthwiseConvOptions o;
  o.padding = fields.Padding(0);
  o.stride_w = fields.Step(1, "stride_w");
  o.stride_h = fields.Step(2, "stride_h");
  o.depth_multiplier = fields.In<std::uint16_t>(3, "depth_multiplier", 0, kMaxStep);
  o.activation = fields.FusedActivation(4);
  o.dilation_w = fields.Step(5, "dilation_w_factor", 1);
  o.dilation_h = fields.Step(6, "dilation_h_factor", 1);
  return fields.Finish(o);
}

base::Result<Attributes> ReadPool(Fields fields) {
  Pool2dOptions o;
  o.padding = fields.Padding(0);
  o.stride_w = fields.Step(1, "stride_w");
  o.stride_h = fields.Step(2, "stride_h");
  o.filter_w = fields.Step(3, "filter_width");
  o.filter_h = fields.Step(4, "filter_height");
  o.activation = fields.FusedActivation(5);
  return fields.Finish(o);
}

base::Result<Attributes> ReadFullyConnected(Fields fields) {
  FullyConnectedOptions o;
  o.activation = fields.FusedActivation(0);
  o.shuffled_weights = fields.Enumeration(1, "weights_format", 1) == 1;
  o.keep_num_dims = fields.Flag(2);
  return fields.Finish(o);
}

base::Result<Attributes> ReadStridedSlice(Fields fields) {
  StridedSliceOptions o;
  o.begin_mask = fields.Mask(0, "begin_mask");
  o.end_mask = fields.Mask(1, "end_mask");
  o.ellipsis_mask = fields.Mask(2, "ellipsis_mask");
  o.new_axis_mask = fields.Mask(3, "new_axis_mask");
  o.shrink_axis_mask = fields.Mask(4, "shrink_axis_mask");
  o.offset = fields.Flag(5);
  return fields.Finish(o);
}

base::Result<Attributes> ReadSvdf(Fields fields) {
  SvdfOptions o;
  o.rank = fields.In(0, "rank", 1, kMaxStep);
  o.activation = fields.FusedActivation(1);
  o.asymmetric_quantize_inputs = fields.Flag(2);
  return fields.Finish(o);
}

base::Result<Attributes> ReadLstm(Fields fields) {
  LstmOptions o;
  o.activation = fields.FusedActivation(0);
  o.cell_clip = fields.Real(1, "cell_clip");
  o.proj_clip = fields.Real(2, "proj_clip");
  o.time_major = fields.Flag(3);
  o.asymmetric_quantize_inputs = fields.Flag(4);
  o.diagonal_recurrent_tensors = fields.Flag(5);
  return fields.Finish(o);
}

base::Result<Attributes> ReadAxis(Fields fields, OptionsType type) {
  AxisOptions o;
  switch (type) {
    case OptionsType::kConcatenation:
      o.axis = fields.Axis(0);
      o.activation = fields.FusedActivation(1);
      break;
    case OptionsType::kGather:
      o.axis = fields.Axis(0);
      o.batch_dims =
          fields.In<std::int16_t>(1, "batch_dims", -Shape::kMaxRank, Shape::kMaxRank);
      break;
    case OptionsType::kPack:
      o.count = fields.In<std::uint16_t>(0, "values_count", 0, kMaxStep);
      o.axis = fields.Axis(1);
      break;
    default:
      o.count = fields.In<std::uint16_t>(0, "num", 0, kMaxStep);
      o.axis = fields.Axis(1);
      break;
  }
  return fields.Finish(o);
}

base::Result<Attributes> ReadResize(Fields fields, OptionsType type) {
  // RESIZE_BILINEAR's table begins with two fields that are no longer used.
  const std::size_t first = type == OptionsType::kResizeBilinear ? 2 : 0;
  ResizeOptions o;
  o.align_corners = fields.Flag(first);
  o.half_pixel_centers = fields.Flag(first + 1);
  return fields.Finish(o);
}

base::Result<Attributes> ReadCallOnce(Reading& reading, Fields fields) {
  const auto last = static_cast<std::int32_t>(reading.graph_count - 1);
  CallOnceOptions o;
  o.graph = fields.In<std::uint16_t>(0, "init_subgraph_index", 1, last);
  return fields.Finish(o);
}

base::Result<Attributes> ReadTable(Reading& reading, const flat::Table& table, OptionsType type) {
  Fields fields(reading, table);
  switch (type) {
    case OptionsType::kConv2d: return ReadConv(fields);
    case OptionsType::kDepthwiseConv2d: return ReadDepthwiseConv(fields);
    case OptionsType::kPool2d: return ReadPool(fields);
    case OptionsType::kFullyConnected: return ReadFullyConnected(fields);
    case OptionsType::kStridedSlice: return ReadStridedSlice(fields);
    case OptionsType::kSvdf: return ReadSvdf(fields);
    case OptionsType::kUnidirectionalSequenceLstm: return ReadLstm(fields);
    case OptionsType::kAdd:
    case OptionsType::kSub:
    case OptionsType::kMul:
    case OptionsType::kDiv: {
      const ActivationOptions o{fields.FusedActivation(0)};
      return fields.Finish(o);
    }
    case OptionsType::kConcatenation:
    case OptionsType::kGather:
    case OptionsType::kPack:
    case OptionsType::kUnpack: return ReadAxis(fields, type);
    case OptionsType::kReducer: {
      const ReduceOptions o{fields.Flag(0)};
      return fields.Finish(o);
    }
    case OptionsType::kSoftmax: {
      const SoftmaxOptions o{fields.Real(0, "beta")};
      return fields.Finish(o);
    }
    case OptionsType::kResizeBilinear:
    case OptionsType::kResizeNearestNeighbor: return ReadResize(fields, type);
    case OptionsType::kDepthToSpace: {
      const DepthToSpaceOptions o{fields.In(0, "block_size", 1, kMaxStep)};
      return fields.Finish(o);
    }
    case OptionsType::kLeakyRelu: {
      const LeakyReluOptions o{fields.Real(0, "alpha")};
      return fields.Finish(o);
    }
    case OptionsType::kCallOnce: return ReadCallOnce(reading, fields);
    case OptionsType::kNone:
    case OptionsType::kVarHandle: break;
  }
  return Attributes();
}

struct Expected {
  OptionsType type = OptionsType::kNone;
  bool needed = false;  // the defaults of the file's format make no sense
};

Expected ExpectedOptions(OpKind kind) {
  switch (kind) {
    case OpKind::kConv2d: return {OptionsType::kConv2d, true};
    case OpKind::kDepthwiseConv2d: return {OptionsType::kDepthwiseConv2d, true};
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d: return {OptionsType::kPool2d, true};
    case OpKind::kSvdf: return {OptionsType::kSvdf, true};
    case OpKind::kDepthToSpace: return {OptionsType::kDepthToSpace, true};
    case OpKind::kCallOnce: return {OptionsType::kCallOnce, true};
    case OpKind::kSoftmax: return {OptionsType::kSoftmax, true};
    case OpKind::kFullyConnected: return {OptionsType::kFullyConnected};
    case OpKind::kStridedSlice: return {OptionsType::kStridedSlice};
    case OpKind::kUnidirectionalSequenceLstm: return {OptionsType::kUnidirectionalSequenceLstm};
    case OpKind::kAdd: return {OptionsType::kAdd};
    case OpKind::kSub: return {OptionsType::kSub};
    case OpKind::kMul: return {OptionsType::kMul};
    case OpKind::kDiv: return {OptionsType::kDiv};
    case OpKind::kConcatenation: return {OptionsType::kConcatenation};
    case OpKind::kGather: return {OptionsType::kGather};
    case OpKind::kPack: return {OptionsType::kPack};
    case OpKind::kUnpack: return {OptionsType::kUnpack};
    case OpKind::kMean:
    case OpKind::kSum: return {OptionsType::kReducer};
    case OpKind::kResizeBilinear: return {OptionsType::kResizeBilinear};
    case OpKind::kResizeNearestNeighbor: return {OptionsType::kResizeNearestNeighbor};
    case OpKind::kLeakyRelu: return {OptionsType::kLeakyRelu};
    default: return {};
  }
}

base::Result<Attributes> ReadCustomOptions(Reading& reading, const flat::Table& op) {
  PINHOLE_ASSIGN(const auto inside, op.Numbers<std::uint8_t>(schema::op::kCustomOptions));
  PINHOLE_ASSIGN(const auto offset,
                 op.Number<std::uint64_t>(schema::op::kLargeCustomOptionsOffset, 0));
  flat::Bytes bytes = inside.bytes();
  if (offset > 1) {
    PINHOLE_ASSIGN(const auto size,
                   op.Number<std::uint64_t>(schema::op::kLargeCustomOptionsSize, 0));
    PINHOLE_ASSIGN(bytes, reading.Outside(offset, size));
  }
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
    return reading.Fail(Error::kTooLarge, "custom options of ", bytes.size(), " bytes");
  }
  return Attributes(CustomOptions{bytes.data(), static_cast<std::uint32_t>(bytes.size())});
}

}  // namespace

base::Result<Attributes> ReadOptions(Reading& reading, const flat::Table& op, OpKind kind,
                                     bool is_custom) {
  if (is_custom) {
    return ReadCustomOptions(reading, op);
  }
  const Expected expected = ExpectedOptions(kind);
  if (expected.type == OptionsType::kNone) {
    return Attributes();
  }
  PINHOLE_ASSIGN(const auto found, op.Number<std::uint8_t>(schema::op::kBuiltinOptionsType, 0));
  PINHOLE_ASSIGN(const auto table, op.Child(schema::op::kBuiltinOptions));
  if (found == static_cast<std::uint8_t>(OptionsType::kNone) || !table) {
    if (expected.needed) {
      return reading.Fail(Error::kMalformed, "its options are missing");
    }
    return Attributes();
  }
  if (found != static_cast<std::uint8_t>(expected.type)) {
    return reading.Fail(Error::kMalformed, "options of type ", found, " found, ",
                        static_cast<std::uint8_t>(expected.type), " expected");
  }
  return ReadTable(reading, *table, expected.type);
}

}  // namespace pinhole::engine::format
