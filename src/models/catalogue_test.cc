// SPDX-License-Identifier: Apache-2.0
#include "models/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "base/test_data.h"
#include "models/digest.h"
#include "system/failure.h"

namespace pinhole::models {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TEST(Catalogue, PinsEveryFileByAddressSizeAndDigest) {
  std::set<std::string_view> names;
  std::set<std::string_view> files;
  for (const ModelEntry& entry : Catalogue()) {
    SCOPED_TRACE(entry.name);
    EXPECT_TRUE(names.insert(entry.name).second) << "the name twice";
    EXPECT_TRUE(files.insert(entry.file).second) << "the file twice";
    EXPECT_TRUE(entry.address.starts_with("https://"));
    EXPECT_TRUE(entry.address.ends_with("/" + std::string(entry.file)));
    EXPECT_EQ(entry.file.find('/'), std::string_view::npos);
    EXPECT_GT(entry.bytes, 0U);
    EXPECT_EQ(entry.sha256.size(), 64U);
    EXPECT_TRUE(IsHex(entry.sha256));
    EXPECT_TRUE(entry.sha1.empty() || entry.sha1.size() == 40);
    EXPECT_TRUE(IsHex(entry.sha1));
    EXPECT_FALSE(entry.licence.empty());
    EXPECT_FALSE(entry.purpose.empty());
    EXPECT_EQ(FindEntry(entry.name), &entry);
  }
  EXPECT_EQ(Catalogue().size(), 53U);
}

TEST(Catalogue, HasTheDigestThatOpenAisAddressesCarry) {
  int checkpoints = 0;
  for (const ModelEntry& entry : Catalogue()) {
    if (entry.name.ends_with(".pt")) {
      ++checkpoints;
      EXPECT_THAT(std::string(entry.address), HasSubstr("/" + std::string(entry.sha256) + "/"));
    }
  }
  EXPECT_EQ(checkpoints, 12);
}

// A quantised file is shorter than the one it was made of, and both have one vocabulary.
TEST(Catalogue, HasSizesThatFitTogether) {
  for (const ModelEntry& entry : Catalogue()) {
    const auto dash = entry.name.rfind("-q");
    if (dash != std::string_view::npos) {
      const ModelEntry& whole = EntryNamed(entry.name.substr(0, dash));
      const double ratio = static_cast<double>(entry.bytes) / static_cast<double>(whole.bytes);
      const bool eight = entry.name.ends_with("q8_0");
      EXPECT_GT(ratio, eight ? 0.52 : 0.33) << entry.name;
      EXPECT_LT(ratio, eight ? 0.57 : 0.42) << entry.name;
    }
  }
}

// The files of the test data that are said to be the official ones.
TEST(Catalogue, AgreesWithTheFilesThemselves) {
  const std::pair<const char*, const char*> files[] = {
      {"person-detect", "person_detect.tflite"},
      {"micro-speech", "micro_speech_quantized.tflite"},
      {"micro-speech-front-end", "audio_preprocessor_int8.tflite"},
      {"face-full-range", "mp_face_detection_full_range.tflite"},
      {"face-full-range-sparse", "mp_face_detection_full_range_sparse.tflite"},
      {"face-short-range", "mp_face_detection_short_range.tflite"},
      {"face-landmark", "mp_face_landmark.tflite"},
      {"iris-landmark", "mp_iris_landmark.tflite"}};
  for (const auto& [name, file] : files) {
    const auto path = base::TestData("models") / file;
    if (!exists(path)) {
      GTEST_SKIP() << path << " is missing (set PINHOLE_DATA)";
    }
    EXPECT_TRUE(Match(DigestsOf(path.string()), EntryNamed(name))) << name;
    EXPECT_EQ(file_size(path), EntryNamed(name).bytes);
  }
}

TEST(Catalogue, NamesWhatWasProbablyMeant) {
  EXPECT_THAT([] { EntryNamed("tiny-en"); },
              ThrowsMessage<system::Failure>(HasSubstr("did you mean tiny.en")));
  EXPECT_THAT([] { EntryNamed("\x1b[2Jx"); },
              ThrowsMessage<system::Failure>(
                  "no model of the catalogue is called '?[2Jx'; 'pinhole models list' shows all "
                  "names"));
  EXPECT_THAT([] { EntryNamed(std::string(100000, 'a')); },
              ThrowsMessage<system::Failure>(HasSubstr("'pinhole models list'")));
}

TEST(Catalogue, SaysSizesInThreeDigits) {
  EXPECT_EQ(ShownBytes(0), "0 bytes");
  EXPECT_EQ(ShownBytes(999), "999 bytes");
  EXPECT_EQ(ShownBytes(1000), "1.00 kB");
  EXPECT_EQ(ShownBytes(77704715), "77.7 MB");
  EXPECT_EQ(ShownBytes(999999), "1.00 MB");
  EXPECT_EQ(ShownBytes(3095033483), "3.10 GB");
  EXPECT_EQ(ShownBytes(264464607), "264 MB");
}

}  // namespace
}  // namespace pinhole::models
