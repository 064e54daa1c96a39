// SPDX-License-Identifier: Apache-2.0
#include "speech/weights/assemble.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "speech/weights/weight_bytes.h"

namespace pinhole::speech {
namespace {

using base::Error;

struct Limit {
  const char* name;
  std::int32_t Dims::* size;
  std::int32_t most;
};

constexpr Limit kLimits[] = {
    {"vocabulary", &Dims::vocabulary, static_cast<std::int32_t>(kMaxVocabulary)},
    {"positions of sound", &Dims::audio_context, 4096},
    {"width of the encoder", &Dims::audio_state, 2048},
    {"heads of the encoder", &Dims::audio_heads, 64},
    {"layers of the encoder", &Dims::audio_layers, 64},
    {"positions of text", &Dims::text_context, 2048},
    {"width of the decoder", &Dims::text_state, 2048},
    {"heads of the decoder", &Dims::text_heads, 64},
    {"layers of the decoder", &Dims::text_layers, 64},
    {"mel filters", &Dims::mels, 128},
};

// A tensor that a Whisper of the given sizes must have; unused dimensions are 0.
struct Expected {
  std::string name;
  std::array<std::int64_t, 3> shape{};

  [[nodiscard]] std::span<const std::int64_t> dimensions() const {
    const std::size_t rank = shape[1] == 0 ? 1 : shape[2] == 0 ? 2 : 3;
    return std::span(shape).first(rank);
  }
};

class ExpectedList {
 public:
  explicit ExpectedList(const Dims& dims) {
    const std::int64_t audio = dims.audio_state, text = dims.text_state;
    Add("encoder.positional_embedding", {dims.audio_context, audio});
    Add("encoder.conv1.weight", {audio, dims.mels, 3});
    Add("encoder.conv1.bias", {audio});
    Add("encoder.conv2.weight", {audio, audio, 3});
    Add("encoder.conv2.bias", {audio});
    AddBlocks("encoder", dims.audio_layers, audio, false);
    AddNorm("encoder.ln_post", audio);
    Add("decoder.positional_embedding", {dims.text_context, text});
    Add("decoder.token_embedding.weight", {dims.vocabulary, text});
    AddBlocks("decoder", dims.text_layers, text, true);
    AddNorm("decoder.ln", text);
    std::ranges::sort(list_, {}, &Expected::name);
  }

  [[nodiscard]] const std::vector<Expected>& list() const { return list_; }

 private:
  void Add(const std::string& name, std::array<std::int64_t, 3> shape) {
    list_.push_back({name, shape});
  }
  void AddNorm(const std::string& name, std::int64_t width) {
    Add(name + ".weight", {width});
    Add(name + ".bias", {width});
  }
  void AddLinear(const std::string& name, std::int64_t out, std::int64_t in, bool has_bias) {
    Add(name + ".weight", {out, in});
    if (has_bias) {
      Add(name + ".bias", {out});
    }
  }
  void AddAttention(const std::string& name, std::int64_t width) {
    for (const char* part : {".query", ".key", ".value", ".out"}) {
      AddLinear(name + part, width, width, std::string_view(part) != ".key");
    }
    AddNorm(name + "_ln", width);
  }
  void AddBlocks(const std::string& side, std::int32_t layers, std::int64_t width, bool crosses) {
    for (std::int32_t layer = 0; layer < layers; ++layer) {
      const std::string block = side + ".blocks." + std::to_string(layer) + ".";
      AddAttention(block + "attn", width);
      if (crosses) {
        AddAttention(block + "cross_attn", width);
      }
      AddLinear(block + "mlp.0", 4 * width, width, true);
      AddLinear(block + "mlp.2", width, 4 * width, true);
      AddNorm(block + "mlp_ln", width);
    }
  }

