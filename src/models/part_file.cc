// SPDX-License-Identifier: Apache-2.0
#include "models/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "system/failure.h"

namespace pinhole::models {

namespace {

using system::Failure;
using system::Printable;
using system::UniqueFd;

constexpr std::size_t kMaxEtag = 256;
constexpr mode_t kReadable = 0644;

[[noreturn]] void Fail(const std::string& path, const char* what) {
  const int code = errno;
  throw Failure(Printable(path) + ": " + what + ": " + std::strerror(code) +
                (code == ENOSPC || code == EDQUOT ? "; make room, then pull again: what has come "
                                                    "so far is kept"
                                                  : ""));
}

UniqueFd Open(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, kReadable));
  if (fd.get() < 0) {
    Fail(path, "can't be opened");
  }
  return fd;
}

void WriteAll(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      Fail(path, "can't be written");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// The first bytes of a small file; nothing where it is not there.
std::string ReadEtag(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, kMaxEtag> text;
  const ssize_t size = fd.get() < 0 ? 0 : ::read(fd.get(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "";
}

bool SameFile(int fd, const std::string& path) {
  struct stat open_one = {};
  struct stat named = {};
  return ::fstat(fd, &open_one) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

}  // namespace

PartFile::PartFile(const std::string& path, std::uint64_t max_bytes,
                   const std::function<void()>& waiting)
    : path_(path), part_(path + ".part"), etag_file_(path + ".part.etag"), lock_(path + ".lock") {
  Lock(waiting);
  fd_ = Open(part_, O_RDWR | O_CREAT | O_APPEND);
  struct stat status = {};
  if (::fstat(fd_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Failure(Printable(part_) + " is no regular file; take it away, then pull again");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  etag_ = ReadEtag(etag_file_);
  if (size_ > max_bytes) {
    Restart();
  }
}

PartFile::~PartFile() {
  if (size_ == 0) {
    ::unlink(part_.c_str());
    ::unlink(etag_file_.c_str());
  }
  ::unlink(lock_.c_str());
}

void PartFile::Lock(const std::function<void()>& waiting) {
  for (bool said = false;;) {
    UniqueFd fd = Open(lock_, O_RDWR | O_CREAT);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) {
        Fail(lock_, "can't be locked");
      }
      if (!said && waiting) {
        waiting();
      }
      said = true;
      while (::flock(fd.get(), LOCK_EX) != 0) {
        if (errno != EINTR) {
          Fail(lock_, "can't be locked");
        }
      }
    }
    // Who had it before takes the file away at the end: then the lock is on a file without a name.
    if (SameFile(fd.get(), lock_)) {
      lock_fd_ = std::move(fd);
      return;
    }
  }
}

void PartFile::Restart(const std::string& etag) {
  // In this order, so that the ETag on the disk is never one of other bytes.
  if (::ftruncate(fd_.get(), 0) != 0) {
    Fail(part_, "can't be emptied");
  }
  size_ = 0;
  etag_ = etag.size() <= kMaxEtag ? etag : "";
  if (etag_.empty()) {
    ::unlink(etag_file_.c_str());
    return;
  }
  const UniqueFd file = Open(etag_file_, O_WRONLY | O_CREAT | O_TRUNC);
  WriteAll(file.get(), std::as_bytes(std::span(etag_)), etag_file_);
}

void PartFile::Append(std::span<const std::byte> bytes) {
  WriteAll(fd_.get(), bytes, part_);
  size_ += bytes.size();
}

void PartFile::Finish() {
  if (::fsync(fd_.get()) != 0) {
    Fail(part_, "can't be written");
  }
  if (::rename(part_.c_str(), path_.c_str()) != 0) {
    Fail(path_, "can't be given its name");
  }
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  if (const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      fd.get() >= 0) {
    ::fsync(fd.get());
  }
  size_ = 0;
}

}  // namespace pinhole::models
