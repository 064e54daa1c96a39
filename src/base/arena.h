// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bump allocator over memory that the caller owns. Two ends: what lives as long as the arena's
// user (a model's graph, prepared parameters) grows from the front; what only a step of loading
// needs (sort keys, marks) grows from the back and goes with its Scratch scope. Nothing is ever
// freed one by one, no destructor runs: only trivially destructible types are taken.
//
//   Arena arena(buffer);
//   std::span<Tensor> tensors = *arena.Make<Tensor>(count);        // value-initialised,
//   kOutOfMemory where it won't fit { Arena::Scratch scratch(arena); auto marks =
//   *scratch.Make<bool>(count); }
//
// Arenas are named by lifetime where they are used: model arena, activation arena, scratch.

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

#include "base/checked.h"
#include "base/result.h"

namespace pinhole::base {

class Arena {
 public:
  Arena() = default;
  explicit Arena(std::span<std::byte> memory) : memory_(memory), back_(memory.size()) {}

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] std::size_t capacity() const { return memory_.size(); }
  // Whether `at` lies in the arena's memory.
  [[nodiscard]] bool Holds(const std::byte* at) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory_.data());
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    return address >= begin && address - begin < memory_.size();
  }
  // Bytes taken from the front, alignment gaps included.
  [[nodiscard]] std::size_t used() const { return front_; }
  // The most bytes that both ends ever held together: the size that would have been enough.
  [[nodiscard]] std::size_t high_water() const { return high_water_; }

  // `size` bytes from the front, aligned to `alignment` (a power of two), not initialised.
  // Error: kOutOfMemory; the arena is as before.
  Result<std::span<std::byte>> Take(std::size_t size, std::size_t alignment) {
    const auto base = reinterpret_cast<std::uintptr_t>(memory_.data());
    const std::optional<std::size_t> begin = CheckedAlign(base + front_, alignment);
    if (!begin) {
      return Unexpected(Error::kOutOfMemory);
    }
    const std::size_t offset = *begin - base;
    if (offset > back_ || size > back_ - offset) {
      return Unexpected(Error::kOutOfMemory);
    }
    front_ = offset + size;
    Note();
    return memory_.subspan(offset, size);
  }

  // `count` value-initialised objects from the front. Error: kOutOfMemory.
  template <typename T>
  Result<std::span<T>> Make(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    const std::optional<std::size_t> bytes = CheckedMul(count, sizeof(T));
    if (!bytes) {
      return Unexpected(Error::kOutOfMemory);
    }
    PINHOLE_ASSIGN(const std::span<std::byte> raw, Take(*bytes, alignof(T)));
    return Construct<T>(raw.data(), count);
  }

  // Temporary memory from the back, given back when the scope ends. Scopes nest like blocks.
  class Scratch {
   public:
    explicit Scratch(Arena& arena) : arena_(arena), back_(arena.back_) {}
    ~Scratch() { arena_.back_ = back_; }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    template <typename T>
    Result<std::span<T>> Make(std::size_t count) {
      static_assert(std::is_trivially_destructible_v<T>);
      const std::optional<std::size_t> bytes = CheckedMul(count, sizeof(T));
      if (!bytes || *bytes > arena_.back_ - arena_.front_) {
        return Unexpected(Error::kOutOfMemory);
      }
      const auto base = reinterpret_cast<std::uintptr_t>(arena_.memory_.data());
      const std::uintptr_t begin =
          (base + arena_.back_ - *bytes) & ~(std::uintptr_t{alignof(T)} - 1);
      if (begin < base + arena_.front_) {
        return Unexpected(Error::kOutOfMemory);
      }
      arena_.back_ = begin - base;
      arena_.Note();
      return Construct<T>(arena_.memory_.data() + arena_.back_, count);
    }

   private:
    Arena& arena_;
    std::size_t back_;
  };

 private:
  template <typename T>
  static std::span<T> Construct(std::byte* at, std::size_t count) {
    if (count == 0) {
      return {};
    }
    T* first = reinterpret_cast<T*>(at);
    for (std::size_t i = 0; i < count; ++i) {
      ::new (static_cast<void*>(first + i)) T();
    }
    return {std::launder(first), count};
  }

  void Note() {
    const std::size_t held = front_ + (memory_.size() - back_);
    high_water_ = held > high_water_ ? held : high_water_;
  }

  std::span<std::byte> memory_;
  std::size_t front_ = 0;
  std::size_t back_ = 0;
  std::size_t high_water_ = 0;
};

}  // namespace pinhole::base
