// SPDX-License-Identifier: Apache-2.0
// Lines into a file that others may remove, fill up or rotate at any time.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "outside/log/line_sink.h"

namespace pinhole::outside::log {

namespace {

std::string Reason(int error) { return std::generic_category().message(error); }

class FileSink final : public LineSink {
 public:
  FileSink(std::string path, std::uint64_t max_bytes)
      : path_(std::move(path)), max_bytes_(max_bytes) {}
  ~FileSink() override { Close(); }

  [[nodiscard]] std::string name() const override { return path_; }

  base::Status Open(base::Diagnosis& why) {
    // Not blocking: a pipe that nobody reads is an error, nothing to wait for.
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                 0640);
    if (fd_ < 0) {
      return why.Fail(base::Error::kIo, "can't be opened: ", Reason(errno),
                      "; check the folder and the rights");
    }
    struct stat info{};
    if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
      EndHalfLine(info.st_size);
    }
    return {};
  }

  base::Result<std::size_t> Write(std::string_view bytes, base::Diagnosis& why) override {
    struct stat info{};
    PINHOLE_TRY(MakeReady(info, why));
    const bool regular = S_ISREG(info.st_mode);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (regular && size > 0 && size + bytes.size() > max_bytes_) {
      PINHOLE_TRY(Rotate(why));
      if (::fstat(fd_, &info) != 0) {
        return why.Fail(base::Error::kIo, "can't be looked at: ", Reason(errno));
      }
    }
    return Append(bytes, regular, info.st_size, why);
  }

  void Wait(std::chrono::milliseconds) override {}  // a file takes all or fails

 private:
  void Close() {
    if (fd_ >= 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }

  // What a power failure cut off must not run into the next line.
  void EndHalfLine(off_t size) const {
    const int reading = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reading < 0) {
      return;
    }
    char last = '\n';
    if (::pread(reading, &last, 1, size - 1) == 1 && last != '\n') {
      [[maybe_unused]] const ssize_t n =
          ::write(fd_, "\n", 1);  // where it fails, the line will too
    }
    ::close(reading);
  }

  // The file that the path names now is open, and `info` tells about it.
  base::Status MakeReady(struct stat& info, base::Diagnosis& why) {
    struct stat named{};
    if (fd_ >= 0 && (::fstat(fd_, &info) != 0 || ::stat(path_.c_str(), &named) != 0 ||
                     info.st_dev != named.st_dev || info.st_ino != named.st_ino)) {
      Close();
    }
    if (fd_ < 0) {
      PINHOLE_TRY(Open(why));
    }
    if (::fstat(fd_, &info) != 0) {
      return why.Fail(base::Error::kIo, "can't be looked at: ", Reason(errno));
    }
    return {};
  }

  base::Status Rotate(base::Diagnosis& why) {
    const std::string older = path_ + ".1";
    if (std::rename(path_.c_str(), older.c_str()) != 0) {
      return why.Fail(base::Error::kIo, "is full and can't be renamed to ", older, ": ",
                      Reason(errno), "; check the folder and the rights");
    }
    Close();
    return Open(why);
  }

  base::Result<std::size_t> Append(std::string_view bytes, bool regular, off_t size,
                                   base::Diagnosis& why) {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) {
        continue;
      }
      if (n <= 0) {
        const int error = n == 0 ? EIO : errno;
        TakeBack(regular, size, done);
        return why.Fail(base::Error::kIo, "can't be written: ", Reason(error), "; check the disk");
      }
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  // Half a line is worse than none; but where another program wrote too, nothing is cut.
  void TakeBack(bool regular, off_t size, std::size_t written) const {
    struct stat info{};
    if (regular && written > 0 && ::fstat(fd_, &info) == 0 &&
        info.st_size == size + static_cast<off_t>(written)) {
      [[maybe_unused]] const int cut = ::ftruncate(fd_, size);
    }
  }

  std::string path_;
  std::uint64_t max_bytes_;
  int fd_ = -1;
};

}  // namespace

base::Result<std::unique_ptr<LineSink>> OpenFileSink(const std::string& path,
                                                     std::uint64_t max_bytes,
                                                     base::Diagnosis& why) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  auto sink = std::make_unique<FileSink>(error ? path : absolute.string(), max_bytes);
  if (!sink->Open(why)) {
    why.Prefix(path, ": ");
    return base::Unexpected(base::Error::kIo);
  }
  return std::unique_ptr<LineSink>(std::move(sink));
}

}  // namespace pinhole::outside::log
