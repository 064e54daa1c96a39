// SPDX-License-Identifier: Apache-2.0
#include "speech/network/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "speech/network/decoder.h"
#include "speech/network/encoder.h"
#include "speech/network/sound_for_tests.h"
#include "speech/network/whisper_for_tests.h"

namespace pinhole::speech {
namespace {

using matrix::Precision;

// Sizes that fill no block and no tile: heads of 11, 53 frames of sound.
constexpr Dims kDims = {.vocabulary = 101,
                        .audio_context = 60,
                        .audio_state = 44,
                        .audio_heads = 4,
                        .audio_layers = 2,
                        .text_context = 40,
                        .text_state = 33,
                        .text_heads = 3,
                        .text_layers = 2,
                        .mels = 10};

std::vector<float> SomeSound(int frames, unsigned seed = 5) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> mel(static_cast<std::size_t>(frames * kDims.mels));
  for (float& value : mel) {
    value = normal(random);
  }
  return mel;
}

std::vector<int> SomeTokens(int count) {
  std::vector<int> tokens;
  for (int i = 0; i < count; ++i) {
    tokens.push_back((i * 37 + 11) % kDims.vocabulary);
  }
  return tokens;
}

std::vector<TokenAt> At(const std::vector<int>& tokens, int first, int sequence = 0) {
  std::vector<TokenAt> at;
  for (const int token : tokens) {
    at.push_back({token, first++, sequence});
  }
  return at;
}

class OfTarget : public testing::TestWithParam<const matrix::Target*> {
 protected:
  void SetUp() override {
    if (!GetParam()->runs_here()) {
      GTEST_SKIP() << "this processor lacks " << GetParam()->needs;
    }
  }
  Network Make(Precision precision) {
    base::Diagnosis why;
    auto network = MakeNetwork(small_.file(), *GetParam(), {.weights = precision}, nullptr, why);
    EXPECT_TRUE(network) << why.text();
    return std::move(network.value());
  }
  SmallWhisper small_{kDims};
};

// The definition, within what single precision rounds.
TEST_P(OfTarget, FloatsAreThoseOfThePaper) {
  const Network network = Make(Precision::kF32);
  Encoder encoder(network, 1);
  Decoder decoder(network, 1, 1);
  for (const int frames : {2, 50, 106, 120}) {
    const std::vector<float> mel = SomeSound(frames);
    const Table expected = small_.Encode(mel);
    const std::span<const float> encoded = encoder.Encode(mel, {});
    ASSERT_EQ(encoded.size(), expected.values.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      ASSERT_NEAR(encoded[i], expected.values[i], 1e-4) << frames << " frames";
    }
    const std::vector<int> tokens = SomeTokens(30);
    const Table logits = small_.Decode(tokens, expected);
    decoder.Listen(encoded, {});
    std::vector<float> found(logits.values.size());
    decoder.Step(At(tokens, 0), found, {});
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_NEAR(found[i], logits.values[i], 1e-3) << frames << " frames";
    }
  }
}

TEST_P(OfTarget, RoundedWeightsStayClose) {
  const std::vector<float> mel = SomeSound(106);
  const std::vector<int> tokens = SomeTokens(12);
  const Table expected = small_.Decode(tokens, small_.Encode(mel));
  for (const Precision precision : {Precision::kInt8, Precision::kBf16}) {
    if (precision == Precision::kBf16 && !GetParam()->bf16) {
      continue;
    }
    const Network network = Make(precision);
    Encoder encoder(network, 1);
    Decoder decoder(network, 1, 1);
    decoder.Listen(encoder.Encode(mel, {}), {});
    std::vector<float> logits(expected.values.size());
    decoder.Step(At(tokens, 0), logits, {});
    EXPECT_GT(Correlation(std::span<const float>(logits), std::span<const double>(expected.values)),
              0.99);
  }
}

