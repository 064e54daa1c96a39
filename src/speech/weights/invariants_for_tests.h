// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests and fuzz targets only: what ReadModelFile promises, checked without its code.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "speech/weights/weights.h"

namespace pinhole::speech {

// "" where every promise is kept.
inline std::string FirstBroken(const ModelFile& model, std::span<const std::byte> file) {
  const Dims& d = model.dims;
  const std::size_t expected = 5 + 2 + 15 * static_cast<std::size_t>(d.audio_layers) + 2 + 2 +
                               24 * static_cast<std::size_t>(d.text_layers);
  if (model.weights.size() != expected) {
    return "number of weights";
  }
  std::vector<float> row;
  for (std::size_t i = 0; i < model.weights.size(); ++i) {
    const auto& [name, weight] = model.weights[i];
    if (i > 0 && !(model.weights[i - 1].name < name)) {
      return name + " isn't in order";
    }
    if (model.Find(name) != &weight) {
      return name + " isn't found";
    }
    const bool is_inside = weight.bytes.data() >= file.data() &&
                           weight.bytes.data() + weight.bytes.size() <= file.data() + file.size();
    if (weight.rows < 1 || weight.columns < 1 || !is_inside) {
      return name + " isn't in the file";
    }
    // Touches the last byte, which a sanitizer sees.
    row.resize(static_cast<std::size_t>(weight.columns));
    UnpackRows(weight, weight.rows - 1, 1, row);
  }
  const auto filters = static_cast<std::size_t>(d.mels) * 201;
  if (!model.filters.weights.empty() && model.filters.weights.size() != filters) {
    return "number of filters";
  }
  if (model.vocabulary.size() > static_cast<std::size_t>(d.vocabulary)) {
    return "vocabulary is larger than the network's";
  }
  const Weight* const embedding = model.Find("decoder.token_embedding.weight");
  if (embedding == nullptr || embedding->rows != d.vocabulary ||
      embedding->columns != d.text_state) {
    return "token embedding";
  }
  return "";
}

}  // namespace pinhole::speech
