// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/flexbuffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace pinhole::engine {
namespace {

using base::Error;

using Bytes = std::vector<std::byte>;

// Types of the format, as its description numbers them.
constexpr int kInt = 1, kUint = 2, kFloat = 3, kIndirectInt = 6, kIndirectFloat = 8, kString = 5,
              kVectorInt = 11, kVectorUint = 12, kVectorInt2 = 16, kVectorFloat2 = 18,
              kVectorUint3 = 20, kBool = 26, kVectorBool = 36;

// Writes a FlexBuffer map whose values are all `width` bytes wide.
class MapWriter {
 public:
  explicit MapWriter(std::size_t width) : width_(width) {}

  MapWriter& Inline(const std::string& key, int type, std::uint64_t bits) {
    entries_[key] = {type, {bits}, false, false};
    return *this;
  }
  MapWriter& Indirect(const std::string& key, int type, std::uint64_t bits) {
    entries_[key] = {type, {bits}, true, false};
    return *this;
  }
  MapWriter& Vector(const std::string& key, int type, std::vector<std::uint64_t> values,
                    bool with_size = true) {
    entries_[key] = {type, std::move(values), true, with_size};
    return *this;
  }

  Bytes Finish() {
    Bytes out;
    std::map<std::string, std::size_t> keys, data;
    for (const auto& [key, entry] : entries_) {
      keys[key] = out.size();
      for (const char c : key) {
        out.push_back(static_cast<std::byte>(c));
      }
      out.push_back(std::byte{0});
    }
    for (const auto& [key, entry] : entries_) {
      if (entry.indirect) {
        if (entry.with_size) {
          Put(out, entry.values.size());
        }
        data[key] = out.size();
        for (const std::uint64_t value : entry.values) {
          Put(out, value);
        }
      }
    }
    Put(out, entries_.size());
    const std::size_t key_vector = out.size();
    for (const auto& [key, at] : keys) {
      Put(out, out.size() - at);
    }
    Put(out, out.size() - key_vector);
    Put(out, width_);
    Put(out, entries_.size());
    const std::size_t values = out.size();
    for (const auto& [key, entry] : entries_) {
      Put(out, entry.indirect ? out.size() - data[key] : entry.values[0]);
    }
    const auto log = static_cast<unsigned>(std::countr_zero(width_));
    for (const auto& [key, entry] : entries_) {
      out.push_back(static_cast<std::byte>(static_cast<unsigned>(entry.type) << 2U | log));
    }
    Put(out, out.size() - values);
    out.push_back(static_cast<std::byte>(9U << 2U | log));
    out.push_back(static_cast<std::byte>(width_));
    return out;
  }

 private:
  struct Entry {
    int type = 0;
    std::vector<std::uint64_t> values;
    bool indirect = false, with_size = false;
  };

