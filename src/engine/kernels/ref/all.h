// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reference kernels as a list, for those who take all of them or replace some.

#include <array>

#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels::ref {

inline constexpr std::array kAll{
    &kAdd,
    &kAssignVariable,
    &kAveragePool2d,
    &kCallOnce,
    &kCast,
    &kConcatenation,
    &kConv2d,
    &kDensify,
    &kDepthToSpace,
    &kDepthwiseConv2d,
    &kDequantize,
    &kDiv,
    &kExpandDims,
    &kFullyConnected,
    &kGather,
    &kLeakyRelu,
    &kLogistic,
    &kMaximum,
    &kMaxPool2d,
    &kMean,
    &kMinimum,
    &kMul,
    &kNeg,
    &kPack,
    &kPad,
    &kPadV2,
    &kPrelu,
    &kQuantize,
    &kReadVariable,
    &kRelu,
    &kRelu6,
    &kReshape,
    &kResizeBilinear,
    &kResizeNearestNeighbor,
    &kRsqrt,
    &kSlice,
    &kSoftmax,
    &kSplit,
    &kSplitV,
    &kSqrt,
    &kSquaredDifference,
    &kSqueeze,
    &kStridedSlice,
    &kSub,
    &kSum,
    &kSvdf,
    &kTanh,
    &kTranspose,
    &kUnidirectionalSequenceLstm,
    &kUnpack,
    &kVarHandle,
    &kSignalWindow,
    &kSignalFftAutoScale,
    &kSignalRfft,
    &kSignalEnergy,
    &kSignalFilterBank,
    &kSignalFilterBankSquareRoot,
    &kSignalFilterBankSpectralSubtraction,
    &kSignalPcan,
    &kSignalFilterBankLog,
};

}  // namespace pinhole::engine::kernels::ref
