// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: the paper's network in double precision, written as plainly as it can be said,
// and a small Whisper with random weights. Nothing of the network under test is used.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "speech/weights/weights.h"

namespace pinhole::speech {

struct Table {
  int rows = 0, columns = 0;
  std::vector<double> values;

  Table(int r, int c) : rows(r), columns(c), values(static_cast<std::size_t>(r * c)) {}
  double& at(int r, int c) { return values[static_cast<std::size_t>(r * columns + c)]; }
  [[nodiscard]] double at(int r, int c) const {
    return values[static_cast<std::size_t>(r * columns + c)];
  }
};

// The paper's network on any weights.
class PaperWhisper {
 public:
  PaperWhisper() = default;
  // The weights of a file, as floats.
  explicit PaperWhisper(const ModelFile& file) : dims_(file.dims) {
    for (const NamedWeight& named : file.weights) {
      std::vector<float>& floats = floats_[named.name];
      floats.resize(static_cast<std::size_t>(named.weight.rows * named.weight.columns));
      UnpackRows(named.weight, 0, named.weight.rows, floats);
    }
  }
  [[nodiscard]] const Dims& dims() const { return dims_; }

  // [frames][mels] -> [frames / 2][audio_state].
  [[nodiscard]] Table Encode(const std::vector<float>& mel) const {
    const int frames = static_cast<int>(mel.size()) / dims().mels;
    Table x(frames, dims().mels);
    std::copy(mel.begin(), mel.end(), x.values.begin());
    x = Convolve(Convolve(x, "encoder.conv1", 1), "encoder.conv2", 2);
    for (int r = 0; r < x.rows; ++r) {
      for (int c = 0; c < x.columns; ++c) {
        x.at(r, c) +=
            Get("encoder.positional_embedding")[static_cast<std::size_t>(r * x.columns + c)];
      }
    }
    for (int i = 0; i < dims().audio_layers; ++i) {
      Run("encoder.blocks." + std::to_string(i), dims().audio_heads, x, nullptr, false);
    }
    return Normed(x, "encoder.ln_post");
  }

  // Logits after each token.
  [[nodiscard]] Table Decode(const std::vector<int>& tokens, const Table& encoded) const {
    const auto& embedding = Get("decoder.token_embedding.weight");
    const auto& positions = Get("decoder.positional_embedding");
    const int state = dims().text_state;
    Table x(static_cast<int>(tokens.size()), state);
    for (int r = 0; r < x.rows; ++r) {
      for (int c = 0; c < state; ++c) {
        x.at(r, c) = double{embedding[static_cast<std::size_t>(
                         tokens[static_cast<std::size_t>(r)] * state + c)]} +
                     positions[static_cast<std::size_t>(r * state + c)];
      }
    }
    for (int i = 0; i < dims().text_layers; ++i) {
      Run("decoder.blocks." + std::to_string(i), dims().text_heads, x, &encoded, true);
    }
    x = Normed(x, "decoder.ln");
    Table logits(x.rows, dims().vocabulary);
    for (int r = 0; r < x.rows; ++r) {
      for (int v = 0; v < logits.columns; ++v) {
        for (int c = 0; c < state; ++c) {
          logits.at(r, v) += x.at(r, c) * embedding[static_cast<std::size_t>(v * state + c)];
        }
      }
    }
    return logits;
  }

 protected:
  Dims dims_;
  std::map<std::string, std::vector<float>> floats_;

 private:
  [[nodiscard]] const std::vector<float>& Get(const std::string& name) const {
    return floats_.at(name);
  }
  static double Gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }

  [[nodiscard]] Table Convolve(const Table& x, const std::string& name, int stride) const {
    const auto& weight = Get(name + ".weight");
    const auto& bias = Get(name + ".bias");
    Table y(x.rows / stride, static_cast<int>(bias.size()));
    for (int r = 0; r < y.rows; ++r) {
      for (int o = 0; o < y.columns; ++o) {
        double sum = bias[static_cast<std::size_t>(o)];
        for (int c = 0; c < x.columns; ++c) {
          for (int k = 0; k < 3; ++k) {
            const int from = r * stride + k - 1;
            if (from >= 0 && from < x.rows) {
              sum += x.at(from, c) * weight[static_cast<std::size_t>((o * x.columns + c) * 3 + k)];
            }
          }
        }
        y.at(r, o) = Gelu(sum);
      }
    }
    return y;
  }

  [[nodiscard]] Table Normed(const Table& x, const std::string& name) const {
    Table y(x.rows, x.columns);
    for (int r = 0; r < x.rows; ++r) {
      double mean = 0, variance = 0;
      for (int c = 0; c < x.columns; ++c) {
        mean += x.at(r, c) / x.columns;
      }
      for (int c = 0; c < x.columns; ++c) {
        variance += (x.at(r, c) - mean) * (x.at(r, c) - mean) / x.columns;
      }
      for (int c = 0; c < x.columns; ++c) {
        y.at(r, c) = (x.at(r, c) - mean) / std::sqrt(variance + 1e-5) *
                         Get(name + ".weight")[static_cast<std::size_t>(c)] +
                     Get(name + ".bias")[static_cast<std::size_t>(c)];
      }
    }
    return y;
  }

