// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/ref/padding.h"

#include <gtest/gtest.h>

namespace pinhole::engine::kernels::ref {
namespace {

TEST(Padding, KnownFits) {
  const auto same = FitWindow(Padding::kSame, 224, 3, 2, 1);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->out_size, 112);
  EXPECT_EQ(same->pad_before, 0);  // one element is missing, and the odd one goes to the end
  const auto valid = FitWindow(Padding::kValid, 49, 10, 2, 1);
  ASSERT_TRUE(valid);
  EXPECT_EQ(valid->out_size, 20);
  EXPECT_EQ(valid->pad_before, 0);
  EXPECT_FALSE(FitWindow(Padding::kValid, 4, 3, 1, 2));  // spans 5
}

// Every combination of small sizes against counting.
TEST(Padding, IsWhatCountingGives) {
  for (int in = 1; in <= 8; ++in) {
    for (int filter = 1; filter <= 6; ++filter) {
      for (int stride = 1; stride <= 4; ++stride) {
        for (int dilation = 1; dilation <= 4; ++dilation) {
          const int span = (filter - 1) * dilation + 1;
          for (const Padding padding : {Padding::kSame, Padding::kValid}) {
            int places = 0;
            for (int at = 0; at < in; at += stride) {
              places += padding == Padding::kSame || at + span <= in ? 1 : 0;
            }
            const auto fit = FitWindow(padding, in, filter, stride, dilation);
            ASSERT_EQ(fit.has_value(), places > 0);
            if (!fit) {
              continue;
            }
            ASSERT_EQ(fit->out_size, places);
            const int reach = (places - 1) * stride + span;
            ASSERT_EQ(fit->pad_before, std::max(reach - in, 0) / 2);
            for (int place = 0; place < places; ++place) {
              const Taps taps = TapsInside(place, fit->pad_before, in, filter, stride, dilation);
              ASSERT_LE(taps.begin, taps.end);
              for (int tap = 0; tap < filter; ++tap) {
                const int element = place * stride - fit->pad_before + tap * dilation;
                const bool inside = element >= 0 && element < in;
                ASSERT_EQ(tap >= taps.begin && tap < taps.end, inside);
                ASSERT_EQ(taps.origin + tap * dilation, element);
              }
            }
          }
        }
      }
    }
  }
}

TEST(Padding, HugeWindowsAreRefusedNotWrapped) {
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  EXPECT_FALSE(FitWindow(Padding::kSame, 10, kMax, 1, 65535));
  EXPECT_FALSE(FitWindow(Padding::kValid, kMax, kMax, 1, 65535));
  const auto widest = FitWindow(Padding::kSame, kMax, kMax, 65535, 1);
  ASSERT_TRUE(widest);
  const Taps last = TapsInside(widest->out_size - 1, widest->pad_before, kMax, kMax, 65535, 1);
  EXPECT_LT(last.begin, last.end);
}

}  // namespace
}  // namespace pinhole::engine::kernels::ref
