// SPDX-License-Identifier: Apache-2.0
// The micro front end's operators. Their options are named numbers, which the reference kernels
// have checked.
#include <vector>

#include "engine/emit/operator_text.h"
#include "engine/emit/source_text.h"
#include "engine/kernels/ref/signal_fft.h"
#include "engine/kernels/ref/signal_math.h"
#include "engine/tensor/flexbuffer.h"

namespace pinhole::engine::emit {

std::int64_t OperatorWriter::SignalOption(std::string_view name) const {
  const auto custom = op_->options<CustomOptions>();
  const base::Result<FlexMap> map = FlexMap::Parse({custom.bytes, custom.size});
  const base::Result<std::int64_t> value = map ? map->Int(name) : base::Unexpected(map.error());
  if (!value) {
    Fail("no option '" + std::string(name) + "' found");
  }
  return *value;
}

void OperatorWriter::WriteSignal() {
  runtime_.insert("pinhole_nn_signal.h");
  const auto count = [](const Tensor& tensor) { return tensor.shape.element_count(); };
  const std::string in = At(InIndex(0));
  const std::string out = At(OutIndex());
  switch (op_->kind) {
    case OpKind::kSignalWindow: {
      const std::string window = In(1).is_constant() ? Constant("Window", In(1)) : At(InIndex(1));
      Params("SignalWindow",
             List(in, out, window, count(In(0)), count(In(1)), SignalOption("shift")), 24);
      Call("WindowSignal", "pinhole_nn_signal_window.cc");
      return;
    }
    case OpKind::kSignalFftAutoScale:
      Params("SignalAutoScale", List(in, out, At(op_->outputs[1]), count(In(0))), 16);
      Call("ScaleSignal", "pinhole_nn_signal_scale.cc");
      return;
    case OpKind::kSignalRfft: WriteSignalRfft(); return;
    case OpKind::kSignalEnergy:
      Params("SignalEnergy",
             List(in, out, count(Out()), SignalOption("start_index"), SignalOption("end_index")),
             20);
      Call("MeasureEnergy", "pinhole_nn_signal_energy.cc");
      return;
    case OpKind::kSignalFilterBank:
      Params("SignalFilterBank",
             List(in, out, Constant("Falling", In(1)), Constant("Rising", In(2)),
                  Constant("Bins", In(3)), Constant("FirstWeights", In(4)),
                  Constant("Widths", In(5)), count(Out())),
             32);
      Call("GatherBands", "pinhole_nn_signal_bank.cc");
      return;
    case OpKind::kSignalFilterBankSquareRoot: {
      const std::string bits = In(1).is_constant() ? Constant("Bits", In(1)) : At(InIndex(1));
      Params("SignalSquareRoot", List(in, bits, out, count(In(0))), 16);
      Call("TakeRoots", "pinhole_nn_signal_root.cc");
      return;
    }
    case OpKind::kSignalFilterBankSpectralSubtraction: WriteSignalSubtraction(); return;
    case OpKind::kSignalPcan: {
      const std::string gains = In(2).is_constant() ? Constant("Gains", In(2)) : At(InIndex(2));
      Params("SignalPcan",
             List(in, At(InIndex(1)), out, gains, count(In(0)), SignalOption("snr_shift")), 24);
      Call("ControlGain", "pinhole_nn_signal_gain.cc");
      return;
    }
    default: WriteSignalLog(); return;
  }
}

void OperatorWriter::WriteSignalRfft() {
  using Fft = kernels::ref::RealFft<std::int16_t>;
  const auto length = static_cast<std::size_t>(SignalOption("fft_length"));
  std::vector<std::int16_t> wave(Fft::WaveSize(length));
  Fft::FillWave(length, wave);
  AddConstant(ArrayText(name_ + "Wave", std::span<const std::int16_t>(wave)), 2 * wave.size(),
              &Budget::tables);
  const std::int32_t samples = In(0).shape.FromBack(0);
  Params("SignalRfft",
         List(At(InIndex(0)), At(OutIndex()), name_ + "Wave",
              static_cast<std::int64_t>(In(0).shape.element_count()) / samples, samples, length),
         24);
  Call("TransformSignal", "pinhole_nn_signal_fft.cc");
}

void OperatorWriter::WriteSignalSubtraction() {
  const auto noise_out = static_cast<std::size_t>(op_->outputs[1]);
  const bool read = model_.places().tensor_offsets[noise_out] != plan::kNowhere;
  Params("SignalSubtraction",
         List(At(InIndex(0)), At(OutIndex()), read ? At(op_->outputs[1]) : "nullptr",
              Scratch(model_.places().state_offset(index_)), In(0).shape.element_count(),
              Braced(List(SignalOption("smoothing"), SignalOption("alternate_smoothing"))),
              Braced(List(SignalOption("one_minus_smoothing"),
                          SignalOption("alternate_one_minus_smoothing"))),
              SignalOption("min_signal_remaining"), SignalOption("smoothing_bits"),
              SignalOption("spectral_subtraction_bits"),
              SignalOption("clamping") != 0 ? "true" : "false"),
         48);
  Call("SubtractNoise", "pinhole_nn_signal_noise.cc");
}

void OperatorWriter::WriteSignalLog() {
  const auto& table = kernels::ref::log_internal::kTable;
  AddConstant(ArrayText(name_ + "Curve", std::span<const std::uint16_t>(table)), 2 * table.size(),
              &Budget::tables);
  Params("SignalLog",
         List(At(InIndex(0)), At(OutIndex()), name_ + "Curve", In(0).shape.element_count(),
              SignalOption("output_scale"), SignalOption("input_correction_bits")),
         24);
  Call("TakeLogs", "pinhole_nn_signal_log.cc");
}

}  // namespace pinhole::engine::emit
