// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile files: a Failure of one line, or a sound result; never a crash, never half a
// picture.

#include <gmock/gmock.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/format/model_builder.h"
#include "engine/owned/model_file.h"
#include "host/command_for_tests.h"
#include "host/names.h"
#include "inside/pictures/picture.h"
#include "inside/pictures/sample_pictures.h"

namespace pinhole::host {
namespace {

using engine::Type;
using engine::format::GraphBuilder;
using engine::format::ModelBuilder;
using inside::pictures::Bytes;
using inside::pictures::SampleBmp;
using inside::pictures::SamplePictures;
using testing::HasSubstr;

// xorshift32: the same damage everywhere.
class Random {
 public:
  std::uint32_t Below(std::size_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % static_cast<std::uint32_t>(limit);
  }

 private:
  std::uint32_t state_ = 2463534242;
};

void ExpectSoundOrOneLine(const std::vector<std::byte>& bytes) {
  // A block of exactly this size, so that AddressSanitizer sees a step too far.
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  try {
    const inside::pictures::Picture picture =
        inside::pictures::DecodePicture({exact.get(), bytes.size()});
    EXPECT_GT(picture.width, 0);
    EXPECT_EQ(picture.pixels.size(),
              picture.row_bytes() * static_cast<std::size_t>(picture.height));
  } catch (const Failure& failure) {
    const std::string text = failure.what();
    EXPECT_TRUE(!text.empty() && text.find('\n') == std::string::npos) << text;
  }
}

std::string FailureOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "no failure";
}

std::string PictureFailure(const std::string& bytes) {
  return FailureOf([&] { inside::pictures::DecodePicture(Bytes(bytes)); });
}

TEST(HostilePictures, TheSamplesAreSound) {
  for (const auto& [name, bytes] : SamplePictures()) {
    EXPECT_EQ(FailureOf([&] { inside::pictures::DecodePicture(bytes); }), "no failure") << name;
  }
}

TEST(HostilePictures, EveryTruncationIsAnError) {
  for (const auto& [name, bytes] : SamplePictures()) {
    const std::size_t spare = name == "text PPM" ? 2 : 0;  // "15\n" without its end is a 1
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(name + " of " + std::to_string(size) + " bytes");
      std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ExpectSoundOrOneLine(part);
      if (size + spare < bytes.size()) {
        EXPECT_NE(FailureOf([&] { inside::pictures::DecodePicture(part); }), "no failure");
      }
    }
  }
}

TEST(HostilePictures, FlippedBitsAreSoundOrAnError) {
  Random random;
  for (const auto& [name, bytes] : SamplePictures()) {
    SCOPED_TRACE(name);
    for (int round = 0; round < 600; ++round) {
      std::vector<std::byte> damaged = bytes;
      for (std::uint32_t flips = 1 + random.Below(4); flips > 0; --flips) {
        damaged[random.Below(damaged.size())] ^= std::byte{1} << random.Below(8);
      }
      ExpectSoundOrOneLine(damaged);
    }
  }
}

TEST(HostilePictures, SizesAreCheckedBeforeMemoryIsTaken) {
  EXPECT_THAT(PictureFailure("P5 4000000000 4000000000 255\n"), HasSubstr("more than nine digits"));
  EXPECT_THAT(PictureFailure("P5 999999999 999999999 255\n"), HasSubstr("ends early"));
  EXPECT_THAT(PictureFailure("P5 0 7 255\n"), HasSubstr("a side of no pixels"));
  EXPECT_THAT(PictureFailure("P5 40000 1 255\n" + std::string(40000, ' ')),
              HasSubstr("40000 x 1 pixels"));
  EXPECT_THAT(PictureFailure(SampleBmp(0x7FFFFFFF, 0x7FFFFFFF)), HasSubstr("ends early"));
  EXPECT_THAT(PictureFailure(SampleBmp(8, -0x80000000LL)), HasSubstr("ends early"));
  EXPECT_THAT(PictureFailure(SampleBmp(-8, 6)), HasSubstr("a width below zero"));
  EXPECT_THAT(PictureFailure(SampleBmp(0, 6)), HasSubstr("a side of no pixels"));
  const std::string header = Text(inside::pictures::EncodePng({1, 1, 1, {0}}));
  std::string huge = header;
  huge.replace(16, 8, std::string("\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF", 8));
  EXPECT_THAT(PictureFailure(huge), HasSubstr("PNG picture that can't be decoded"));
}

TEST(HostilePictures, OtherFilesAreNamed) {
  EXPECT_THAT(PictureFailure(""), HasSubstr("empty file"));
  EXPECT_THAT(PictureFailure("GIF89a"), HasSubstr("a GIF picture"));
  EXPECT_THAT(PictureFailure("RIFFxxxxWEBPVP8 "), HasSubstr("a WebP picture"));
  EXPECT_THAT(PictureFailure(ReadText(PINHOLE_PERSON_MODEL)),
              HasSubstr("a TensorFlow Lite model; give a JPEG"));
}