TEST_P(OfTarget, TokensOneByOneAndAllAtOnceAreTheSame) {
  const Network network = Make(Precision::kInt8);
  Encoder encoder(network, 1);
  Decoder decoder(network, 2, 1);
  decoder.Listen(encoder.Encode(SomeSound(80), {}), {});
  const std::vector<int> tokens = SomeTokens(kDims.text_context);
  const auto vocabulary = static_cast<std::size_t>(kDims.vocabulary);
  std::vector<float> together(tokens.size() * vocabulary);
  decoder.Step(At(tokens, 0), together, {});
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::vector<float> alone(vocabulary);
    const TokenAt token = {tokens[i], static_cast<int>(i), 1};
    decoder.Step({&token, 1}, alone, {});
    ASSERT_TRUE(std::equal(alone.begin(), alone.end(),
                           together.begin() + static_cast<std::ptrdiff_t>(i * vocabulary)))
        << "token " << i;
  }
}

// A search that forks: each sequence's logits are those of its own tokens.
TEST_P(OfTarget, ForkedSequencesKeepTheirPast) {
  const Network network = Make(Precision::kF32);
  const std::vector<float> mel = SomeSound(60);
  const Table encoded = small_.Encode(mel);
  Encoder encoder(network, 1);
  constexpr int kSequences = 3;
  Decoder decoder(network, kSequences, 1);
  decoder.Listen(encoder.Encode(mel, {}), {});
  std::vector<std::vector<int>> past(kSequences);
  std::mt19937 random(9);
  const auto vocabulary = static_cast<std::size_t>(kDims.vocabulary);
  for (int position = 0; position < 9; ++position) {
    std::vector<TokenAt> tokens;
    for (int i = 0; i < kSequences; ++i) {
      past[static_cast<std::size_t>(i)].push_back(static_cast<int>(random() % vocabulary));
      tokens.push_back({past[static_cast<std::size_t>(i)].back(), position, i});
    }
    std::vector<float> logits(kSequences * vocabulary);
    decoder.Step(tokens, logits, {});
    for (std::size_t i = 0; i < kSequences; ++i) {
      const Table expected = small_.Decode(past[i], encoded);
      for (std::size_t v = 0; v < vocabulary; ++v) {
        ASSERT_NEAR(logits[i * vocabulary + v], expected.at(position, static_cast<int>(v)), 1e-3)
            << "position " << position << ", sequence " << i;
      }
    }
    std::vector<int> from;
    std::vector<std::vector<int>> forked;
    for (int i = 0; i < kSequences; ++i) {
      from.push_back(static_cast<int>(random() % kSequences));
      forked.push_back(past[static_cast<std::size_t>(from.back())]);
    }
    decoder.Fork(from, position + 1);
    past = forked;
  }
}

