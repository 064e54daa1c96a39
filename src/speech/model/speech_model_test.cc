// SPDX-License-Identifier: Apache-2.0
#include "speech/model/speech_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "speech/model/packed_cache.h"
#include "system/failure.h"

namespace pinhole::speech {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string BundledModel() {
  const char* const source = std::getenv("PINHOLE_SOURCE");
  return std::string(source != nullptr ? source : ".") + "/models/speech/speech.bin";
}

// A folder of the test's own.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "pinhole_model_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::string path() const { return path_; }
  void Write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

std::string FailureOf(const std::string& path) {
  try {
    const SpeechModel model(path, {});
  } catch (const system::Failure& failure) {
    return failure.what();
  }
  return "no failure";
}

TEST(SpeechModel, TheBundledOneIsReady) {
  const SpeechModel model(BundledModel(), {});
  EXPECT_EQ(model.network().dims.vocabulary, 1608);
  EXPECT_EQ(model.tokenizer().size(), 1000);
  EXPECT_FALSE(model.special().is_multilingual);
  EXPECT_EQ(model.filters().size(), 80U * 201U);
  EXPECT_FALSE(model.was_cached());
}

TEST(SpeechModel, WhatIsNoneIsNamed) {
  const Folder folder;
  folder.Write("empty.bin", "");
  folder.Write("text.bin", "This is no model, and never was one, whatever its name may say.\n");
  EXPECT_THAT(FailureOf(folder / "missing.bin"), HasSubstr("missing.bin: No such file"));
  EXPECT_THAT(FailureOf(folder / "empty.bin"), HasSubstr("empty.bin: an empty file"));
  EXPECT_THAT(FailureOf(folder / "text.bin"), HasSubstr("text.bin: "));
  EXPECT_THAT(FailureOf(folder.path()), HasSubstr("a folder without model.safetensors"));
  std::ifstream whole(BundledModel(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(whole), {});
  folder.Write("cut.bin", std::string_view(bytes).substr(0, bytes.size() / 2));
  EXPECT_THAT(FailureOf(folder / "cut.bin"), HasSubstr("cut.bin: "));
}

class PackedCacheTest : public testing::Test {
 protected:
  PackedCacheTest() {
    folder_.Write("model", "some model");
    for (int i = 0; i < 1000; ++i) {
      piece_.push_back(static_cast<std::byte>(i * 7));
    }
  }
  [[nodiscard]] PackedCache Cache(matrix::Precision precision = matrix::Precision::kInt8) const {
    return {cache_.path(), folder_ / "model", matrix::BestTarget(), precision};
  }
  void Fill() const {
    PackedCache cache = Cache();
    cache.Keep(piece_);
    cache.Keep(std::span<const std::byte>(piece_).first(3));
    cache.Finish();
  }
  // The bytes of both pieces, or nothing.
  static bool Finds(PackedCache cache) {
    std::vector<std::byte> whole(1000), rest(3);
    return cache.Open() && cache.Take(whole) && cache.Take(rest) && cache.TookAll() &&
           whole[999] == static_cast<std::byte>(999 * 7) && rest[2] == static_cast<std::byte>(14);
  }
  [[nodiscard]] fs::path OnlyFile() const { return fs::directory_iterator(cache_.path())->path(); }

  Folder folder_, cache_;
  std::vector<std::byte> piece_;
};

TEST_F(PackedCacheTest, WhatWasKeptIsFound) {
  EXPECT_FALSE(Finds(Cache()));
  Fill();
  EXPECT_TRUE(Finds(Cache()));
  EXPECT_EQ(cache_.files(), 1U);
  EXPECT_EQ(fs::status(OnlyFile()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(PackedCacheTest, NotFinishedIsNotThere) {
  {
    PackedCache cache = Cache();
    cache.Keep(piece_);
  }
  EXPECT_EQ(cache_.files(), 0U);
}

TEST_F(PackedCacheTest, AnotherModelOrPrecisionIsAnotherFile) {
  Fill();
  EXPECT_FALSE(Finds(Cache(matrix::Precision::kF32)));
  EXPECT_FALSE(Finds(PackedCache(cache_.path(), folder_ / "model", *matrix::AllTargets().back(),
                                 matrix::Precision::kInt8)) &&
               matrix::AllTargets().back() != &matrix::BestTarget());
  folder_.Write("model", "another model");
  EXPECT_FALSE(Finds(Cache()));
}

TEST_F(PackedCacheTest, DamageIsNoticed) {
  Fill();
  const std::uintmax_t size = fs::file_size(OnlyFile());
  for (const std::uintmax_t at : {std::uintmax_t{0}, size / 2, size - 20, size - 1}) {
    Fill();
    std::fstream file(OnlyFile(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
    file.close();
    EXPECT_FALSE(Finds(Cache())) << "byte " << at << " of " << size;
  }
  for (const std::uintmax_t cut : {std::uintmax_t{0}, size / 2, size - 1}) {
    Fill();
    fs::resize_file(OnlyFile(), cut);
    EXPECT_FALSE(Finds(Cache())) << "cut at " << cut;
  }
  Fill();
  EXPECT_TRUE(Finds(Cache()));
}

TEST_F(PackedCacheTest, HoldsNoMoreThanItMay) {
  for (int i = 0; i < PackedCache::kMostFiles + 3; ++i) {
    folder_.Write("model", std::string(static_cast<std::size_t>(i + 1), 'x'));
    Fill();
  }
  EXPECT_EQ(cache_.files(), static_cast<std::size_t>(PackedCache::kMostFiles));
  EXPECT_TRUE(Finds(Cache()));
}

TEST_F(PackedCacheTest, AFolderThatCanNotBeWrittenCostsNothing) {
  PackedCache cache("/proc/no/such/folder", folder_ / "model", matrix::BestTarget(),
                    matrix::Precision::kInt8);
  EXPECT_FALSE(cache.Open());
  cache.Keep(piece_);
  cache.Keep(piece_);
  cache.Finish();
  PackedCache none("", folder_ / "model", matrix::BestTarget(), matrix::Precision::kInt8);
  none.Keep(piece_);
  EXPECT_FALSE(none.Open());
}

}  // namespace
}  // namespace pinhole::speech
