// SPDX-License-Identifier: Apache-2.0
// What only torch's files can get wrong: the archive and the pickle.
#include "speech/weights/read_pt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "speech/weights/model_for_tests.h"
#include "speech/weights/pickle.h"
#include "speech/weights/zip_directory.h"

namespace pinhole::speech {
namespace {

using testing::HasSubstr;
using Bytes = std::vector<std::byte>;
using Kind = Pickle::Kind;

Bytes Pickled(std::string_view program) {
  ByteWriter out;
  out.Put(program);
  return std::move(out).bytes();
}

std::string WhyPickleRefused(std::string_view program) {
  const Bytes bytes = Pickled(program);
  base::Diagnosis why;
  return Pickle::Read(bytes, why) ? "it was read" : std::string(why.text());
}

TEST(Pickle, ReadsDictionariesTuplesAndNumbers) {
  using namespace std::string_view_literals;
  const Bytes bytes = Pickled(
      "\x80\x02}q\0(X\1\0\0\0aq\1K\5X\1\0\0\0bq\2(M\0\1J\xFE\xFF\xFF\xFF\x8A\2\0\x80"
      "\x88NtX\1\0\0\0ch\1u."sv);
  base::Diagnosis why;
  const auto pickle = Pickle::Read(bytes, why);
  ASSERT_TRUE(pickle) << why.text();
  ASSERT_EQ(pickle->root().kind, Kind::kDict);
  ASSERT_NE(pickle->Member(pickle->root(), "a"), nullptr);
  EXPECT_EQ(pickle->Member(pickle->root(), "a")->number, 5);
  const auto* const tuple = pickle->Member(pickle->root(), "b");
  ASSERT_NE(tuple, nullptr);
  ASSERT_EQ(tuple->items.size(), 5U);
  EXPECT_EQ(pickle->at(tuple->items[0]).number, 256);
  EXPECT_EQ(pickle->at(tuple->items[1]).number, -2);
  EXPECT_EQ(pickle->at(tuple->items[2]).number, -32768);
  EXPECT_EQ(pickle->at(tuple->items[3]).kind, Kind::kBool);
  EXPECT_EQ(pickle->at(tuple->items[4]).kind, Kind::kNone);
  EXPECT_EQ(pickle->Member(pickle->root(), "c")->text, "a");
  EXPECT_EQ(pickle->Member(pickle->root(), "d"), nullptr);
  EXPECT_EQ(pickle->Member(*tuple, "a"), nullptr);
}

// The classic: os.system("echo"). Whatever it asks for is named, and nothing is run.
TEST(Pickle, NamesWhatItWillNotRun) {
  EXPECT_THAT(WhyPickleRefused("\x80\x02"
                               "cos\nsystem\nX\4\0\0\0echo\x85R."),
              HasSubstr("asks for 'os.system'"));
  EXPECT_THAT(WhyPickleRefused("\x80\x02"
                               "c__builtin__\neval\n."),
              HasSubstr("'__builtin__.eval'"));
  EXPECT_THAT(WhyPickleRefused("\x80\x02"
                               "ctorch\nLongStorage\n."),
              HasSubstr("'torch.LongStorage'"));
  EXPECT_THAT(WhyPickleRefused("(ios\nsystem\n."), HasSubstr("INST"));
  EXPECT_THAT(WhyPickleRefused("(o."), HasSubstr("OBJ"));
  EXPECT_THAT(WhyPickleRefused("\x81."), HasSubstr("NEWOBJ"));
  EXPECT_THAT(WhyPickleRefused("\x93."), HasSubstr("STACK_GLOBAL"));
  EXPECT_THAT(WhyPickleRefused("\x82\1."), HasSubstr("EXT1"));
  EXPECT_THAT(WhyPickleRefused("\x80\4."), HasSubstr("protocol 4"));
  EXPECT_THAT(WhyPickleRefused("\xF0."), HasSubstr("the byte 240"));
}

TEST(Pickle, RefusesProgramsThatContradictThemselves) {
  using namespace std::string_view_literals;
  for (const std::string_view program : {"."sv,
                                         "NN."sv,
                                         "(N."sv,
                                         "t."sv,
                                         "\x85."sv,
                                         "(\x85."sv,
                                         "N(s."sv,
                                         "}Ns."sv,
                                         "}(Nu."sv,
                                         "N(NNu."sv,
                                         "q\0."sv,
                                         "Nq\1."sv,
                                         "h\0."sv,
                                         "NQ."sv,
                                         "NNR."sv,
                                         "ccollections\nOrderedDict\nNR."sv,
                                         "ccollections\nOrderedDict\nN\x85R."sv,
                                         "ctorch\nFloatStorage\n)R."sv,
                                         "Nb."sv,
                                         "NNb."sv,
                                         "(N}b."sv,
                                         "u."sv,
                                         "s."sv}) {
    EXPECT_THAT(WhyPickleRefused(program), HasSubstr("contradicts itself")) << program;
  }
  for (const std::string_view program :
       {""sv, "N"sv, "K"sv, "M\1"sv, "J\1\1\1"sv, "X\5\0\0\0abc."sv, "X\xFF\xFF\xFF\xFF."sv,
        "ccollections\nOrd"sv, "Nq"sv, "Nr\0"sv, "\x8A\4\1"sv, "\x80"sv}) {
    EXPECT_THAT(WhyPickleRefused(program), HasSubstr("ends too early")) << program;
  }
  EXPECT_THAT(WhyPickleRefused("\x8A\t123456789."), HasSubstr("an integer of 9 bytes"));
  EXPECT_THAT(WhyPickleRefused(std::string(Pickle::kMaxBytes + 1, 'N')), HasSubstr("at most"));
}

// A large tuple that is remembered must not be copied for every two bytes that name it.
TEST(Pickle, MemoryStaysBoundedByTheProgram) {
  std::string program = "(" + std::string(100000, 'N') + std::string("tq\0", 3);
  for (int i = 0; i < 100000; ++i) {
    program += std::string("h\0Q", 3);
  }
  EXPECT_THAT(WhyPickleRefused(program + "."), HasSubstr("contradicts itself"));
}

TEST(ZipDirectory, RefusesCompressedFilesByName) {
  ZipWriter zip;
  zip.Add("tiny/data.pkl", Bytes(10));
  Bytes archive = std::move(zip).Finish();
  base::Diagnosis why;
  ASSERT_TRUE(ZipDirectory::Read(archive, why)) << why.text();
  const std::size_t entry = 30 + 13 + 10;
  archive[entry + 10] = std::byte{8};
  EXPECT_FALSE(ZipDirectory::Read(archive, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("'tiny/data.pkl' in the archive is compressed"));
  archive[entry + 10] = std::byte{0};
  archive[entry + 8] = std::byte{1};
  EXPECT_FALSE(ZipDirectory::Read(archive, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("encrypted"));
}

// Sizes and offsets where archives above 4 GiB have them.
TEST(ZipDirectory, ReadsZip64) {
  ByteWriter out;
  out.Put(std::uint32_t{0x04034B50})
      .Put(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22));
  out.Put(std::uint16_t{1}).Put(std::uint16_t{4}).Put(std::string_view("aextrHELLO"));
  const std::uint64_t directory = out.size();
  out.Put(std::uint32_t{0x02014B50}).Put(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
  out.Put(std::uint32_t{0xFFFFFFFF}).Put(std::uint32_t{0xFFFFFFFF});
  out.Put(std::uint16_t{1}).Put(std::uint16_t{4 + 2 + 28}).Put(std::uint16_t{0});
  out.Put(std::uint64_t{0}).Put(std::uint32_t{0xFFFFFFFF}).Put(std::string_view("a"));
  out.Put(std::uint16_t{9}).Put(std::uint16_t{2}).Put(std::uint16_t{7});
  out.Put(std::uint16_t{1}).Put(std::uint16_t{24}).Put(std::uint64_t{5}).Put(std::uint64_t{5});
  out.Put(std::uint64_t{0});
  const std::uint64_t size = out.size() - directory;
  const std::uint64_t end64 = out.size();
  out.Put(std::uint32_t{0x06064B50}).Put(std::uint64_t{44}).Put(std::uint32_t{0});
  out.Put(std::uint64_t{0}).Put(std::uint64_t{1}).Put(std::uint64_t{1}).Put(size).Put(directory);
  out.Put(std::uint32_t{0x07064B50}).Put(std::uint32_t{0}).Put(end64).Put(std::uint32_t{1});
  out.Put(std::uint32_t{0x06054B50}).Put(std::uint32_t{0}).Put(std::uint16_t{0xFFFF});
  out.Put(std::uint16_t{0xFFFF}).Put(std::uint32_t{0xFFFFFFFF}).Put(std::uint32_t{0xFFFFFFFF});
  out.Put(std::uint16_t{0});
  const Bytes archive = std::move(out).bytes();
  base::Diagnosis why;
  const auto read = ZipDirectory::Read(archive, why);
  ASSERT_TRUE(read) << why.text();
  ASSERT_NE(read->Find("a"), nullptr);
  const auto bytes = read->Find("a")->bytes;
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "HELLO");
  EXPECT_EQ(read->Find("b"), nullptr);
}

std::string WhyRefused(const PickleWriter& made, const Bytes& data,
                       const char* byte_order = nullptr) {
  ZipWriter zip;
  zip.Add("tiny/data.pkl", PickleWriter(made).Finish());
  zip.Add("tiny/data/0", data);
  if (byte_order != nullptr) {
    zip.Add("tiny/byteorder", Pickled(byte_order));
  }
  base::Diagnosis why;
  return ReadPt(std::move(zip).Finish(), {}, why) ? "it was read" : std::string(why.text());
}

TEST(ReadPt, NamesTensorsThatAreNone) {
  const auto with = [](auto put) {
    PickleWriter pickle;
    pickle.Op("}(").Text("model.encoder.conv1.bias");
    put(pickle);
    pickle.Op("u");
    return pickle;
  };
  const Bytes data(64);
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Integer(5); }), data), HasSubstr("is no tensor"));
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Tensor("0", "HalfStorage", 0, {33}); }), data),
              HasSubstr("'model.encoder.conv1.bias' reaches over the end"));
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Tensor("0", "HalfStorage", 1, {32}); }), data),
              HasSubstr("reaches over the end"));
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Tensor("0", "HalfStorage", -1, {32}); }), data),
              HasSubstr("isn't described"));
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Tensor("0", "HalfStorage", 0, {0}); }), data),
              HasSubstr("isn't described"));
  EXPECT_THAT(WhyRefused(with([](auto& p) { p.Tensor("1", "HalfStorage", 0, {32}); }), data),
              HasSubstr("are missing in the archive"));
  const auto strided = with([](auto& p) {
    p.Op("ctorch._utils\n_rebuild_tensor_v2\n((").Text("storage").Op("ctorch\nHalfStorage\n");
    p.Text("0").Text("cpu").Integer(32).Op("tQ").Integer(0).Tuple({4, 4}).Tuple({1, 4}).Op("tR");
  });
  EXPECT_THAT(WhyRefused(strided, data), HasSubstr("isn't contiguous"));
  const auto sound = with([](auto& p) { p.Tensor("0", "HalfStorage", 0, {32}); });
  EXPECT_THAT(WhyRefused(sound, data), HasSubstr("tensor 'encoder.conv1.weight' is missing"));
  EXPECT_THAT(WhyRefused(sound, data, "little"), HasSubstr("is missing"));
  EXPECT_THAT(WhyRefused(sound, data, "big"), HasSubstr("'big' byte order"));
  PickleWriter tuple;
  tuple.Op(")");
  EXPECT_THAT(WhyRefused(tuple, data), HasSubstr("no dictionary of tensors"));
}

TEST(ReadPt, RefusesArchivesOfOtherThings) {
  ZipWriter zip;
  zip.Add("word/document.xml", Bytes(10));
  base::Diagnosis why;
  EXPECT_FALSE(ReadPt(std::move(zip).Finish(), {}, why));
  EXPECT_THAT(std::string(why.text()), HasSubstr("no data.pkl"));
}

}  // namespace
}  // namespace pinhole::speech
