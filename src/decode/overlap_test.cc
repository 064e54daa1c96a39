// SPDX-License-Identifier: Apache-2.0
// The law: eight boxes at once are told apart as one by one, for any boxes and limits.
#include "decode/overlap.h"

#include <gtest/gtest.h>

#include <vector>

#include "decode/scenes_for_tests.h"

namespace pinhole::decode {
namespace {

TEST(MarkOverlapping, EqualsTheDefinition) {
  constexpr std::size_t kBoxes = 60;
  unsigned seed = 0;
  for (const Scene scene : kScenes) {
    std::vector<Detection> boxes = MakeScene(scene, kBoxes, ++seed);
    std::vector<std::uint32_t> words(4 * kBoxes);
    const std::span<std::uint32_t> all(words);
    const BoxColumns columns{all.subspan(0, kBoxes), all.subspan(kBoxes, kBoxes),
                             all.subspan(2 * kBoxes, kBoxes), all.subspan(3 * kBoxes, kBoxes)};
    for (std::size_t i = 0; i < kBoxes; ++i) {
      if (!IsFiniteBox(boxes[i].box)) {
        boxes[i].box = {};
      }
      columns.Put(i, boxes[i].box);
    }
    for (const Overlap overlap :
         {Overlap::kJaccard, Overlap::kModifiedJaccard, Overlap::kIntersectionOverUnion}) {
      for (std::size_t i = 0; i < kBoxes; ++i) {
        const Box& box = boxes[i].box;
        for (std::size_t from = 0; from + kMarks <= kBoxes; from += 13) {
          // The overlap with one of them as the limit: equal to it is not above it.
          for (const float limit :
               {0.0F, 0.3F, 1.0F, OverlapSimilarity(overlap, boxes[from + 3].box, box)}) {
            for (const bool others_first : {false, true}) {
              const Marks marks = MarkOverlapping(overlap, columns, from, box, others_first, limit);
              std::uint32_t any = 0;
              for (std::size_t k = 0; k < kMarks; ++k) {
                const Box& other = boxes[from + k].box;
                const float similarity = others_first ? OverlapSimilarity(overlap, other, box)
                                                      : OverlapSimilarity(overlap, box, other);
                EXPECT_EQ(marks[k], similarity > limit ? 0xFFFFFFFFU : 0U) << seed << " " << k;
                any |= marks[k];
              }
              EXPECT_EQ(Any(marks), any != 0);
            }
          }
        }
      }
    }
  }
}

TEST(BoxColumns, GiveBackWhatWasPut) {
  std::vector<std::uint32_t> words(4);
  const std::span<std::uint32_t> all(words);
  const BoxColumns columns{all.subspan(0, 1), all.subspan(1, 1), all.subspan(2, 1),
                           all.subspan(3, 1)};
  columns.Put(0, {1.5F, -2.0F, 3.25F, 4.0F});
  const Box box = columns.at(0);
  EXPECT_EQ(box.left, 1.5F);
  EXPECT_EQ(box.top, -2.0F);
  EXPECT_EQ(box.right, 3.25F);
  EXPECT_EQ(box.bottom, 4.0F);
}

}  // namespace
}  // namespace pinhole::decode
