// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests only: a writer and a reader with a socket between them, and memory that a test may
// scribble on as a hostile writer would.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "inside/camera/shared_frames.h"
#include "inside/camera/shared_layout.h"

namespace pinhole::inside::camera {

struct SocketPair {
  SocketPair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      std::abort();
    }
  }
  ~SocketPair() {
    CloseFirst();
    CloseSecond();
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  void CloseFirst() { Close(ends[0]); }
  void CloseSecond() { Close(ends[1]); }
  static void Close(int& fd) {
    if (fd >= 0) {
      ::close(fd);
    }
    fd = -1;
  }

  std::array<int, 2> ends{-1, -1};
};

// `fd` with one byte `mark`, as FrameWriter::SendTo does it.
inline bool SendDescriptor(int socket, int fd, char mark = 'F') {
  iovec piece{&mark, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

// Memory as a writer would hand it over, every byte of it at hand.
class ForgedMemory {
 public:
  static constexpr int kAllSeals =
      F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL | 0x0010;  // F_SEAL_FUTURE_WRITE

  explicit ForgedMemory(std::size_t bytes, int seals = kAllSeals) {
    fd_ = ::memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
      std::abort();
    }
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (memory == MAP_FAILED || (seals != 0 && ::fcntl(fd_, F_ADD_SEALS, seals) != 0)) {
      std::abort();
    }
    bytes_ = {static_cast<std::byte*>(memory), bytes};
  }
  ~ForgedMemory() {
    ::munmap(bytes_.data(), bytes_.size());
    ::close(fd_);
  }
  ForgedMemory(const ForgedMemory&) = delete;
  ForgedMemory& operator=(const ForgedMemory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  [[nodiscard]] layout::Control& control() const {
    return *reinterpret_cast<layout::Control*>(bytes_.data());
  }
  // A descriptor with access `mode`; the caller closes it.
  [[nodiscard]] int Open(int mode) const {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd_);
    return ::open(path.data(), mode | O_CLOEXEC);
  }

  base::Result<std::unique_ptr<FrameReader>> Receive(base::Diagnosis& why, int mode = O_RDONLY,
                                                     char mark = 'F') const {
    SocketPair sockets;
    const int fd = Open(mode);
    SendDescriptor(sockets.ends[0], fd, mark);
    ::close(fd);
    return FrameReader::Receive(sockets.ends[1], why);
  }

 private:
  int fd_ = -1;
  std::span<std::byte> bytes_;
};

}  // namespace pinhole::inside::camera
