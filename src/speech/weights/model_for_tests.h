// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: small Whisper models, and writers of every format they are read from.
//
// A model's values are exact in all weight types: a block of 32 has a scale 2^-k, and in it
// integers from -16 to 15. So whatever the format, what is read must equal what was written.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/little_endian.h"
#include "speech/weights/weights.h"

namespace pinhole::speech {

struct TestTensor {
  std::string name;  // OpenAI's
  std::string hugging_face_name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct TestModel {
  Dims dims;
  std::vector<TestTensor> tensors;
  std::vector<float> filters;
  std::vector<std::string> vocabulary;

  TestTensor& Tensor(std::string_view name) {
    for (TestTensor& tensor : tensors) {
      if (tensor.name == name) {
        return tensor;
      }
    }
    return tensors.front();
  }
};

inline std::vector<float> TestValues(std::size_t count, std::mt19937& random) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int integer = static_cast<int>(random() % 32) - 16;
    values[i] = static_cast<float>(integer) / static_cast<float>(8 << (i / 32 % 4));
  }
  return values;
}

class TestModelMaker {
 public:
  explicit TestModelMaker(const Dims& dims, unsigned seed) : random_(seed) {
    model_.dims = dims;
    const std::int64_t width = dims.audio_state;
    Put("encoder.positional_embedding", "model.encoder.embed_positions.weight",
        {dims.audio_context, width});
    for (const std::string conv : {"encoder.conv1", "encoder.conv2"}) {
      Put(conv + ".weight", "model." + conv + ".weight",
          {width, conv == "encoder.conv1" ? dims.mels : width, 3});
      Put(conv + ".bias", "model." + conv + ".bias", {width});
    }
    Both("encoder.ln_post", "model.encoder.layer_norm", {width});
    for (int i = 0; i < dims.audio_layers; ++i) {
      Block("encoder", i, width, false);
    }
    Put("decoder.positional_embedding", "model.decoder.embed_positions.weight",
        {dims.text_context, width});
    Put("decoder.token_embedding.weight", "model.decoder.embed_tokens.weight",
        {dims.vocabulary, width});
    for (int i = 0; i < dims.text_layers; ++i) {
      Block("decoder", i, width, true);
    }
    Both("decoder.ln", "model.decoder.layer_norm", {width});
    model_.filters = TestValues(static_cast<std::size_t>(dims.mels) * 201, random_);
    for (int i = 0; i < 256; ++i) {
      model_.vocabulary.emplace_back(1, static_cast<char>(i));
    }
    model_.vocabulary.emplace_back(" the");
    model_.vocabulary.emplace_back("\0\xFF\xC3", 3);
  }

  TestModel model() && { return std::move(model_); }

 private:
  void Put(const std::string& name, const std::string& other, std::vector<std::int64_t> shape) {
    std::size_t count = 1;
    for (const std::int64_t size : shape) {
      count *= static_cast<std::size_t>(size);
    }
    model_.tensors.push_back({name, other, std::move(shape), TestValues(count, random_)});
  }
  void Both(const std::string& name, const std::string& other, std::vector<std::int64_t> shape) {
    Put(name + ".weight", other + ".weight", shape);
    Put(name + ".bias", other + ".bias", {shape[0]});
  }
  void Attention(const std::string& name, const std::string& other, std::int64_t width) {
    Both(name + ".query", other + ".q_proj", {width, width});
    Put(name + ".key.weight", other + ".k_proj.weight", {width, width});
    Both(name + ".value", other + ".v_proj", {width, width});
    Both(name + ".out", other + ".out_proj", {width, width});
    Both(name + "_ln", other + "_layer_norm", {width});
  }
  void Block(const std::string& side, int index, std::int64_t width, bool crosses) {
    const std::string name = side + ".blocks." + std::to_string(index) + ".";
    const std::string other = "model." + side + ".layers." + std::to_string(index) + ".";
    Attention(name + "attn", other + "self_attn", width);
    if (crosses) {
      Attention(name + "cross_attn", other + "encoder_attn", width);
    }
    Both(name + "mlp.0", other + "fc1", {4 * width, width});
    Both(name + "mlp.2", other + "fc2", {width, 4 * width});
    Both(name + "mlp_ln", other + "final_layer_norm", {width});
  }

