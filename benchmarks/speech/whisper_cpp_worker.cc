// SPDX-License-Identifier: Apache-2.0
// whisper.cpp as a worker (speech_engine.h): whisper_cpp_worker WORK THREADS [POSITIONS [plain]]
//
// `plain`: without its flash attention, which it uses unless it is told not to.

#include <whisper.h>

#include <memory>

#include "benchmarks/speech/speech_engine.h"

namespace pinhole::benchmarks {
namespace {

class WhisperCpp : public SpeechEngine {
 public:
  WhisperCpp(const SpeechArguments& arguments, bool flash_attention)
      : SpeechEngine(arguments), flash_attention_(flash_attention) {
    whisper_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  }

 protected:
  void Open(const std::string& path) override {
    whisper_context_params parameters = whisper_context_default_params();
    parameters.use_gpu = false;
    parameters.flash_attn = flash_attention_;
    context_.reset(whisper_init_from_file_with_params(path.c_str(), parameters));
    if (context_ == nullptr) {
      throw Refused(path + ": whisper.cpp can't load it");
    }
  }

  [[nodiscard]] std::string Version() const override {
    return PINHOLE_WHISPER_CPP_VERSION + std::string(", ") + whisper_print_system_info();
  }

  void Spectrum(std::span<const float> sound) override {
    if (arguments().positions != kWholePositions && !shortened_) {
      Shorten();
    }
    Check(whisper_pcm_to_mel(context_.get(), sound.data(), static_cast<int>(sound.size()),
                             arguments().threads));
  }

  void Encode() override { Check(whisper_encode(context_.get(), 0, arguments().threads)); }

  void Decode(std::span<const std::int32_t> tokens, int position) override {
    Check(whisper_decode(context_.get(), tokens.data(), static_cast<int>(tokens.size()), position,
                         arguments().threads));
    last_ = tokens.size() - 1;
  }

  // There is room for the logits of all tokens of the last call, and only the last one's are there.
  [[nodiscard]] std::span<const float> Logits() override {
    const auto count = static_cast<std::size_t>(whisper_n_vocab(context_.get()));
    return {whisper_get_logits(context_.get()) + last_ * count, count};
  }

  std::vector<std::int32_t> Transcribe(std::span<const float> sound) override {
    const whisper_full_params parameters = Greedy();
    Check(whisper_full(context_.get(), parameters, sound.data(), static_cast<int>(sound.size())));
    std::vector<std::int32_t> tokens;
    for (int i = 0; i < whisper_full_n_segments(context_.get()); ++i) {
      for (int j = 0; j < whisper_full_n_tokens(context_.get(), i); ++j) {
        tokens.push_back(whisper_full_get_token_id(context_.get(), i, j));
      }
    }
    return tokens;
  }

 private:
  struct Free {
    void operator()(whisper_context* context) const { whisper_free(context); }
  };

  [[nodiscard]] whisper_full_params Greedy() const {
    whisper_full_params parameters = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    parameters.n_threads = arguments().threads;
    parameters.language = "en";
    parameters.no_context = true;
    parameters.no_timestamps = true;
    parameters.single_segment = true;
    parameters.greedy.best_of = 1;
    parameters.temperature_inc = 0;
    parameters.print_progress = false;
    return parameters;
  }

  // How many positions the encoder works on is an option of whisper_full alone, which calls after
  // it keep to.
  void Shorten() {
    const std::vector<float> silence(kSampleRate, 0.0F);
    whisper_full_params parameters = Greedy();
    parameters.audio_ctx = arguments().positions;
    parameters.max_tokens = 1;
    Check(
        whisper_full(context_.get(), parameters, silence.data(), static_cast<int>(silence.size())));
    shortened_ = true;
  }

  static void Check(int result) {
    if (result != 0) {
      throw Refused("whisper.cpp failed with " + std::to_string(result));
    }
  }

  bool flash_attention_;
  bool shortened_ = false;
  std::size_t last_ = 0;
  std::unique_ptr<whisper_context, Free> context_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  const bool plain = argc > 4 && std::string_view(argv[4]) == "plain";
  pinhole::benchmarks::WhisperCpp engine(pinhole::benchmarks::ReadSpeechArguments(argc, argv),
                                         !plain);
  return pinhole::benchmarks::Serve(engine);
}