  std::vector<Expected> list_;
};

std::string Spelled(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  }
  return text + "]";
}

// Equal, or for vectors equal but for dimensions of 1: ggml's files keep a convolution's bias as
// [n, 1].
bool HasShape(const FileTensor& tensor, const Expected& expected) {
  const auto wanted = expected.dimensions();
  const auto found = tensor.dimensions();
  if (wanted.size() == 1) {
    return Elements(found) == wanted[0] && std::ranges::count(found, 1) >= tensor.rank - 1;
  }
  return std::ranges::equal(found, wanted);
}

base::Result<Weight> Take(const FileTensor& tensor, const Expected& expected,
                          base::Diagnosis& why) {
  if (!HasShape(tensor, expected)) {
    return why.Fail(Error::kMalformed, "tensor '", tensor.name, "' has the shape ",
                    Spelled(tensor.dimensions()), " where ", Spelled(expected.dimensions()),
                    " is expected: the file is damaged, or no Whisper of the sizes it states");
  }
  const auto wanted = expected.dimensions();
  const std::int64_t elements = Elements(wanted);
  Weight weight{.type = tensor.type,
                .rows = wanted.size() == 1 ? 1 : wanted[0],
                .columns = wanted.size() == 1 ? elements : elements / wanted[0],
                .bytes = tensor.bytes};
  if (IsBlockType(tensor.type) && weight.columns % static_cast<std::int64_t>(kBlockElements) != 0) {
    return why.Fail(Error::kMalformed, "tensor '", tensor.name,
                    "' is quantised in blocks of 32, but its rows have ", weight.columns,
                    " values");
  }
  const std::uint64_t bytes = BytesOf(tensor.type, static_cast<std::uint64_t>(elements));
  if (tensor.bytes.size() != bytes) {
    return why.Fail(Error::kMalformed, "tensor '", tensor.name, "' has ", tensor.bytes.size(),
                    " bytes where ", bytes, " are expected: the file is damaged");
  }
  return weight;
}

// "12.rest" -> {"12", "rest"}; empty where there is no number, a dot and more.
std::pair<std::string_view, std::string_view> SplitLayer(std::string_view text) {
  const std::size_t dot = text.find('.');
  const bool is_number =
      dot != std::string_view::npos && dot > 0 && dot <= 3 &&
      std::ranges::all_of(text.substr(0, dot), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) {
    return {};
  }
  return {text.substr(0, dot), text.substr(dot + 1)};
}

const FileTensor* FindTensor(std::span<const FileTensor> tensors, std::string_view name) {
  const auto at = std::ranges::find(tensors, name, &FileTensor::name);
  return at == tensors.end() ? nullptr : &*at;
}

// The number of layers: one more than the highest that a tensor names.
std::int32_t CountLayers(std::span<const FileTensor> tensors, std::string_view prefix) {
  std::int32_t layers = 0;
  for (const FileTensor& tensor : tensors) {
    if (tensor.name.starts_with(prefix)) {
      const auto number = SplitLayer(std::string_view(tensor.name).substr(prefix.size())).first;
      std::int32_t layer = -1;
      std::from_chars(number.data(), number.data() + number.size(), layer);
      layers = std::max(layers, layer + 1);
    }
  }
  return layers;
}

}  // namespace

std::int64_t Elements(std::span<const std::int64_t> shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t elements = 1;
  for (const std::int64_t size : shape) {
    if (size <= 0 || size > kMost / elements) {
      return 0;
    }
    elements *= size;
  }
  return elements;
}

base::Status CheckDims(const Dims& dims, base::Diagnosis& why) {
  for (const Limit& limit : kLimits) {
    const std::int32_t size = dims.*limit.size;
    if (size < 1) {
      return why.Fail(Error::kMalformed, "the model states ", size, " as ", limit.name,
                      ": the file is damaged");
    }
    if (size > limit.most) {
      return why.Fail(Error::kTooLarge, "the model states ", size, " as ", limit.name, ", at most ",
                      limit.most, " are supported: is this a Whisper model?");
    }
  }
  if (dims.audio_state % dims.audio_heads != 0 || dims.text_state % dims.text_heads != 0) {
    return why.Fail(Error::kMalformed, "the model's widths (", dims.audio_state, " and ",
                    dims.text_state, ") are no multiples of its numbers of heads (",
                    dims.audio_heads, " and ", dims.text_heads, ")");
  }
  if (dims.audio_state != dims.text_state) {
    return why.Fail(Error::kMalformed, "the encoder is ", dims.audio_state,
                    " wide and the decoder ", dims.text_state, ": a Whisper's are equally wide");
  }
  return {};
}

