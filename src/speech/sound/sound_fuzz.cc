// SPDX-License-Identifier: Apache-2.0
// Any bytes at all as a sound file: refused with a sentence, or decoded up to a limit. The
// libraries are not built for the fuzzer, so what they do steers it little: it lives on the small
// files in corpus/, tones of a twelfth of a second.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "speech/sound/sound_decoder.h"

namespace {

class FileInMemory : public pinhole::speech::SoundBytes {
 public:
  explicit FileInMemory(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  std::ptrdiff_t ReadAt(std::uint64_t position, std::span<std::uint8_t> to) override {
    const std::size_t from = std::min<std::uint64_t>(position, bytes_.size());
    const std::size_t count = std::min(to.size(), bytes_.size() - from);
    std::ranges::copy(bytes_.subspan(from, count), to.begin());
    return static_cast<std::ptrdiff_t>(count);
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinhole;  // NOLINT(google-build-using-namespace): a program of its own
  constexpr std::size_t kMaxBytes = 1 << 16;
  constexpr std::size_t kMaxSamples = 20 * 16000;
  if (size > kMaxBytes) {
    return -1;
  }
  FileInMemory bytes({data, size});
  base::Diagnosis why;
  const auto decoder = speech::SoundDecoder::Open(bytes, why);
  if (!decoder) {
    if (why.empty()) {
      std::abort();
    }
    return 0;
  }
  std::string line = speech::HeaderLine((*decoder)->info());
  line.pop_back();
  if (!speech::ParseHeader(line, why)) {
    std::abort();
  }
  std::vector<float> samples(1600);
  for (std::size_t count = 0; count < kMaxSamples; count += samples.size()) {
    const auto read = (*decoder)->Read(samples, why);
    if (!read || *read < samples.size()) {
      if (!read && why.empty()) {
        std::abort();
      }
      break;
    }
  }
  static_cast<void>((*decoder)->Warning());
  return 0;
}
