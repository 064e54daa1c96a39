// SPDX-License-Identifier: Apache-2.0
#pragma once

// The operators the engine knows, and what a model says about each use of one.
//
// An Operator is a line of a graph: its kind, the indices of the tensors it reads and writes, and
// its options, small enough to be kept by the thousand. Names and meanings are TensorFlow Lite's.
// The format room fills these in and checks every index and enumeration; a kernel reads them in
// Prepare and checks what only it can judge (that a stride fits the shape, that types go together).

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace pinhole::engine {

enum class OpKind : std::uint8_t {
  kUnknown,  // not one of ours; Operator::code says which
  kAdd,
  kAssignVariable,
  kAveragePool2d,
  kCallOnce,
  kCast,
  kConcatenation,
  kConv2d,
  kDensify,
  kDepthToSpace,
  kDepthwiseConv2d,
  kDequantize,
  kDiv,
  kExpandDims,
  kFullyConnected,
  kGather,
  kLeakyRelu,
  kLogistic,
  kMaximum,
  kMaxPool2d,
  kMean,
  kMinimum,
  kMul,
  kNeg,
  kPack,
  kPad,
  kPadV2,
  kPrelu,
  kQuantize,
  kReadVariable,
  kRelu,
  kRelu6,
  kReshape,
  kResizeBilinear,
  kResizeNearestNeighbor,
  kRsqrt,
  kSlice,
  kSoftmax,
  kSplit,
  kSplitV,
  kSqrt,
  kSquaredDifference,
  kSqueeze,
  kStridedSlice,
  kSub,
  kSum,
  kSvdf,
  kTanh,
  kTranspose,
  kUnidirectionalSequenceLstm,
  kUnpack,
  kVarHandle,
  // The micro front end's custom operators.
  kSignalWindow,
  kSignalFftAutoScale,
  kSignalRfft,
  kSignalEnergy,
  kSignalFilterBank,
  kSignalFilterBankSquareRoot,
  kSignalFilterBankSpectralSubtraction,
  kSignalPcan,
  kSignalFilterBankLog,
  kCount,
};

enum class Activation : std::uint8_t { kNone, kRelu, kReluN1To1, kRelu6, kTanh, kSignBit };
// kExplicit is no file's word: it stands where a PAD in front of the operator was folded into it.
enum class Padding : std::uint8_t { kSame, kValid, kExplicit };
// Rows and columns around the picture, where the padding is kExplicit.
struct PaddedEdges {
  std::uint8_t top = 0, left = 0, bottom = 0, right = 0;
};

// Strides and dilations are at least 1 when the reader hands them on.
struct ConvOptions {
  std::uint16_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  PaddedEdges edges = {};
};
struct DepthwiseConvOptions {
  std::uint16_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::uint16_t depth_multiplier =
      1;  // the file's word; kernels derive it from the shapes and compare
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  PaddedEdges edges = {};
};
struct Pool2dOptions {
  std::uint16_t stride_h = 1, stride_w = 1, filter_h = 1, filter_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
};
struct FullyConnectedOptions {
  Activation activation = Activation::kNone;
  bool keep_num_dims = false;
  bool shuffled_weights = false;  // weights_format SHUFFLED4x16INT8
};
struct ActivationOptions {  // ADD, SUB, MUL, DIV
  Activation activation = Activation::kNone;
};
struct AxisOptions {  // CONCATENATION, PACK, UNPACK, GATHER (axis may be negative: from the back)
  std::int32_t axis = 0;
  std::int16_t batch_dims = 0;                // GATHER
  std::uint16_t count = 0;                    // PACK values_count, UNPACK num
  Activation activation = Activation::kNone;  // CONCATENATION
};
struct ReduceOptions {
  bool keep_dims = false;
};
struct SoftmaxOptions {
  float beta = 1.0F;
};
struct ResizeOptions {
  bool align_corners = false, half_pixel_centers = false;
};
struct DepthToSpaceOptions {
  std::int32_t block_size = 1;
};
struct LeakyReluOptions {
  float alpha = 0.0F;
};
struct StridedSliceOptions {
  std::uint8_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0,
               shrink_axis_mask = 0;  // bit per axis
  bool offset = false;
};
struct SvdfOptions {
  std::int32_t rank = 1;
  Activation activation = Activation::kNone;
  bool asymmetric_quantize_inputs = false;
};
struct LstmOptions {
  float cell_clip = 0.0F, proj_clip = 0.0F;
  Activation activation = Activation::kTanh;
  bool time_major = false, asymmetric_quantize_inputs = false, diagonal_recurrent_tensors = false;
};
struct VariableOptions {  // VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE: index into the model's
                          // resources
  std::uint16_t resource = 0;
};
struct CallOnceOptions {
  std::uint16_t graph = 0;  // index of the graph to run once, before the first run
};
struct CustomOptions {  // a FlexBuffer map, see flexbuffer.h; points into the model
  const std::byte* bytes = nullptr;
  std::uint32_t size = 0;
};

using Attributes = std::variant<std::monostate, ConvOptions, DepthwiseConvOptions, Pool2dOptions,
                                FullyConnectedOptions, ActivationOptions, AxisOptions,
                                ReduceOptions, SoftmaxOptions, ResizeOptions, DepthToSpaceOptions,
                                LeakyReluOptions, StridedSliceOptions, SvdfOptions, LstmOptions,
                                VariableOptions, CallOnceOptions, CustomOptions>;
static_assert(sizeof(Attributes) <= 24, "attributes are kept once per operator: small RAM");

struct Operator {
  std::span<const std::int32_t> inputs;   // tensor indices; -1: an optional input left out
  std::span<const std::int32_t> outputs;  // tensor indices, all >= 0
  Attributes attributes;
  const char* custom_name = "";  // for kUnknown custom operators
  std::uint16_t version = 1;
  std::uint16_t code = 0;  // the file's builtin code
  OpKind kind = OpKind::kUnknown;

  // The options as Options, or Options' defaults where the model gave none.
  template <typename Options>
  [[nodiscard]] Options options() const {
    const Options* given = std::get_if<Options>(&attributes);
    return given != nullptr ? *given : Options{};
  }
};

// The TFLite spelling ("CONV_2D", "SignalRfft"); "UNKNOWN" for kUnknown.
std::string_view OpName(OpKind kind);
// The TFLite spelling of any builtin code of schema v3, whether we run it or not; "" where the code
// is not assigned.
std::string_view BuiltinCodeName(std::uint16_t code);

}  // namespace pinhole::engine