base::Result<Dims> DimsOfTensors(std::span<const FileTensor> tensors, base::Diagnosis& why) {
  struct Source {
    const char* name;
    std::int64_t rank;
  };
  constexpr Source kSources[] = {{"encoder.conv1.weight", 3},
                                 {"encoder.positional_embedding", 2},
                                 {"decoder.token_embedding.weight", 2},
                                 {"decoder.positional_embedding", 2}};
  std::array<std::array<std::int64_t, kMaxRank>, std::size(kSources)> shapes{};
  for (std::size_t i = 0; i < std::size(kSources); ++i) {
    const FileTensor* const tensor = FindTensor(tensors, kSources[i].name);
    if (tensor == nullptr) {
      return why.Fail(Error::kMalformed, "tensor '", kSources[i].name,
                      "' is missing: the file is no Whisper model, or only a part of one");
    }
    if (tensor->rank != kSources[i].rank) {
      return why.Fail(Error::kMalformed, "tensor '", tensor->name, "' has ", tensor->rank,
                      " dimensions where ", kSources[i].rank, " are expected");
    }
    shapes[i] = tensor->shape;
  }
  const auto size = [](std::int64_t value) {
    return static_cast<std::int32_t>(std::min<std::int64_t>(value, INT32_MAX));
  };
  constexpr std::int32_t kHeadWidth = 64;
  Dims dims{.vocabulary = size(shapes[2][0]),
            .audio_context = size(shapes[1][0]),
            .audio_state = size(shapes[1][1]),
            .audio_layers = CountLayers(tensors, "encoder.blocks."),
            .text_context = size(shapes[3][0]),
            .text_state = size(shapes[2][1]),
            .text_layers = CountLayers(tensors, "decoder.blocks."),
            .mels = size(shapes[0][1])};
  dims.audio_heads = std::max(1, dims.audio_state / kHeadWidth);
  dims.text_heads = std::max(1, dims.text_state / kHeadWidth);
  return dims;
}

std::string OpenAiName(std::string_view name) {
  constexpr std::string_view kPrefix = "model.";
  if (name.starts_with(kPrefix)) {
    name.remove_prefix(kPrefix.size());
  }
  const std::size_t dot = name.find('.');
  const std::string_view side = name.substr(0, dot);
  if (dot == std::string_view::npos || (side != "encoder" && side != "decoder")) {
    return "";
  }
  const std::string_view part = name.substr(dot + 1);
  struct Renaming {
    std::string_view from, to;
  };
  constexpr Renaming kOutside[] = {{"embed_positions.weight", "positional_embedding"},
                                   {"embed_tokens.weight", "token_embedding.weight"}};
  for (const auto& [from, to] : kOutside) {
    if (part == from) {
      return std::string(side) + "." + std::string(to);
    }
  }
  constexpr std::string_view kNorm = "layer_norm.";
  if (part.starts_with(kNorm)) {
    return std::string(side) + (side == "encoder" ? ".ln_post." : ".ln.") +
           std::string(part.substr(kNorm.size()));
  }
  constexpr std::string_view kLayers = "layers.";
  if (!part.starts_with(kLayers)) {
    return std::string(name);  // OpenAI's own already, or TakeWeights will say that it isn't
  }
  const auto [layer, rest] = SplitLayer(part.substr(kLayers.size()));
  constexpr Renaming kInside[] = {
      {"self_attn.q_proj.", "attn.query."},
      {"self_attn.k_proj.", "attn.key."},
      {"self_attn.v_proj.", "attn.value."},
      {"self_attn.out_proj.", "attn.out."},
      {"self_attn_layer_norm.", "attn_ln."},
      {"encoder_attn.q_proj.", "cross_attn.query."},
      {"encoder_attn.k_proj.", "cross_attn.key."},
      {"encoder_attn.v_proj.", "cross_attn.value."},
      {"encoder_attn.out_proj.", "cross_attn.out."},
      {"encoder_attn_layer_norm.", "cross_attn_ln."},
      {"fc1.", "mlp.0."},
      {"fc2.", "mlp.2."},
      {"final_layer_norm.", "mlp_ln."},
  };
  for (const auto& [from, to] : kInside) {
    if (rest.starts_with(from)) {
      return std::string(side) + ".blocks." + std::string(layer) + "." + std::string(to) +
             std::string(rest.substr(from.size()));
    }
  }
  return "";
}

