// SPDX-License-Identifier: Apache-2.0
// What one thread of this processor can do at most: peaks, one JSON line on standard output.
//
// Arithmetic is measured in registers alone: independent accumulators, as many as the latency of
// the instruction needs, each instruction set that the processor has. One multiply-add counts as
// one. Loading is measured by summing blocks that fit the first and second level of cache, the
// third, and none, with the widest registers there are. Each number is the best of several short
// bursts: a peak is what nothing disturbed.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/json_text.h"
#include "benchmarks/worker_protocol.h"
#include "system/files.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

namespace pinhole::benchmarks {
namespace {

struct Arithmetic {
  std::string name;
  double macs_per_pass;  // of one call
  std::function<void()> pass;
};

constexpr int kLoops = 20000;

// The best rate of `per_pass` things over bursts of `pass`, a second.
double BestRate(double per_pass, const std::function<void()>& pass) {
  double best = 0.0;
  pass();
  for (int burst = 0; burst < 40; ++burst) {
    const std::int64_t begin = Now(CLOCK_MONOTONIC);
    pass();
    const std::int64_t taken = std::max<std::int64_t>(Now(CLOCK_MONOTONIC) - begin, 1);
    best = std::max(best, per_pass / static_cast<double>(taken) * 1e9);
  }
  return best;
}

// As many registers as `accumulators`, each added to once a loop. The empty statement says that a
// factor may have changed, so that no part of a step can be shared by two.
#define PINHOLE_PEAK(function, features, vector, constraint, zero, accumulators, step) \
  __attribute__((target(features))) void function() {                                  \
    vector sum[accumulators];                                                          \
    for (auto& one : sum) {                                                            \
      one = zero;                                                                      \
    }                                                                                  \
    vector a = zero, b = zero;                                                         \
    for (int loop = 0; loop < kLoops; ++loop) {                                        \
      _Pragma("GCC unroll 16") for (int i = 0; i < (accumulators); ++i) {              \
        __asm__ volatile("" : "+" constraint(a), "+" constraint(b));                   \
        vector& c = sum[i];                                                            \
        c = step;                                                                      \
      }                                                                                \
    }                                                                                  \
    for (auto& one : sum) {                                                            \
      __asm__ volatile("" : : constraint(one));                                        \
    }                                                                                  \
  }

#if defined(__x86_64__)

PINHOLE_PEAK(Fp32Avx512, "avx512f", __m512, "v", _mm512_setzero_ps(), 16, _mm512_fmadd_ps(a, b, c))
PINHOLE_PEAK(Fp32Fma, "avx2,fma", __m256, "x", _mm256_setzero_ps(), 12, _mm256_fmadd_ps(a, b, c))
PINHOLE_PEAK(Fp32Sse, "sse2", __m128, "x", _mm_setzero_ps(), 12, _mm_add_ps(_mm_mul_ps(a, b), c))
PINHOLE_PEAK(Int8Avx512Vnni, "avx512vnni,avx512f", __m512i, "v", _mm512_setzero_si512(), 16,
             _mm512_dpbusd_epi32(c, a, b))
PINHOLE_PEAK(Int8AvxVnni, "avxvnni", __m256i, "x", _mm256_setzero_si256(), 12,
             _mm256_dpbusd_avx_epi32(c, a, b))
PINHOLE_PEAK(Int8Avx512Bw, "avx512bw", __m512i, "v", _mm512_setzero_si512(), 16,
             _mm512_add_epi32(c,
                              _mm512_madd_epi16(_mm512_maddubs_epi16(a, b), _mm512_set1_epi16(1))))
PINHOLE_PEAK(Int8Avx2, "avx2", __m256i, "x", _mm256_setzero_si256(), 12,
             _mm256_add_epi32(c,
                              _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1))))

struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

// Four sums of 16 x 16, two tiles of each factor: what an inner loop of a matrix product has.
__attribute__((target("amx-tile,amx-int8"))) void Int8Amx() {
  TileConfig config;
  for (int i = 0; i < 8; ++i) {
    config.row_bytes[i] = 64;
    config.rows[i] = 16;
  }
  _tile_loadconfig(&config);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int loop = 0; loop < kLoops; ++loop) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
}

bool HasLeaf7(unsigned subleaf, int which, unsigned bit) {
  unsigned r[4] = {};
  return __get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3]) != 0 &&
         (r[which] >> bit & 1U) != 0;
}

// AMX is there when the processor has it and the kernel grants its registers.
bool HasAmx() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return HasLeaf7(0, 3, 24) && HasLeaf7(0, 3, 25) &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

std::vector<Arithmetic> Fp32() {
  std::vector<Arithmetic> all;
  if (__builtin_cpu_supports("avx512f")) {
    all.push_back({"avx512f", 16.0 * 16 * kLoops, Fp32Avx512});
  }
  if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) {
    all.push_back({"fma", 12.0 * 8 * kLoops, Fp32Fma});
  }
  all.push_back({"sse2", 12.0 * 4 * kLoops, Fp32Sse});
  return all;
}

