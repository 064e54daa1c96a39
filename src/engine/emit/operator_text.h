// SPDX-License-Identifier: Apache-2.0
#pragma once

// One operator as C++: its constants, and the call of its kernel.

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/emit/emit.h"
#include "engine/emit/geometry.h"
#include "engine/emit/prepared_model.h"

namespace pinhole::engine::emit {

// An array that kernels read, as source_text.h spells it.
struct ArrayConstant {
  std::string name, text;
  std::uint64_t bytes = 0;
};

struct OperatorText {
  std::vector<ArrayConstant> arrays;
  std::string constants;  // the rest, which names the arrays
  std::string call;       // "pinhole_nn::SumPairs(kOp3": the rest is ", begin, end);" or ");"
  int rows = 0;           // of the output; 0: the call takes no rows
  bool shared = false;    // the kernel takes a second core
};

struct SumScales;

class OperatorWriter {
 public:
  OperatorWriter(const PreparedModel& model, const EmitOptions& options)
      : model_(model), graph_(model.graph()), target_(options.target), cores_(options.cores) {}

  // Empty texts where nothing is to be done. Throws system::Failure for what can't be emitted.
  OperatorText Write(std::size_t op, const FormOf& form);

  // What has been written so far: bytes by kind, and runtime files by name.
  [[nodiscard]] const Budget& budget() const { return budget_; }
  [[nodiscard]] const std::set<std::string>& runtime() const { return runtime_; }

 private:
  [[nodiscard]] const Tensor& In(std::size_t i) const;
  [[nodiscard]] const Tensor& Out() const;
  [[nodiscard]] std::int32_t InIndex(std::size_t i) const;
  [[nodiscard]] std::int32_t OutIndex() const;
  [[nodiscard]] std::string At(std::int32_t tensor) const;
  [[nodiscard]] std::string Scratch(std::uint32_t offset) const;
  [[nodiscard]] std::string RingText(std::int32_t tensor) const;
  [[nodiscard]] std::string FlatRing(std::int32_t tensor) const;
  [[nodiscard]] std::string WindowText(const WindowShape& window) const;
  void AddConstant(const std::string& text, std::uint64_t bytes, std::uint64_t Budget::* kind);
  // An array of the operator's own: may lie where it is fetched to, when the kernel runs.
  void AddArray(const std::string& name, const std::string& text, std::uint64_t bytes,
                std::uint64_t Budget::* kind);
  void Params(const std::string& type, const std::string& fields, std::uint64_t bytes);
  void Call(const std::string& function, const std::string& file, int rows = 0);
  [[nodiscard]] int RowsOf(std::int32_t tensor) const;
  // A constant tensor as an array called kOpNSUFFIX; its name.
  std::string Constant(std::string_view suffix, const Tensor& tensor,
                       std::uint64_t Budget::* kind = &Budget::tables);
  // MEAN and SUM: [outer, middle, inner], of which the middle goes. The reduced dimensions must lie
  // side by side.
  [[nodiscard]] std::array<std::int64_t, 3> ReducedSizes() const;
  [[noreturn]] void Fail(const std::string& reason) const;

  // The call of a kernel that can share its work with a second core.
  void SharedCall(const std::string& function, const std::string& file, int rows);
  std::string WriteWeights(const FormOf& form, SumScales& scales);
  void WriteSum(const FormOf& form);
  void WriteDepthwise(const FormOf& form);
  std::string FinishText(const SumScales& scales);
  void WritePool(const FormOf& form);
  void WriteMean();
  void WriteAdd();
  void WriteLookup();
  void WriteSoftmax();
  void WriteConversion(bool to_float);
  void WriteMoves();
  void WriteMove(std::int32_t tensor, std::int64_t resource, bool read);
  void WriteFloatSum(const FormOf& form);
  void WriteFloatPool(const FormOf& form);
  void WriteFloatSoftmax();
  // operator_text_elements.cc
  [[nodiscard]] std::string OperandText(std::size_t i, bool by_rows);
  void WritePair(const FormOf& form);
  void WriteElements();
  void WriteResize();
  void WriteReduce();
  // operator_text_recurrent.cc
  void WriteLstm();
  template <typename Bias>
  std::pair<std::string, std::string> WriteLstmBiases(std::size_t gate);
  void WriteSvdf();
  // operator_text_signal.cc
  void WriteSignal();
  void WriteSignalSubtraction();
  void WriteSignalLog();
  void WriteSignalRfft();
  [[nodiscard]] std::int64_t SignalOption(std::string_view name) const;

  const PreparedModel& model_;
  const Graph& graph_;
  const Target& target_;
  int cores_;
  Budget budget_;
  std::set<std::string> runtime_;
  // Of the operator that is being written.
  const Operator* op_ = nullptr;
  std::size_t index_ = 0;
  std::string name_;
  OperatorText text_;
};

}  // namespace pinhole::engine::emit
