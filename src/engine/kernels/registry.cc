// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/registry.h"

#include "engine/kernels/ref/ref.h"

namespace pinhole::engine::kernels {

namespace {

constexpr const Kernel* kAll[] = {
    &ref::kAdd,
    &ref::kAssignVariable,
    &ref::kAveragePool2d,
    &ref::kCallOnce,
    &ref::kCast,
    &ref::kConcatenation,
    &ref::kConv2d,
    &ref::kDensify,
    &ref::kDepthToSpace,
    &ref::kDepthwiseConv2d,
    &ref::kDequantize,
    &ref::kDiv,
    &ref::kExpandDims,
    &ref::kFullyConnected,
    &ref::kGather,
    &ref::kLeakyRelu,
    &ref::kLogistic,
    &ref::kMaximum,
    &ref::kMaxPool2d,
    &ref::kMean,
    &ref::kMinimum,
    &ref::kMul,
    &ref::kNeg,
    &ref::kPack,
    &ref::kPad,
    &ref::kPadV2,
    &ref::kPrelu,
    &ref::kQuantize,
    &ref::kReadVariable,
    &ref::kRelu,
    &ref::kRelu6,
    &ref::kReshape,
    &ref::kResizeBilinear,
    &ref::kResizeNearestNeighbor,
    &ref::kRsqrt,
    &ref::kSlice,
    &ref::kSoftmax,
    &ref::kSplit,
    &ref::kSplitV,
    &ref::kSqrt,
    &ref::kSquaredDifference,
    &ref::kSqueeze,
    &ref::kStridedSlice,
    &ref::kSub,
    &ref::kSum,
    &ref::kSvdf,
    &ref::kTanh,
    &ref::kTranspose,
    &ref::kUnidirectionalSequenceLstm,
    &ref::kUnpack,
    &ref::kVarHandle,
    &ref::kSignalWindow,
    &ref::kSignalFftAutoScale,
    &ref::kSignalRfft,
    &ref::kSignalEnergy,
    &ref::kSignalFilterBank,
    &ref::kSignalFilterBankSquareRoot,
    &ref::kSignalFilterBankSpectralSubtraction,
    &ref::kSignalPcan,
    &ref::kSignalFilterBankLog,
};

}  // namespace

std::span<const Kernel* const> AllKernels() { return kAll; }

const Kernel* FindKernel(std::span<const Kernel* const> kernels, OpKind kind) {
  for (const Kernel* kernel : kernels) {
    if (kernel->kind == kind) {
      return kernel;
    }
  }
  return nullptr;
}

}  // namespace pinhole::engine::kernels
