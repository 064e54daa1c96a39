// SPDX-License-Identifier: Apache-2.0
#include "speech/sound/decoded_sound.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/little_endian.h"
#include "speech/sound/sound_program.h"
#include "system/failure.h"
#include "system/files.h"
#include "system/installed.h"

namespace pinhole::speech {

namespace {

using base::Error;
using system::UniqueFd;

constexpr std::size_t kMaxSentence = 512;

std::string Reason(int error) { return std::strerror(error); }

// False after `patience_ms` without anything to read, or an end.
bool WaitFor(int fd, int patience_ms) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::milliseconds(patience_ms);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd wanted{fd, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0 || (ready < 0 && errno != EINTR)) {
      return true;
    }
    if (ready == 0) {
      return false;
    }
  }
}

ssize_t ReadSome(int fd, std::span<std::byte> to) {
  for (;;) {
    const ssize_t got = ::read(fd, to.data(), to.size());
    if (got >= 0 || errno != EINTR) {
      return got;
    }
  }
}

bool WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return true;
}

// A file that has no name: gone when nobody has it open any more.
UniqueFd NamelessFile() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (!error) {
    UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() >= 0) {
      return file;
    }
  }
  return UniqueFd(::memfd_create("sound", MFD_CLOEXEC));
}

// All that comes from `pipe`, in a file that can be read at any place.
base::Result<UniqueFd> Spool(int pipe, std::uint64_t most, base::Diagnosis& why) {
  UniqueFd file = NamelessFile();
  if (file.get() < 0) {
    return why.Fail(Error::kIo, "can't be kept: no temporary file can be made: ", Reason(errno));
  }
  std::vector<std::byte> piece(std::size_t{1} << 16);
  for (std::uint64_t kept = 0;;) {
    const ssize_t got = ReadSome(pipe, piece);
    if (got < 0) {
      return why.Fail(Error::kIo, "can't be read: ", Reason(errno));
    }
    if (got == 0) {
      return file;
    }
    kept += static_cast<std::uint64_t>(got);
    if (kept > most) {
      return why.Fail(Error::kTooLarge, "sends more than the ", most,
                      " bytes that are kept of a pipe; save it to a file and give that");
    }
    if (!WriteAll(file.get(), std::span(piece).first(static_cast<std::size_t>(got)))) {
      return why.Fail(Error::kIo, "can't be kept in a temporary file: ", Reason(errno));
    }
  }
}

// What the decoder says of itself, whatever that is.
Error ErrorOfExit(int code) {
  const int value = code - kExitOfError;
  return value >= 0 && value <= static_cast<int>(Error::kInternal) ? static_cast<Error>(value)
                                                                   : Error::kIo;
}

float Believable(float sample) {
  return std::isnan(sample) ? 0.0F : std::clamp(sample, -1.0F, 1.0F);
}

}  // namespace

DecodedSound::DecodedSound(UniqueFd file, std::string name, SoundOptions options)
    : file_(std::move(file)), name_(std::move(name)), options_(std::move(options)) {}

DecodedSound::~DecodedSound() = default;

base::Result<std::unique_ptr<DecodedSound>> DecodedSound::Open(const std::string& path,
                                                               const SoundOptions& options,
                                                               base::Diagnosis& why) {
  const std::string name = system::ShownPath(path);
  UniqueFd file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                            : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) {
    return errno == ENOENT ? why.Fail(Error::kNotFound, name, ": no such file; check the name")
                           : why.Fail(Error::kIo, name, ": can't be opened: ", Reason(errno));
  }
  return FromDescriptor(std::move(file), name, options, why);
}

