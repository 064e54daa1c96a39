// SPDX-License-Identifier: Apache-2.0
// A Whisper of the true shape with random weights, as whisper.cpp's file: random_model SIZE FILE
//
// SIZE is tiny, base, small or medium, multilingual. Matrices are float16, the rest float32; the
// same size gives the same file. What it hears is nonsense, and takes as long as sense.

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "signal/mel_filters.h"

namespace pinhole::benchmarks {
namespace {

struct Size {
  std::string_view name;
  int state, heads, layers;
};
constexpr Size kSizes[] = {
    {"tiny", 384, 6, 4}, {"base", 512, 8, 6}, {"small", 768, 12, 12}, {"medium", 1024, 16, 24}};

constexpr int kVocabulary = 51865, kOrdinaryTokens = 50257;
constexpr int kAudioContext = 1500, kTextContext = 448, kMels = 80, kBins = 201;
constexpr std::int32_t kMagic = 0x67676d6c;
constexpr float kDeviation = 0.02F;

// To the nearest float16; values are far from its ends, and what is below its smallest is zero.
std::uint16_t ToHalf(float value) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const std::uint32_t rest = (bits & 0x7FFFFFFF) + 0x1000;
  constexpr std::uint32_t kLeast = 113U << 23;  // 2^-14
  return static_cast<std::uint16_t>(rest < kLeast ? sign : sign | (rest - (112U << 23)) >> 13);
}

class ModelWriter {
 public:
  ModelWriter(const Size& size, const std::string& path)
      : size_(size), file_(path, std::ios::binary) {
    // Normally distributed numbers, of which each weight takes one: drawing all would take minutes.
    std::normal_distribution<float> normal(0, kDeviation);
    for (std::uint16_t& value : normals_) {
      value = ToHalf(normal(random_));
    }
  }

  bool Write() {
    const int state = size_.state;
    Integers({kMagic, kVocabulary, kAudioContext, state, size_.heads, size_.layers, kTextContext,
              state, size_.heads, size_.layers, kMels, /*float16*/ 1});
    Filters();
    Vocabulary();
    Floats("encoder.positional_embedding", {kAudioContext, state}, Sinusoids());
    Half("encoder.conv1.weight", {state, kMels, 3});
    Constant("encoder.conv1.bias", {state, 1}, 0);
    Half("encoder.conv2.weight", {state, state, 3});
    Constant("encoder.conv2.bias", {state, 1}, 0);
    Blocks("encoder", false);
    Norm("encoder.ln_post");
    Floats("decoder.positional_embedding", {kTextContext, state},
           Normal(static_cast<std::size_t>(kTextContext * state)));
    Half("decoder.token_embedding.weight", {kVocabulary, state});
    Blocks("decoder", true);
    Norm("decoder.ln");
    return file_.good();
  }

 private:
  void Integers(const std::vector<std::int32_t>& values) { Bytes(values); }

  template <typename T>
  void Bytes(const std::vector<T>& values) {
    file_.write(reinterpret_cast<const char*>(values.data()),
                static_cast<std::streamsize>(values.size() * sizeof(T)));
  }

  void Filters() {
    Integers({kMels, kBins});
    std::vector<float> filters(static_cast<std::size_t>(kMels * kBins));
    (void)signal::SlaneyMelFilters(kMels, filters);
    Bytes(filters);
  }

  // The 256 bytes, then words of four letters, none twice.
  void Vocabulary() {
    Integers({kOrdinaryTokens});
    for (int i = 0; i < kOrdinaryTokens; ++i) {
      std::string token(1, static_cast<char>(i));
      if (i >= 256) {
        token = " ";
        for (int rest = i, letter = 0; letter < 4; ++letter, rest /= 26) {
          token += static_cast<char>('a' + rest % 26);
        }
      }
      Integers({static_cast<std::int32_t>(token.size())});
      file_ << token;
    }
  }