bool IsKnownExtra(std::string_view name) {
  return name == "proj_out.weight" || name == "decoder.mask" || name == "alignment_heads";
}

base::Status TakeWeights(std::span<const FileTensor> tensors, ModelFile& model,
                         base::Diagnosis& why) {
  std::vector<const FileTensor*> sorted;
  sorted.reserve(tensors.size());
  for (const FileTensor& tensor : tensors) {
    if (!IsKnownExtra(tensor.name)) {
      sorted.push_back(&tensor);
    }
  }
  std::ranges::sort(sorted, {}, [](const FileTensor* t) { return std::string_view(t->name); });
  const auto twice = std::ranges::adjacent_find(
      sorted, [](const FileTensor* a, const FileTensor* b) { return a->name == b->name; });
  if (twice != sorted.end()) {
    return why.Fail(Error::kMalformed, "tensor '", (*twice)->name,
                    "' is there twice: the file is damaged");
  }
  const ExpectedList expected(model.dims);
  model.weights.clear();
  model.weights.reserve(expected.list().size());
  auto at = sorted.begin();
  const auto refuse_stranger = [&](const FileTensor& tensor) {
    return why.Fail(Error::kUnsupported, "tensor '", tensor.name,
                    "' is none of a Whisper of this size (", model.dims.audio_layers, " and ",
                    model.dims.text_layers, " layers, width ", model.dims.audio_state,
                    "): adapters must be merged before");
  };
  for (const Expected& wanted : expected.list()) {
    if (at != sorted.end() && (*at)->name < wanted.name) {
      return refuse_stranger(**at);
    }
    if (at == sorted.end() || (*at)->name != wanted.name) {
      return why.Fail(Error::kMalformed, "tensor '", wanted.name,
                      "' is missing: the file is no whole Whisper model; get it anew");
    }
    PINHOLE_ASSIGN(const Weight weight, Take(**at, wanted, why));
    model.weights.push_back({wanted.name, weight});
    ++at;
  }
  return at == sorted.end() ? base::Status() : refuse_stranger(**at);
}

base::Status FitVocabulary(ModelFile& model, base::Diagnosis& why) {
  // Whisper's own vocabularies: what lies behind the ordinary tokens are special ones.
  constexpr std::int32_t kEnglish = 51864, kEnglishTokens = 50256, kOtherTokens = 50257;
  const auto found = static_cast<std::int32_t>(model.vocabulary.size());
  if (found == 0) {
    return {};
  }
  if (model.dims.vocabulary < kEnglish) {
    if (found > model.dims.vocabulary) {
      return why.Fail(Error::kMalformed, "the vocabulary has ", found, " tokens, the model only ",
                      model.dims.vocabulary, ": they don't belong together");
    }
    return {};
  }
  const bool is_english = model.dims.vocabulary == kEnglish;
  const std::int32_t ordinary = is_english ? kEnglishTokens : kOtherTokens;
  const bool is_other_language =
      is_english && found > ordinary && model.vocabulary[kEnglishTokens] != "<|endoftext|>";
  if (found < ordinary || is_other_language) {
    return why.Fail(Error::kMalformed, "the vocabulary has ", found, " tokens where a model of ",
                    model.dims.vocabulary, " needs ", ordinary,
                    ": an English model wants the English vocabulary, the others the "
                    "multilingual one");
  }
  model.vocabulary.resize(static_cast<std::size_t>(ordinary));
  return {};
}

}  // namespace pinhole::speech