  void Put(Bytes& out, std::uint64_t value) const {
    for (std::size_t i = 0; i < width_; ++i) {
      out.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
  }

  std::size_t width_;
  std::map<std::string, Entry> entries_;
};

std::uint64_t FloatBits(double value, std::size_t width) {
  return width == 8 ? std::bit_cast<std::uint64_t>(value)
                    : std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

TEST(FlexMap, ReadsNumbersOfEveryWidth) {
  for (const std::size_t width : {1U, 2U, 4U, 8U}) {
    const Bytes bytes = MapWriter(width)
                            .Inline("shift", kInt, static_cast<std::uint64_t>(-5))
                            .Inline("bits", kUint, 200)
                            .Inline("clamp", kBool, 1)
                            .Indirect("far", kIndirectInt, static_cast<std::uint64_t>(-77))
                            .Finish();
    const auto map = FlexMap::Parse(bytes);
    ASSERT_TRUE(map) << "width " << width;
    EXPECT_EQ(map->size(), 4U);
    EXPECT_EQ(map->key(0), "bits");
    EXPECT_EQ(map->key(3), "shift");
    EXPECT_EQ(*map->Int("shift"), -5);
    EXPECT_EQ(*map->Int("bits"), 200);
    EXPECT_EQ(*map->Int("far"), -77);
    EXPECT_TRUE(*map->Bool("clamp"));
    EXPECT_EQ(*map->Int("clamp"), 1);
    EXPECT_EQ(*map->Float("shift"), -5.0);
    EXPECT_EQ(*map->IntIn("shift", -5, 0), -5);
    EXPECT_EQ(*map->IntOr("shift", 9), -5);
    EXPECT_EQ(*map->IntOr("gone", 9), 9);
    EXPECT_TRUE(map->Has("far"));
    EXPECT_FALSE(map->Has("fa"));
    EXPECT_FALSE(map->Has("farther"));
  }
}

TEST(FlexMap, ReadsFloatsOfBothWidths) {
  for (const std::size_t width : {4U, 8U}) {
    const Bytes bytes = MapWriter(width)
                            .Inline("a", kFloat, FloatBits(0.75, width))
                            .Indirect("b", kIndirectFloat, FloatBits(-1.5, width))
                            .Finish();
    const auto map = FlexMap::Parse(bytes);
    ASSERT_TRUE(map);
    EXPECT_EQ(*map->Float("a"), 0.75);
    EXPECT_EQ(*map->Float("b"), -1.5);
    EXPECT_EQ(map->Int("a").error(), Error::kWrongKind);
  }
  const Bytes narrow = MapWriter(2).Inline("a", kFloat, 0x3C00).Finish();
  EXPECT_EQ(FlexMap::Parse(narrow)->Float("a").error(), Error::kMalformed);
}

TEST(FlexMap, ReadsVectorsOfIntegers) {
  for (const std::size_t width : {1U, 2U, 4U, 8U}) {
    const Bytes bytes =
        MapWriter(width)
            .Vector("signed", kVectorInt, {1, static_cast<std::uint64_t>(-2), 3})
            .Vector("unsigned", kVectorUint, {250, 0})
            .Vector("flags", kVectorBool, {1, 0, 1})
            .Vector("pair", kVectorInt2, {7, static_cast<std::uint64_t>(-8)}, false)
            .Vector("triple", kVectorUint3, {4, 5, 6}, false)
            .Vector("none", kVectorInt, {})
            .Vector("floats", kVectorFloat2, {0, 0}, false)
            .Inline("number", kInt, 1)
            .Finish();
    const auto map = FlexMap::Parse(bytes);
    ASSERT_TRUE(map) << "width " << width;
    const auto read = [&](const char* key) {
      std::vector<std::int64_t> values;
      const auto ints = map->Ints(key);
      EXPECT_TRUE(ints) << key;
      for (std::size_t i = 0; ints && i < ints->size(); ++i) {
        values.push_back((*ints)[i]);
      }
      return values;
    };
    EXPECT_THAT(read("signed"), ::testing::ElementsAre(1, -2, 3));
    EXPECT_THAT(read("unsigned"), ::testing::ElementsAre(250, 0));
    EXPECT_THAT(read("flags"), ::testing::ElementsAre(1, 0, 1));
    EXPECT_THAT(read("pair"), ::testing::ElementsAre(7, -8));
    EXPECT_THAT(read("triple"), ::testing::ElementsAre(4, 5, 6));
    EXPECT_THAT(read("none"), ::testing::IsEmpty());
    EXPECT_EQ(map->Ints("floats").error(), Error::kWrongKind);
    EXPECT_EQ(map->Ints("number").error(), Error::kWrongKind);
    EXPECT_EQ(map->Ints("gone").error(), Error::kNotFound);
  }
}

TEST(FlexMap, NamesWhatIsWrong) {
  const Bytes bytes = MapWriter(8)
                          .Inline("huge", kUint, std::numeric_limits<std::uint64_t>::max())
                          .Inline("five", kInt, 5)
                          .Vector("huges", kVectorUint, {~std::uint64_t{0}})
                          .Finish();
  const auto map = FlexMap::Parse(bytes);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->Int("gone").error(), Error::kNotFound);
  EXPECT_EQ(map->Int("huge").error(), Error::kTooLarge);
  EXPECT_EQ(map->IntIn("five", 0, 4).error(), Error::kMalformed);
  EXPECT_EQ((*map->Ints("huges"))[0], std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(FlexMap::Parse({}).error(), Error::kTruncated);
  const Bytes no_map = {std::byte{5}, std::byte{kInt << 2}, std::byte{1}};
  EXPECT_EQ(FlexMap::Parse(no_map).error(), Error::kWrongKind);
  MapWriter many(4);
  for (int i = 0; i < 257; ++i) {
    many.Inline(std::to_string(i), kInt, 1);
  }
  EXPECT_EQ(FlexMap::Parse(many.Finish()).error(), Error::kTooLarge);
}

TEST(FlexMap, TakesTheEmptyMap) {
  const Bytes bytes = MapWriter(1).Finish();
  const auto map = FlexMap::Parse(bytes);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->size(), 0U);
  EXPECT_FALSE(map->Has(""));
}

// Reads everything there is; what matters is that it stays inside the bytes (AddressSanitizer).
void ReadAll(const Bytes& bytes) {
  const auto map = FlexMap::Parse(bytes);
  if (!map) {
    return;
  }
  for (std::size_t i = 0; i < map->size(); ++i) {
    const std::string key(map->key(i));
    (void)map->Int(key);
    (void)map->Float(key);
    const auto ints = map->Ints(key);
    for (std::size_t k = 0; ints && k < ints->size(); ++k) {
      (void)(*ints)[k];
    }
  }
}

TEST(FlexMap, NoDamageLeadsOutOfTheBytes) {
  for (const std::size_t width : {1U, 2U, 4U, 8U}) {
    const Bytes sound = MapWriter(width)
                            .Inline("a", kInt, 1)
                            .Indirect("b", kIndirectInt, 2)
                            .Vector("c", kVectorInt, {1, 2, 3})
                            .Vector("d", kVectorInt2, {1, 2}, false)
                            .Indirect("e", kString, 0)
                            .Finish();
    for (std::size_t at = 0; at < sound.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        Bytes damaged = sound;
        damaged[at] = static_cast<std::byte>(value);
        damaged.shrink_to_fit();
        ReadAll(damaged);
      }
      ReadAll(Bytes(sound.begin() + static_cast<std::ptrdiff_t>(at), sound.end()));
      ReadAll(Bytes(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  }
}

}  // namespace
}  // namespace pinhole::engine
