// SPDX-License-Identifier: Apache-2.0
#include "speech/service/upload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pinhole::speech::service {

using base::Error;

bool MemoryBudget::Take(std::uint64_t bytes) {
  std::uint64_t used = used_;
  do {
    if (bytes > limit_ - used) {
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

Upload::Upload(Upload&& other) noexcept
    : budget_(std::move(other.budget_)),
      name_(std::move(other.name_)),
      fd_(std::move(other.fd_)),
      size_(std::exchange(other.size_, 0)) {}

Upload& Upload::operator=(Upload&& other) noexcept {
  if (this != &other) {
    Drop();
    budget_ = std::move(other.budget_);
    name_ = std::move(other.name_);
    fd_ = std::move(other.fd_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Upload::Drop() {
  fd_.Close();
  if (budget_) {
    budget_->Give(std::exchange(size_, 0));
  }
}

base::Status Upload::Append(std::string_view bytes, base::Diagnosis& why) {
  if (!budget_ || !budget_->Take(bytes.size())) {
    return why.Fail(Error::kOutOfMemory,
                    "the service holds as many bytes of sound as it may: try again later");
  }
  const std::uint64_t at = size_;
  size_ += bytes.size();  // taken, whether or not they can be written
  if (fd_.get() < 0) {
    fd_ = system::UniqueFd(memfd_create("pinhole-upload", MFD_CLOEXEC));
    if (fd_.get() < 0) {
      return why.Fail(Error::kOutOfMemory,
                      "there is no memory for an upload: ", std::strerror(errno));
    }
  }
  return Write(bytes, at, why);
}

base::Status Upload::Overwrite(std::string_view bytes, base::Diagnosis& why) {
  if (bytes.size() > size_) {
    return why.Fail(Error::kInternal, "nothing there to be overwritten");
  }
  return Write(bytes, 0, why);
}

base::Status Upload::Write(std::string_view bytes, std::uint64_t at, base::Diagnosis& why) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return why.Fail(Error::kOutOfMemory,
                      "there is no memory for an upload: ", std::strerror(errno));
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += static_cast<std::uint64_t>(count);
  }
  return {};
}

base::Result<system::UniqueFd> Upload::Descriptor(base::Diagnosis& why) const {
  if (fd_.get() < 0) {
    return why.Fail(Error::kTruncated, "the file is empty");
  }
  // Opened anew rather than duplicated, so that it has a place of its own and can't be written.
  const std::string path = "/proc/self/fd/" + std::to_string(fd_.get());
  system::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    return why.Fail(Error::kIo, "an upload can't be opened: ", std::strerror(errno));
  }
  return fd;
}

}  // namespace pinhole::speech::service
