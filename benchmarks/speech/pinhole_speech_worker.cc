// SPDX-License-Identifier: Apache-2.0
// Our Whisper as a worker (speech_engine.h): pinhole_speech_worker WORK THREADS [POSITIONS]

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "benchmarks/speech/speech_engine.h"
#include "engine/matrix/matrix.h"
#include "engine/owned/workers.h"
#include "signal/log_mel.h"
#include "speech/network/decoder.h"
#include "speech/network/encoder.h"
#include "speech/network/network.h"
#include "speech/transcribe/transcriber.h"
#include "speech/weights/read_model.h"

namespace pinhole::benchmarks {
namespace {

constexpr int kFramesOfPosition = 2;

// A file in memory as long as this lives, read by the system when it is looked at.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about{};
    if (file < 0 || fstat(file, &about) != 0) {
      throw Refused(path + " can't be read");
    }
    size_ = static_cast<std::size_t>(about.st_size);
    at_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (at_ == MAP_FAILED) {
      throw Refused(path + " can't be mapped");
    }
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() { munmap(at_, size_); }

  [[nodiscard]] std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(at_), size_};
  }

  // The pages that lie wholly in `bytes` are read anew if they are looked at again.
  static void GiveBack(std::span<const std::byte> bytes) {
    constexpr std::uintptr_t kPage = 4096;
    const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + kPage - 1) / kPage * kPage;
    const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / kPage * kPage;
    if (end > begin) {
      madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
  }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

// The instruction set that PINHOLE_ISA names, or the best here.
const engine::matrix::Target& ChosenTarget() {
  const char* const name = std::getenv("PINHOLE_ISA");
  if (name == nullptr) {
    return engine::matrix::BestTarget();
  }
  const engine::matrix::Target* const target = engine::matrix::FindTarget(name);
  if (target == nullptr || !target->runs_here()) {
    throw Refused("PINHOLE_ISA=" + std::string(name) + " is none that runs here");
  }
  return *target;
}

class PinholeSpeech : public SpeechEngine {
 public:
  explicit PinholeSpeech(const SpeechArguments& arguments)
      : SpeechEngine(arguments),
        pool_(arguments.threads),
        team_{pool_.workers(), arguments.threads} {}

 protected:
  // The file is closed when its weights are laid out; `transcribe` makes its own encoder and
  // decoder.
  void Open(const std::string& path) override {
    base::Diagnosis why;
    const MappedFile mapped(path);
    auto file = speech::ReadModelFile(mapped.bytes(), {}, why);
    auto network = file ? speech::MakeNetwork(*file, ChosenTarget(), {}, MappedFile::GiveBack, why)
                        : base::Unexpected(file.error());
    if (!network) {
      throw Refused(path + ": " + std::string(why.text()));
    }
    network_ = std::move(*network);
    filters_ = std::move(file->filters.weights);
    if (!log_mel_.SetUp(network_.dims.mels, filters_)) {
      throw Refused(path + ": its mel filters can't be used");
    }
    if (arguments().work == "transcribe") {
      OpenTranscriber(std::move(file->vocabulary), why);
    } else {
      encoder_.emplace(network_, arguments().threads);
      decoder_.emplace(network_, 1, arguments().threads);
      logits_.resize(static_cast<std::size_t>(network_.dims.vocabulary));
    }
  }

  [[nodiscard]] std::string Version() const override {
    return "pinhole " PINHOLE_VERSION ", " + std::string(network_.target->name);
  }

  void Spectrum(std::span<const float> sound) override {
    const auto frames = static_cast<std::size_t>(arguments().positions) * kFramesOfPosition;
    const auto row = static_cast<std::size_t>(network_.dims.mels);
    const std::size_t samples = frames * signal::LogMel::kHop + signal::LogMel::kWindow / 2;
    mel_.resize((frames + 4) * row);
    log_mel_.Reset();
    const auto pushed = log_mel_.Push(sound, mel_);
    const std::size_t done = pushed ? static_cast<std::size_t>(*pushed) : 0;
    if (sound.size() < samples) {
      (void)log_mel_.Finish(samples - sound.size(), std::span(mel_).subspan(done * row));
    }
    mel_.resize(frames * row);
    signal::LogMel::Normalize(mel_, log_mel_.max());
  }

  void Encode() override { decoder_->Listen(encoder_->Encode(mel_, team_), team_); }

  void Decode(std::span<const std::int32_t> tokens, int position) override {
    steps_.clear();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      steps_.push_back(
          {tokens[i], position + static_cast<int>(i), 0, /*wants_logits=*/i + 1 == tokens.size()});
    }
    decoder_->Step(steps_, logits_, team_);
  }

  [[nodiscard]] std::span<const float> Logits() override { return logits_; }

  std::vector<std::int32_t> Transcribe(std::span<const float> sound) override {
    base::Diagnosis why;
    speech::TranscribeOptions options;
    options.language = "en";
    options.temperatures = {0.0F};
    options.condition_on_previous = false;
    options.rules.timestamps = false;
    const auto transcript = transcriber_->Run(sound, options, {}, why);
    if (!transcript) {
      throw Refused(std::string(why.text()));
    }
    std::vector<std::int32_t> tokens;
    for (const speech::Segment& segment : transcript->segments) {
      tokens.insert(tokens.end(), segment.tokens.begin(), segment.tokens.end());
    }
    return tokens;
  }

 private:
  void OpenTranscriber(std::vector<std::string> vocabulary, base::Diagnosis& why) {
    auto tokenizer = speech::Tokenizer::Make(std::move(vocabulary), why);
    auto special = tokenizer
                       ? speech::SpecialTokens::Of(network_.dims.vocabulary, tokenizer->size(),
                                                   network_.dims.audio_context, why)
                       : base::Unexpected(tokenizer.error());
    if (!special) {
      throw Refused(std::string(why.text()));
    }
    tokenizer_.emplace(std::move(*tokenizer));
    special_ = *special;
    transcriber_.emplace(network_, *tokenizer_, special_, filters_, team_);
  }

  engine::owned::WorkerPool pool_;
  speech::Team team_;
  speech::Network network_;
  std::vector<float> filters_;
  signal::LogMel log_mel_;
  std::vector<float> mel_;
  std::optional<speech::Encoder> encoder_;
  std::optional<speech::Decoder> decoder_;
  std::vector<speech::TokenAt> steps_;
  std::vector<float> logits_;
  std::optional<speech::Tokenizer> tokenizer_;
  speech::SpecialTokens special_;
  std::optional<speech::Transcriber> transcriber_;
};

}  // namespace
}  // namespace pinhole::benchmarks

int main(int argc, char** argv) {
  pinhole::benchmarks::PinholeSpeech engine(pinhole::benchmarks::ReadSpeechArguments(argc, argv));
  return pinhole::benchmarks::Serve(engine);
}
