// SPDX-License-Identifier: Apache-2.0
#include "speech/model/packed_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/little_endian.h"

namespace pinhole::speech {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "pinhole packed weights\n";
constexpr std::string_view kEnding = ".packed";
constexpr std::size_t kTrailer = 16;  // bytes of the pieces, their sum

std::string Hex(std::uint64_t value) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::uint64_t Mix(std::uint64_t sum, std::uint64_t word) {
  sum = (sum ^ word) * 0xD6E8FEB86659FD93U;
  return sum ^ (sum >> 32);
}

std::uint64_t SumOf(std::uint64_t sum, std::span<const std::byte> bytes) {
  while (bytes.size() >= 8) {
    sum = Mix(sum, base::LoadLe<std::uint64_t>(bytes.data()));
    bytes = bytes.subspan(8);
  }
  if (!bytes.empty()) {
    std::array<std::byte, 8> last = {};
    std::copy(bytes.begin(), bytes.end(), last.begin());
    sum = Mix(sum, base::LoadLe<std::uint64_t>(last.data()));
  }
  return sum;
}

// What a small matrix of known numbers looks like packed, in the precisions that a network has.
std::uint64_t LayoutOf(const matrix::Target& target, matrix::Precision precision) {
  constexpr int kOutputs = 37, kInputs = 29;
  std::vector<float> weights(kOutputs * kInputs), bias(kOutputs, 0.5F);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(static_cast<int>(i * 7 % 53) - 26) / 13;
  }
  std::uint64_t sum = 1;
  for (const matrix::Precision each :
       {matrix::Precision::kF32, matrix::Precision::kBf16, matrix::Precision::kSplit, precision}) {
    if ((each == matrix::Precision::kBf16 && !target.bf16) ||
        (each == matrix::Precision::kSplit && !target.split)) {
      continue;
    }
    const matrix::Shape shape{each, kOutputs, kInputs};
    Layer layer(target, shape);
    std::memset(layer.memory(), 0, layer.bytes());
    target.pack(shape, {weights.data(), kInputs, 1, bias.data()}, 0, target.blocks(kOutputs),
                layer.memory());
    sum = SumOf(sum, {layer.memory(), layer.bytes()});
  }
  return sum;
}

bool ReadAll(int fd, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t got = ::read(fd, to.data(), to.size());
    if (got <= 0) {
      if (got < 0 && errno == EINTR) {
        continue;
      }
      return false;
    }
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

bool WriteAll(int fd, std::span<const std::byte> from) {
  while (!from.empty()) {
    const ssize_t put = ::write(fd, from.data(), from.size());
    if (put <= 0) {
      if (put < 0 && errno == EINTR) {
        continue;
      }
      return false;
    }
    from = from.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

void PackedCache::Sum::Add(std::span<const std::byte> bytes) { value = SumOf(value, bytes); }

PackedCache::PackedCache(std::string folder, const std::string& path, const matrix::Target& target,
                         matrix::Precision precision)
    : folder_(std::move(folder)) {
  struct stat about = {};
  std::error_code error;
  const fs::path whole = fs::canonical(path, error);
  if (folder_.empty() || error || ::stat(whole.c_str(), &about) != 0) {
    folder_.clear();
    return;
  }
  identity_ = std::string(kMark) + whole.string() + "\n" + std::to_string(about.st_size) + " " +
              std::to_string(about.st_dev) + " " + std::to_string(about.st_ino) + " " +
              std::to_string(about.st_mtim.tv_sec) + "." + std::to_string(about.st_mtim.tv_nsec) +
              "\n" + std::string(target.name) + " " + std::to_string(static_cast<int>(precision)) +
              " " + Hex(LayoutOf(target, precision)) + "\n";
}

PackedCache::~PackedCache() { Abandon(); }

void PackedCache::Abandon() {
  if (fd_ >= 0) {
    ::close(fd_);
    fd_ = -1;
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    temporary_.clear();
  }
}

std::string PackedCache::PathOf() const {
  const std::span<const char> text(identity_.data(), identity_.size());
  return folder_ + "/" + Hex(SumOf(7, std::as_bytes(text))) + std::string(kEnding);
}

bool PackedCache::Open() {
  if (folder_.empty()) {
    return false;
  }
  fd_ = ::open(PathOf().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd_ < 0) {
    return false;
  }
  std::vector<std::byte> there(identity_.size());
  struct stat about = {};
  if (::fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != ::geteuid() ||
      !ReadAll(fd_, there) || std::memcmp(there.data(), identity_.data(), there.size()) != 0) {
    Abandon();
    return false;
  }
  ::futimens(fd_, nullptr);  // used now
  sum_ = Sum();
  bytes_ = 0;
  return true;
}

bool PackedCache::Take(std::span<std::byte> piece) {
  if (fd_ < 0 || !ReadAll(fd_, piece)) {
    return false;
  }
  sum_.Add(piece);
  bytes_ += piece.size();
  return true;
}

bool PackedCache::TookAll() {
  std::array<std::byte, kTrailer> trailer;
  std::byte more;
  const bool whole = fd_ >= 0 && ReadAll(fd_, trailer) && ::read(fd_, &more, 1) == 0 &&
                     base::LoadLe<std::uint64_t>(trailer.data()) == bytes_ &&
                     base::LoadLe<std::uint64_t>(trailer.data() + 8) == sum_.value;
  Abandon();
  return whole;
}

void PackedCache::Keep(std::span<const std::byte> piece) {
  if (folder_.empty() || failed_) {
    return;
  }
  if (fd_ < 0) {
    std::error_code ignored;
    fs::create_directories(folder_, ignored);
    std::string name = PathOf() + ".XXXXXX";
    fd_ = ::mkostemp(name.data(), O_CLOEXEC);
    failed_ = fd_ < 0;
    if (failed_) {
      return;
    }
    temporary_ = name;
    sum_ = Sum();
    bytes_ = 0;
    const std::span<const char> text(identity_.data(), identity_.size());
    failed_ = !WriteAll(fd_, std::as_bytes(text));
  }
  failed_ = failed_ || !WriteAll(fd_, piece);
  if (failed_) {
    Abandon();
    return;
  }
  sum_.Add(piece);
  bytes_ += piece.size();
}

void PackedCache::Finish() {
  if (fd_ < 0 || failed_) {
    return;
  }
  std::array<std::byte, kTrailer> trailer;
  base::StoreLe(bytes_, trailer.data());
  base::StoreLe(sum_.value, trailer.data() + 8);
  if (WriteAll(fd_, trailer) && ::rename(temporary_.c_str(), PathOf().c_str()) == 0) {
    temporary_.clear();
    DropOldest();
  }
  Abandon();
}

void PackedCache::DropOldest() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() == kEnding) {
      files.emplace_back(entry.last_write_time(error), entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  for (std::size_t i = 0; i + kMostFiles < files.size(); ++i) {
    fs::remove(files[i].second, error);
  }
}

}  // namespace pinhole::speech