std::vector<Arithmetic> Int8() {
  std::vector<Arithmetic> all;
  if (HasAmx()) {
    all.push_back({"amx-int8", 4.0 * 16 * 16 * 64 * kLoops, Int8Amx});
  }
  if (__builtin_cpu_supports("avx512vnni")) {
    all.push_back({"avx512vnni", 16.0 * 64 * kLoops, Int8Avx512Vnni});
  }
  if (HasLeaf7(1, 0, 4)) {
    all.push_back({"avxvnni", 12.0 * 32 * kLoops, Int8AvxVnni});
  }
  if (__builtin_cpu_supports("avx512bw")) {
    all.push_back({"avx512bw", 16.0 * 64 * kLoops, Int8Avx512Bw});
  }
  if (__builtin_cpu_supports("avx2")) {
    all.push_back({"avx2", 12.0 * 32 * kLoops, Int8Avx2});
  }
  return all;
}

__attribute__((target("avx512f"))) void LoadAvx512(const std::byte* data, std::size_t bytes) {
  for (std::size_t i = 0; i + 512 <= bytes; i += 512) {
    _Pragma("GCC unroll 8") for (std::size_t j = 0; j < 512; j += 64) {
      const __m512i value = _mm512_load_si512(data + i + j);
      __asm__ volatile("" : : "v"(value));
    }
  }
}

__attribute__((target("avx2"))) void LoadAvx2(const std::byte* data, std::size_t bytes) {
  for (std::size_t i = 0; i + 512 <= bytes; i += 512) {
    _Pragma("GCC unroll 16") for (std::size_t j = 0; j < 512; j += 32) {
      const __m256i value = _mm256_load_si256(reinterpret_cast<const __m256i*>(data + i + j));
      __asm__ volatile("" : : "x"(value));
    }
  }
}

void LoadSse(const std::byte* data, std::size_t bytes) {
  for (std::size_t i = 0; i + 512 <= bytes; i += 512) {
    _Pragma("GCC unroll 32") for (std::size_t j = 0; j < 512; j += 16) {
      const __m128i value = _mm_load_si128(reinterpret_cast<const __m128i*>(data + i + j));
      __asm__ volatile("" : : "x"(value));
    }
  }
}

void Load(const std::byte* data, std::size_t bytes) {
  if (__builtin_cpu_supports("avx512f")) {
    LoadAvx512(data, bytes);
  } else if (__builtin_cpu_supports("avx2")) {
    LoadAvx2(data, bytes);
  } else {
    LoadSse(data, bytes);
  }
}

#elif defined(__aarch64__)

PINHOLE_PEAK(Fp32Neon, "+simd", float32x4_t, "w", vdupq_n_f32(0.0F), 16, vfmaq_f32(c, a, b))
__attribute__((target("+dotprod"))) int32x4_t Dot(int32x4_t c, int32x4_t a, int32x4_t b) {
  return vdotq_s32(c, vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b));
}
PINHOLE_PEAK(Int8DotProd, "+dotprod", int32x4_t, "w", vdupq_n_s32(0), 16, Dot(c, a, b))

std::vector<Arithmetic> Fp32() { return {{"neon", 16.0 * 4 * kLoops, Fp32Neon}}; }

std::vector<Arithmetic> Int8() {
  std::vector<Arithmetic> all;
  constexpr unsigned long kDotProd = 1UL << 20;  // HWCAP_ASIMDDP
  if ((getauxval(AT_HWCAP) & kDotProd) != 0) {
    all.push_back({"dotprod", 16.0 * 16 * kLoops, Int8DotProd});
  }
  return all;
}

void Load(const std::byte* data, std::size_t bytes) {
  for (std::size_t i = 0; i + 512 <= bytes; i += 512) {
    _Pragma("GCC unroll 32") for (std::size_t j = 0; j < 512; j += 16) {
      const uint8x16_t value = vld1q_u8(reinterpret_cast<const std::uint8_t*>(data + i + j));
      __asm__ volatile("" : : "w"(value));
    }
  }
}

#else

std::vector<Arithmetic> Fp32() { return {}; }
std::vector<Arithmetic> Int8() { return {}; }
void Load(const std::byte* data, std::size_t bytes) {
  for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
    const std::uint64_t value = *reinterpret_cast<const std::uint64_t*>(data + i);
    __asm__ volatile("" : : "r"(value));
  }
}

#endif

std::string Rates(const std::vector<Arithmetic>& all) {
  JsonList rates('{');
  for (const Arithmetic& one : all) {
    rates.Add(one.name, Text(BestRate(one.macs_per_pass, one.pass)));
  }
  return rates.Done();
}

std::string Loads() {
  JsonList rates('{');
  system::AlignedBytes block(std::size_t{96} << 20);
  std::fill(block.span().begin(), block.span().end(), std::byte{1});
  for (const std::size_t kib : {16U, 256U, 4096U, 98304U}) {
    const std::size_t bytes = kib << 10;
    const std::size_t passes = std::max<std::size_t>((std::size_t{8} << 20) / bytes, 1);
    rates.Add(std::to_string(kib) + "_kib", Text(BestRate(static_cast<double>(bytes * passes), [&] {
                for (std::size_t pass = 0; pass < passes; ++pass) {
                  Load(block.span().data(), bytes);
                }
              })));
  }
  return rates.Done();
}

}  // namespace
}  // namespace pinhole::benchmarks

int main() {
  using namespace pinhole::benchmarks;
  JsonList all('{');
  all.Add("fp32_macs", Rates(Fp32()));
  all.Add("int8_macs", Rates(Int8()));
  all.Add("load_bytes", Loads());
  std::puts(all.Done().c_str());
}
