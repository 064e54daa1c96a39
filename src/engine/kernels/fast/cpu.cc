// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/fast/cpu.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace pinhole::engine::kernels::fast {

#if defined(__x86_64__)

// __builtin_cpu_supports asks for the system's part (saved registers) too.
bool HasAvx512Vnni() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi2") != 0;
}

#if defined(__linux__)
bool HasAvx512Amx() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM, since Linux 5.16
  constexpr long kTileData = 18;               // the state component, as CPUID counts them
  return HasAvx512Vnni() && __builtin_cpu_supports("amx-tile") != 0 &&
         __builtin_cpu_supports("amx-int8") != 0 &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool HasAvx512Amx() { return false; }
#endif

bool HasAvx512AmxBf16() {
  return HasAvx512Bf16() && __builtin_cpu_supports("amx-bf16") != 0 && HasAvx512Amx();
}
bool HasAvx512Bf16() {
  return HasAvx512Vnni() && __builtin_cpu_supports("avx512bf16") != 0;
}
bool HasAvx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi2") != 0;
}
bool HasAvxVnni() { return HasAvx2() && __builtin_cpu_supports("avxvnni") != 0; }
bool HasSse41() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.1") != 0;
}

#else

bool HasAvx512Amx() { return false; }
bool HasAvx512AmxBf16() { return false; }
bool HasAvx512Vnni() { return false; }
bool HasAvx512Bf16() { return false; }
bool HasAvxVnni() { return false; }
bool HasAvx2() { return false; }
bool HasSse41() { return false; }

#endif

#if defined(__aarch64__) && defined(__linux__)

bool HasNeonDot() {
  constexpr unsigned long kDotProduct = 1UL << 20;  // HWCAP_ASIMDDP
  return (getauxval(AT_HWCAP) & kDotProduct) != 0;
}

#elif defined(__ARM_FEATURE_DOTPROD)

bool HasNeonDot() { return true; }

#else

bool HasNeonDot() { return false; }

#endif

}  // namespace pinhole::engine::kernels::fast
