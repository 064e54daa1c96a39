// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the wall needs of the kernel and the C library's headers may be too old to name: Landlock's
// structures up to its 6th version, and the system calls behind them.
//
// Source: Documentation/userspace-api/landlock.rst, include/uapi/linux/landlock.h.

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace pinhole::wall {

// struct landlock_ruleset_attr; the kernel takes as many bytes of it as it knows.
struct LandlockRuleset {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // from version 4
  std::uint64_t scoped = 0;              // from version 6
};
static_assert(sizeof(LandlockRuleset) == 24);

struct [[gnu::packed]] LandlockPath {
  std::uint64_t allowed_access = 0;
  std::int32_t parent_fd = -1;
};
static_assert(sizeof(LandlockPath) == 12);

struct LandlockPort {
  std::uint64_t allowed_access = 0;
  std::uint64_t port = 0;
};
static_assert(sizeof(LandlockPort) == 16);

inline constexpr std::uint32_t kLandlockRulePath = 1, kLandlockRulePort = 2;

namespace access {
inline constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2,
                               kReadDir = 1 << 3, kRemoveDir = 1 << 4, kRemoveFile = 1 << 5,
                               kMakeDir = 1 << 7, kMakeReg = 1 << 8, kRefer = 1 << 13,
                               kTruncate = 1 << 14, kIoctlDev = 1 << 15;
inline constexpr std::uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1;
}  // namespace access

// 0: none.
inline int LandlockAbi() {
  const long abi = ::syscall(444 /* landlock_create_ruleset */, nullptr, 0, 1 /* VERSION */);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

// All that version `abi` can deny in the file system.
constexpr std::uint64_t AllFileAccess(int abi) {
  const int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
  return (std::uint64_t{1} << bits) - 1;
}

constexpr std::size_t RulesetBytes(int abi) {
  return abi >= 6 ? sizeof(LandlockRuleset) : abi >= 4 ? 16 : 8;
}

inline int LandlockCreate(const LandlockRuleset& ruleset, int abi) {
  return static_cast<int>(::syscall(444, &ruleset, RulesetBytes(abi), 0));
}
inline int LandlockAdd(int ruleset, std::uint32_t kind, const void* rule) {
  return static_cast<int>(::syscall(445, ruleset, kind, rule, 0));
}
inline int LandlockRestrict(int ruleset) { return static_cast<int>(::syscall(446, ruleset, 0)); }

}  // namespace pinhole::wall
