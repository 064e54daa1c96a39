// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Whisper library as a worker (worker_protocol.h): PROGRAM WORK THREADS [POSITIONS [...]]
//
//   encode      sound's spectrum -> the encoder's output, and what the decoder makes of it once
//   tokens      kTokens tokens behind a prompt of four, one a step; the spectrum is encoded already
//   clip        sound -> spectrum -> encoder -> prompt -> kClipTokens tokens, one a step
//   transcribe  sound -> text by the library's own search: greedily, one window, no second try
//
// Input 0 is the sound, 16 kHz floats. POSITIONS of 20 ms are what the encoder works on, 1500 or 0
// for a whole window. Tokens are given, not chosen, so that all libraries step through the same.
// The output is the logits behind the last token; after `encode`, behind the prompt; of
// `transcribe` it is the tokens found.

#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/json_text.h"
#include "benchmarks/worker_protocol.h"

namespace pinhole::benchmarks {

inline constexpr int kSampleRate = 16000;
inline constexpr int kTokens = 64;
inline constexpr int kClipTokens = 32;
inline constexpr int kWholePositions = 1500;

// Start, English, transcribe, no timestamps: of a multilingual vocabulary.
inline constexpr std::int32_t kPrompt[] = {50258, 50259, 50359, 50363};
inline constexpr int kPromptTokens = static_cast<int>(std::size(kPrompt));

inline std::int32_t TokenOf(int step) { return 1000 + 37 * step; }

struct SpeechArguments {
  std::string_view work = "encode";
  int threads = 1;
  int positions = kWholePositions;
};

inline SpeechArguments ReadSpeechArguments(int argc, char** argv) {
  SpeechArguments arguments;
  arguments.work = argc > 1 ? argv[1] : "encode";
  arguments.threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const int positions = argc > 3 ? std::atoi(argv[3]) : 0;
  arguments.positions = positions > 0 ? positions : kWholePositions;
  return arguments;
}

class SpeechEngine : public Engine {
 public:
  explicit SpeechEngine(const SpeechArguments& arguments) : arguments_(arguments) {}

  std::string Load(const std::string& path) override {
    const std::int64_t begin = Now(CLOCK_MONOTONIC);
    Open(path);
    const std::int64_t taken = Now(CLOCK_MONOTONIC) - begin;
    JsonList facts('{');
    facts.Add("version", Quoted(Version()));
    facts.Add("compiler", Quoted(PINHOLE_COMPILER));
    facts.Add("load_ns", Text(taken));
    return facts.Done();
  }

  std::span<std::byte> Input(std::size_t /*i*/) override {
    const bool is_clip = arguments_.work == "clip";
    sound_.resize(static_cast<std::size_t>(kSampleRate) * (is_clip ? 11 : 30));
    return std::as_writable_bytes(std::span(sound_));
  }

  // Before the first run only: what the work begins with.
  void Refill() override {
    if (ready_ || arguments_.work == "clip" || arguments_.work == "transcribe") {
      return;
    }
    Spectrum(sound_);
    if (arguments_.work == "tokens") {
      Encode();
      Decode(kPrompt, 0);
    }
    ready_ = true;
  }

  void Run() override {
    if (arguments_.work == "encode") {
      Encode();
    } else if (arguments_.work == "tokens") {
      Steps(kTokens);
    } else if (arguments_.work == "clip") {
      Spectrum(sound_);
      Encode();
      Decode(kPrompt, 0);
      Steps(kClipTokens);
    } else if (arguments_.work == "transcribe") {
      found_ = Transcribe(sound_);
    } else {
      throw Refused("unknown work '" + std::string(arguments_.work) + "'");
    }
  }

  std::vector<std::span<const std::byte>> Outputs() override {
    if (arguments_.work == "transcribe") {
      return {std::as_bytes(std::span(found_))};
    }
    if (arguments_.work == "encode") {
      Decode(kPrompt, 0);
    }
    return {std::as_bytes(Logits())};
  }

 protected:
  [[nodiscard]] const SpeechArguments& arguments() const { return arguments_; }

  virtual void Open(const std::string& path) = 0;
  [[nodiscard]] virtual std::string Version() const = 0;
  virtual void Spectrum(std::span<const float> sound) = 0;
  virtual void Encode() = 0;
  // Tokens at `position` and behind it, which end the sequence.
  virtual void Decode(std::span<const std::int32_t> tokens, int position) = 0;
  [[nodiscard]] virtual std::span<const float> Logits() = 0;
  virtual std::vector<std::int32_t> Transcribe(std::span<const float> sound) = 0;

 private:
  void Steps(int count) {
    for (int i = 0; i < count; ++i) {
      const std::int32_t token = TokenOf(i);
      Decode({&token, 1}, kPromptTokens + i);
    }
  }

  SpeechArguments arguments_;
  std::vector<float> sound_;
  std::vector<std::int32_t> found_;
  bool ready_ = false;
};

}  // namespace pinhole::benchmarks
