// SPDX-License-Identifier: Apache-2.0
#pragma once

// The memory of another process, by process_vm_readv and process_vm_writev of Linux.
//
// The kernel lets us do what a debugger could: with CAP_SYS_PTRACE (root has it) to all, else to
// processes of our own user that are no set-user-id programs, where Yama's ptrace_scope is 0. It
// keeps to the process's own map: memory that the process may not write is not written.

#include <sys/types.h>

#include "outside/i2cdev/i2c_dev_file.h"

namespace pinhole::outside::i2cdev {

class ProcessMemory final : public CallerMemory {
 public:
  // `thread` waits in the call that it made for as long as this is used, so its number is not given
  // to another.
  explicit ProcessMemory(pid_t thread) : thread_(thread) {}

  int Read(std::uint64_t address, std::span<std::uint8_t> out) override;
  int Write(std::uint64_t address, std::span<const std::uint8_t> bytes) override;

  // True where the kernel refused for want of rights (EPERM), or the caller is not to be seen from
  // here (ESRCH: a process in a container of its own).
  [[nodiscard]] bool out_of_reach() const { return out_of_reach_; }

 private:
  pid_t thread_;
  bool out_of_reach_ = false;
};

}  // namespace pinhole::outside::i2cdev
