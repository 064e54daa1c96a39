// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/read_pt.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "speech/weights/assemble.h"
#include "speech/weights/cursor.h"
#include "speech/weights/pickle.h"
#include "speech/weights/read_safetensors.h"
#include "speech/weights/read_vocabulary.h"
#include "speech/weights/weight_bytes.h"
#include "speech/weights/zip_directory.h"

namespace pinhole::speech {
namespace {

using base::Error;
using Kind = Pickle::Kind;
using Value = Pickle::Value;

constexpr std::uint32_t kZipMagic = 0x04034B50;
constexpr std::string_view kPickleFile = "data.pkl";

std::optional<WeightType> TypeOf(const Value& storage_type) {
  if (storage_type.kind != Kind::kName) {
    return std::nullopt;
  }
  switch (storage_type.name) {
    case PickleName::kFloatStorage: return WeightType::kF32;
    case PickleName::kHalfStorage: return WeightType::kF16;
    case PickleName::kBfloat16Storage: return WeightType::kBf16;
    default: return std::nullopt;
  }
}

class Reading {
 public:
  // `folder`: of the archive, in which everything lies, with its slash.
  Reading(const ZipDirectory& archive, std::string_view folder, const Pickle& pickle,
          base::Diagnosis& why)
      : archive_(archive), folder_(folder), pickle_(pickle), why_(why) {}

  base::Status Tensors(const Value& dict, std::vector<FileTensor>& tensors) {
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const Value& name = pickle_.at(dict.items[i]);
      const Value& value = pickle_.at(dict.items[i + 1]);
      if (name.kind != Kind::kText || value.kind != Kind::kTensor) {
        return why_.Fail(Error::kUnsupported, "'",
                         name.kind == Kind::kText ? name.text : std::string_view("an entry"),
                         "' of the model's state is no tensor: save the state dict alone");
      }
      if (tensors.size() == kMaxTensors) {
        return why_.Fail(Error::kTooLarge, "the file has more than ", kMaxTensors,
                         " tensors: is this a Whisper model?");
      }
      PINHOLE_ASSIGN(FileTensor tensor, Tensor(name.text, value));
      tensors.push_back(std::move(tensor));
    }
    return {};
  }

  base::Status Dimensions(const Value& dict, Dims& dims) {
    const std::pair<const char*, std::int32_t*> members[] = {
        {"n_vocab", &dims.vocabulary},         {"n_audio_ctx", &dims.audio_context},
        {"n_audio_state", &dims.audio_state},  {"n_audio_head", &dims.audio_heads},
        {"n_audio_layer", &dims.audio_layers}, {"n_text_ctx", &dims.text_context},
        {"n_text_state", &dims.text_state},    {"n_text_head", &dims.text_heads},
        {"n_text_layer", &dims.text_layers},   {"n_mels", &dims.mels}};
    for (const auto& [key, size] : members) {
      const Value* const value = pickle_.Member(dict, key);
      if (value == nullptr || value->kind != Kind::kInteger || value->number < 0 ||
          value->number > INT32_MAX) {
        return why_.Fail(Error::kMalformed, "the model's dims have no sound '", key,
                         "': this is no Whisper of OpenAI's");
      }
      *size = static_cast<std::int32_t>(value->number);
    }
    return CheckDims(dims, why_);
  }

 private:
  // Arguments: storage, offset, size, stride, ...
  base::Result<FileTensor> Tensor(std::string_view name, const Value& value) {
    FileTensor tensor;
    tensor.name = name;
    if (value.items.size() < 4) {
      return Broken(name);
    }
    const Value& storage = pickle_.at(value.items[0]);
    const Value& offset = pickle_.at(value.items[1]);
    if (storage.kind != Kind::kStorage || offset.kind != Kind::kInteger || offset.number < 0 ||
        !Shape(pickle_.at(value.items[2]), tensor)) {
      return Broken(name);
    }
    if (!IsContiguous(pickle_.at(value.items[3]), tensor)) {
      return why_.Fail(Error::kUnsupported, "tensor '", name,
                       "' isn't contiguous: save the model with contiguous() tensors");
    }
    PINHOLE_ASSIGN(const auto bytes, Storage(name, storage, tensor.type));
    const auto elements = static_cast<std::uint64_t>(Elements(tensor.dimensions()));
    const std::uint64_t size = BytesOf(tensor.type, elements);
    const auto begin =
        base::CheckedMul(static_cast<std::uint64_t>(offset.number), BytesOf(tensor.type, 1));
    const auto part = begin ? Part(bytes, *begin, size) : std::nullopt;
    if (!part) {
      return why_.Fail(Error::kMalformed, "tensor '", name,
                       "' reaches over the end of its storage: the file is damaged");
    }
    tensor.bytes = *part;
    return tensor;
  }

  bool Shape(const Value& size, FileTensor& tensor) {
    if (size.kind != Kind::kTuple || size.items.size() > tensor.shape.size()) {
      return false;
    }
    for (const Pickle::Index item : size.items) {
      const Value& dimension = pickle_.at(item);
      if (dimension.kind != Kind::kInteger) {
        return false;
      }
      tensor.shape[static_cast<std::size_t>(tensor.rank++)] = dimension.number;
    }
    return Elements(tensor.dimensions()) != 0;
  }