  std::mt19937 random_;
  TestModel model_;
};

inline TestModel MakeTestModel(unsigned seed = 1) {
  const Dims dims{.vocabulary = 300,
                  .audio_context = 8,
                  .audio_state = 32,
                  .audio_heads = 1,
                  .audio_layers = 2,
                  .text_context = 6,
                  .text_state = 32,
                  .text_heads = 1,
                  .text_layers = 1,
                  .mels = 5};
  return TestModelMaker(dims, seed).model();
}

// Bytes put together.
class ByteWriter {
 public:
  template <std::integral Integer>
  ByteWriter& Put(Integer value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    base::StoreLe(value, bytes_.data() + at);
    return *this;
  }
  ByteWriter& Put(std::string_view text) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), bytes, bytes + text.size());
    return *this;
  }
  ByteWriter& Put(const std::vector<std::byte>& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  std::vector<std::byte> bytes() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// Of a number that a half holds exactly, and that is no subnormal.
inline std::uint16_t HalfOf(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16U & 0x8000U;
  if ((bits & 0x7FFFFFFFU) == 0) {
    return static_cast<std::uint16_t>(sign);
  }
  const std::uint32_t exponent = (bits >> 23U & 0xFFU) - 127 + 15;
  return static_cast<std::uint16_t>(sign | exponent << 10U | (bits >> 13U & 0x3FFU));
}

// `values` as they lie in a file. Block types: each 32 have a scale that divides them into integers
// from -16 to 15; kQ5_1 counts them from an offset.
inline std::vector<std::byte> Encode(const std::vector<float>& values, WeightType type) {
  ByteWriter out;
  for (std::size_t i = 0; i < values.size() && type <= WeightType::kBf16; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    if (type == WeightType::kF32) {
      out.Put(bits);
    } else if (type == WeightType::kF16) {
      out.Put(HalfOf(values[i]));
    } else {
      out.Put(static_cast<std::uint16_t>(bits >> 16U));
    }
  }
  for (std::size_t block = 0; block < values.size() && type > WeightType::kBf16; block += 32) {
    const float scale = 1.0F / static_cast<float>(8 << (block / 32 % 4));
    out.Put(HalfOf(scale));
    if (type == WeightType::kQ5_1) {
      out.Put(HalfOf(-16.0F * scale));
    }
    const auto integer = [&](std::size_t i) { return static_cast<int>(values[block + i] / scale); };
    if (type == WeightType::kQ8_0) {
      for (std::size_t i = 0; i < 32; ++i) {
        out.Put(static_cast<std::int8_t>(integer(i)));
      }
      continue;
    }
    std::uint32_t high = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      high |= static_cast<std::uint32_t>(integer(i) + 16) >> 4U << i;
    }
    out.Put(high);
    for (std::size_t i = 0; i < 16; ++i) {
      out.Put(
          static_cast<std::uint8_t>(((integer(i) + 16) & 15) | ((integer(i + 16) + 16) & 15) << 4));
    }
  }
  return std::move(out).bytes();
}

inline std::int32_t GgmlType(WeightType type) {
  switch (type) {
    case WeightType::kF32: return 0;
    case WeightType::kF16: return 1;
    case WeightType::kQ5_0: return 6;
    case WeightType::kQ5_1: return 7;
    case WeightType::kQ8_0: return 8;
    case WeightType::kBf16: return 30;
  }
  return -1;
}

