// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of TensorFlow Lite's schema, version 3, that the reader uses: where each field stands
// in its table, and the values of its enumerations. Data only.
//
// Source: schema.fbs of TensorFlow Lite; fields are numbered in their order there, from 0, and a
// union counts twice (its type, then its table).

#include <cstddef>
#include <cstdint>

namespace pinhole::engine::format::schema {

inline constexpr std::uint32_t kVersion = 3;

namespace model {
enum : std::size_t { kVersion, kOperatorCodes, kSubgraphs, kDescription, kBuffers, kMetadata = 6 };
}
namespace operator_code {
enum : std::size_t { kDeprecatedBuiltinCode, kCustomCode, kVersion, kBuiltinCode };
}
namespace subgraph {
enum : std::size_t { kTensors, kInputs, kOutputs, kOperators, kName };
}
namespace buffer {
enum : std::size_t { kData, kOffset, kSize };
}
namespace metadata {
enum : std::size_t { kName, kBuffer };
}
namespace tensor {
enum : std::size_t {
  kShape,
  kType,
  kBuffer,
  kName,
  kQuantization,
  kIsVariable,
  kSparsity,
  kExternalBuffer = 10
};
}
namespace quantization {
enum : std::size_t { kScale = 2, kZeroPoint, kDetailsType, kDetails, kQuantizedDimension };
}
namespace sparsity {
enum : std::size_t { kTraversalOrder, kBlockMap, kDimMetadata };
}
namespace dim_metadata {
enum : std::size_t {
  kFormat,
  kDenseSize,
  kSegmentsType,
  kSegments,
  kIndicesType,
  kIndices,
};
enum : std::int8_t { kDense = 0, kSparseCsr = 1 };
enum : std::uint8_t { kInt32Vector = 1, kUint16Vector = 2, kUint8Vector = 3 };
}  // namespace dim_metadata
namespace op {
enum : std::size_t {
  kOpcodeIndex,
  kInputs,
  kOutputs,
  kBuiltinOptionsType,
  kBuiltinOptions,
  kCustomOptions,
  kLargeCustomOptionsOffset = 9,
  kLargeCustomOptionsSize,
};
}

// Values of the union BuiltinOptions.
enum class OptionsType : std::uint8_t {
  kNone = 0,
  kConv2d = 1,
  kDepthwiseConv2d = 2,
  kPool2d = 5,
  kSvdf = 6,
  kFullyConnected = 8,
  kSoftmax = 9,
  kConcatenation = 10,
  kAdd = 11,
  kResizeBilinear = 15,
  kMul = 21,
  kGather = 23,
  kReducer = 27,
  kSub = 28,
  kDiv = 29,
  kStridedSlice = 32,
  kPack = 59,
  kUnpack = 64,
  kUnidirectionalSequenceLstm = 71,
  kResizeNearestNeighbor = 74,
  kLeakyRelu = 75,
  kDepthToSpace = 94,
  kCallOnce = 103,
  kVarHandle = 111,
};

// Values of BuiltinOperator that have a meaning beyond the table in op_codes.cc.
inline constexpr std::int32_t kBuiltinCustom = 32;

}  // namespace pinhole::engine::format::schema
