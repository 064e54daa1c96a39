// SPDX-License-Identifier: Apache-2.0
#include "signal/mel_filters.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/test_data.h"

namespace pinhole::signal {
namespace {

constexpr std::size_t kBins = 201;

std::uint32_t Le(const std::string& bytes, std::size_t at, int count) {
  std::uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + static_cast<std::size_t>(i)])}
             << (8 * i);
  }
  return value;
}

// The floats of one array of a compressed .npz; empty where it isn't there. Sizes stand in the
// archive's directory at its end.
std::vector<float> ReadNpz(const std::string& zip, const std::string& name) {
  for (std::size_t at = zip.find("PK\1\2"); at != std::string::npos;
       at = zip.find("PK\1\2", at + 4)) {
    if (zip.substr(at + 46, Le(zip, at + 28, 2)) != name) {
      continue;
    }
    const std::size_t local = Le(zip, at + 42, 4);
    std::string packed = zip.substr(local + 30 + Le(zip, local + 26, 2) + Le(zip, local + 28, 2),
                                    Le(zip, at + 20, 4));
    std::string array(Le(zip, at + 24, 4), '\0');
    z_stream stream{};
    inflateInit2(&stream, -MAX_WBITS);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(array.data());
    stream.avail_out = static_cast<uInt>(array.size());
    const int ended = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (ended != Z_STREAM_END) {
      return {};
    }
    std::vector<float> values;
    for (std::size_t i = 10 + Le(array, 8, 2); i + 4 <= array.size(); i += 4) {
      values.push_back(std::bit_cast<float>(Le(array, i, 4)));
    }
    return values;
  }
  return {};
}

TEST(MelFilters, TrianglesThatEachBinSharesWithOneNeighbour) {
  for (const int mels : {1, 2, 40, 80, 128}) {
    std::vector<float> filters(static_cast<std::size_t>(mels) * kBins, -1.0F);
    ASSERT_TRUE(SlaneyMelFilters(mels, filters));
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      int touched = 0;
      for (std::size_t m = 0; m < static_cast<std::size_t>(mels); ++m) {
        ASSERT_GE(filters[m * kBins + bin], 0.0F);
        touched += filters[m * kBins + bin] > 0.0F ? 1 : 0;
      }
      EXPECT_LE(touched, 2) << mels << " mels, bin " << bin;
    }
    // The area of a wide triangle, in Hz times weight, is one: the last is the widest.
    double area = 0.0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      area += 40.0 * filters[(static_cast<std::size_t>(mels) - 1) * kBins + bin];
    }
    EXPECT_NEAR(area, 1.0, 0.02) << mels;
  }
}

TEST(MelFilters, RefusesWrongSizes) {
  std::vector<float> filters(80 * kBins);
  EXPECT_FALSE(SlaneyMelFilters(0, std::span(filters).first(0)));
  EXPECT_FALSE(SlaneyMelFilters(79, filters));
  EXPECT_FALSE(SlaneyMelFilters(81, filters));
  std::vector<float> many(129 * kBins);
  EXPECT_FALSE(SlaneyMelFilters(129, many));
}

// Expected: the table that openai/whisper ships, made by librosa. Tolerance: librosa rounds to
// float twice, weights are below 0.03.
TEST(MelFilters, EqualTheTableThatOpenAIShips) {
  const auto path = base::TestData("vocab/mel_filters.npz");
  if (!exists(path)) {
    GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
  }
  std::ifstream file(path, std::ios::binary);
  const std::string zip{std::istreambuf_iterator<char>(file), {}};
  for (const int mels : {80, 128}) {
    const auto expected = ReadNpz(zip, "mel_" + std::to_string(mels) + ".npy");
    std::vector<float> filters(static_cast<std::size_t>(mels) * kBins);
    ASSERT_TRUE(SlaneyMelFilters(mels, filters));
    ASSERT_EQ(expected.size(), filters.size());
    float worst = 0.0F;
    for (std::size_t i = 0; i < filters.size(); ++i) {
      worst = std::max(worst, std::abs(filters[i] - expected[i]));
    }
    EXPECT_LE(worst, 1e-7F) << mels;
  }
}

}  // namespace
}  // namespace pinhole::signal
