// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_safetensors.h"

#include <optional>
#include <utility>

#include "speech/weights/cursor.h"
#include "speech/weights/json_pull.h"
#include "speech/weights/read_vocabulary.h"
#include "speech/weights/weight_bytes.h"

namespace pinhole::speech {
namespace {

using base::Error;

constexpr std::uint64_t kMaxHeader = std::uint64_t{16} << 20;

std::optional<WeightType> TypeOf(std::string_view name) {
  if (name == "F32") {
    return WeightType::kF32;
  }
  if (name == "F16") {
    return WeightType::kF16;
  }
  if (name == "BF16") {
    return WeightType::kBf16;
  }
  return std::nullopt;
}

// What the header says of one tensor.
struct Entry {
  std::string type;
  std::int64_t offsets[2] = {-1, -1};
  std::int64_t offset_count = 0;
};

// False where the JSON failed, or says more dimensions than there may be.
bool ReadEntry(JsonPull& json, FileTensor& tensor, Entry& entry) {
  std::string key;
  for (json.BeginObject(); json.NextMember(key);) {
    if (key == "dtype") {
      json.ReadString(entry.type);
    } else if (key == "shape") {
      tensor.rank = 0;
      for (json.BeginArray(); json.NextItem();) {
        if (tensor.rank == kMaxRank) {
          return false;
        }
        json.ReadInteger(tensor.shape[static_cast<std::size_t>(tensor.rank++)]);
      }
    } else if (key == "data_offsets") {
      entry.offset_count = 0;
      for (json.BeginArray(); json.NextItem(); ++entry.offset_count) {
        if (entry.offset_count == 2) {
          return false;
        }
        json.ReadInteger(entry.offsets[entry.offset_count]);
      }
    } else {
      json.Skip();
    }
  }
  return !json.failed();
}

base::Status Place(const Entry& entry, std::span<const std::byte> data, FileTensor& tensor,
                   base::Diagnosis& why) {
  const auto type = TypeOf(entry.type);
  if (!type) {
    return why.Fail(Error::kUnsupported, "tensor '", tensor.name, "' is of type '", entry.type,
                    "'; F32, F16 and BF16 can be read");
  }
  tensor.type = *type;
  const std::int64_t elements = Elements(tensor.dimensions());
  const auto [begin, end] = entry.offsets;
  if (elements == 0 || entry.offset_count != 2 || begin < 0 || end < begin) {
    return why.Fail(Error::kMalformed, "tensor '", tensor.name,
                    "' has no sound shape and place: the file is damaged");
  }
  const auto size = static_cast<std::uint64_t>(end - begin);
  if (size != BytesOf(tensor.type, static_cast<std::uint64_t>(elements))) {
    return why.Fail(Error::kMalformed, "tensor '", tensor.name, "' has ", size,
                    " bytes, which its shape doesn't ask for: the file is damaged");
  }
  const auto bytes = Part(data, static_cast<std::uint64_t>(begin), size);
  if (!bytes) {
    return why.Fail(Error::kTruncated, "the file ends before or in tensor '", tensor.name,
                    "': it was not downloaded as a whole; get it anew");
  }
  tensor.bytes = *bytes;
  return {};
}

base::Status ReadHeader(std::string_view header, std::span<const std::byte> data,
                        std::vector<FileTensor>& tensors, base::Diagnosis& why) {
  JsonPull json(header);
  std::string name;
  for (json.BeginObject(); json.NextMember(name);) {
    if (name == "__metadata__") {
      json.Skip();
      continue;
    }
    if (tensors.size() == kMaxTensors) {
      return why.Fail(Error::kTooLarge, "the file has more than ", kMaxTensors,
                      " tensors: is this a Whisper model?");
    }
    FileTensor tensor;
    Entry entry;
    tensor.name = name;
    if (ReadEntry(json, tensor, entry)) {
      PINHOLE_TRY(Place(entry, data, tensor, why));
    } else if (!json.failed()) {
      return why.Fail(Error::kMalformed, "tensor '", name, "' has more than ", kMaxRank,
                      " dimensions or more than two offsets: this is no Whisper");
    }
    tensors.push_back(std::move(tensor));
  }
  if (!json.Finish()) {
    return why.Fail(Error::kMalformed,
                    "the header of the .safetensors file is no JSON of its "
                    "kind: ",
                    json.failure(), " at byte ", json.offset());
  }
  return {};
}

// The numbers of heads, where config.json has them.
base::Status ReadConfig(std::span<const std::byte> config, Dims& dims, base::Diagnosis& why) {
  JsonPull json({reinterpret_cast<const char*>(config.data()), config.size()});
  std::string key, type = "whisper";
  std::int64_t audio = dims.audio_heads, text = dims.text_heads;
  for (json.BeginObject(); json.NextMember(key);) {
    if (key == "encoder_attention_heads") {
      json.ReadInteger(audio);
    } else if (key == "decoder_attention_heads") {
      json.ReadInteger(text);
    } else if (key == "model_type") {
      json.ReadString(type);
    } else {
      json.Skip();
    }
  }
  if (!json.Finish()) {
    return why.Fail(Error::kMalformed, "config.json: ", json.failure(), " at byte ", json.offset());
  }
  if (type != "whisper") {
    return why.Fail(Error::kWrongKind, "config.json says that this is a model of type '", type,
                    "', not a Whisper");
  }
  if (audio < 1 || audio > dims.audio_state || text < 1 || text > dims.text_state) {
    return why.Fail(Error::kMalformed, "config.json states ", audio, " and ", text,
                    " heads for a model of width ", dims.audio_state);
  }
  dims.audio_heads = static_cast<std::int32_t>(audio);
  dims.text_heads = static_cast<std::int32_t>(text);
  return {};
}

}  // namespace

bool LooksLikeSafetensors(std::span<const std::byte> file) {
  Cursor at(file);
  const auto length = at.Read<std::uint64_t>();
  return length && *length >= 2 && *length <= kMaxHeader && at.Text(1) == "{";
}

base::Result<ModelFile> ReadSafetensors(std::span<const std::byte> file, const ReadOptions& options,
                                        base::Diagnosis& why) {
  if (!LooksLikeSafetensors(file)) {
    return why.Fail(Error::kWrongKind, "the file doesn't begin as .safetensors files do");
  }
  Cursor at(file);
  const auto header = at.Text(at.Read<std::uint64_t>().value_or(0));
  if (!header) {
    return why.Fail(Error::kTruncated,
                    "the file ends in its header: it was not downloaded as a whole; get it anew");
  }
  std::vector<FileTensor> tensors;
  PINHOLE_TRY(ReadHeader(*header, at.left(), tensors, why));
  return ModelOfTensors(std::move(tensors), options, why);
}

base::Result<ModelFile> ModelOfTensors(std::vector<FileTensor> tensors, const ReadOptions& options,
                                       base::Diagnosis& why) {
  for (FileTensor& tensor : tensors) {
    if (IsKnownExtra(tensor.name)) {
      continue;
    }
    std::string name = OpenAiName(tensor.name);
    if (name.empty()) {
      return why.Fail(Error::kUnsupported, "tensor '", tensor.name,
                      "' is none of a Whisper: is this another model, or an adapter that must be "
                      "merged before?");
    }
    tensor.name = std::move(name);
  }
  ModelFile model;
  PINHOLE_ASSIGN(model.dims, DimsOfTensors(tensors, why));
  PINHOLE_TRY(CheckDims(model.dims, why));
  if (!options.config_json.empty()) {
    PINHOLE_TRY(ReadConfig(options.config_json, model.dims, why));
    PINHOLE_TRY(CheckDims(model.dims, why));
  }
  PINHOLE_TRY(ReadVocabulary(options, model.vocabulary, why));
  PINHOLE_TRY(FitVocabulary(model, why));
  PINHOLE_TRY(TakeWeights(tensors, model, why));
  return model;
}

}  // namespace pinhole::speech
