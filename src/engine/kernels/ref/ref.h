// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reference kernels, one file an operator beside this header (files that share a shape, like
// the element-wise unary ones, define several). Each constant is a whole operator: its versions,
// its Prepare, its Evaluate.

#include "engine/kernels/kernel.h"

namespace pinhole::engine::kernels::ref {

extern const Kernel kAdd;
extern const Kernel kAssignVariable;
extern const Kernel kAveragePool2d;
extern const Kernel kCallOnce;
extern const Kernel kCast;
extern const Kernel kConcatenation;
extern const Kernel kConv2d;
extern const Kernel kDensify;
extern const Kernel kDepthToSpace;
extern const Kernel kDepthwiseConv2d;
extern const Kernel kDequantize;
extern const Kernel kDiv;
extern const Kernel kExpandDims;
extern const Kernel kFullyConnected;
extern const Kernel kGather;
extern const Kernel kLeakyRelu;
extern const Kernel kLogistic;
extern const Kernel kMaximum;
extern const Kernel kMaxPool2d;
extern const Kernel kMean;
extern const Kernel kMinimum;
extern const Kernel kMul;
extern const Kernel kNeg;
extern const Kernel kPack;
extern const Kernel kPad;
extern const Kernel kPadV2;
extern const Kernel kPrelu;
extern const Kernel kQuantize;
extern const Kernel kReadVariable;
extern const Kernel kRelu;
extern const Kernel kRelu6;
extern const Kernel kReshape;
extern const Kernel kResizeBilinear;
extern const Kernel kResizeNearestNeighbor;
extern const Kernel kRsqrt;
extern const Kernel kSlice;
extern const Kernel kSoftmax;
extern const Kernel kSplit;
extern const Kernel kSplitV;
extern const Kernel kSqrt;
extern const Kernel kSquaredDifference;
extern const Kernel kSqueeze;
extern const Kernel kStridedSlice;
extern const Kernel kSub;
extern const Kernel kSum;
extern const Kernel kSvdf;
extern const Kernel kTanh;
extern const Kernel kTranspose;
extern const Kernel kUnidirectionalSequenceLstm;
extern const Kernel kUnpack;
extern const Kernel kVarHandle;
extern const Kernel kSignalWindow;
extern const Kernel kSignalFftAutoScale;
extern const Kernel kSignalRfft;
extern const Kernel kSignalEnergy;
extern const Kernel kSignalFilterBank;
extern const Kernel kSignalFilterBankSquareRoot;
extern const Kernel kSignalFilterBankSpectralSubtraction;
extern const Kernel kSignalPcan;
extern const Kernel kSignalFilterBankLog;

}  // namespace pinhole::engine::kernels::ref
