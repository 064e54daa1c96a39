// SPDX-License-Identifier: Apache-2.0
// Laws: a search of either grid misses no box that overlaps enough; where boxes hardly overlap,
// BoxGrid looks at few of them wherever they lie and whatever their sizes, and FlatGrid where they
// are of about one size.
#include "decode/box_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "decode/flat_grid.h"
#include "decode/non_max_suppression.h"
#include "decode/scenes_for_tests.h"

namespace pinhole::decode {
namespace {

// A grid with memory of its own, of the very size asked for; it holds all boxes.
template <typename Kind>
struct Full {
  Full(const std::vector<Detection>& boxes, Reach reach)
      : words(PackedBoxes::kWords * boxes.size()), scratch(Kind::ScratchWords(boxes.size())) {
    const PackedBoxes packed(words);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      packed.Put(i, boxes[i].box);
    }
    grid.emplace(packed, reach, scratch);
    for (std::uint32_t i = 0; i < boxes.size(); ++i) {
      grid->Insert(i);
    }
  }
  std::vector<std::uint32_t> words, scratch;
  std::optional<Kind> grid;
};

template <typename Kind>
class Grids : public ::testing::Test {};
using Kinds = ::testing::Types<BoxGrid, FlatGrid>;
TYPED_TEST_SUITE(Grids, Kinds);

// The scene's boxes that a grid takes.
std::vector<Detection> Boxes(Scene scene, std::size_t count, unsigned seed) {
  std::vector<Detection> boxes = MakeScene(scene, count, seed);
  std::erase_if(boxes, [](const Detection& d) { return !IsFiniteBox(d.box); });
  return boxes;
}

TYPED_TEST(Grids, MissNothingThatOverlapsEnough) {
  unsigned seed = 0;
  for (const Scene scene : kScenes) {
    for (const std::size_t count : {1U, 3U, 17U, 200U}) {
      for (const float least : {0.0F, 0.02F, 0.3F, 0.8F}) {
        const std::vector<Detection> boxes = Boxes(scene, count, ++seed);
        for (const auto& [overlap, mutual] : {std::pair{Overlap::kIntersectionOverUnion, true},
                                              {Overlap::kJaccard, true},
                                              {Overlap::kModifiedJaccard, false}}) {
          SCOPED_TRACE(seed);
          Full<TypeParam> all(boxes, {least, mutual});
          for (const Detection& of : boxes) {
            std::vector<bool> seen(boxes.size());
            all.grid->Search(of.box, [&seen](std::uint32_t i) {
              seen[i] = true;
              return Next::kKeep;
            });
            for (std::size_t i = 0; i < boxes.size(); ++i) {
              EXPECT_TRUE(seen[i] || OverlapSimilarity(overlap, boxes[i].box, of.box) <= least);
            }
          }
        }
      }
    }
  }
}

// Far from the origin a float's steps are as long as the boxes, and sums of edges are rounded.
TYPED_TEST(Grids, MissNothingWhereFloatsAreCoarse) {
  for (const float at : {1e6F, -1e6F, 16777216.0F, -3e9F}) {
    std::vector<Detection> boxes = MakeScene(Scene::kGridded, 200, 3);
    const float step = std::nextafter(at, 2 * at) - at;
    for (Detection& d : boxes) {
      d.box = {at + 64 * step * d.box.left, at + 64 * step * d.box.top,
               at + 64 * step * d.box.right, at + 64 * step * d.box.bottom};
      if (!IsFiniteBox(d.box)) {
        std::swap(d.box.left, d.box.right);
        std::swap(d.box.top, d.box.bottom);
      }
    }
    Full<TypeParam> all(boxes, {0.3F, true});
    for (const Detection& of : boxes) {
      std::set<std::uint32_t> seen;
      all.grid->Search(of.box, [&seen](std::uint32_t i) {
        seen.insert(i);
        return Next::kKeep;
      });
      for (std::uint32_t i = 0; i < boxes.size(); ++i) {
        EXPECT_TRUE(seen.contains(i) || OverlapSimilarity(Overlap::kIntersectionOverUnion,
                                                          boxes[i].box, of.box) <= 0.3F);
      }
    }
  }
}

TYPED_TEST(Grids, RemoveAndStop) {
  const std::vector<Detection> boxes = Boxes(Scene::kEqual, 40, 1);
  Full<TypeParam> all(boxes, {});
  std::size_t visits = 0;
  all.grid->Search(boxes[0].box, [&visits](std::uint32_t) {
    ++visits;
    return Next::kStop;
  });
  EXPECT_EQ(visits, 1U);
  all.grid->Search(boxes[0].box,
                   [](std::uint32_t i) { return i % 2 == 0 ? Next::kRemove : Next::kKeep; });
  std::vector<std::uint32_t> left;
  all.grid->Search(boxes[0].box, [&left](std::uint32_t i) {
    left.push_back(i);
    return Next::kRemove;
  });
  EXPECT_EQ(left.size(), 20U);
  EXPECT_TRUE(std::all_of(left.begin(), left.end(), [](std::uint32_t i) { return i % 2 == 1; }));
  all.grid->Search(boxes[0].box, [](std::uint32_t) {
    ADD_FAILURE() << "the grid is empty";
    return Next::kKeep;
  });
}

TYPED_TEST(Grids, OfNoBoxesFindNothing) {
  Full<TypeParam> none({}, {});
  none.grid->Search({0.0F, 0.0F, 1.0F, 1.0F}, [](std::uint32_t) {
    ADD_FAILURE() << "the grid is empty";
    return Next::kKeep;
  });
}

// What is left of the scene after suppression, and how many boxes a search for each looks at.
template <typename Kind>
std::size_t LooksEach(Scene scene, std::size_t count) {
  const std::vector<Detection> boxes = Boxes(scene, count, 7);
  std::vector<Detection> kept(boxes.size());
  std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(boxes.size()));
  kept.resize(UnweightedNonMaxSuppression(boxes, {}, scratch, kept).value());
  Full<Kind> all(kept, {0.3F, true});
  std::size_t visits = 0;
  for (const Detection& of : kept) {
    all.grid->Search(of.box, [&visits](std::uint32_t) {
      ++visits;
      return Next::kKeep;
    });
  }
  return visits / kept.size();
}

// Comparing all pairs would look at 10,000 boxes for each. What is left after suppression overlaps
// little; among such boxes the grid must not look at many, in any scene.
TEST(BoxGrid, LooksAtFewAmongBoxesThatOverlapLittle) {
  for (const Scene scene : kScenes) {
    if (scene == Scene::kTiny) {
      continue;  // areas without digits: all are looked at, as the source says
    }
    EXPECT_LE(LooksEach<BoxGrid>(scene, 20000), 200U) << static_cast<int>(scene);
  }
}

TEST(FlatGrid, LooksAtFewAmongBoxesOfOneSizeAllOverThePlace) {
  EXPECT_LE(LooksEach<FlatGrid>(Scene::kSparse, 20000), 10U);
}

}  // namespace
}  // namespace pinhole::decode
