// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tokens -> logits of the token after them.
//
// A Decoder holds the keys and values of some sequences that listen to the same sound. Keys and
// values of a token stay where they were written; a sequence is a list of such places, so that a
// search can copy or drop sequences without moving them (Fork).
//
//   Decoder decoder(network, 5, threads);
//   decoder.Listen(encoded, team);
//   decoder.Step({{sot, 0, 0}, {english, 1, 0}, ...}, logits, team);

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "speech/network/attention.h"
#include "speech/network/network.h"
#include "speech/network/team.h"

namespace pinhole::speech {

// A token at its place in a sequence.
struct TokenAt {
  std::int32_t token = 0;
  int position = 0;  // in 0 .. text_context - 1; the sequence has all tokens before it
  int sequence = 0;
  bool wants_logits = true;
};

// A head of cross-attention whose shares word times are made of.
struct AlignmentHead {
  int layer = 0, head = 0;
};

class Decoder {
 public:
  // Rows that are computed together; Step takes any number.
  static constexpr int kRows = kAttentionRows;

  // For up to `sequences` at once. `network` must outlive the decoder.
  Decoder(const Network& network, int sequences, int threads);

  // What Step attends to from now on: the encoder's output. Sequences begin anew.
  void Listen(std::span<const float> encoded, const Team& team);
  // Sequences begin anew, listening to the same.
  void Restart();

  // Computes tokens, in order: those of a sequence follow each other, across calls too. `logits`
  // gets [vocabulary] for each token that wants them, one behind the other.
  void Step(std::span<const TokenAt> tokens, std::span<float> logits, const Team& team);

  // Sequence i becomes a copy of what sequence from[i] was, up to `length` tokens, for all at once.
  void Fork(std::span<const int> from, int length);

  // Where `heads` is not empty, Step adds to shares(): [token][head][positions].
  void RecordShares(std::span<const AlignmentHead> heads);
  [[nodiscard]] std::span<const float> shares() const { return shares_; }
  void ClearShares() { shares_.clear(); }

  [[nodiscard]] int positions() const { return positions_; }
  [[nodiscard]] std::size_t bytes() const;

 private:
  void TakePlace(const TokenAt& token);
  void StepRows(std::span<const TokenAt> tokens, float* logits, const Team& team);
  void SelfAttention(int layer, std::span<const TokenAt> tokens, const Team& team);
  void CrossAttention(int layer, std::span<const TokenAt> tokens, const Team& team);
  void Mlp(const Block& block, int rows, const Team& team);
  // y = (or +=) x times the layer; the outputs are shared among the threads where that pays.
  // Returns x as it was multiplied, until the next call.
  matrix::Rows Apply(const Layer& layer, const float* x, int rows, float* y, matrix::Then then,
                     const Team& team);
  void Normalise(const Norm& norm, int rows);
  [[nodiscard]] float* KeyValue(int layer, int place) const;

  const Network& network_;
  int state_, sequences_;
  int positions_ = 0;
  std::vector<PackedMemory> cross_;   // of each layer
  AlignedBytes cross_rows_;           // [positions][2 * state]: before they are packed
  AlignedBytes cache_;                // [layer][place][key, value]
  std::vector<std::int32_t> places_;  // [sequence][position]
  std::vector<std::int32_t> forked_;  // the same, while Fork works
  std::vector<std::int32_t> uses_;    // of each place by sequences
  AlignedBytes rows_;                 // x, normed, qkv, attended, hidden of kRows rows
  float *x_, *normed_, *wide_, *attended_;
  std::byte* prepared_;
  AlignedBytes scratch_;  // of a thread: scores
  std::size_t scratch_step_ = 0;
  std::vector<AlignmentHead> heads_;
  std::vector<float> shares_;
};

}  // namespace pinhole::speech