  std::vector<float> Sinusoids() const {
    const int half = size_.state / 2;
    std::vector<float> values(static_cast<std::size_t>(kAudioContext * size_.state));
    for (int i = 0; i < kAudioContext * half; ++i) {
      const int position = i / half, pair = i % half;
      const double angle = position * std::exp(-std::log(10000.0) / (half - 1) * pair);
      float* const row = values.data() + std::ptrdiff_t{position} * size_.state;
      row[pair] = static_cast<float>(std::sin(angle));
      row[half + pair] = static_cast<float>(std::cos(angle));
    }
    return values;
  }

  std::vector<float> Normal(std::size_t count) {
    std::normal_distribution<float> normal(0, kDeviation);
    std::vector<float> values(count);
    for (float& value : values) {
      value = normal(random_);
    }
    return values;
  }

  static std::size_t Count(const std::vector<std::int32_t>& shape) {
    std::size_t count = 1;
    for (const std::int32_t size : shape) {
      count *= static_cast<std::size_t>(size);
    }
    return count;
  }

  void Header(std::string_view name, const std::vector<std::int32_t>& shape, bool is_half) {
    Integers({static_cast<std::int32_t>(shape.size()), static_cast<std::int32_t>(name.size()),
              is_half ? 1 : 0});
    Bytes(std::vector<std::int32_t>(shape.rbegin(), shape.rend()));
    file_ << name;
  }

  void Floats(std::string_view name, const std::vector<std::int32_t>& shape,
              const std::vector<float>& values) {
    Header(name, shape, false);
    Bytes(values);
  }

  void Constant(std::string_view name, const std::vector<std::int32_t>& shape, float value) {
    Floats(name, shape, std::vector<float>(Count(shape), value));
  }

  void Half(std::string_view name, const std::vector<std::int32_t>& shape) {
    Header(name, shape, true);
    std::vector<std::uint16_t> values(Count(shape));
    for (std::uint16_t& value : values) {
      value = normals_[random_() % kNormals];
    }
    Bytes(values);
  }

  void Norm(const std::string& name) {
    Constant(name + ".weight", {size_.state}, 1);
    Constant(name + ".bias", {size_.state}, 0);
  }

  void Linear(const std::string& name, int outputs, int inputs, bool bias) {
    Half(name + ".weight", {outputs, inputs});
    if (bias) {
      Constant(name + ".bias", {outputs}, 0);
    }
  }

  void Attention(const std::string& name) {
    for (const char* part : {"query", "key", "value", "out"}) {
      Linear(name + "." + part, size_.state, size_.state, std::string_view(part) != "key");
    }
  }

  void Blocks(const std::string& side, bool cross) {
    for (int i = 0; i < size_.layers; ++i) {
      const std::string name = side + ".blocks." + std::to_string(i) + ".";
      Norm(name + "attn_ln");
      Attention(name + "attn");
      if (cross) {
        Norm(name + "cross_attn_ln");
        Attention(name + "cross_attn");
      }
      Norm(name + "mlp_ln");
      Linear(name + "mlp.0", 4 * size_.state, size_.state, true);
      Linear(name + "mlp.2", size_.state, 4 * size_.state, true);
    }
  }

  static constexpr std::size_t kNormals = std::size_t{1} << 16;

  const Size& size_;
  std::ofstream file_;
  std::mt19937 random_{1};
  std::array<std::uint16_t, kNormals> normals_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  using pinhole::benchmarks::kSizes;
  for (const auto& size : kSizes) {
    if (argc == 3 && argv[1] == size.name) {
      if (pinhole::benchmarks::ModelWriter(size, argv[2]).Write()) {
        return 0;
      }
      std::fprintf(stderr, "random_model: %s can't be written\n", argv[2]);
      return 1;
    }
  }
  std::fprintf(stderr, "usage: random_model tiny|base|small|medium FILE\n");
  return 2;
}