// RELU of a tensor "x" of `shape` into "y".
std::string ReluModel(const std::vector<std::int32_t>& shape, int version = 1) {
  ModelBuilder model;
  GraphBuilder& g = model.graph();
  const int x = g.Tensor(Type::kFloat32, shape, {.name = "x"});
  const int y = g.Tensor(Type::kFloat32, shape, {.name = "y"});
  g.Operator("RELU", {x}, {y}, engine::format::schema::OptionsType::kNone, {}, version);
  g.inputs = {x};
  g.outputs = {y};
  return Text(model.Build().span());
}

// Every command that opens a model: exit code 1, one line that begins with the file's name and
// holds `what`, nothing on standard output, nothing written.
void ExpectRefused(const TestFolder& folder, const std::string& what) {
  WriteText(folder / "in.bin", "1234");
  WriteText(folder / "p.pgm", "P5 1 1 255\nx");
  const std::size_t before = folder.entries();
  for (const std::string arguments :
       {"model plan m.tflite --html page.html", "model run m.tflite --in in.bin --out out",
        "model bench m.tflite", "detect p.pgm --draw d.png --model m.tflite",
        "run person --input p.pgm --model m.tflite"}) {
    SCOPED_TRACE(arguments);
    const Ran ran = RunPinhole(arguments, folder.path());
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("pinhole: m.tflite: "));
    EXPECT_THAT(ran.err, HasSubstr(what));
    EXPECT_EQ(folder.entries(), before);
  }
}

TEST(HostileModels, RefusedByEveryCommandInOneLine) {
  const TestFolder folder;
  const std::string whole = ReadText(PINHOLE_PERSON_MODEL);
  WriteText(folder / "m.tflite", whole.substr(0, whole.size() / 2));
  ExpectRefused(folder, "");
  WriteText(folder / "m.tflite", "");
  ExpectRefused(folder, "");
  WriteText(folder / "m.tflite", ReluModel({65536, 65536, 65536, 65536}));
  ExpectRefused(folder, "");
  WriteText(folder / "m.tflite", ReluModel({1, 4}, 99));
  ExpectRefused(folder, "version 99");
}

TEST(HostileModels, WhatIsNoFaceDetectorIsSaid) {
  const TestFolder folder;
  WriteText(folder / "p.pgm", "P5 1 1 255\nx");
  WriteText(folder / "m.tflite", ReluModel({1, 4}));
  for (const std::string arguments : {"detect p.pgm --draw d.png", "run person --input p.pgm"}) {
    const Ran ran = RunPinhole(arguments + " --model m.tflite", folder.path());
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.says_one_line()) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("not a face detector"));
  }
  EXPECT_EQ(folder.entries(), 2U);
}

TEST(HostileModels, FlippedBitsLoadOrFailInOneLine) {
  const TestFolder folder;
  const std::string whole = ReadText(PINHOLE_PERSON_MODEL);
  Random random;
  for (int round = 0; round < 40; ++round) {
    std::string damaged = whole;
    for (int flips = 0; flips < 8; ++flips) {
      // Structure lies at both ends; weights, which may be anything, between them.
      const std::size_t near_end = random.Below(4096);
      const std::size_t at = random.Below(2) == 0 ? near_end : whole.size() - 1 - near_end;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
    }
    WriteText(folder / "m.tflite", damaged);
    try {
      engine::owned::OwnedSession owned((folder / "m.tflite").string());
      owned.Run();
    } catch (const Failure& failure) {
      const std::string text = failure.what();
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  }
}

TEST(HostileInputs, WrongTensorFilesWriteNothing) {
  const TestFolder folder;
  WriteText(folder / "m.tflite", ReluModel({1, 4}));
  WriteText(folder / "short.bin", "123");
  const Ran wrong = RunPinhole("model run m.tflite --in short.bin --out out", folder.path());
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(wrong.says_one_line()) << wrong.err;
  EXPECT_THAT(wrong.err, HasSubstr("short.bin: 3 bytes, but input 'x' float32 [1,4] takes 16"));
  // The second step fails: the first one's output must not stay.
  create_directory(folder / "in");
  WriteText(folder / "in" / "step0.in0.bin", std::string(16, '\0'));
  WriteText(folder / "in" / "step1.in0.bin", "123");
  EXPECT_EQ(RunPinhole("model run m.tflite --in-dir in --out out", folder.path()).code, 1);
  EXPECT_FALSE(exists(folder / "out"));
}

TEST(ModelRun, WritesOutputsAndTaps) {
  const TestFolder folder;
  WriteText(folder / "m.tflite", ReluModel({1, 1}));
  WriteText(folder / "in.bin", std::string("\x00\x00\x80\x3F", 4));  // 1.0
  const Ran ran =
      RunPinhole("model run m.tflite --in in.bin --out out --steps 2 --tap y", folder.path());
  ASSERT_EQ(ran.code, 0) << ran.err;
  for (const char* name : {"step0.out0.bin", "step1.out0.bin", "step1.tap.y.bin"}) {
    EXPECT_EQ(ReadText(folder / "out" / name), std::string("\x00\x00\x80\x3F", 4)) << name;
  }
  const Ran unknown = RunPinhole("model run m.tflite --in in.bin --out new --tap z", folder.path());
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(unknown.says_one_line()) << unknown.err;
  EXPECT_FALSE(exists(folder / "new"));
}

}  // namespace
}  // namespace pinhole::host
