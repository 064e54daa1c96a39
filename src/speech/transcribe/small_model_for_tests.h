// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a small Whisper with random weights and a vocabulary of bytes, in one piece.

#include <string>
#include <utility>
#include <vector>

#include "speech/network/network.h"
#include "speech/network/whisper_for_tests.h"
#include "speech/text/special_tokens.h"
#include "speech/text/tokenizer.h"

namespace pinhole::speech {

struct SmallModel {
  static constexpr int kPositions = 50;  // a window of one second
  static constexpr int kBytes = 256;

  static constexpr Dims kDims = {.vocabulary = kBytes + 107 + kPositions + 1,
                                 .audio_context = kPositions,
                                 .audio_state = 32,
                                 .audio_heads = 2,
                                 .audio_layers = 1,
                                 .text_context = 40,
                                 .text_state = 32,
                                 .text_heads = 2,
                                 .text_layers = 2,
                                 .mels = 80};

  static std::vector<std::string> Bytes() {
    std::vector<std::string> bytes;
    for (int i = 0; i < kBytes; ++i) {
      bytes.emplace_back(1, static_cast<char>(i));
    }
    return bytes;
  }

  explicit SmallModel(unsigned seed = 1)
      : weights(kDims, seed),
        network(std::move(MakeNetwork(weights.file(), matrix::BestTarget(),
                                      {.weights = matrix::Precision::kF32}, nullptr, why)
                              .value())),
        tokenizer(std::move(Tokenizer::Make(Bytes(), why).value())),
        special(SpecialTokens::Of(kDims.vocabulary, kBytes, kPositions, why).value()) {}

  base::Diagnosis why;
  SmallWhisper weights;
  Network network;
  Tokenizer tokenizer;
  SpecialTokens special;
};

}  // namespace pinhole::speech
