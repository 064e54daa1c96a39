// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/sound_program.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "base/little_endian.h"
#include "speech/sound/sound_decoder.h"
#include "speech/sound/sound_wall.h"

namespace pinhole::speech {

namespace {

constexpr std::size_t kSamples = 4096;  // decoded and written at a time

class StandardInput : public SoundBytes {
 public:
  explicit StandardInput(std::uint64_t size) : size_(size) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }
  std::ptrdiff_t ReadAt(std::uint64_t position, std::span<std::uint8_t> to) override {
    for (;;) {
      const ssize_t got =
          ::pread64(STDIN_FILENO, to.data(), to.size(), static_cast<off64_t>(position));
      if (got >= 0 || errno != EINTR) {
        return got;
      }
    }
  }

 private:
  std::uint64_t size_;
};

// False where the other end has gone.
bool Write(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written < 0 ? 0 : written));
  }
  return true;
}

void Write(int fd, std::string_view text) { Write(fd, std::as_bytes(std::span(text))); }

// A slow computer does some ten times the speed of sound; the smallest files have a minute of sound
// in 64 KiB.
std::uint64_t ProcessorSeconds(std::uint64_t file_bytes) { return 600 + file_bytes / 8192; }

base::Status Decode(std::uint64_t size, base::Diagnosis& why) {
  StandardInput input(size);
  PINHOLE_ASSIGN(const auto decoder, SoundDecoder::Open(input, why));
  Write(STDOUT_FILENO, HeaderLine(decoder->info()));
  std::array<float, kSamples> samples{};
  std::array<std::byte, kSamples * sizeof(float)> bytes{};
  for (;;) {
    PINHOLE_ASSIGN(const std::size_t count, decoder->Read(samples, why));
    for (std::size_t i = 0; i < count; ++i) {
      base::StoreLeFloat(samples[i], bytes.data() + i * sizeof(float));
    }
    if (!Write(STDOUT_FILENO, std::span(bytes).first(count * sizeof(float)))) {
      return {};  // nobody listens any more
    }
    if (count < samples.size()) {
      Write(STDERR_FILENO, decoder->Warning());
      return {};
    }
  }
}

base::Status LockAndDecode(base::Diagnosis& why) {
  struct stat info{};
  if (::fstat(STDIN_FILENO, &info) != 0 || !S_ISREG(info.st_mode)) {
    return why.Fail(base::Error::kInvalidArgument,
                    "is no file; pinhole-sound is started by 'pinhole', not by hand");
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  ::syscall(436 /* close_range */, 3U, ~0U, 0U);
  SoundWallLimits limits;
  limits.cpu_seconds = ProcessorSeconds(size);
  PINHOLE_TRY(LockSoundProgram(limits, why));
  try {
    return Decode(size, why);
  } catch (const std::bad_alloc&) {
    return why.Fail(base::Error::kOutOfMemory, "can't be decoded: it asks for too much memory");
  }
}

}  // namespace

int RunSoundProgram() {
  base::Diagnosis why;
  const base::Status done = LockAndDecode(why);
  if (done) {
    return 0;
  }
  Write(STDERR_FILENO, why.text());
  return kExitOfError + static_cast<int>(done.error());
}

}  // namespace pinhole::speech
