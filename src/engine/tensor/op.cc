// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/op.h"

namespace pinhole::engine {

namespace {

// Schema v3's BuiltinOperator, indexed by code.
constexpr const char* kBuiltinNames[] = {
    "ADD",
    "AVERAGE_POOL_2D",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "DEPTH_TO_SPACE",
    "DEQUANTIZE",
    "EMBEDDING_LOOKUP",
    "FLOOR",
    "FULLY_CONNECTED",
    "HASHTABLE_LOOKUP",
    "L2_NORMALIZATION",
    "L2_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION",
    "LOGISTIC",
    "LSH_PROJECTION",
    "LSTM",
    "MAX_POOL_2D",
    "MUL",
    "RELU",
    "RELU_N1_TO_1",
    "RELU6",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RNN",
    "SOFTMAX",
    "SPACE_TO_DEPTH",
    "SVDF",
    "TANH",
    "CONCAT_EMBEDDINGS",
    "SKIP_GRAM",
    "CALL",
    "CUSTOM",
    "EMBEDDING_LOOKUP_SPARSE",
    "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "GATHER",
    "BATCH_TO_SPACE_ND",
    "SPACE_TO_BATCH_ND",
    "TRANSPOSE",
    "MEAN",
    "SUB",
    "DIV",
    "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "STRIDED_SLICE",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "EXP",
    "TOPK_V2",
    "SPLIT",
    "LOG_SOFTMAX",
    "DELEGATE",
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "CAST",
    "PRELU",
    "MAXIMUM",
    "ARG_MAX",
    "MINIMUM",
    "LESS",
    "NEG",
    "PADV2",
    "GREATER",
    "GREATER_EQUAL",
    "LESS_EQUAL",
    "SELECT",
    "SLICE",
    "SIN",
    "TRANSPOSE_CONV",
    "SPARSE_TO_DENSE",
    "TILE",
    "EXPAND_DIMS",
    "EQUAL",
    "NOT_EQUAL",
    "LOG",
    "SUM",
    "SQRT",
    "RSQRT",
    "SHAPE",
    "POW",
    "ARG_MIN",
    "FAKE_QUANT",
    "REDUCE_PROD",
    "REDUCE_MAX",
    "PACK",
    "LOGICAL_OR",
    "ONE_HOT",
    "LOGICAL_AND",
    "LOGICAL_NOT",
    "UNPACK",
    "REDUCE_MIN",
    "FLOOR_DIV",
    "REDUCE_ANY",
    "SQUARE",
    "ZEROS_LIKE",
    "FILL",
    "FLOOR_MOD",
    "RANGE",
    "RESIZE_NEAREST_NEIGHBOR",
    "LEAKY_RELU",
    "SQUARED_DIFFERENCE",
    "MIRROR_PAD",
    "ABS",
    "SPLIT_V",
    "UNIQUE",
    "CEIL",
    "REVERSE_V2",
    "ADD_N",
    "GATHER_ND",
    "COS",
    "WHERE",
    "RANK",
    "ELU",
    "REVERSE_SEQUENCE",
    "MATRIX_DIAG",
    "QUANTIZE",
    "MATRIX_SET_DIAG",
    "ROUND",
    "HARD_SWISH",
    "IF",
    "WHILE",
    "NON_MAX_SUPPRESSION_V4",
    "NON_MAX_SUPPRESSION_V5",
    "SCATTER_ND",
    "SELECT_V2",
    "DENSIFY",
    "SEGMENT_SUM",
    "BATCH_MATMUL",
    "",
    "CUMSUM",
    "CALL_ONCE",
    "BROADCAST_TO",
    "RFFT2D",
    "CONV_3D",
    "IMAG",
    "REAL",
    "COMPLEX_ABS",
    "HASHTABLE",
    "HASHTABLE_FIND",
    "HASHTABLE_IMPORT",
    "HASHTABLE_SIZE",
    "REDUCE_ALL",
    "CONV_3D_TRANSPOSE",
    "VAR_HANDLE",
    "READ_VARIABLE",
    "ASSIGN_VARIABLE",
    "BROADCAST_ARGS",
    "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE",
    "RANDOM_UNIFORM",
    "MULTINOMIAL",
    "GELU",
    "DYNAMIC_UPDATE_SLICE",
    "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD",
    "UNSORTED_SEGMENT_MAX",
    "UNSORTED_SEGMENT_SUM",
    "ATAN2",
    "UNSORTED_SEGMENT_MIN",
    "SIGN",
    "BITCAST",
    "BITWISE_XOR",
    "RIGHT_SHIFT",
    "STABLEHLO_LOGISTIC",
    "STABLEHLO_ADD",
    "STABLEHLO_DIVIDE",
    "STABLEHLO_MULTIPLY",
    "STABLEHLO_MAXIMUM",
    "STABLEHLO_RESHAPE",
    "STABLEHLO_CLAMP",
    "STABLEHLO_CONCATENATE",
    "STABLEHLO_BROADCAST_IN_DIM",
    "STABLEHLO_CONVOLUTION",
    "STABLEHLO_SLICE",
    "STABLEHLO_CUSTOM_CALL",
    "STABLEHLO_REDUCE",
    "STABLEHLO_ABS",
    "STABLEHLO_AND",
    "STABLEHLO_COSINE",
    "STABLEHLO_EXPONENTIAL",
    "STABLEHLO_FLOOR",
    "STABLEHLO_LOG",
    "STABLEHLO_MINIMUM",
    "STABLEHLO_NEGATE",
    "STABLEHLO_OR",
    "STABLEHLO_POWER",
    "STABLEHLO_REMAINDER",
    "STABLEHLO_RSQRT",
    "STABLEHLO_SELECT",
    "STABLEHLO_SUBTRACT",
    "STABLEHLO_TANH",
    "STABLEHLO_SCATTER",
    "STABLEHLO_COMPARE",
    "STABLEHLO_CONVERT",
    "STABLEHLO_DYNAMIC_SLICE",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_PAD",
    "STABLEHLO_IOTA",
    "STABLEHLO_DOT_GENERAL",
    "STABLEHLO_REDUCE_WINDOW",
    "STABLEHLO_SORT",
    "STABLEHLO_WHILE",
    "STABLEHLO_GATHER",
    "STABLEHLO_TRANSPOSE",
    "DILATE",
    "STABLEHLO_RNG_BIT_GENERATOR",
    "REDUCE_WINDOW",
    "STABLEHLO_COMPOSITE",
    "STABLEHLO_SHIFT_LEFT",
    "STABLEHLO_CBRT",
    "STABLEHLO_CASE",
};

}  // namespace

std::string_view OpName(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd: return "ADD";
    case OpKind::kAssignVariable: return "ASSIGN_VARIABLE";
    case OpKind::kAveragePool2d: return "AVERAGE_POOL_2D";
    case OpKind::kCallOnce: return "CALL_ONCE";
    case OpKind::kCast: return "CAST";
    case OpKind::kConcatenation: return "CONCATENATION";
    case OpKind::kConv2d: return "CONV_2D";
    case OpKind::kDensify: return "DENSIFY";
    case OpKind::kDepthToSpace: return "DEPTH_TO_SPACE";
    case OpKind::kDepthwiseConv2d: return "DEPTHWISE_CONV_2D";
    case OpKind::kDequantize: return "DEQUANTIZE";
    case OpKind::kDiv: return "DIV";
    case OpKind::kExpandDims: return "EXPAND_DIMS";
    case OpKind::kFullyConnected: return "FULLY_CONNECTED";
    case OpKind::kGather: return "GATHER";
    case OpKind::kLeakyRelu: return "LEAKY_RELU";
    case OpKind::kLogistic: return "LOGISTIC";
    case OpKind::kMaximum: return "MAXIMUM";
    case OpKind::kMaxPool2d: return "MAX_POOL_2D";
    case OpKind::kMean: return "MEAN";
    case OpKind::kMinimum: return "MINIMUM";
    case OpKind::kMul: return "MUL";
    case OpKind::kNeg: return "NEG";
    case OpKind::kPack: return "PACK";
    case OpKind::kPad: return "PAD";
    case OpKind::kPadV2: return "PADV2";
    case OpKind::kPrelu: return "PRELU";
    case OpKind::kQuantize: return "QUANTIZE";
    case OpKind::kReadVariable: return "READ_VARIABLE";
    case OpKind::kRelu: return "RELU";
    case OpKind::kRelu6: return "RELU6";
    case OpKind::kReshape: return "RESHAPE";
    case OpKind::kResizeBilinear: return "RESIZE_BILINEAR";
    case OpKind::kResizeNearestNeighbor: return "RESIZE_NEAREST_NEIGHBOR";
    case OpKind::kRsqrt: return "RSQRT";
    case OpKind::kSlice: return "SLICE";
    case OpKind::kSoftmax: return "SOFTMAX";
    case OpKind::kSplit: return "SPLIT";
    case OpKind::kSplitV: return "SPLIT_V";
    case OpKind::kSqrt: return "SQRT";
    case OpKind::kSquaredDifference: return "SQUARED_DIFFERENCE";
    case OpKind::kSqueeze: return "SQUEEZE";
    case OpKind::kStridedSlice: return "STRIDED_SLICE";
    case OpKind::kSub: return "SUB";
    case OpKind::kSum: return "SUM";
    case OpKind::kSvdf: return "SVDF";
    case OpKind::kTanh: return "TANH";
    case OpKind::kTranspose: return "TRANSPOSE";
    case OpKind::kUnidirectionalSequenceLstm: return "UNIDIRECTIONAL_SEQUENCE_LSTM";
    case OpKind::kUnpack: return "UNPACK";
    case OpKind::kVarHandle: return "VAR_HANDLE";
    case OpKind::kSignalWindow: return "SignalWindow";
    case OpKind::kSignalFftAutoScale: return "SignalFftAutoScale";
    case OpKind::kSignalRfft: return "SignalRfft";
    case OpKind::kSignalEnergy: return "SignalEnergy";
    case OpKind::kSignalFilterBank: return "SignalFilterBank";
    case OpKind::kSignalFilterBankSquareRoot: return "SignalFilterBankSquareRoot";
    case OpKind::kSignalFilterBankSpectralSubtraction: return "SignalFilterBankSpectralSubtraction";
    case OpKind::kSignalPcan: return "SignalPCAN";
    case OpKind::kSignalFilterBankLog: return "SignalFilterBankLog";
    case OpKind::kUnknown:
    case OpKind::kCount: break;
  }
  return "UNKNOWN";
}

std::string_view BuiltinCodeName(std::uint16_t code) {
  return code < sizeof kBuiltinNames / sizeof kBuiltinNames[0] ? kBuiltinNames[code] : "";
}

}  // namespace pinhole::engine
