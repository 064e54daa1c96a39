// SPDX-License-Identifier: Apache-2.0
// Two laws: a search misses no box that overlaps enough, and where boxes hardly overlap it looks at
// few of them, wherever they lie and whatever their sizes.
#include "decode/box_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "decode/non_max_suppression.h"
#include "decode/scenes_for_tests.h"

namespace pinhole::decode {
namespace {

// A grid with memory of its own, of the very size asked for.
struct Grid {
  Grid(const std::vector<Detection>& boxes, BoxGrid::Reach reach)
      : order(boxes.size()), scratch(BoxGrid::ScratchWords(boxes.size())) {
    std::iota(order.begin(), order.end(), 0U);
    grid.emplace(boxes, order, reach, scratch);
  }
  std::vector<std::uint32_t> order, scratch;
  std::optional<BoxGrid> grid;
};

// The scene's boxes that a grid takes.
std::vector<Detection> Boxes(Scene scene, std::size_t count, unsigned seed) {
  std::vector<Detection> boxes = MakeScene(scene, count, seed);
  std::erase_if(boxes, [](const Detection& d) { return !IsFiniteBox(d.box); });
  return boxes;
}

TEST(BoxGrid, MissesNothingThatOverlapsEnough) {
  unsigned seed = 0;
  for (const Scene scene : kScenes) {
    for (const std::size_t count : {3U, 17U, 200U}) {
      for (const float least : {0.0F, 0.02F, 0.3F, 0.8F}) {
        const std::vector<Detection> boxes = Boxes(scene, count, ++seed);
        for (const auto& [overlap, mutual] : {std::pair{Overlap::kIntersectionOverUnion, true},
                                              {Overlap::kJaccard, true},
                                              {Overlap::kModifiedJaccard, false}}) {
          SCOPED_TRACE(seed);
          Grid all(boxes, {least, mutual});
          for (std::uint32_t i = 0; i < boxes.size(); ++i) {
            all.grid->Insert(i);
          }
          for (const Detection& of : boxes) {
            std::vector<bool> seen(boxes.size());
            all.grid->Search(of.box, [&seen](std::uint32_t i) {
              seen[i] = true;
              return BoxGrid::Next::kKeep;
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

TEST(BoxGrid, RemovesAndStops) {
  const std::vector<Detection> boxes = Boxes(Scene::kEqual, 40, 1);
  Grid all(boxes, {});
  for (std::uint32_t i = 0; i < boxes.size(); ++i) {
    all.grid->Insert(i);
  }
  std::size_t visits = 0;
  all.grid->Search(boxes[0].box, [&visits](std::uint32_t) {
    ++visits;
    return BoxGrid::Next::kStop;
  });
  EXPECT_EQ(visits, 1U);
  all.grid->Search(boxes[0].box, [](std::uint32_t i) {
    return i % 2 == 0 ? BoxGrid::Next::kRemove : BoxGrid::Next::kKeep;
  });
  std::vector<std::uint32_t> left;
  all.grid->Search(boxes[0].box, [&left](std::uint32_t i) {
    left.push_back(i);
    return BoxGrid::Next::kRemove;
  });
  EXPECT_EQ(left.size(), 20U);
  EXPECT_TRUE(std::all_of(left.begin(), left.end(), [](std::uint32_t i) { return i % 2 == 1; }));
  all.grid->Search(boxes[0].box, [](std::uint32_t) {
    ADD_FAILURE() << "the grid is empty";
    return BoxGrid::Next::kKeep;
  });
}

// Comparing all pairs would look at 10,000 boxes for each. What is left after suppression overlaps
// little; among such boxes the grid must not look at many, in any scene.
TEST(BoxGrid, LooksAtFewAmongBoxesThatOverlapLittle) {
  constexpr std::size_t kCount = 20000;
  for (const Scene scene : kScenes) {
    if (scene == Scene::kTiny) {
      continue;  // areas without digits: all are looked at, as the source says
    }
    std::vector<Detection> boxes = Boxes(scene, kCount, 7);
    std::vector<Detection> kept(boxes.size());
    std::vector<std::uint32_t> scratch(NonMaxSuppressionScratch(boxes.size()));
    kept.resize(UnweightedNonMaxSuppression(boxes, {}, scratch, kept).value());
    Grid all(kept, {0.3F, true});
    for (std::uint32_t i = 0; i < kept.size(); ++i) {
      all.grid->Insert(i);
    }
    std::size_t visits = 0;
    for (const Detection& of : kept) {
      all.grid->Search(of.box, [&visits](std::uint32_t) {
        ++visits;
        return BoxGrid::Next::kKeep;
      });
    }
    EXPECT_LE(visits, 200 * kept.size()) << static_cast<int>(scene) << ": " << kept.size();
  }
}

}  // namespace
}  // namespace pinhole::decode
