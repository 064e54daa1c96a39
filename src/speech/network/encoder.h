// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log-mel frames -> the states that the decoder attends to.
//
// Two convolutions, the second of stride 2, then blocks of self-attention and two layers with a
// GELU. All that a chunk of rows needs between two attentions is done while the chunk is in the
// second cache: nothing as wide as the hidden layer ever exists for all positions.

#include <cstddef>
#include <span>
#include <vector>

#include "speech/network/attention.h"
#include "speech/network/network.h"
#include "speech/network/team.h"

namespace pinhole::speech {

class Encoder {
 public:
  // `network` must outlive the encoder. `threads`: as many as Encode will be given at most.
  Encoder(const Network& network, int threads);

  // `mel`: [frames][mels], normalised, an even number of frames, at most 2 * audio_context.
  // Positions are frames / 2: with fewer than audio_context, attention sees no others, as if the
  // window were as short. Returns [positions][audio_state], which stays as it is until the next
  // call.
  std::span<const float> Encode(std::span<const float> mel, const Team& team);

  // What the last call returned; empty before the first.
  [[nodiscard]] std::span<const float> encoded() const { return encoded_; }

  // Memory taken beside the network.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Chunk {
    int first, count;  // rows
  };

  void Convolve(std::span<const float> mel, int positions, const Team& team);
  void PrepareAttention(const Block& block, int positions, const Team& team);
  void Finish(const Block& block, const Chunk& chunk, std::byte* scratch);
  [[nodiscard]] Chunk ChunkOf(int piece, int rows, int size) const;
  [[nodiscard]] std::byte* Scratch(int thread) const {
    return scratch_.data() + static_cast<std::size_t>(thread) * scratch_step_;
  }

  const Network& network_;
  int state_;
  AlignedBytes mel_;     // [1 + frames + 1][mels], zeros around
  AlignedBytes frames_;  // [1 + frames + 1][state] likewise: the first convolution's output
  AlignedBytes x_;       // [positions][state]
  AlignedBytes qkv_;     // [positions][3 * state]
  AlignedBytes out_;     // [positions][state]
  std::span<const float> encoded_;
  PackedMemory memory_;
  AlignedBytes scratch_;
  std::size_t scratch_step_ = 0;
};

}  // namespace pinhole::speech