  [[nodiscard]] Table Linear(const Table& x, const std::string& name) const {
    const auto& weight = Get(name + ".weight");
    const bool has_bias = floats_.contains(name + ".bias");
    Table y(x.rows, static_cast<int>(weight.size()) / x.columns);
    for (int r = 0; r < x.rows; ++r) {
      for (int o = 0; o < y.columns; ++o) {
        double sum = has_bias ? Get(name + ".bias")[static_cast<std::size_t>(o)] : 0;
        for (int c = 0; c < x.columns; ++c) {
          sum += x.at(r, c) * weight[static_cast<std::size_t>(o * x.columns + c)];
        }
        y.at(r, o) = sum;
      }
    }
    return y;
  }

  [[nodiscard]] Table Attention(const Table& x, const Table& memory, const std::string& name,
                                int heads, bool causal) const {
    const Table q = Linear(x, name + ".query"), k = Linear(memory, name + ".key"),
                v = Linear(memory, name + ".value");
    Table y(x.rows, x.columns);
    const int size = x.columns / heads;
    for (int h = 0; h < heads; ++h) {
      for (int r = 0; r < x.rows; ++r) {
        const int seen = causal ? r + 1 : memory.rows;
        std::vector<double> shares(static_cast<std::size_t>(seen));
        double sum = 0;
        for (int m = 0; m < seen; ++m) {
          double score = 0;
          for (int c = h * size; c < (h + 1) * size; ++c) {
            score += q.at(r, c) * k.at(m, c);
          }
          sum += shares[static_cast<std::size_t>(m)] = std::exp(score / std::sqrt(double(size)));
        }
        for (int m = 0; m < seen; ++m) {
          for (int c = h * size; c < (h + 1) * size; ++c) {
            y.at(r, c) += shares[static_cast<std::size_t>(m)] / sum * v.at(m, c);
          }
        }
      }
    }
    return Linear(y, name + ".out");
  }

  static void AddTo(Table& x, const Table& y) {
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      x.values[i] += y.values[i];
    }
  }
  void Run(const std::string& name, int heads, Table& x, const Table* encoded, bool causal) const {
    const Table normed = Normed(x, name + ".attn_ln");
    AddTo(x, Attention(normed, normed, name + ".attn", heads, causal));
    if (encoded != nullptr) {
      AddTo(x, Attention(Normed(x, name + ".cross_attn_ln"), *encoded, name + ".cross_attn", heads,
                         false));
    }
    Table hidden = Linear(Normed(x, name + ".mlp_ln"), name + ".mlp.0");
    for (double& value : hidden.values) {
      value = Gelu(value);
    }
    AddTo(x, Linear(hidden, name + ".mlp.2"));
  }
};

// Weights that a ModelFile can point to.
class SmallWhisper : public PaperWhisper {
 public:
  explicit SmallWhisper(const Dims& dims, unsigned seed = 1) : random_(seed) {
    dims_ = dims;
    file_.dims = dims;
    const int a = dims.audio_state, t = dims.text_state;
    Add("encoder.conv1.weight", a, dims.mels * 3);
    Add("encoder.conv1.bias", 1, a);
    Add("encoder.conv2.weight", a, a * 3);
    Add("encoder.conv2.bias", 1, a);
    Add("encoder.positional_embedding", dims.audio_context, a);
    for (int i = 0; i < dims.audio_layers; ++i) {
      AddBlock("encoder.blocks." + std::to_string(i), a, 0);
    }
    AddNorm("encoder.ln_post", a);
    Add("decoder.token_embedding.weight", dims.vocabulary, t);
    Add("decoder.positional_embedding", dims.text_context, t);
    for (int i = 0; i < dims.text_layers; ++i) {
      AddBlock("decoder.blocks." + std::to_string(i), t, a);
    }
    AddNorm("decoder.ln", t);
    for (const auto& [name, table] : floats_) {
      file_.weights.push_back({name,
                               {WeightType::kF32, shapes_[name].first, shapes_[name].second,
                                std::as_bytes(std::span<const float>(table))}});
    }
  }
  [[nodiscard]] ModelFile& file() { return file_; }

 private:
  void Add(const std::string& name, int rows, int columns, float mean = 0) {
    std::normal_distribution<float> normal(
        mean, rows > 1 ? 1.2F / std::sqrt(static_cast<float>(columns)) : 0.2F);
    std::vector<float>& table = floats_[name];
    table.resize(static_cast<std::size_t>(rows * columns));
    for (float& value : table) {
      value = normal(random_);
    }
    shapes_[name] = {rows, columns};
  }
  void AddNorm(const std::string& name, int size) {
    Add(name + ".weight", 1, size, 1);
    Add(name + ".bias", 1, size);
  }
  void AddAttention(const std::string& name, int state, int other) {
    Add(name + ".query.weight", state, state);
    Add(name + ".query.bias", 1, state);
    Add(name + ".key.weight", state, other);
    Add(name + ".value.weight", state, other);
    Add(name + ".value.bias", 1, state);
    Add(name + ".out.weight", state, state);
    Add(name + ".out.bias", 1, state);
  }
  void AddBlock(const std::string& name, int state, int cross) {
    AddNorm(name + ".attn_ln", state);
    AddAttention(name + ".attn", state, state);
    if (cross > 0) {
      AddNorm(name + ".cross_attn_ln", state);
      AddAttention(name + ".cross_attn", state, cross);
    }
    AddNorm(name + ".mlp_ln", state);
    Add(name + ".mlp.0.weight", 4 * state, state);
    Add(name + ".mlp.0.bias", 1, 4 * state);
    Add(name + ".mlp.2.weight", state, 4 * state);
    Add(name + ".mlp.2.bias", 1, state);
  }

  std::mt19937 random_;
  std::map<std::string, std::pair<int, int>> shapes_;
  ModelFile file_;
};

}  // namespace pinhole::speech
