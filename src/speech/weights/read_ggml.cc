// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_ggml.h"

#include <optional>
#include <string>
#include <utility>

#include "speech/weights/assemble.h"
#include "speech/weights/cursor.h"
#include "speech/weights/read_vocabulary.h"
#include "speech/weights/weight_bytes.h"

namespace pinhole::speech {
namespace {

using base::Error;

constexpr std::uint32_t kMagic = 0x67676D6C;
constexpr std::int32_t kSpectrumBins = 201;

std::optional<WeightType> TypeOf(std::int32_t type) {
  switch (type) {
    case 0: return WeightType::kF32;
    case 1: return WeightType::kF16;
    case 6: return WeightType::kQ5_0;
    case 7: return WeightType::kQ5_1;
    case 8: return WeightType::kQ8_0;
    default: return std::nullopt;
  }
}

class Reading {
 public:
  Reading(std::span<const std::byte> file, base::Diagnosis& why) : at_(file), why_(why) {}

  base::Status Dimensions(Dims& dims) {
    at_.Read<std::uint32_t>();  // the magic number
    std::int32_t* const sizes[] = {&dims.vocabulary,  &dims.audio_context, &dims.audio_state,
                                   &dims.audio_heads, &dims.audio_layers,  &dims.text_context,
                                   &dims.text_state,  &dims.text_heads,    &dims.text_layers,
                                   &dims.mels};
    for (std::int32_t* const size : sizes) {
      const auto value = at_.Read<std::int32_t>();
      if (!value) {
        return Ends("in its sizes");
      }
      *size = *value;
    }
    if (!at_.Read<std::int32_t>()) {  // the type of most weights; each says its own
      return Ends("in its sizes");
    }
    return CheckDims(dims, why_);
  }

  base::Status Filters(const Dims& dims, MelFilters& filters) {
    const auto mels = at_.Read<std::int32_t>();
    const auto bins = at_.Read<std::int32_t>();
    if (!mels || !bins) {
      return Ends("in its mel filters");
    }
    if (*mels != dims.mels || *bins != kSpectrumBins) {
      return why_.Fail(Error::kMalformed, "the mel filters are ", *mels, " of ", *bins,
                       " bins where ", dims.mels, " of ", kSpectrumBins,
                       " are expected: the file is damaged");
    }
    const auto count = static_cast<std::size_t>(*mels) * static_cast<std::size_t>(*bins);
    const auto bytes = at_.Bytes(count * sizeof(float));
    if (!bytes) {
      return Ends("in its mel filters");
    }
    filters = {*mels, *bins, std::vector<float>(count)};
    for (std::size_t i = 0; i < count; ++i) {
      filters.weights[i] = base::LoadLeFloat(bytes->data() + i * sizeof(float));
    }
    return {};
  }

  base::Status Vocabulary(std::vector<std::string>& vocabulary) {
    const auto count = at_.Read<std::int32_t>();
    if (!count) {
      return Ends("in its vocabulary");
    }
    if (*count < 0 || static_cast<std::size_t>(*count) > kMaxVocabulary) {
      return why_.Fail(Error::kTooLarge, "the vocabulary states ", *count, " tokens, at most ",
                       kMaxVocabulary, " are supported: the file is damaged");
    }
    for (std::int32_t i = 0; i < *count; ++i) {
      const auto length = at_.Read<std::uint32_t>();
      const auto text = length ? at_.Text(*length) : std::nullopt;
      if (!text) {
        return Ends("in its vocabulary");
      }
      vocabulary.emplace_back(*text);
    }
    return {};
  }

  base::Status Tensors(std::vector<FileTensor>& tensors) {
    while (!at_.at_end()) {
      if (tensors.size() == kMaxTensors) {
        return why_.Fail(Error::kTooLarge, "the file has more than ", kMaxTensors,
                         " tensors: is this a Whisper model?");
      }
      PINHOLE_ASSIGN(FileTensor tensor, Tensor());
      tensors.push_back(std::move(tensor));
    }
    return {};
  }

