// SPDX-License-Identifier: Apache-2.0
// SignalFilterBankSquareRoot: y = round(sqrt(x)) >> bits; takes back what SignalFftAutoScale put
// in. uint64 [n] and bits, int32 [] -> uint32 [n]. Error while running: kMalformed where bits is
// not in 0..31. Source: TensorFlow Lite Micro signal/src/filter_bank_square_root.cc.

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_math.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(2, 2, 1));
  const Tensor& in = *context.input(0);
  PINHOLE_TRY(ExpectRow(context, in, Type::kUint64));
  PINHOLE_TRY(context.ExpectType(*context.input(1), Type::kInt32));
  PINHOLE_TRY(context.ExpectShape(*context.input(1), Shape{}));
  PINHOLE_TRY(context.ExpectType(*context.output(0), Type::kUint32));
  PINHOLE_TRY(context.ExpectShape(*context.output(0), in.shape));
  return Prepared{};
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const std::uint64_t* x = in.as<std::uint64_t>();
  std::uint32_t* y = context.output(0).as<std::uint32_t>();
  const std::int32_t bits = *context.input(1).as<std::int32_t>();
  if (bits < 0 || bits > 31) {
    return base::Unexpected(base::Error::kMalformed);
  }
  for (std::size_t i = 0; i < in.size(); ++i) {
    y[i] = RoundedSquareRoot64(x[i]) >> bits;
  }
  return {};
}

}  // namespace

const Kernel kSignalFilterBankSquareRoot{OpKind::kSignalFilterBankSquareRoot, 1, 1, Prepare,
                                         Evaluate};

}  // namespace pinhole::engine::kernels::ref
