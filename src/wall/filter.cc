// SPDX-License-Identifier: Apache-2.0
#include "wall/filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace pinhole::wall {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__arm__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_ARM;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);

// Offset of the lower (0) or upper (1) half of an argument; all processors above are little-endian.
constexpr std::uint32_t Half(int argument, std::uint32_t half) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) +
         8 * static_cast<std::uint32_t>(argument) + 4 * half;
}

sock_filter Statement(std::uint16_t code, std::uint32_t k) { return {code, 0, 0, k}; }

// Goes on where the accumulator is `k`, else jumps over `skip` instructions.
sock_filter Unless(std::uint32_t k, std::size_t skip) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(skip), k};
}

}  // namespace

bool Filter::KnowsThisProcessor() { return kArchitecture != 0; }

Filter::Filter() {
  Load(offsetof(seccomp_data, arch));
  program_.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture});
  program_.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
}

Filter::~Filter() = default;

void Filter::Load(std::uint32_t offset) {
  program_.push_back(Statement(BPF_LD | BPF_W | BPF_ABS, offset));
}

// One block a rule: whatever does not fit jumps to the next block, which loads the number anew.
void Filter::Allow(long call, std::initializer_list<ArgumentIs> arguments) {
  std::size_t left = 1;  // instructions of the block behind the first comparison
  for (const ArgumentIs& argument : arguments) {
    left += argument.width == Width::k64 ? 4 : 2;
  }
  Load(kNumber);
  program_.push_back(Unless(static_cast<std::uint32_t>(call), left));
  for (const ArgumentIs& argument : arguments) {
    const std::uint32_t halves = argument.width == Width::k64 ? 2 : 1;
    for (std::uint32_t half = 0; half < halves; ++half) {
      Load(Half(argument.index, half));
      left -= 2;
      program_.push_back(Unless(static_cast<std::uint32_t>(argument.value >> (32 * half)), left));
    }
  }
  program_.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

void Filter::Refuse(long call, int error) {
  Load(kNumber);
  program_.push_back(Unless(static_cast<std::uint32_t>(call), 1));
  program_.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
}

base::Status Filter::Install(Otherwise otherwise, base::Diagnosis& why) {
  program_.push_back(Statement(BPF_RET | BPF_K, otherwise == Otherwise::kKill
                                                    ? SECCOMP_RET_KILL_PROCESS
                                                    : SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
  const long done =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (done == 0) {
    return {};
  }
  if (done > 0) {
    return why.Fail(base::Error::kUnsupported, "seccomp: thread ", done,
                    " has another filter of its own and can't be locked");
  }
  return why.Fail(base::Error::kUnsupported, "seccomp: ", std::strerror(errno),
                  "; this needs a kernel with CONFIG_SECCOMP_FILTER");
}

}  // namespace pinhole::wall
