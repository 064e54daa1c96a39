// SPDX-License-Identifier: Apache-2.0
#include "system/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

namespace pinhole::system {

namespace {

namespace fs = std::filesystem;

std::string Reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  Descriptor(int fd, bool owned) : fd_(fd), owned_(owned) {}
  ~Descriptor() {
    if (owned_ && fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
  bool owned_;
};

[[noreturn]] void FailTooLarge(const std::string& path, std::size_t max_bytes) {
  throw Failure(ShownPath(path) + ": more than " + std::to_string(max_bytes >> 20) +
                " MB; give a smaller file");
}

// Bytes read into `to`; fewer than asked for at the end of the file only.
std::size_t ReadFully(int fd, std::span<std::byte> to, const std::string& path) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t n = ::read(fd, to.data() + done, to.size() - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      throw Failure(ShownPath(path) + ": can't be read: " + Reason(errno) + "; check the file");
    }
    if (n == 0) {
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  return done;
}

// A pipe does not say how long it is: the room doubles until the end comes or the limit is passed.
AlignedBytes ReadStream(int fd, std::size_t max_bytes, const std::string& path) {
  AlignedBytes bytes(std::min<std::size_t>(std::size_t{64} << 10, max_bytes + 1));
  std::size_t size = 0;
  for (;;) {
    const std::size_t n = ReadFully(fd, bytes.span().subspan(size), path);
    size += n;
    if (size < bytes.size()) {
      bytes.Shrink(size);
      return bytes;
    }
    if (size > max_bytes) {
      FailTooLarge(path, max_bytes);
    }
    AlignedBytes larger(std::min(size * 2, max_bytes + 1));
    std::memcpy(larger.span().data(), bytes.span().data(), size);
    bytes = std::move(larger);
  }
}

void WriteFully(int fd, std::span<const std::byte> bytes, const std::string& path) {
  if (!WriteAll(fd, bytes)) {
    throw Failure(ShownPath(path) + ": can't be written: " + Reason(errno) +
                  "; check the disk and the folder");
  }
}

bool IsPictureName(const fs::path& name) {
  std::string ending = name.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array kEndings = {".jpg", ".jpeg", ".png", ".bmp", ".pgm", ".ppm", ".pnm"};
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace

bool WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool ReadAll(int fd, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t n = ::read(fd, to.data(), to.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    to = to.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

AlignedBytes::AlignedBytes(std::size_t size)
    : data_(static_cast<std::byte*>(
          ::operator new(std::max<std::size_t>(size, 1), std::align_val_t{kAlignment}))),
      size_(size) {}

std::string ShownPath(const std::string& path) {
  return path == "-" ? "standard input" : Printable(path);
}

AlignedBytes ReadFile(const std::string& path, std::size_t max_bytes) {
  const bool is_stdin = path == "-";
  const Descriptor file(is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC),
                        !is_stdin);
  if (file.get() < 0) {
    throw Failure(ShownPath(path) + ": can't be opened: " + Reason(errno) +
                  "; check the name and the rights");
  }
  return ReadDescriptor(file.get(), path, max_bytes);
}

AlignedBytes ReadDescriptor(int fd, const std::string& path, std::size_t max_bytes) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    throw Failure(ShownPath(path) + ": can't be read: " + Reason(errno) + "; check the file");
  }
  if (S_ISDIR(info.st_mode)) {
    throw Failure(ShownPath(path) + ": a folder; give a file");
  }
  if (!S_ISREG(info.st_mode)) {
    return ReadStream(fd, max_bytes, path);
  }
  if (static_cast<std::uintmax_t>(info.st_size) > max_bytes) {
    FailTooLarge(path, max_bytes);
  }
  // Standard input may be a file that another program has begun to read: the size is then an upper
  // bound, and what is there counts.
  AlignedBytes bytes(static_cast<std::size_t>(info.st_size));
  bytes.Shrink(ReadFully(fd, bytes.span(), path));
  return bytes;
}

OutputFiles::~OutputFiles() {
  for (const Pending& pending : pending_) {
    ::unlink(pending.temporary.c_str());
  }
  for (const std::string& folder : made_folders_) {
    ::rmdir(folder.c_str());  // stays where something is in it
  }
}

void OutputFiles::EnsureFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) {
    made_folders_.push_back(path);
    return;
  }
  std::error_code ignored;
  if (errno != EEXIST || !fs::is_directory(path, ignored)) {
    throw Failure(ShownPath(path) + ": no folder can be made here: " +
                  Reason(errno == EEXIST ? ENOTDIR : errno) + "; give another one");
  }
}

void OutputFiles::Add(const std::string& path, std::span<const std::byte> bytes) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    throw Failure(ShownPath(path) + ": a folder; give a file to write");
  }
  std::string temporary = path + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC), true);
  if (file.get() < 0) {
    throw Failure(ShownPath(path) + ": can't be written: " + Reason(errno) +
                  "; check the folder and the rights");
  }
  pending_.push_back({temporary, path});
  WriteFully(file.get(), bytes, path);
  // mkostemp makes files that only their owner reads; give the rights any other new file has.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(file.get(), 0666 & ~mask);
}

void OutputFiles::Add(const std::string& path, std::string_view text) {
  Add(path, std::as_bytes(std::span(text.data(), text.size())));
}

void OutputFiles::Commit() {
  while (!pending_.empty()) {
    const Pending& last = pending_.back();
    if (::rename(last.temporary.c_str(), last.path.c_str()) != 0) {
      throw Failure(ShownPath(last.path) + ": can't be written: " + Reason(errno) +
                    "; check the folder and the rights");
    }
    pending_.pop_back();
  }
  made_folders_.clear();
}

std::vector<std::string> PicturesIn(const std::string& path) {
  std::error_code error;
  std::vector<std::string> pictures;
  fs::directory_iterator entries(path, error);
  if (error) {
    throw Failure(ShownPath(path) + ": can't be listed: " + error.message() +
                  "; check the name and the rights");
  }
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) {
      break;
    }
    if (IsPictureName(entries->path())) {
      pictures.push_back(entries->path().string());
    }
  }
  if (error || pictures.empty()) {
    throw Failure(ShownPath(path) +
                  ": no pictures in this folder; put .jpg, .png, .bmp, .pgm or .ppm files there");
  }
  std::sort(pictures.begin(), pictures.end(),
            [](const std::string& a, const std::string& b) { return NaturalLess(a, b); });
  return pictures;
}

bool NaturalLess(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto number = [&](std::string_view text, std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    while (from + 1 < end && text[from] == '0') {
      ++from;
    }
    return text.substr(from, end - from);
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view x = number(a, i);
      const std::string_view y = number(b, j);
      if (x.size() != y.size()) {
        return x.size() < y.size();
      }
      if (x != y) {
        return x < y;
      }
      i = static_cast<std::size_t>(x.data() + x.size() - a.data());
      j = static_cast<std::size_t>(y.data() + y.size() - b.data());
      continue;
    }
    if (a[i] != b[j]) {
      return a[i] < b[j];
    }
    ++i;
    ++j;
  }
  const bool a_ends = i >= a.size();
  const bool b_ends = j >= b.size();
  return a_ends == b_ends ? a < b : a_ends;  // "7" and "007": any order, but always the same
}

}  // namespace pinhole::system
