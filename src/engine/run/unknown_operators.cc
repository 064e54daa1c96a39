// SPDX-License-Identifier: Apache-2.0
#include "engine/run/unknown_operators.h"

#include <array>
#include <cstring>

#include "engine/kernels/registry.h"

namespace pinhole::engine::run {

namespace {

constexpr std::uint16_t kCustomCode = 32;

bool SameKind(const Operator& a, const Operator& b) {
  return a.kind == b.kind &&
         (a.kind != OpKind::kUnknown ||
          (a.code == b.code && std::strcmp(a.custom_name, b.custom_name) == 0));
}

void AppendName(base::Diagnosis& why, const Operator& op) {
  if (op.kind != OpKind::kUnknown) {
    why.Append(OpName(op.kind));
  } else if (op.code == kCustomCode) {
    why.Append("custom '");
    why.Append(op.custom_name);
    why.Append('\'');
  } else if (!BuiltinCodeName(op.code).empty()) {
    why.Append(BuiltinCodeName(op.code));
  } else {
    why.Append("builtin code ");
    why.Append(op.code);
  }
}

// The kinds no kernel runs, with how often each is used.
class UnknownKinds {
 public:
  void Add(const Operator& op) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (SameKind(*kinds_[i].first_use, op)) {
        ++kinds_[i].uses;
        return;
      }
    }
    if (count_ == kinds_.size()) {
      more_ = true;
      return;
    }
    kinds_[count_++] = {&op, 1};
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

  base::Unexpected Fail(base::Diagnosis& why) const {
    const base::Unexpected error =
        why.Fail(base::Error::kUnsupported, more_ ? "more than " : "", count_,
                 count_ == 1 ? " kind of operator is not known: "
                             : " kinds of operator are not known: ");
    for (std::size_t i = 0; i < count_; ++i) {
      why.Append(i > 0 ? ", " : "");
      AppendName(why, *kinds_[i].first_use);
      why.Append(" (");
      why.Append(kinds_[i].uses);
      why.Append(kinds_[i].uses == 1 ? " use)" : " uses)");
    }
    why.Append("; convert the model without them, or give their kernels");
    return error;
  }

 private:
  struct Kind {
    const Operator* first_use = nullptr;
    std::uint32_t uses = 0;
  };
  std::array<Kind, 16> kinds_{};  // as many as the sentence has room for
  std::size_t count_ = 0;
  bool more_ = false;
};

base::Status CheckVersions(const Graph& graph, std::span<const kernels::Kernel* const> kernels,
                           base::Diagnosis& why) {
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    const kernels::Kernel& kernel = *kernels::FindKernel(kernels, op.kind);
    if (op.version < kernel.min_version || op.version > kernel.max_version) {
      return why.Fail(base::Error::kUnsupported, "operator ", i, " ", OpName(op.kind),
                      " version ", op.version, ": versions ", kernel.min_version, " to ",
                      kernel.max_version, " are known");
    }
  }
  return {};
}

}  // namespace

base::Status CheckOperatorsKnown(const format::Model& model,
                                 std::span<const kernels::Kernel* const> kernels,
                                 base::Diagnosis& why) {
  UnknownKinds unknown;
  for (const Graph& graph : model.graphs) {
    for (const Operator& op : graph.operators) {
      if (op.kind == OpKind::kUnknown || kernels::FindKernel(kernels, op.kind) == nullptr) {
        unknown.Add(op);
      }
    }
  }
  if (!unknown.empty()) {
    return unknown.Fail(why);
  }
  for (const Graph& graph : model.graphs) {
    PINHOLE_TRY(CheckVersions(graph, kernels, why));
  }
  return {};
}

}  // namespace pinhole::engine::run