// As whisper.cpp's converter and quantiser write it: vectors and positions stay f32, convolutions
// f16 where the rest is quantised, and the convolutions' biases are [n, 1].
inline std::vector<std::byte> WriteGgml(const TestModel& model, WeightType type) {
  ByteWriter out;
  const Dims& d = model.dims;
  out.Put(std::uint32_t{0x67676D6C});
  for (const std::int32_t size :
       {d.vocabulary, d.audio_context, d.audio_state, d.audio_heads, d.audio_layers, d.text_context,
        d.text_state, d.text_heads, d.text_layers, d.mels, GgmlType(type)}) {
    out.Put(size);
  }
  out.Put(d.mels).Put(std::int32_t{201}).Put(Encode(model.filters, WeightType::kF32));
  out.Put(static_cast<std::int32_t>(model.vocabulary.size()));
  for (const std::string& token : model.vocabulary) {
    out.Put(static_cast<std::uint32_t>(token.size())).Put(token);
  }
  for (const TestTensor& tensor : model.tensors) {
    const bool is_conv = tensor.name.find(".conv") != std::string::npos;
    auto shape = tensor.shape;
    if (is_conv && shape.size() == 1) {
      shape.push_back(1);
    }
    WeightType own = type;
    if (tensor.shape.size() == 1 || tensor.name.ends_with("positional_embedding")) {
      own = WeightType::kF32;
    } else if (is_conv && type > WeightType::kBf16) {
      own = WeightType::kF16;
    }
    out.Put(static_cast<std::int32_t>(shape.size()));
    out.Put(static_cast<std::int32_t>(tensor.name.size())).Put(GgmlType(own));
    for (std::size_t i = shape.size(); i-- > 0;) {
      out.Put(static_cast<std::int32_t>(shape[i]));
    }
    out.Put(tensor.name).Put(Encode(tensor.values, own));
  }
  return std::move(out).bytes();
}

