// SPDX-License-Identifier: Apache-2.0
// SignalRfft: the Fourier transform of each row of real samples, padded with zeros to fft_length;
// [..., n] -> [..., fft_length + 2], the bins 0 to fft_length/2 as real and imaginary part in turn.
// Types: int16, int32 (the bins are 1/fft_length of the sum), float32. Options: fft_length, a power
// of two of at least 4; T, the type as TensorFlow Lite numbers it. Arithmetic: signal_fft.h.

#include <bit>

#include "engine/kernels/ref/ref.h"
#include "engine/kernels/ref/signal_fft.h"
#include "engine/kernels/ref/signal_options.h"

namespace pinhole::engine::kernels::ref {

namespace {

constexpr std::int32_t kMaxLength = 1 << 20;

struct Params {
  std::size_t length = 0;
  const void* wave = nullptr;  // of the tensors' type
};

template <typename T>
base::Result<const void*> MakeWave(PrepareContext& context, std::size_t length) {
  PINHOLE_ASSIGN(const std::span<T> wave, context.arena().Make<T>(RealFft<T>::WaveSize(length)));
  RealFft<T>::FillWave(length, wave);
  return static_cast<const void*>(wave.data());
}

// TensorFlow Lite's number for the type; -1 for types that are not taken.
constexpr std::int32_t FileType(Type type) {
  switch (type) {
    case Type::kFloat32: return 0;
    case Type::kInt32: return 2;
    case Type::kInt16: return 7;
    default: return -1;
  }
}

base::Status CheckOptions(PrepareContext& context, const SignalOptions& options,
                          std::size_t& length) {
  const Tensor& in = *context.input(0);
  PINHOLE_ASSIGN(const std::int32_t given, options.Int("fft_length", 4, kMaxLength));
  if (!std::has_single_bit(static_cast<std::uint32_t>(given))) {
    return context.Fail(base::Error::kUnsupported, "fft_length ", given,
                        " found, a power of two expected");
  }
  if (in.shape.FromBack(0) > given) {
    return context.Fail(base::Error::kMalformed, "rows of ", in.shape.FromBack(0),
                        " samples found, at most fft_length ", given, " expected");
  }
  if (options.Has("T")) {
    PINHOLE_TRY(options.Int("T", FileType(in.type), FileType(in.type)));
  }
  length = static_cast<std::size_t>(given);
  return {};
}

base::Result<Prepared> Prepare(PrepareContext& context) {
  PINHOLE_TRY(context.ExpectCounts(1, 1, 1));
  const Tensor& in = *context.input(0);
  const Tensor& out = *context.output(0);
  if (FileType(in.type) < 0 || in.shape.rank() < 1) {
    return context.Fail(base::Error::kUnsupported, TypeName(in.type), " with ", in.shape.rank(),
                        " dimensions found; int16, int32 or float32 with at least 1 expected");
  }
  PINHOLE_TRY(context.ExpectType(out, in.type));
  PINHOLE_ASSIGN(const SignalOptions options, SignalOptions::Read(context));
  PINHOLE_ASSIGN(Params* const params, context.NewParams<Params>());
  PINHOLE_TRY(CheckOptions(context, options, params->length));
  Shape computed = in.shape;
  computed.set_dim(in.shape.rank() - 1, static_cast<std::int32_t>(params->length) + 2);
  PINHOLE_TRY(context.ExpectShape(out, computed));
  const auto make = in.type == Type::kInt16   ? MakeWave<std::int16_t>
                    : in.type == Type::kInt32 ? MakeWave<std::int32_t>
                                              : MakeWave<float>;
  PINHOLE_ASSIGN(params->wave, make(context, params->length));
  Prepared prepared;
  prepared.params = params;
  return prepared;
}

template <typename T>
void Transform(const Params& params, const TensorView& in, const TensorView& out) {
  const RealFft<T> fft(params.length, static_cast<const T*>(params.wave));
  const auto samples = static_cast<std::size_t>(in.shape().FromBack(0));
  auto* bins = out.as<Complex<T>>();
  for (std::size_t begin = 0; begin < in.size(); begin += samples) {
    fft.Transform({in.as<T>() + begin, samples}, bins);
    bins += params.length / 2 + 1;
  }
}

base::Status Evaluate(const EvalContext& context) {
  const TensorView in = context.input(0);
  const TensorView out = context.output(0);
  const Params& params = context.params<Params>();
  switch (in.type()) {
    case Type::kInt16: Transform<std::int16_t>(params, in, out); return {};
    case Type::kInt32: Transform<std::int32_t>(params, in, out); return {};
    default: Transform<float>(params, in, out); return {};
  }
}

}  // namespace

const Kernel kSignalRfft{OpKind::kSignalRfft, 1, 1, Prepare, Evaluate};

}  // namespace pinhole::engine::kernels::ref
