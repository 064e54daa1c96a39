// SPDX-License-Identifier: Apache-2.0
#include "facts/person_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "facts/person_fields.h"
#include "facts/person_records_for_tests.h"

namespace pinhole::facts {
namespace {

using Record = std::array<std::byte, kPersonFactsBytes>;

PersonFacts TwoFaces() {
  PersonFacts facts;
  facts.reading = 1;
  facts.present = 1;
  facts.count = 2;
  facts.faces[0] = {230, 10, 20, 110, 140, 3, 200, 1};
  facts.faces[1] = {128, 200, 20, 240, 60, 0, 0, 0};
  return facts;
}

Record Encoded(const PersonFacts& facts) {
  Record record{};
  EXPECT_TRUE(EncodePerson(facts, record));
  return record;
}

TEST(PersonCodec, DecodesWhatItEncodes) {
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const PersonFacts facts = AnyRecord(random);
    const auto back = DecodePerson(Encoded(facts));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, facts);
  }
}

TEST(PersonCodec, BytesAreTheFieldsInOrder) {
  const Record record = Encoded(TwoFaces());
  const std::array<std::uint8_t, 21> front{1,   1, 1,   1,   2,  230, 10, 20, 110, 140, 3,
                                           200, 1, 128, 200, 20, 240, 60, 0,  0,   0};
  EXPECT_EQ(std::memcmp(record.data(), front.data(), front.size()), 0);
  for (std::size_t i = front.size(); i < record.size(); ++i) {
    EXPECT_EQ(record[i], std::byte{0});
  }
}

// The codec is a bijection onto what it accepts: any bytes that decode encode to themselves.
TEST(PersonCodec, AcceptsOneEncodingOnly) {
  std::mt19937 random(2);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Record record = Encoded(AnyRecord(random));
    for (unsigned changes = random() % 3; changes > 0; --changes) {
      record[random() % record.size()] = static_cast<std::byte>(random());
    }
    const auto facts = DecodePerson(record);
    if (facts) {
      ++accepted;
      EXPECT_EQ(Encoded(*facts), record);
    }
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_LT(accepted, 19000);
}

TEST(PersonCodec, EveryByteIsHeldToItsRange) {
  for (std::size_t i = 0; i < kPersonFields.size(); ++i) {
    if (kPersonFields[i].high == 255) {
      continue;
    }
    Record record = Encoded(TwoFaces());
    record[i] = static_cast<std::byte>(kPersonFields[i].high + 1);
    EXPECT_FALSE(DecodePerson(record)) << i << " " << kPersonFields[i].name;
  }
}

TEST(PersonCodec, ContradictionsAreRefused) {
  const auto refused = [](auto change) {
    PersonFacts facts = TwoFaces();
    change(facts);
    Record record{};
    return !IsCanonical(facts) && !EncodePerson(facts, record) && record == Record{};
  };
  EXPECT_TRUE(refused([](PersonFacts& f) { f.reading = 0; }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.present = 0; }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.count = 1; })) << "a face nobody counts";
  EXPECT_TRUE(refused([](PersonFacts& f) { f.count = 3; })) << "a face that is not there";
  EXPECT_TRUE(refused([](PersonFacts& f) { std::swap(f.faces[0], f.faces[1]); }));
  EXPECT_TRUE(refused([](PersonFacts& f) { std::swap(f.faces[0].left, f.faces[0].right); }));
  EXPECT_TRUE(refused([](PersonFacts& f) { std::swap(f.faces[0].top, f.faces[0].bottom); }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.faces[1].confidence = 0; }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.faces[1].id_confidence = 5; }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.faces[0].id_confidence = 0; }));
  EXPECT_TRUE(refused([](PersonFacts& f) { f.faces[3].facing = 1; }));
  EXPECT_FALSE(refused([](PersonFacts& f) { f.faces[0].id = 8; })) << "this one is sound";
}

TEST(PersonCodec, NamesWhatIsWrongWithForeignBytes) {
  std::vector<std::byte> bytes(38);
  EXPECT_EQ(DecodePerson(bytes).error(), base::Error::kTooLarge);
  EXPECT_EQ(DecodePerson(std::span(bytes).first(36)).error(), base::Error::kTruncated);
  EXPECT_EQ(DecodePerson(std::span(bytes).first(37)).error(), base::Error::kWrongKind);
  bytes[0] = std::byte{1};
  bytes[1] = std::byte{2};
  EXPECT_EQ(DecodePerson(std::span(bytes).first(37)).error(), base::Error::kUnsupported);
  bytes[1] = std::byte{1};
  EXPECT_TRUE(DecodePerson(std::span(bytes).first(37))) << "no reading";
  bytes[3] = std::byte{1};
  EXPECT_EQ(DecodePerson(std::span(bytes).first(37)).error(), base::Error::kMalformed);
}

TEST(Budget, AddsUpWhatRangesCanCarry) {
  constexpr std::array<FieldBits, 4> kFields = {
      {{"constant", 7, 7}, {"flag", 0, 1}, {"five", 0, 4}, {"byte", 0, 255}}};
  EXPECT_EQ(BitsPerRecord(kFields), 0U + 1 + 3 + 8);
  EXPECT_EQ(BitsPerSecond(kFields, 60), 12U);
  EXPECT_EQ(BitsPerSecond(kFields, 1), 1U) << "rounded up";
}

// The page for people says what the declaration says.
TEST(Reference, ListsEveryByte) {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  if (source == nullptr) {
    GTEST_SKIP() << "PINHOLE_SOURCE, the repository's root, is not set";
  }
  std::ifstream file(std::string(source) + "/docs/reference/facts.md");
  std::stringstream page;
  page << file.rdbuf();
  for (std::size_t i = 0; i < kPersonFields.size(); ++i) {
    const FieldBits& field = kPersonFields[i];
    const std::string name =
        i < 5 ? std::string(field.name)
              : "face " + std::to_string((i - 5) / 8) + " " + std::string(field.name);
    const std::string values =
        field.low == field.high ? std::to_string(field.low)
                                : std::to_string(field.low) + " to " + std::to_string(field.high);
    const std::string line = "| " + std::to_string(i) + " | " + name + " | " + values + " | " +
                             std::to_string(field.bits()) + " |";
    EXPECT_NE(page.str().find(line), std::string::npos) << "missing: " << line;
  }
  const std::string total = std::to_string(kPersonBitsPerRecord) + " bits a record, " +
                            std::to_string(kPersonBitsPerSecond) + " bits a second";
  EXPECT_NE(page.str().find(total), std::string::npos) << "missing: " << total;
}

}  // namespace
}  // namespace pinhole::facts
