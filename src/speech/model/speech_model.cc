// SPDX-License-Identifier: Apache-2.0
#include "speech/model/speech_model.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/owned/chosen_target.h"
#include "engine/owned/model_file.h"
#include "signal/log_mel.h"
#include "signal/mel_filters.h"
#include "speech/model/packed_cache.h"
#include "speech/weights/read_model.h"
#include "system/failure.h"
#include "system/files.h"

namespace pinhole::speech {

namespace {

namespace fs = std::filesystem;
using engine::owned::FailAbout;
using system::Failure;
using system::ShownPath;

constexpr std::size_t kMostVocabularyBytes = std::size_t{64} << 20;
// Smaller ones are packed faster than they are found.
constexpr std::size_t kWorthCaching = std::size_t{16} << 20;

// A file's bytes without a copy of them. Pages that are given back need no memory any more.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about = {};
    if (fd < 0 || ::fstat(fd, &about) != 0) {
      const std::string reason = std::strerror(errno);
      if (fd >= 0) {
        ::close(fd);
      }
      throw Failure(ShownPath(path) + ": " + reason);
    }
    if (!S_ISREG(about.st_mode) || about.st_size == 0) {
      ::close(fd);
      throw Failure(ShownPath(path) +
                    (S_ISREG(about.st_mode) ? ": an empty file" : ": not a file") +
                    ", where a speech model is wanted");
    }
    size_ = static_cast<std::size_t>(about.st_size);
    at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (at_ == MAP_FAILED) {
      throw Failure(ShownPath(path) + ": " + std::strerror(errno));
    }
    ::madvise(at_, size_, MADV_SEQUENTIAL);
  }
  ~MappedFile() { ::munmap(at_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> span() const {
    return {static_cast<const std::byte*>(at_), size_};
  }

  void GiveBack(std::span<const std::byte> bytes) const {
    constexpr std::uintptr_t kPage = 4096;
    const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + kPage - 1) / kPage * kPage;
    const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / kPage * kPage;
    if (begin < end) {
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
  }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

// The model's file that `path` stands for.
std::string FileOf(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return path;
  }
  for (const char* const name : {"model.safetensors", "pytorch_model.bin"}) {
    if (fs::exists(fs::path(path) / name, error)) {
      return (fs::path(path) / name).string();
    }
  }
  throw Failure(ShownPath(path) +
                ": a folder without model.safetensors or pytorch_model.bin; give the model's file");
}

// Files beside the model that its format keeps its vocabulary in.
struct Neighbours {
  system::AlignedBytes tokenizer_json, config_json, tiktoken;

  [[nodiscard]] ReadOptions Options() const {
    return {tokenizer_json.span(), config_json.span(), tiktoken.span()};
  }
};

void ReadBeside(const fs::path& folder, const char* name, system::AlignedBytes& to) {
  std::error_code error;
  if (to.size() == 0 && fs::is_regular_file(folder / name, error)) {
    to = system::ReadFile((folder / name).string(), kMostVocabularyBytes);
  }
}

ModelFile Read(const MappedFile& bytes, const std::string& path, const Neighbours& beside) {
  base::Diagnosis why;
  auto file = ReadModelFile(bytes.span(), beside.Options(), why);
  if (!file) {
    FailAbout(path, file.error(), why);
  }
  return std::move(*file);
}

ModelFile ReadWithVocabulary(const MappedFile& bytes, const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  Neighbours beside;
  ReadBeside(folder, "tokenizer.json", beside.tokenizer_json);
  ReadBeside(folder, "config.json", beside.config_json);
  ModelFile file = Read(bytes, path, beside);
  if (!file.vocabulary.empty()) {
    return file;
  }
  // OpenAI's: which of the two it is, the model's size says.
  const std::string name =
      file.dims.vocabulary == 51864 ? "gpt2.tiktoken" : "multilingual.tiktoken";
  ReadBeside(folder, name.c_str(), beside.tiktoken);
  if (beside.tiktoken.size() == 0) {
    throw Failure(ShownPath(path) +
                  ": the file has no vocabulary, and beside it is neither tokenizer.json (Hugging "
                  "Face's) nor " +
                  name + " (OpenAI's); put the one that came with the model there");
  }
  return Read(bytes, path, beside);
}

}  // namespace

const matrix::Target& ChosenMatrixTarget() {
  const char* const named = std::getenv("PINHOLE_ISA");
  if (named == nullptr || *named == '\0') {
    return matrix::BestTarget();
  }
  if (const matrix::Target* const target = matrix::FindTarget(named);
      target != nullptr && target->runs_here()) {
    return *target;
  }
  (void)
      engine::owned::ChosenTarget();  // says what is wrong, unless it is only one without products
  return matrix::BestTarget();
}

SpeechModel::SpeechModel(const std::string& path, const ModelOptions& options)
    : path_(FileOf(path)) {
  Load(options);
}

void SpeechModel::TakeText(const ModelFile& file) {
  base::Diagnosis why;
  auto tokenizer = Tokenizer::Make(file.vocabulary, why);
  if (!tokenizer) {
    FailAbout(path_, tokenizer.error(), why);
  }
  tokenizer_.emplace(std::move(*tokenizer));
  const auto special =
      SpecialTokens::Of(file.dims.vocabulary, tokenizer_->size(), file.dims.audio_context, why);
  if (!special) {
    FailAbout(path_, special.error(), why);
  }
  special_ = *special;
  filters_ = file.filters.weights;
  if (!filters_.empty()) {
    return;
  }
  filters_.resize(static_cast<std::size_t>(file.dims.mels) * signal::LogMel::kBins);
  if (!signal::SlaneyMelFilters(file.dims.mels, filters_)) {
    throw Failure(ShownPath(path_) + ": " + std::to_string(file.dims.mels) +
                  " mel bands, at most 128 can be heard");
  }
}

void SpeechModel::Load(const ModelOptions& options) {
  const MappedFile bytes(path_);
  const ModelFile file = ReadWithVocabulary(bytes, path_);
  TakeText(file);
  base::Diagnosis why;
  const matrix::Target& target = ChosenMatrixTarget();
  PackedCache cache(bytes.span().size() >= kWorthCaching ? options.cache_folder : "", path_, target,
                    options.weights);
  NetworkOptions network_options{options.weights, {}};
  if (cache.Open()) {
    network_options.packed.take = [&](std::span<std::byte> piece) { return cache.Take(piece); };
    auto network = MakeNetwork(file, target, network_options, nullptr, why);
    was_cached_ = network && cache.TookAll();
    if (was_cached_) {
      network_ = std::move(*network);
      return;
    }
    network_options.packed.take = {};
  }
  network_options.packed.keep = [&](std::span<const std::byte> piece) { cache.Keep(piece); };
  auto network = MakeNetwork(
      file, target, network_options, [&](std::span<const std::byte> read) { bytes.GiveBack(read); },
      why);
  if (!network) {
    FailAbout(path_, network.error(), why);
  }
  cache.Finish();
  network_ = std::move(*network);
}

}  // namespace pinhole::speech