  [[nodiscard]] bool IsContiguous(const Value& strides, const FileTensor& tensor) const {
    if (strides.kind != Kind::kTuple || strides.items.size() != tensor.dimensions().size()) {
      return false;
    }
    std::int64_t wanted = 1;
    for (std::size_t i = strides.items.size(); i-- > 0;) {
      const Value& stride = pickle_.at(strides.items[i]);
      if (stride.kind != Kind::kInteger || (tensor.shape[i] != 1 && stride.number != wanted)) {
        return false;
      }
      wanted *= tensor.shape[i];
    }
    return true;
  }

  // Persistent id: "storage", type, the file's name, device, number of elements.
  base::Result<std::span<const std::byte>> Storage(std::string_view name, const Value& storage,
                                                   WeightType& type) {
    if (storage.items.size() < 3) {
      return Broken(name);
    }
    const Value& word = pickle_.at(storage.items[0]);
    const auto found = TypeOf(pickle_.at(storage.items[1]));
    const Value& key = pickle_.at(storage.items[2]);
    if (word.kind != Kind::kText || word.text != "storage" || !found || key.kind != Kind::kText) {
      return Broken(name);
    }
    type = *found;
    const ZipDirectory::File* const file =
        archive_.Find(std::string(folder_) + "data/" + std::string(key.text));
    if (file == nullptr) {
      return why_.Fail(Error::kMalformed, "the data of tensor '", name,
                       "' are missing in the archive: the file is damaged");
    }
    return file->bytes;
  }

  base::Unexpected Broken(std::string_view name) {
    return why_.Fail(Error::kMalformed, "tensor '", name,
                     "' isn't described as torch.save does: the file is damaged");
  }

  const ZipDirectory& archive_;
  std::string_view folder_;
  const Pickle& pickle_;
  base::Diagnosis& why_;
};

// The file data.pkl, in whichever folder.
const ZipDirectory::File* FindPickle(const ZipDirectory& archive) {
  for (const ZipDirectory::File& file : archive.files()) {
    const bool has_folder = file.name.size() > kPickleFile.size() &&
                            file.name[file.name.size() - kPickleFile.size() - 1] == '/';
    if (has_folder && file.name.ends_with(kPickleFile)) {
      return &file;
    }
  }
  return nullptr;
}

base::Status CheckByteOrder(const ZipDirectory& archive, std::string_view folder,
                            base::Diagnosis& why) {
  const ZipDirectory::File* const order = archive.Find(std::string(folder) + "byteorder");
  if (order == nullptr) {
    return {};
  }
  const std::string_view text(reinterpret_cast<const char*>(order->bytes.data()),
                              order->bytes.size());
  if (text != "little") {
    return why.Fail(Error::kUnsupported, "the model was saved in '", text,
                    "' byte order; save it anew on a little-endian machine");
  }
  return {};
}

}  // namespace

bool LooksLikeTorch(std::span<const std::byte> file) {
  return Cursor(file).Read<std::uint32_t>() == kZipMagic;
}

base::Result<ModelFile> ReadPt(std::span<const std::byte> file, const ReadOptions& options,
                               base::Diagnosis& why) {
  if (!LooksLikeTorch(file)) {
    return why.Fail(Error::kWrongKind, "the file doesn't begin as torch's zip archives do");
  }
  PINHOLE_ASSIGN(const ZipDirectory archive, ZipDirectory::Read(file, why));
  const ZipDirectory::File* const pickle_file = FindPickle(archive);
  if (pickle_file == nullptr) {
    return why.Fail(Error::kWrongKind,
                    "the zip archive has no data.pkl: it is no model that torch.save wrote");
  }
  const std::string_view folder =
      pickle_file->name.substr(0, pickle_file->name.size() - kPickleFile.size());
  PINHOLE_TRY(CheckByteOrder(archive, folder, why));
  PINHOLE_ASSIGN(const Pickle pickle, Pickle::Read(pickle_file->bytes, why));
  Reading reading(archive, folder, pickle, why);
  std::vector<FileTensor> tensors;
  const Value* const dims = pickle.Member(pickle.root(), "dims");
  const Value* const state = pickle.Member(pickle.root(), "model_state_dict");
  if (pickle.root().kind != Kind::kDict) {
    return why.Fail(Error::kWrongKind,
                    "the file holds no dictionary of tensors: save the model's "
                    "state dict");
  }
  if (dims == nullptr || state == nullptr) {
    PINHOLE_TRY(reading.Tensors(pickle.root(), tensors));
    return ModelOfTensors(std::move(tensors), options, why);
  }
  ModelFile model;
  PINHOLE_TRY(reading.Dimensions(*dims, model.dims));
  PINHOLE_TRY(reading.Tensors(*state, tensors));
  PINHOLE_TRY(ReadVocabulary(options, model.vocabulary, why));
  PINHOLE_TRY(FitVocabulary(model, why));
  PINHOLE_TRY(TakeWeights(tensors, model, why));
  return model;
}

}  // namespace pinhole::speech
