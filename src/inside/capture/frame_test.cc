// SPDX-License-Identifier: Apache-2.0
#include "inside/capture/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "inside/capture/frame_source.h"

namespace pinhole::inside::capture {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using Memory = std::vector<std::uint8_t>;

static_assert(!std::is_copy_constructible_v<Frame> && !std::is_copy_assignable_v<Frame>);
static_assert(std::is_nothrow_move_constructible_v<Frame>);

Frame MakeFrame(Memory& memory, int width, int height) {
  base::Diagnosis why;
  return Frame::Make(memory, {.width = width, .height = height}, why).value();
}

TEST(Frame, ShowsTheCallersPixels) {
  Memory memory(3 * 10 + 6);
  memory[12] = 99;
  base::Diagnosis why;
  const auto frame =
      Frame::Make(memory, {.width = 2, .height = 3, .channels = 3, .stride = 10}, why);
  ASSERT_TRUE(frame) << why.text();
  EXPECT_EQ(frame->pixels().data(), memory.data());
  EXPECT_EQ(frame->pixels()[12], 99);
  EXPECT_EQ(frame->width(), 2);
  EXPECT_EQ(frame->height(), 3);
  EXPECT_EQ(frame->channels(), 3);
  EXPECT_EQ(frame->stride(), 10U);
}

TEST(Frame, IsWipedWhenItGoes) {
  Memory memory(100, 0xAB);
  {
    const Frame frame = MakeFrame(memory, 8, 8);
    EXPECT_EQ(frame.pixels()[0], 0xAB);
  }
  EXPECT_THAT(memory, Each(0)) << "what lies beyond the pixels too";
}

TEST(Frame, IsWipedWhenReleased) {
  Memory memory(64, 0xAB);
  Frame frame = MakeFrame(memory, 8, 8);
  frame.Release();
  EXPECT_THAT(memory, Each(0));
  EXPECT_TRUE(frame.pixels().empty());
  EXPECT_EQ(frame.width(), 0);
  memory.assign(64, 7);  // somebody else's by now
  frame.Release();
  EXPECT_THAT(memory, Each(7));
}

TEST(Frame, MovesWithoutWiping) {
  Memory memory(64, 0xAB);
  std::optional<Frame> last;
  {
    Frame first = MakeFrame(memory, 8, 8);
    Frame second = std::move(first);
    EXPECT_TRUE(first.pixels().empty());  // NOLINT(bugprone-use-after-move): that is the contract
    last.emplace(std::move(second));
  }
  EXPECT_THAT(memory, Each(0xAB));
  last.reset();
  EXPECT_THAT(memory, Each(0));
}

TEST(Frame, WipesWhatItHeldWhenAnotherMovesIn) {
  Memory old_memory(64, 1), new_memory(16, 2);
  Frame frame = MakeFrame(old_memory, 8, 8);
  frame = MakeFrame(new_memory, 4, 4);
  EXPECT_THAT(old_memory, Each(0));
  EXPECT_THAT(new_memory, Each(2));
  EXPECT_EQ(frame.width(), 4);
  Frame& same = frame;
  frame = std::move(same);
  EXPECT_EQ(frame.width(), 4);
  EXPECT_THAT(new_memory, Each(2));
}

struct Refusal {
  FrameShape shape;
  base::Error error;
  const char* says;
};

TEST(Frame, RefusesWhatDoesNotFitAndWipesIt) {
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  const Refusal refusals[] = {
      {{0, 8, 1, 0}, base::Error::kInvalidArgument, "0 x 8 pixels"},
      {{8, 0, 1, 0}, base::Error::kInvalidArgument, "at least 1"},
      {{-8, 8, 1, 0}, base::Error::kInvalidArgument, "-8 x 8"},
      {{8, 8, 2, 0}, base::Error::kInvalidArgument, "2 channels: give 1 channel"},
      {{8, 8, 3, 23}, base::Error::kInvalidArgument, "a row has 24 bytes, but the stride is 23"},
      {{32768, 1, 1, 0}, base::Error::kTooLarge, "at most 32767"},
      {{1, std::numeric_limits<int>::max(), 1, 0}, base::Error::kTooLarge, "lower resolution"},
      {{8, 9, 1, 0}, base::Error::kTruncated, "more than the 64 bytes given"},
      {{32767, 32767, 3, 0}, base::Error::kTruncated, "98301 apart"},
      {{8, 2, 1, kHuge}, base::Error::kTruncated, "64 bytes given"},
  };
  for (const Refusal& refusal : refusals) {
    Memory memory(64, 0xAB);
    base::Diagnosis why;
    const auto frame = Frame::Make(memory, refusal.shape, why);
    ASSERT_FALSE(frame) << refusal.says;
    EXPECT_EQ(frame.error(), refusal.error) << why.text();
    EXPECT_THAT(std::string(why.text()), HasSubstr(refusal.says));
    EXPECT_THAT(memory, Each(0)) << refusal.says;
  }
}

TEST(Frame, TakesExactlyEnough) {
  Memory memory(10 + 8);
  base::Diagnosis why;
  EXPECT_TRUE(Frame::Make(memory, {.width = 8, .height = 2, .stride = 10}, why)) << why.text();
  EXPECT_TRUE(Frame::Make(std::span(memory).first(1), {.width = 1, .height = 1}, why));
}

// A film of three frames whose second is broken: how a source and a loop go together.
class Film : public FrameSource {
 public:
  base::Result<Frame> Capture(base::Diagnosis& why) override {
    ++captured_;
    if (captured_ > 3) {
      return why.Fail(base::Error::kNotFound, "the film is over");
    }
    if (captured_ == 2) {
      return why.Fail(base::Error::kIo, "frame 2 is broken");
    }
    std::fill(memory_.begin(), memory_.end(), static_cast<std::uint8_t>(captured_));
    return Frame::Make(memory_, {.width = 4, .height = 4}, why);
  }

  [[nodiscard]] const Memory& memory() const { return memory_; }

 private:
  Memory memory_ = Memory(16);
  int captured_ = 0;
};

TEST(FrameSource, HandsOutFramesUntilTheEnd) {
  Film film;
  FrameSource& source = film;
  std::string seen;
  for (;;) {
    base::Diagnosis why;
    const base::Result<Frame> frame = source.Capture(why);
    if (!frame && frame.error() == base::Error::kNotFound) {
      break;
    }
    seen += frame ? std::to_string(frame->pixels()[0]) : "x";
  }
  EXPECT_EQ(seen, "1x3");
  EXPECT_THAT(film.memory(), Each(0));
}

}  // namespace
}  // namespace pinhole::inside::capture
