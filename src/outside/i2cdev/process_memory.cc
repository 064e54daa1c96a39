// SPDX-License-Identifier: Apache-2.0
#include "outside/i2cdev/process_memory.h"

#include <sys/uio.h>

#include <cerrno>

namespace pinhole::outside::i2cdev {

namespace {

// process_vm_readv or process_vm_writev over one stretch: 0 or an errno.
template <typename Copy>
int CopyAll(Copy copy, pid_t thread, std::uint64_t address, void* ours, std::size_t size) {
  if (thread <= 0) {
    return ESRCH;
  }
  if (address > UINTPTR_MAX) {
    return EFAULT;
  }
  const iovec local{ours, size};
  // A number that the kernel judges, not a pointer of ours.
  const iovec remote{reinterpret_cast<void*>(static_cast<std::uintptr_t>(address)), size};
  const ssize_t copied = copy(thread, &local, 1, &remote, 1, 0);
  if (copied < 0) {
    return errno;
  }
  return static_cast<std::size_t>(copied) == size ? 0 : EFAULT;
}

}  // namespace

int ProcessMemory::Read(std::uint64_t address, std::span<std::uint8_t> out) {
  const int error = CopyAll(::process_vm_readv, thread_, address, out.data(), out.size());
  out_of_reach_ = out_of_reach_ || error == EPERM || error == ESRCH;
  return error;
}

int ProcessMemory::Write(std::uint64_t address, std::span<const std::uint8_t> bytes) {
  // iovec has no const; process_vm_writev reads from it.
  auto* ours = const_cast<std::uint8_t*>(bytes.data());
  const int error = CopyAll(::process_vm_writev, thread_, address, ours, bytes.size());
  out_of_reach_ = out_of_reach_ || error == EPERM || error == ESRCH;
  return error;
}

}  // namespace pinhole::outside::i2cdev