base::Result<std::unique_ptr<DecodedSound>> DecodedSound::FromDescriptor(
    UniqueFd fd, std::string name, const SoundOptions& options, base::Diagnosis& why) {
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) {
    return why.Fail(Error::kIo, name, ": can't be read: ", Reason(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    return why.Fail(Error::kWrongKind, name, ": is a folder; a sound file was expected");
  }
  if (!S_ISREG(info.st_mode)) {
    base::Result<UniqueFd> kept = Spool(fd.get(), options.max_spooled_bytes, why);
    if (!kept) {
      why.Prefix(name, ": ");
      return base::Unexpected(kept.error());
    }
    fd = *std::move(kept);
  }
  std::unique_ptr<DecodedSound> sound(new DecodedSound(std::move(fd), std::move(name), options));
  PINHOLE_TRY(sound->StartDecoder(why));
  return sound;
}

base::Result<std::unique_ptr<DecodedSound>> DecodedSound::FromBytes(
    std::span<const std::byte> bytes, std::string name, const SoundOptions& options,
    base::Diagnosis& why) {
  UniqueFd file(::memfd_create("sound", MFD_CLOEXEC));
  if (file.get() < 0 || !WriteAll(file.get(), bytes)) {
    return why.Fail(Error::kIo, name, ": can't be kept in memory: ", Reason(errno));
  }
  return FromDescriptor(std::move(file), std::move(name), options, why);
}

base::Status DecodedSound::StartDecoder(base::Diagnosis& why) {
  StopDecoder();
  warning_.clear();
  position_ = 0;
  begin_ = end_ = 0;
  state_ = State::kFailed;
  try {
    const std::string program =
        options_.program.empty() ? system::HelperProgram("pinhole-sound") : options_.program;
    system::PipeEnds samples = system::MakePipe();
    system::PipeEnds sentence = system::MakePipe();
    // Not killed with the thread that starts it: it ends by itself once nobody reads its pipe.
    decoder_ = system::Child::Start({program},
                                    {{file_.get(), STDIN_FILENO},
                                     {samples.writing.get(), STDOUT_FILENO},
                                     {sentence.writing.get(), STDERR_FILENO}},
                                    0);
    samples_ = std::move(samples.reading);
    sentence_ = std::move(sentence.reading);
  } catch (const system::Failure& failure) {
    return why.Fail(Error::kIo, name_, ": can't be decoded: ", failure.what());
  }
  return ReadHeader(why);
}

void DecodedSound::StopDecoder() {
  decoder_ = {};
  samples_.Close();
  sentence_.Close();
}

base::Status DecodedSound::Fill(base::Diagnosis& why) {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= std::exchange(begin_, 0);
  if (!WaitFor(samples_.get(), options_.patience_ms)) {
    StopDecoder();
    return why.Fail(Error::kIo, name_, ": the decoder has stood still for ",
                    options_.patience_ms / 1000,
                    " s and was ended; the file may be damaged, or this computer too busy");
  }
  const ssize_t got = ReadSome(samples_.get(), std::span(buffer_).subspan(end_));
  if (got <= 0) {
    return Finish(why);
  }
  end_ += static_cast<std::size_t>(got);
  return {};
}

base::Status DecodedSound::ReadHeader(base::Diagnosis& why) {
  state_ = State::kHeader;
  for (;;) {
    const std::string_view text(reinterpret_cast<const char*>(buffer_.data()),
                                std::min(end_, kMaxHeaderBytes));
    const std::size_t feed = text.find('\n');
    if (feed != std::string_view::npos || end_ >= kMaxHeaderBytes) {
      const base::Result<SoundInfo> info = ParseHeader(text.substr(0, feed), why);
      if (!info) {
        StopDecoder();
        state_ = State::kFailed;
        why.Prefix(name_, ": ");
        return base::Unexpected(info.error());
      }
      info_ = *info;
      begin_ = feed + 1;
      state_ = State::kSamples;
      return {};
    }
    if (const base::Status filled = Fill(why); !filled) {
      state_ = State::kFailed;
      return filled;
    }
  }
}

// The decoder has closed its end: why?
base::Status DecodedSound::Finish(base::Diagnosis& why) {
  std::array<std::byte, kMaxSentence> text{};
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < text.size(); size += static_cast<std::size_t>(got)) {
    got = WaitFor(sentence_.get(), options_.patience_ms)
              ? std::max<ssize_t>(ReadSome(sentence_.get(), std::span(text).subspan(size)), 0)
              : 0;
  }
  const std::string_view sentence(reinterpret_cast<const char*>(text.data()), size);
  if (!WaitFor(decoder_.pidfd(), options_.patience_ms)) {
    decoder_.Signal(SIGKILL);
  }
  const system::Ending ending = decoder_.Wait();
  StopDecoder();
  if (ending.signal != 0) {
    return why.Fail(Error::kIo, name_, ": the decoder ended in the middle (", ending.Text(),
                    "); the file may be damaged, or made to do harm, which was stopped");
  }
  if (ending.exit_code != 0) {
    const std::string_view reason = sentence.empty() ? "the decoder gives no reason" : sentence;
    return why.Fail(ErrorOfExit(ending.exit_code), name_, ": ", reason);
  }
  if (state_ == State::kHeader || end_ != 0) {
    return why.Fail(Error::kIo, name_,
                    ": the decoder ended in the middle without a reason; install Pinhole again");
  }
  if (position_ == 0) {
    return why.Fail(Error::kTruncated, name_, ": has a sound track, but no sound is in it (0 s)",
                    sentence.empty() ? "" : ": it ", sentence);
  }
  state_ = State::kEnded;
  base::Diagnosis warning;  // which makes harmless what came from there
  if (!sentence.empty()) {
    warning.Prefix(name_, ": ", sentence);
  }
  warning_ = warning.text();
  return {};
}

base::Status DecodedSound::Restart(base::Diagnosis& why) {
  return state_ == State::kSamples && position_ == 0 ? base::Status() : StartDecoder(why);
}

// What is whole in the buffer, as samples.
std::size_t DecodedSound::Take(std::span<float> to) {
  const std::size_t count = std::min(to.size(), (end_ - begin_) / sizeof(float));
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = Believable(base::LoadLeFloat(buffer_.data() + begin_ + i * sizeof(float)));
  }
  begin_ += count * sizeof(float);
  position_ += static_cast<std::int64_t>(count);
  return count;
}

base::Result<std::size_t> DecodedSound::Read(std::span<float> to, base::Diagnosis& why) {
  if (state_ == State::kFailed) {
    return why.Fail(Error::kNotReady, name_, ": failed before; it has to be begun again");
  }
  std::size_t count = 0;
  while (state_ == State::kSamples && count < to.size()) {
    count += Take(to.subspan(count));
    if (position_ > options_.max_seconds * kRate) {
      StopDecoder();
      state_ = State::kFailed;
      return why.Fail(Error::kTooLarge, name_, ": is longer than the ", options_.max_seconds,
                      " s that are allowed; cut it, or raise that limit");
    }
    if (count == to.size()) {
      break;
    }
    if (const base::Status filled = Fill(why); !filled) {
      state_ = State::kFailed;
      return base::Unexpected(filled.error());
    }
  }
  return count;
}

}  // namespace pinhole::speech
