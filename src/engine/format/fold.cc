// SPDX-License-Identifier: Apache-2.0
#include "engine/format/fold.h"

#include <cstring>
#include <span>

#include "engine/format/float16.h"
#include "engine/format/schema.h"
#include "engine/format/sparse.h"

namespace pinhole::engine::format {

namespace {

using base::Error;

bool IsKnown(const GraphDraft& draft, std::int32_t tensor) {
  return draft.tensor(tensor).is_constant() || draft.mark(tensor).sparse ||
         draft.mark(tensor).folded_from >= 0;
}

// The real value of a stored one, as DEQUANTIZE defines it.
class Dequantizer {
 public:
  explicit Dequantizer(const Tensor& tensor) : tensor_(tensor) {
    for (int i = tensor.axis + 1; i < tensor.shape.rank(); ++i) {
      inner_ *= static_cast<std::size_t>(tensor.shape.dim(i));
    }
  }

  // `element`: where the value stands in the dense tensor, which decides its channel.
  [[nodiscard]] float Value(const std::byte* at, std::size_t element) const {
    if (tensor_.type == Type::kFloat16) {
      return HalfToFloat(flat::LoadScalar<std::uint16_t>(at));
    }
    return Scaled(flat::LoadScalar<std::int8_t>(at), element);
  }
  // Of the elements that a sparse tensor leaves out: their stored value is 0.
  [[nodiscard]] float Missing(std::size_t element) const {
    return tensor_.type == Type::kFloat16 ? 0.0F : Scaled(0, element);
  }

 private:
  [[nodiscard]] float Scaled(std::int32_t stored, std::size_t element) const {
    const std::size_t channel =
        tensor_.scale_count > 1 ? element / inner_ % tensor_.scale_count : 0;
    return tensor_.channel_scale(channel) * static_cast<float>(stored - tensor_.zero_point);
  }

  const Tensor& tensor_;
  std::size_t inner_ = 1;  // elements from one channel to the next
};

// A sparse constant's values, checked against its index.
struct SparseValues {
  SparseIndex index;
  flat::Bytes values;
};

base::Result<SparseValues> ReadSparse(Reading& reading, const GraphDraft& draft,
                                      std::int32_t tensor) {
  const Tensor& info = draft.tensor(tensor);
  if (info.type != Type::kFloat32 && info.type != Type::kFloat16 && info.type != Type::kInt8) {
    return reading.Fail(Error::kUnsupported, "sparse ", TypeName(info.type),
                        "; float32, float16 and int8 are supported");
  }
  PINHOLE_ASSIGN(const flat::Table table,
                 draft.tensor_tables.Open(static_cast<std::size_t>(tensor)));
  PINHOLE_ASSIGN(const auto buffer, table.Number<std::uint32_t>(schema::tensor::kBuffer, 0));
  PINHOLE_ASSIGN(const flat::Bytes values, reading.Buffer(buffer));
  PINHOLE_ASSIGN(const SparseIndex index, SparseIndex::Read(reading, table, info.shape));
  if (values.size() != index.value_count() * TypeSize(info.type)) {
    return reading.Fail(Error::kMalformed, "sparsity: buffer ", buffer, " has ", values.size(),
                        " bytes for ", index.value_count(), " stored values of ",
                        TypeName(info.type));
  }
  return SparseValues{index, values};
}

base::Status Densify(Reading& reading, const GraphDraft& draft, std::int32_t tensor) {
  Tensor& info = draft.tensor(tensor);
  PINHOLE_ASSIGN(const SparseValues sparse, ReadSparse(reading, draft, tensor));
  const std::size_t size = TypeSize(info.type);
  PINHOLE_ASSIGN(const std::span<std::byte> dense, reading.TakeFolded(info.bytes, size));
  std::memset(dense.data(), 0, dense.size());
  sparse.index.ForEach([&](std::size_t value, std::size_t element) {
    std::memcpy(&dense[element * size], &sparse.values[value * size], size);
  });
  info.data = dense.data();
  return {};
}

// `tensor` is DEQUANTIZE's output, `source` its input. Shapes are equal.
base::Status Dequantize(Reading& reading, const GraphDraft& draft, std::int32_t tensor,
                        std::int32_t source) {
  const Tensor& from = draft.tensor(source);
  Tensor& to = draft.tensor(tensor);
  const Dequantizer dequantizer(from);
  const std::size_t size = TypeSize(from.type);
  const std::size_t elements = to.shape.element_count();
  if (from.is_constant()) {
    PINHOLE_ASSIGN(const std::span<std::byte> raw, reading.TakeFolded(to.bytes, sizeof(float)));
    auto* values = reinterpret_cast<float*>(raw.data());
    for (std::size_t i = 0; i < elements; ++i) {
      values[i] = dequantizer.Value(from.data + i * size, i);
    }
    to.data = raw.data();
    return {};
  }
  const std::int32_t root =
      draft.mark(source).sparse ? source : draft.mark(source).folded_from;
  PINHOLE_ASSIGN(const SparseValues sparse, ReadSparse(reading, draft, root));
  PINHOLE_ASSIGN(const std::span<std::byte> raw, reading.TakeFolded(to.bytes, sizeof(float)));
  auto* values = reinterpret_cast<float*>(raw.data());
  for (std::size_t i = 0; i < elements; ++i) {
    values[i] = dequantizer.Missing(i);
  }
  sparse.index.ForEach([&](std::size_t value, std::size_t element) {
    values[element] = dequantizer.Value(&sparse.values[value * size], element);
  });
  to.data = raw.data();
  return {};
}

base::Status Make(Reading& reading, const GraphDraft& draft, std::int32_t tensor) {
  const Mark& mark = draft.mark(tensor);
  if (mark.sparse) {
    return Densify(reading, draft, tensor);
  }
  const std::int32_t source = mark.folded_from;
  if (draft.tensor(tensor).type != draft.tensor(source).type) {
    return Dequantize(reading, draft, tensor, source);
  }
  // DENSIFY: the sparse tensor's own dense bytes serve both.
  if (!draft.tensor(source).is_constant()) {
    PINHOLE_TRY(Densify(reading, draft, source));
  }
  draft.tensor(tensor).data = draft.tensor(source).data;
  return {};
}

}  // namespace

bool TryFold(const GraphDraft& draft, OpKind kind, std::int32_t input, std::int32_t output) {
  const Tensor& from = draft.tensor(input);
  const Tensor& to = draft.tensor(output);
  if (!IsKnown(draft, input) || !(from.shape == to.shape)) {
    return false;
  }
  const bool folds =
      kind == OpKind::kDensify
          ? draft.mark(input).sparse && from.type == to.type
          : kind == OpKind::kDequantize && to.type == Type::kFloat32 &&
                (from.type == Type::kFloat16 ||
                 (from.type == Type::kInt8 && from.is_quantized()));
  if (folds) {
    draft.mark(output).folded_from = input;
  }
  return folds;
}

base::Status Materialise(Reading& reading, const GraphDraft& draft, std::int32_t tensor) {
  const Mark& mark = draft.mark(tensor);
  if (draft.tensor(tensor).is_constant() || (!mark.sparse && mark.folded_from < 0)) {
    return {};
  }
  const base::Status status = Make(reading, draft, tensor);
  if (!status) {
    return reading.At(status.error(), "constant tensor ", tensor, " '",
                      draft.tensor(tensor).name(), "': ");
  }
  return {};
}

}  // namespace pinhole::engine::format