TEST_P(OfTarget, SharesOfAHeadAreASoftmax) {
  const Network network = Make(Precision::kF32);
  Encoder encoder(network, 1);
  Decoder decoder(network, 1, 1);
  decoder.Listen(encoder.Encode(SomeSound(90), {}), {});
  const std::vector<AlignmentHead> heads = {{0, 2}, {1, 0}};
  decoder.RecordShares(heads);
  const std::vector<int> tokens = SomeTokens(5);
  std::vector<float> logits(5 * static_cast<std::size_t>(kDims.vocabulary));
  decoder.Step(At(tokens, 0), logits, {});
  ASSERT_EQ(decoder.shares().size(), 5U * 2 * 45);
  for (std::size_t row = 0; row < 10; ++row) {
    double sum = 0;
    for (std::size_t p = 0; p < 45; ++p) {
      sum += decoder.shares()[row * 45 + p];
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(, OfTarget,
                         testing::ValuesIn(matrix::AllTargets().begin(),
                                           matrix::AllTargets().end()),
                         [](const auto& about) { return std::string(about.param->name); });

// Threads as a host lends them, as simple as can be.
void OnThreads(void* self, int count, void (*body)(void*, int, int), void* argument) {
  (void)self;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back(body, argument, i, i + 1);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST(NetworkThreads, ResultsDoNotDependOnTheirNumber) {
  SmallWhisper small(kDims);
  base::Diagnosis why;
  const auto network = MakeNetwork(small.file(), matrix::BestTarget(), {}, nullptr, why);
  ASSERT_TRUE(network) << why.text();
  const engine::kernels::Workers workers = {OnThreads, nullptr};
  const std::vector<float> mel = SomeSound(120);
  std::vector<float> first, logits(4 * static_cast<std::size_t>(kDims.vocabulary));
  for (const int threads : {1, 2, 5}) {
    const Team team = {&workers, threads};
    Encoder encoder(network.value(), threads);
    Decoder decoder(network.value(), 1, threads);
    decoder.Listen(encoder.Encode(mel, team), team);
    decoder.Step(At(SomeTokens(4), 0), logits, team);
    if (first.empty()) {
      first = logits;
    }
    EXPECT_EQ(logits, first) << threads << " threads";
  }
}

TEST(MakeNetwork, NamesWhatIsMissingOrMisshapen) {
  SmallWhisper small(kDims);
  for (std::size_t i = 0; i < small.file().weights.size(); ++i) {
    ModelFile broken = small.file();
    const std::string name = broken.weights[i].name;
    broken.weights.erase(broken.weights.begin() + static_cast<std::ptrdiff_t>(i));
    base::Diagnosis why;
    EXPECT_FALSE(MakeNetwork(broken, matrix::BestTarget(), {}, nullptr, why)) << name;
    EXPECT_NE(std::string(why.text()).find("'" + name + "'"), std::string::npos) << why.text();

    broken = small.file();
    broken.weights[i].weight.columns -= 1;
    EXPECT_FALSE(MakeNetwork(broken, matrix::BestTarget(), {}, nullptr, why)) << name;
    EXPECT_NE(std::string(why.text()).find("'" + name + "'"), std::string::npos) << why.text();
  }
}

TEST(MakeNetwork, PackedWeightsThatWereKeptGiveTheSameNetwork) {
  SmallWhisper small(kDims, 3);
  base::Diagnosis why;
  std::vector<std::byte> kept;
  NetworkOptions keeping;
  keeping.packed.keep = [&](std::span<const std::byte> piece) {
    kept.insert(kept.end(), piece.begin(), piece.end());
  };
  const auto first = MakeNetwork(small.file(), matrix::BestTarget(), keeping, nullptr, why);
  ASSERT_TRUE(first);
  std::size_t at = 0;
  NetworkOptions taking;
  taking.packed.take = [&](std::span<std::byte> piece) {
    if (piece.size() > kept.size() - at) {
      return false;
    }
    std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(at), piece.size(), piece.begin());
    at += piece.size();
    return true;
  };
  ModelFile empty;  // no weight is needed any more
  empty.dims = small.file().dims;
  const auto again = MakeNetwork(empty, matrix::BestTarget(), taking, nullptr, why);
  ASSERT_TRUE(again) << why.text();
  EXPECT_EQ(at, kept.size());
  const std::vector<float> mel(static_cast<std::size_t>(40 * kDims.mels), 0.2F);
  Encoder one(*first, 1), two(*again, 1);
  const std::span<const float> a = one.Encode(mel, {}), b = two.Encode(mel, {});
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));

  at = 0;
  kept.resize(kept.size() - 1);
  EXPECT_FALSE(MakeNetwork(empty, matrix::BestTarget(), taking, nullptr, why));
  EXPECT_NE(std::string(why.text()).find("end too early"), std::string::npos);
}

TEST(MakeNetwork, GivesBackEveryByteOnce) {
  SmallWhisper small(kDims);
  std::size_t bytes = 0, given_back = 0;
  for (const NamedWeight& named : small.file().weights) {
    bytes += named.weight.bytes.size();
  }
  base::Diagnosis why;
  ASSERT_TRUE(MakeNetwork(
      small.file(), matrix::BestTarget(), {},
      [&](std::span<const std::byte> part) { given_back += part.size(); }, why));
  EXPECT_EQ(given_back, bytes);
}

}  // namespace
}  // namespace pinhole::speech