 private:
  base::Result<FileTensor> Tensor() {
    constexpr std::uint32_t kMaxName = 256;
    const auto rank = at_.Read<std::int32_t>();
    const auto name_length = at_.Read<std::uint32_t>();
    const auto type_number = at_.Read<std::int32_t>();
    if (!rank || !name_length || !type_number) {
      return Ends("in a tensor's header");
    }
    if (*rank < 1 || *rank > kMaxRank || *name_length > kMaxName) {
      return why_.Fail(Error::kMalformed, "a tensor has ", *rank, " dimensions and a name of ",
                       *name_length, " bytes: the file is damaged");
    }
    FileTensor tensor;
    tensor.rank = *rank;
    for (std::int32_t i = *rank - 1; i >= 0; --i) {
      const auto size = at_.Read<std::int32_t>();
      if (!size) {
        return Ends("in a tensor's header");
      }
      tensor.shape[static_cast<std::size_t>(i)] = *size;
    }
    const auto name = at_.Text(*name_length);
    if (!name) {
      return Ends("in a tensor's header");
    }
    tensor.name = *name;
    const auto type = TypeOf(*type_number);
    if (!type) {
      return why_.Fail(Error::kUnsupported, "tensor '", *name, "' is of ggml's type ", *type_number,
                       "; f32, f16, q8_0, q5_0 and q5_1 can be read");
    }
    tensor.type = *type;
    return WithData(std::move(tensor));
  }

  base::Result<FileTensor> WithData(FileTensor tensor) {
    const std::int64_t elements = Elements(tensor.dimensions());
    const std::int64_t innermost = tensor.dimensions().back();
    if (elements == 0) {
      return why_.Fail(Error::kMalformed, "tensor '", tensor.name,
                       "' has a dimension that is none: the file is damaged");
    }
    if (IsBlockType(tensor.type) && innermost % static_cast<std::int64_t>(kBlockElements) != 0) {
      return why_.Fail(Error::kMalformed, "tensor '", tensor.name,
                       "' is quantised in blocks of 32, but its rows have ", innermost, " values");
    }
    const auto bytes = at_.Bytes(BytesOf(tensor.type, static_cast<std::uint64_t>(elements)));
    if (!bytes) {
      return why_.Fail(Error::kTruncated, "the file ends in tensor '", tensor.name,
                       "': it was not downloaded as a whole; get it anew");
    }
    tensor.bytes = *bytes;
    return tensor;
  }

  base::Unexpected Ends(const char* where) {
    return why_.Fail(Error::kTruncated, "the file ends ", where,
                     ": it was not downloaded as a whole; get it anew");
  }

  Cursor at_;
  base::Diagnosis& why_;
};

}  // namespace

bool LooksLikeGgml(std::span<const std::byte> file) {
  return Cursor(file).Read<std::uint32_t>() == kMagic;
}

base::Result<ModelFile> ReadGgml(std::span<const std::byte> file, const ReadOptions& options,
                                 base::Diagnosis& why) {
  if (!LooksLikeGgml(file)) {
    return why.Fail(Error::kWrongKind, "the file doesn't begin as ggml's model files do");
  }
  ModelFile model;
  std::vector<FileTensor> tensors;
  Reading reading(file, why);
  PINHOLE_TRY(reading.Dimensions(model.dims));
  PINHOLE_TRY(reading.Filters(model.dims, model.filters));
  PINHOLE_TRY(reading.Vocabulary(model.vocabulary));
  if (model.vocabulary.empty()) {
    PINHOLE_TRY(ReadVocabulary(options, model.vocabulary, why));
  }
  PINHOLE_TRY(FitVocabulary(model, why));
  PINHOLE_TRY(reading.Tensors(tensors));
  PINHOLE_TRY(TakeWeights(tensors, model, why));
  return model;
}

}  // namespace pinhole::speech
