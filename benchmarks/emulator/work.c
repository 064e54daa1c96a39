// SPDX-License-Identifier: Apache-2.0

// The programs that both emulators run, one a value of WORK: code in RAM, no device, no library. It
// ends at a breakpoint, with `result` as proof of what was computed.
//
//   0 crc    CRC-32 bit by bit: shifts and branches
//   1 sort   insertion sort: loads, stores and compares
//   2 dot    dot products of bytes: loads and multiplications
//   3 copy   copies and sums of words: multiple loads and stores, calls

#include <stdint.h>

volatile uint32_t result;
static uint8_t data[4096];
uint32_t words[1024], others[1024];

static void fill(uint32_t seed) {
  for (int i = 0; i < 4096; ++i) {
    seed = seed * 1664525u + 1013904223u;
    data[i] = (uint8_t)(seed >> 24);
  }
}

#if WORK == 0
static uint32_t work(void) {
  uint32_t crc = ~0u;
  for (int i = 0; i < 4096; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
  }
  return crc;
}
#elif WORK == 1
static uint32_t work(void) {
  for (int i = 0; i < 256; ++i) {
    words[i] = (uint32_t)(data[i * 2] << 8 | data[i * 2 + 1]);
  }
  for (int i = 1; i < 256; ++i) {
    const uint32_t value = words[i];
    int place = i;
    while (place > 0 && words[place - 1] > value) {
      words[place] = words[place - 1];
      --place;
    }
    words[place] = value;
  }
  return words[100];
}
#elif WORK == 2
static uint32_t work(void) {
  int32_t sum = 0;
  const int8_t* const bytes = (const int8_t*)data;
  for (int row = 0; row < 16; ++row) {
    for (int i = 0; i < 1024; ++i) {
      sum += bytes[i] * bytes[i + row * 64];
    }
  }
  return (uint32_t)sum;
}
#else
static void __attribute__((noinline)) copy(uint32_t* to, const uint32_t* from, int count) {
  for (int i = 0; i < count; i += 4) {
    const uint32_t a = from[i], b = from[i + 1], c = from[i + 2], d = from[i + 3];
    to[i] = a;
    to[i + 1] = b;
    to[i + 2] = c;
    to[i + 3] = d;
  }
}
static uint32_t __attribute__((noinline)) sum(const uint32_t* from, int count) {
  uint32_t total = 0;
  for (int i = 0; i < count; ++i) {
    total += from[i];
  }
  return total;
}
static uint32_t work(void) {
  copy(words, (const uint32_t*)data, 1024);
  for (int i = 0; i < 1024; i += 16) {
    copy(others + i, words + 1008 - i, 16);
    words[i] ^= sum(others + i, 16);
  }
  return sum(words, 1024);
}
#endif

void start(void) {
  uint32_t total = 0;
  for (int round = 0; round < ROUNDS; ++round) {
    fill((uint32_t)round + total);
    total += work();
  }
  result = total;
  // Semihosting's exit, and for who has none a breakpoint.
  register uint32_t operation __asm("r0") = 0x18;
  register uint32_t reason __asm("r1") = 0x20026;
  __asm volatile("bkpt 0xAB" ::"r"(operation), "r"(reason));
  for (;;) {
  }
}
