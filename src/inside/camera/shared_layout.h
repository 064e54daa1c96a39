// SPDX-License-Identifier: Apache-2.0
#pragma once

// What lies where in the memory that shared_frames.h is about.
//
//   Control   one cache line: what the memory is, and the sequence word
//   Slot      one cache line: which event the pixels behind it belong to, and their shape
//   pixels    `capacity` bytes, rounded up to whole cache lines
//   Slot, pixels once more
//
// Both ends run on one machine and come from one build, so the structs are the format: every field
// is a lock-free atomic, and the pixels are atomic words, so that a copy made while the other end
// writes is at worst a wrong one and never undefined.
//
// An event's number is the sequence word's value when it is the newest; it lies in slot
// number % kSlots. The word begins at 0, which is no event, and may wrap around.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/checked.h"

namespace pinhole::inside::camera::layout {

inline constexpr std::size_t kLine = 64;
inline constexpr std::size_t kSlots = 2;
inline constexpr std::uint64_t kMagic = 0x31454d4152464850;  // "PHFRAME1"

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 8);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              sizeof(std::atomic<std::uint32_t>) == 4);

enum Kind : std::uint32_t { kFrame = 1, kFailed = 2, kEnd = 3 };

struct alignas(kLine) Control {
  Word magic;
  Word capacity;                        // bytes of the largest frame
  std::atomic<std::uint32_t> sequence;  // the newest event; what a reader waits on
};

// Slot::event while the slot is being written or wiped, and before it was ever used.
inline constexpr std::uint64_t kNoEvent = ~std::uint64_t{0};

struct alignas(kLine) Slot {
  Word event;  // the number of the event that lies here whole, or kNoEvent
  std::atomic<std::uint32_t> kind, width, height, channels;
};

static_assert(sizeof(Control) == kLine && sizeof(Slot) == kLine);

// From one slot to the next.
constexpr std::optional<std::size_t> SlotBytes(std::size_t capacity) {
  const std::optional<std::size_t> pixels = base::CheckedAlign(capacity, kLine);
  return pixels ? base::CheckedAdd(*pixels, sizeof(Slot)) : std::nullopt;
}

// All of it.
constexpr std::optional<std::size_t> MemoryBytes(std::size_t capacity) {
  const std::optional<std::size_t> slot = SlotBytes(capacity);
  const std::optional<std::size_t> slots = slot ? base::CheckedMul(*slot, kSlots) : std::nullopt;
  return slots ? base::CheckedAdd(*slots, sizeof(Control)) : std::nullopt;
}

constexpr std::size_t WordsOf(std::size_t bytes) { return (bytes + 7) / 8; }

}  // namespace pinhole::inside::camera::layout