inline std::string SafetensorsEntry(const TestTensor& tensor, const std::string& name,
                                    std::string_view type, std::size_t begin, std::size_t end) {
  std::string shape;
  for (const std::int64_t size : tensor.shape) {
    shape += (shape.empty() ? "" : ",") + std::to_string(size);
  }
  return "\"" + name + "\":{\"dtype\":\"" + std::string(type) + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

inline std::vector<std::byte> WriteSafetensors(const TestModel& model, WeightType type,
                                               bool hugging_face_names = true) {
  constexpr std::string_view kTypes[] = {"F32", "F16", "BF16"};
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  ByteWriter data;
  for (const TestTensor& tensor : model.tensors) {
    const std::size_t begin = data.size();
    data.Put(Encode(tensor.values, type));
    header += ",";
    header += SafetensorsEntry(tensor, hugging_face_names ? tensor.hugging_face_name : tensor.name,
                               kTypes[static_cast<std::size_t>(type)], begin, data.size());
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  ByteWriter out;
  out.Put(std::uint64_t{header.size()}).Put(header).Put(std::move(data).bytes());
  return std::move(out).bytes();
}

// A zip archive of stored files.
class ZipWriter {
 public:
  void Add(const std::string& name, const std::vector<std::byte>& bytes) {
    const auto offset = static_cast<std::uint32_t>(archive_.size());
    archive_.Put(std::uint32_t{0x04034B50});
    Common(name, bytes.size(), archive_);
    archive_.Put(name).Put(bytes);
    directory_.Put(std::uint32_t{0x02014B50}).Put(std::uint16_t{0});
    Common(name, bytes.size(), directory_);
    directory_.Put(std::uint16_t{0}).Put(std::uint16_t{0}).Put(std::uint16_t{0});
    directory_.Put(std::uint32_t{0}).Put(offset).Put(name);
    ++files_;
  }

  std::vector<std::byte> Finish() && {
    const auto offset = static_cast<std::uint32_t>(archive_.size());
    auto directory = std::move(directory_).bytes();
    archive_.Put(directory).Put(std::uint32_t{0x06054B50}).Put(std::uint32_t{0});
    archive_.Put(files_).Put(files_).Put(static_cast<std::uint32_t>(directory.size()));
    archive_.Put(offset).Put(std::uint16_t{0});
    return std::move(archive_).bytes();
  }

 private:
  // From "version needed" to the extra field's length; checksums aren't looked at.
  static void Common(const std::string& name, std::size_t size, ByteWriter& to) {
    for (int i = 0; i < 5; ++i) {
      to.Put(std::uint16_t{0});
    }
    to.Put(std::uint32_t{0}).Put(static_cast<std::uint32_t>(size));
    to.Put(static_cast<std::uint32_t>(size)).Put(static_cast<std::uint16_t>(name.size()));
    to.Put(std::uint16_t{0});
  }

  ByteWriter archive_, directory_;
  std::uint16_t files_ = 0;
};

// The opcodes of torch.save, without its memo.
class PickleWriter {
 public:
  PickleWriter() { out_.Put(std::string_view("\x80\x02")); }

  PickleWriter& Op(std::string_view code) { return out_.Put(code), *this; }
  PickleWriter& Text(std::string_view text) {
    out_.Put(std::string_view("X")).Put(static_cast<std::uint32_t>(text.size())).Put(text);
    return *this;
  }
  PickleWriter& Integer(std::int64_t value) {
    out_.Put(std::string_view("J")).Put(static_cast<std::int32_t>(value));
    return *this;
  }
  PickleWriter& Tuple(const std::vector<std::int64_t>& values) {
    Op("(");
    for (const std::int64_t value : values) {
      Integer(value);
    }
    return Op("t");
  }
  PickleWriter& Tensor(const std::string& storage, std::string_view type, std::int64_t offset,
                       const std::vector<std::int64_t>& shape) {
    Op("ctorch._utils\n_rebuild_tensor_v2\n((").Text("storage").Op("ctorch\n").Op(type).Op("\n");
    Text(storage).Text("cpu").Integer(0).Op("tQ").Integer(offset).Tuple(shape);
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t stride = 1;
    for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) {
      strides[i] = stride;
    }
    return Tuple(strides).Op(
        "\x89"
        "ccollections\nOrderedDict\n)RtR");
  }
  std::vector<std::byte> Finish() && {
    Op(".");
    return std::move(out_).bytes();
  }

 private:
  ByteWriter out_;
};

inline void PutDims(const Dims& d, PickleWriter& pickle) {
  const std::pair<const char*, std::int32_t> sizes[] = {{"n_mels", d.mels},
                                                        {"n_vocab", d.vocabulary},
                                                        {"n_audio_ctx", d.audio_context},
                                                        {"n_audio_state", d.audio_state},
                                                        {"n_audio_head", d.audio_heads},
                                                        {"n_audio_layer", d.audio_layers},
                                                        {"n_text_ctx", d.text_context},
                                                        {"n_text_state", d.text_state},
                                                        {"n_text_head", d.text_heads},
                                                        {"n_text_layer", d.text_layers}};
  pickle.Text("dims").Op("}(");
  for (const auto& [key, value] : sizes) {
    pickle.Text(key).Integer(value);
  }
  pickle.Op("u");
}

// OpenAI's; with Hugging Face's names, pytorch_model.bin: the state dict alone.
inline std::vector<std::byte> WritePt(const TestModel& model, WeightType type,
                                      bool hugging_face = false) {
  constexpr std::string_view kTypes[] = {"FloatStorage", "HalfStorage", "BFloat16Storage"};
  ZipWriter zip;
  PickleWriter pickle;
  if (!hugging_face) {
    pickle.Op("}(");
    PutDims(model.dims, pickle);
    pickle.Text("model_state_dict");
  }
  pickle.Op("ccollections\nOrderedDict\n)R(");
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const TestTensor& tensor = model.tensors[i];
    pickle.Text(hugging_face ? tensor.hugging_face_name : tensor.name);
    pickle.Tensor(std::to_string(i), kTypes[static_cast<std::size_t>(type)], 0, tensor.shape);
  }
  pickle.Op("u}").Text("_metadata").Op("}sb");
  if (!hugging_face) {
    pickle.Op("u");
  }
  zip.Add("tiny/data.pkl", std::move(pickle).Finish());
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    zip.Add("tiny/data/" + std::to_string(i), Encode(model.tensors[i].values, type));
  }
  return std::move(zip).Finish();
}

// The vocabulary as Hugging Face's tokenizer.json has it.
inline std::string WriteTokenizerJson(const std::vector<std::string>& vocabulary) {
  std::array<std::string, 256> spelled;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    const int code = prints ? byte : next++;
    std::string& to = spelled[static_cast<std::size_t>(byte)];
    if (code == '"' || code == '\\') {
      to = {'\\', static_cast<char>(code)};
    } else if (code < 128) {
      to = {static_cast<char>(code)};
    } else {
      to = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    }
  }
  std::string json = R"({"version":"1.0","added_tokens":[{"id":290,"special":true}],"model":{)"
                     R"("type":"BPE","dropout":null,"vocab":{)";
  for (std::size_t i = vocabulary.size(); i-- > 0;) {
    json += "\"";
    for (const char c : vocabulary[i]) {
      json += spelled[static_cast<std::uint8_t>(c)];
    }
    json += "\":" + std::to_string(i) + (i > 0 ? "," : "");
  }
  return json + R"(},"merges":[["t","h"],["th","e"]]}})";
}

}  // namespace pinhole::speech
