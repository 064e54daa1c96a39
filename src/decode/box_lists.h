// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the grids are made of: boxes in one row, best first, and lists of their numbers.
//
// PackedBoxes keeps corners together, four words a box, so that looking at one reads one place of
// memory. BoxLists links numbers, one word each, into as many lists as there are heads; a number is
// in one list at most. Reach says what is searched for. Boxes and lists are views: the memory is
// the caller's and must outlive them.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "decode/detection.h"

namespace pinhole::decode {

class PackedBoxes {
 public:
  static constexpr std::size_t kWords = 4;  // of each box

  PackedBoxes() = default;
  explicit PackedBoxes(std::span<std::uint32_t> words) : words_(words) {}

  [[nodiscard]] std::size_t size() const { return words_.size() / kWords; }
  [[nodiscard]] Box at(std::size_t i) const {
    const auto words = words_.subspan(kWords * i).first<kWords>();
    return std::bit_cast<Box>(std::array{words[0], words[1], words[2], words[3]});
  }
  void Put(std::size_t i, const Box& box) const {
    const auto words = std::bit_cast<std::array<std::uint32_t, kWords>>(box);
    std::copy(words.begin(), words.end(), words_.subspan(kWords * i).begin());
  }

 private:
  std::span<std::uint32_t> words_;
};

// The overlap that searches are about: the area that two boxes share, divided by an area that is
// at least that of the box searched for, is to be above `min_overlap`; where `mutual`, the area
// is at least that of either box.
struct Reach {
  float min_overlap = 0.0F;
  bool mutual = true;

  // False for a box that no search can find: without area, or mutually with one that is no float.
  [[nodiscard]] bool Finds(const Box& box) const {
    return box.area() > 0.0F && (!mutual || box.area() <= std::numeric_limits<float>::max());
  }
  // False for a box that can find nothing.
  [[nodiscard]] static bool Finding(const Box& box) {
    return box.area() > 0.0F && box.area() <= std::numeric_limits<float>::max();
  }
  // The part of the width and of the height of a box searched for that another must share with it:
  // what two boxes share is no wider than the narrower and no higher than the lower of them. Floats
  // keep to that within 1 %, except among areas so small that they have few digits: for these 0.
  [[nodiscard]] float Part(const Box& box) const {
    constexpr float kLeastArea = 1e-30F, kSlack = 0.99F;
    return box.area() >= kLeastArea ? min_overlap * kSlack : 0.0F;
  }
};

// What a search does with the box that it has just looked at: the box stays, leaves its list, or
// the search ends.
enum class Next : std::uint8_t { kKeep, kRemove, kStop };

class BoxLists {
 public:
  BoxLists() = default;
  // One word of `links` for each number, one of `heads` for each list. All lists are empty.
  BoxLists(std::span<std::uint32_t> links, std::span<std::uint32_t> heads)
      : links_(links), heads_(heads) {
    std::fill(heads_.begin(), heads_.end(), kEnd);
  }

  [[nodiscard]] std::size_t lists() const { return heads_.size(); }

  void Insert(std::size_t list, std::uint32_t number) {
    links_[number] = heads_[list];
    heads_[list] = number;
  }

  // Calls visit(number) for each in the list, and does what it answers (Next). False where the
  // search is to end.
  template <typename Visit>
  bool Search(std::size_t list, const Visit& visit) {
    for (std::uint32_t* link = &heads_[list]; *link != kEnd;) {
      const std::uint32_t number = *link;
      const Next next = visit(number);
      if (next == Next::kStop) {
        return false;
      }
      if (next == Next::kRemove) {
        *link = links_[number];
      } else {
        link = &links_[number];
      }
    }
    return true;
  }

 private:
  static constexpr std::uint32_t kEnd = 0xFFFFFFFFU;
  std::span<std::uint32_t> links_, heads_;
};

}  // namespace pinhole::decode
