// SPDX-License-Identifier: Apache-2.0
// The laws of all readers: what was written is read, and what is damaged is refused by name.
#include "speech/weights/read_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "speech/weights/invariants_for_tests.h"
#include "speech/weights/model_for_tests.h"

namespace pinhole::speech {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

struct Format {
  const char* name;
  std::function<Bytes(const TestModel&)> write;
  bool has_vocabulary = false;
  bool has_dims = true;
};

Format Ggml(const char* name, WeightType type) {
  return {name, [type](const TestModel& m) { return WriteGgml(m, type); }, true};
}
Format Safetensors(const char* name, WeightType type, bool hugging_face = true) {
  return {name, [=](const TestModel& m) { return WriteSafetensors(m, type, hugging_face); }, false,
          false};
}
Format Pt(const char* name, WeightType type, bool hugging_face = false) {
  return {name, [=](const TestModel& m) { return WritePt(m, type, hugging_face); }, false,
          !hugging_face};
}

const std::vector<Format>& Formats() {
  static const std::vector<Format> kFormats = {
      Ggml("ggml_f32", WeightType::kF32),
      Ggml("ggml_f16", WeightType::kF16),
      Ggml("ggml_q8_0", WeightType::kQ8_0),
      Ggml("ggml_q5_0", WeightType::kQ5_0),
      Ggml("ggml_q5_1", WeightType::kQ5_1),
      Safetensors("safetensors_f32", WeightType::kF32),
      Safetensors("safetensors_f16", WeightType::kF16),
      Safetensors("safetensors_bf16", WeightType::kBf16),
      Safetensors("safetensors_own_names", WeightType::kF16, false),
      Pt("pt_f32", WeightType::kF32),
      Pt("pt_f16", WeightType::kF16),
      Pt("pt_bf16", WeightType::kBf16),
      Pt("pt_hugging_face", WeightType::kF16, true),
  };
  return kFormats;
}

// One of each reader: damage is the same in every weight type.
std::vector<Format> OneOfEach() {
  return {Ggml("ggml", WeightType::kQ5_0), Safetensors("safetensors", WeightType::kF16),
          Pt("pt", WeightType::kF16)};
}

std::string WhyRefused(const Bytes& file, const ReadOptions& options = {}) {
  base::Diagnosis why;
  const auto model = ReadModelFile(file, options, why);
  if (model) {
    return "it was read";
  }
  return why.empty() ? "no sentence" : std::string(why.text());
}

void ExpectEqualDims(const Dims& a, const Dims& b) {
  EXPECT_EQ(a.vocabulary, b.vocabulary);
  EXPECT_EQ(a.audio_context, b.audio_context);
  EXPECT_EQ(a.audio_state, b.audio_state);
  EXPECT_EQ(a.audio_heads, b.audio_heads);
  EXPECT_EQ(a.audio_layers, b.audio_layers);
  EXPECT_EQ(a.text_context, b.text_context);
  EXPECT_EQ(a.text_state, b.text_state);
  EXPECT_EQ(a.text_heads, b.text_heads);
  EXPECT_EQ(a.text_layers, b.text_layers);
  EXPECT_EQ(a.mels, b.mels);
}

TEST(ReadModelFile, GivesWhatWasWritten) {
  const TestModel written = MakeTestModel();
  for (const Format& format : Formats()) {
    SCOPED_TRACE(format.name);
    const Bytes file = format.write(written);
    base::Diagnosis why;
    const auto model = ReadModelFile(file, {}, why);
    ASSERT_TRUE(model) << why.text();
    EXPECT_EQ(FirstBroken(*model, file), "");
    ExpectEqualDims(model->dims, written.dims);
    ASSERT_EQ(model->weights.size(), written.tensors.size());
    for (const TestTensor& tensor : written.tensors) {
      const Weight* const weight = model->Find(tensor.name);
      ASSERT_NE(weight, nullptr) << tensor.name;
      EXPECT_EQ(weight->rows, tensor.shape.size() == 1 ? 1 : tensor.shape[0]) << tensor.name;
      std::vector<float> values(tensor.values.size());
      UnpackRows(*weight, 0, weight->rows, values);
      EXPECT_EQ(values, tensor.values) << tensor.name;
    }
    EXPECT_EQ(model->Find("encoder.blocks.2.mlp.0.weight"), nullptr);
    EXPECT_EQ(model->Find(""), nullptr);
    if (format.has_vocabulary) {
      EXPECT_EQ(model->vocabulary, written.vocabulary);
      EXPECT_EQ(model->filters.weights, written.filters);
      EXPECT_EQ(model->filters.mels, written.dims.mels);
      EXPECT_EQ(model->filters.bins, 201);
    } else {
      EXPECT_TRUE(model->vocabulary.empty());
      EXPECT_TRUE(model->filters.weights.empty());
    }
  }
}

TEST(ReadModelFile, RowsOneByOneAreTheRowsTogether) {
  const TestModel written = MakeTestModel();
  for (const Format& format : Formats()) {
    const Bytes file = format.write(written);
    base::Diagnosis why;
    const auto model = ReadModelFile(file, {}, why);
    ASSERT_TRUE(model) << why.text();
    for (const char* name : {"encoder.blocks.1.mlp.2.weight", "encoder.conv1.weight"}) {
      const Weight& weight = *model->Find(name);
      const auto columns = static_cast<std::size_t>(weight.columns);
      std::vector<float> all(static_cast<std::size_t>(weight.rows) * columns), rows(3 * columns);
      UnpackRows(weight, 0, weight.rows, all);
      for (std::int64_t row = 0; row + 3 <= weight.rows; ++row) {
        UnpackRows(weight, row, 3, rows);
        ASSERT_TRUE(std::equal(rows.begin(), rows.end(),
                               all.begin() + static_cast<std::ptrdiff_t>(row * weight.columns)))
            << format.name << ", " << name << ", row " << row;
      }
    }
  }
}

TEST(ReadModelFile, RefusesEveryCut) {
  const TestModel written = MakeTestModel();
  for (const Format& format : OneOfEach()) {
    const Bytes whole = format.write(written);
    std::size_t cuts = 0;
    for (std::size_t size = 0; size < whole.size();
         size += size < 3500 || size + 1500 > whole.size() ? 1 : 997) {
      // A vector of its own, so that a sanitizer sees a byte read behind the end.
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      base::Diagnosis why;
      ASSERT_FALSE(ReadModelFile(cut, {}, why)) << format.name << " cut after " << size;
      ASSERT_FALSE(why.empty()) << format.name << " cut after " << size;
      ++cuts;
    }
    EXPECT_GT(cuts, 3500U);
  }
}

TEST(ReadModelFile, NamesTheTensorThatIsMissing) {
  const TestModel written = MakeTestModel();
  for (const Format& format : OneOfEach()) {
    for (std::size_t i = 0; i < written.tensors.size(); ++i) {
      TestModel damaged = written;
      damaged.tensors.erase(damaged.tensors.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_THAT(WhyRefused(format.write(damaged)),
                  HasSubstr("tensor '" + written.tensors[i].name + "' is missing"))
          << format.name;
    }
  }
}

TEST(ReadModelFile, NamesTheTensorThatIsThereTwice) {
  const TestModel written = MakeTestModel();
  for (const Format& format : OneOfEach()) {
    TestModel damaged = written;
    damaged.tensors.push_back(damaged.tensors[20]);
    EXPECT_THAT(WhyRefused(format.write(damaged)),
                HasSubstr("tensor '" + written.tensors[20].name + "' is there twice"))
        << format.name;
  }
}

TEST(ReadModelFile, NamesTheTensorOfAnotherModel) {
  const TestModel written = MakeTestModel();
  for (const Format& format : OneOfEach()) {
    TestModel damaged = written;
    TestTensor stranger = damaged.tensors[20];
    stranger.name = "decoder.blocks.0.attn.key.bias";
    stranger.hugging_face_name = "model.decoder.layers.0.self_attn.k_proj.lora_A";
    damaged.tensors.push_back(stranger);
    const std::string why = WhyRefused(format.write(damaged));
    EXPECT_THAT(why, testing::AnyOf(HasSubstr(stranger.name), HasSubstr("attn.key.lora_A")))
        << format.name;
    EXPECT_THAT(why, HasSubstr("is none of a Whisper")) << format.name;
  }
}

TEST(ReadModelFile, NamesTheTensorOfAnotherShape) {
  const TestModel written = MakeTestModel();
  for (const Format& format : OneOfEach()) {
    for (const char* name : {"encoder.blocks.1.mlp.0.weight", "encoder.blocks.0.attn.query.bias",
                             "encoder.conv2.weight", "decoder.ln.bias"}) {
      TestModel damaged = written;
      TestTensor& tensor = damaged.Tensor(name);
      std::ranges::reverse(tensor.shape);
      if (tensor.shape.size() == 1) {
        tensor.shape[0] -= 16;
        tensor.values.resize(tensor.values.size() - 16);
      } else if (format.name == std::string("ggml") && tensor.shape.size() == 3) {
        tensor.shape = {32, 16, 6};  // as a convolution, ggml's converter writes it in f16
      }
      EXPECT_THAT(WhyRefused(format.write(damaged)),
                  HasSubstr(std::string("tensor '") + name + "' has the shape"))
          << format.name;
    }
  }
}

TEST(ReadModelFile, RefusesSizesThatNoWhisperHas) {
  const std::pair<std::int32_t Dims::*, const char*> sizes[] = {
      {&Dims::vocabulary, "vocabulary"},
      {&Dims::audio_context, "positions of sound"},
      {&Dims::audio_state, "width of the encoder"},
      {&Dims::audio_heads, "heads of the encoder"},
      {&Dims::audio_layers, "layers of the encoder"},
      {&Dims::text_context, "positions of text"},
      {&Dims::text_state, "width of the decoder"},
      {&Dims::text_heads, "heads of the decoder"},
      {&Dims::text_layers, "layers of the decoder"},
      {&Dims::mels, "mel filters"},
  };
  const TestModel written = MakeTestModel();
  // The files that state their sizes.
  for (const Format& format : {OneOfEach()[0], OneOfEach()[2]}) {
    for (const auto& [size, name] : sizes) {
      for (const std::int32_t value : {0, -1, INT32_MIN, INT32_MAX, 100000}) {
        TestModel damaged = written;
        damaged.dims.*size = value;
        const std::string why = WhyRefused(format.write(damaged));
        if (format.name == std::string("pt") && value < 0) {
          EXPECT_THAT(why, HasSubstr("dims have no sound"));
        } else {
          EXPECT_THAT(why, HasSubstr(std::to_string(value) + " as " + name));
        }
      }
    }
    TestModel odd = written;
    odd.dims.audio_heads = 3;
    EXPECT_THAT(WhyRefused(format.write(odd)), HasSubstr("no multiples"));
    odd = written;
    odd.dims.text_state = 64;
    EXPECT_THAT(WhyRefused(format.write(odd)), HasSubstr("equally wide"));
  }
}

// Any byte of a header changed to anything: refused with a sentence, or whole.
TEST(ReadModelFile, KeepsItsPromisesForChangedBytes) {
  const TestModel written = MakeTestModel();
  std::mt19937 random(5);
  for (const Format& format : OneOfEach()) {
    const Bytes whole = format.write(written);
    int refused = 0;
    for (int turn = 0; turn < 3000; ++turn) {
      Bytes damaged = whole;
      const std::size_t region = std::min<std::size_t>(whole.size(), turn % 2 == 0 ? 1500 : 8000);
      const bool at_end = turn % 3 == 0;
      for (int i = 0; i <= turn % 3; ++i) {
        const std::size_t at = random() % region;
        damaged[at_end ? whole.size() - 1 - at : at] = static_cast<std::byte>(random());
      }
      base::Diagnosis why;
      const auto model = ReadModelFile(damaged, {}, why);
      if (model) {
        ASSERT_EQ(FirstBroken(*model, damaged), "") << format.name << ", turn " << turn;
      } else {
        ASSERT_FALSE(why.empty()) << format.name << ", turn " << turn;
        ++refused;
      }
    }
    EXPECT_GT(refused, 300) << format.name;
  }
}

TEST(ReadModelFile, SaysWhatAFileIsThatIsNoModel) {
  const auto why = [](std::string_view text) {
    ByteWriter file;
    file.Put(text);
    return WhyRefused(std::move(file).bytes());
  };
  EXPECT_THAT(why(""), HasSubstr("empty"));
  EXPECT_THAT(why("version https://git-lfs.github.com/spec/v1\noid sha256:12\n"),
              HasSubstr("pointer that Git LFS"));
  EXPECT_THAT(why("<!DOCTYPE html><html>"), HasSubstr("web page"));
  EXPECT_THAT(why("Entry not found"), HasSubstr("is text"));
  EXPECT_THAT(why("{\"error\": \"gone\"}"), HasSubstr("is text"));
  EXPECT_THAT(why("GGUF\3"), HasSubstr("GGUF"));
  EXPECT_THAT(why("\x80\x02}q"), HasSubstr("bare pickle"));
  EXPECT_THAT(why("\x08\x07\x12\x07pytorch"), HasSubstr("no Whisper model"));
  EXPECT_THAT(why(std::string_view("PK\3\4 and then nothing")), HasSubstr("directory"));
}

TEST(ReadModelFile, TakesTheVocabularyThatLiesBeside) {
  const TestModel written = MakeTestModel();
  const std::string json = WriteTokenizerJson(written.vocabulary);
  const std::string config =
      R"({"model_type":"whisper","encoder_attention_heads":4,"decoder_attention_heads":8})";
  const ReadOptions options{.tokenizer_json = std::as_bytes(std::span(json)),
                            .config_json = std::as_bytes(std::span(config)),
                            .tiktoken = {}};
  for (const Format& format : Formats()) {
    SCOPED_TRACE(format.name);
    const Bytes file = format.write(written);
    base::Diagnosis why;
    const auto model = ReadModelFile(file, options, why);
    ASSERT_TRUE(model) << why.text();
    EXPECT_EQ(model->vocabulary, written.vocabulary);
    EXPECT_EQ(model->dims.audio_heads, format.has_dims ? 1 : 4);
    EXPECT_EQ(model->dims.text_heads, format.has_dims ? 1 : 8);
  }
  // A ggml file without one takes it, too.
  TestModel bare = written;
  bare.vocabulary.clear();
  const Bytes file = WriteGgml(bare, WeightType::kF16);
  base::Diagnosis why;
  const auto model = ReadModelFile(file, options, why);
  ASSERT_TRUE(model) << why.text();
  EXPECT_EQ(model->vocabulary, written.vocabulary);
}

TEST(ReadModelFile, RefusesFilesBesideThatDoNotFit) {
  const Bytes file = WriteSafetensors(MakeTestModel(), WeightType::kF16);
  const auto with = [&](const std::string& config, const std::string& tokenizer) {
    return WhyRefused(file, {.tokenizer_json = std::as_bytes(std::span(tokenizer)),
                             .config_json = std::as_bytes(std::span(config)),
                             .tiktoken = {}});
  };
  EXPECT_THAT(with(R"({"model_type":"bert"})", ""), HasSubstr("type 'bert'"));
  EXPECT_THAT(with(R"({"encoder_attention_heads":7})", ""), HasSubstr("no multiples"));
  EXPECT_THAT(with(R"({"encoder_attention_heads":0})", ""), HasSubstr("0 and 1 heads"));
  EXPECT_THAT(with(R"({"encoder_attention_heads":"many"})", ""), HasSubstr("config.json: "));
  EXPECT_THAT(with("", "{"), HasSubstr("tokenizer.json: "));
  std::vector<std::string> many(301);
  for (std::size_t i = 0; i < many.size(); ++i) {
    many[i] = "t" + std::to_string(i);
  }
  EXPECT_THAT(with("", WriteTokenizerJson(many)), HasSubstr("301 tokens, the model only 300"));
}

}  // namespace
}  // namespace pinhole::speech
